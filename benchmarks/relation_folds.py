"""The relation model on letters that it was not fitted on, without touching the test split: folds over the training letters.

    UNMET_LETTERS=folder python benchmarks/relation_folds.py [--split train --split development]

Reviewers stand in one fold, whole. Voices are those of classifiers that did not see the letter; what is stated is what the
rules say. The rules were written on most of these letters, so figures are still kinder than on a new reviewer; the 25
letters whose readers are H, I and J were annotated after the rules had been written and are shown apart. Criteria are
matched as in ``unmet evaluate``; families, requests and the dependence on other requests are left out. Takes ten minutes.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from unmet.components.relation_classifier import carrying_findings, decided_types
from unmet.learning.fit_relations import RelationExample, assigned_folds, fit_relations
from unmet.loading import load_rules
from unmet.training.corpora import training_letters, training_rationales
from unmet.training.train import relation_examples, train_voice, with_rules

if TYPE_CHECKING:
    from unmet.learning.relation_model import RelationModel

_LATER = {"reader H", "reader I", "reader J"}
MEASURES = ("types with status", "unmet types", "links")


def counts(model: RelationModel, one: RelationExample) -> Counter[tuple[str, str]]:
    """Count what the model gets right of one rationale: (measure, "right" | "said" | "gold")."""
    wanted = "unmet" if one.view.upheld else "met"
    said: set[tuple[str, str]] = set()
    links: set[tuple[str, int]] = set()
    bases: dict[str, str] = {}
    for judgement, status in decided_types(model.judge(one.view), wanted, set()):
        said.add((judgement.type, status))
        for finding in carrying_findings(judgement, status, one.view, model.pairs.labels):
            links.add((finding.type, finding.sentence))
            bases[finding.type] = finding.basis or ""
    gold = {(name, status) for name, status in one.statuses.items() if status != "not_addressed" and name != "parent_service"}
    true_links = {(name, index) for index, name in one.finds if name != "parent_service"}
    found: Counter[tuple[str, str]] = Counter()
    unmet = [{name for name, status in own if status == "unmet"} for own in (gold, said)]
    for measure, (true, guess) in zip(MEASURES, ((gold, said), unmet, (true_links, links)), strict=True):
        found[measure, "right"] += len(true & guess)
        found[measure, "said"] += len(guess)
        found[measure, "gold"] += len(true)
    for name in unmet[0] & unmet[1]:
        outcomes = {outcome for (_, other), outcome in one.finds.items() if other == name}
        found["basis", "said"] += 1
        found["basis", "right"] += bases[name] in outcomes
    return found


def main() -> None:
    """Fit a model per fold, judge the rest, print a line per group of letters."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--split", action="append", default=[])
    parser.add_argument("--annotations", type=Path, default=Path("annotations"))
    given = parser.parse_args()
    chosen = training_letters(
        given.annotations, [Path(os.environ["UNMET_LETTERS"])], given.split or ["train", "development"], "development"
    )
    nlp = load_rules()
    held_out = train_voice(nlp, chosen.letters)
    docs = [with_rules(nlp, one.annotated.letter.text, held_out[index]) for index, one in enumerate(chosen.letters)]
    later = {one.annotated.row.letter for one in chosen.letters if _LATER & set(one.annotated.row.readers)}
    examples: list[RelationExample] = []
    groups: list[str] = []
    for letter, doc in zip(chosen.letters, docs, strict=True):
        own = relation_examples(nlp, [letter], [doc], [])
        examples += own
        kind = (
            "project letters" if letter.written else "later letters" if letter.annotated.row.letter in later else "other letters"
        )
        groups += [kind] * len(own)
    rationales = relation_examples(nlp, [], [], training_rationales(given.annotations))
    examples += rationales
    groups += ["rationales"] * len(rationales)
    folds = assigned_folds(examples)
    totals: dict[str, Counter[tuple[str, str]]] = {}
    for fold in sorted(set(folds)):
        model = fit_relations([one for one, own in zip(examples, folds, strict=True) if own != fold])
        for one, own, group in zip(examples, folds, groups, strict=True):
            if own == fold:
                for name in (group, *(["real letters"] if group in ("later letters", "other letters") else [])):
                    totals.setdefault(name, Counter()).update(counts(model, one))
    print(f"{'':18s}" + "".join(f"{name:>20s}" for name in (*MEASURES, "basis")))
    for group, found in sorted(totals.items()):
        shares = [2 * found[name, "right"] / max(1, found[name, "said"] + found[name, "gold"]) for name in MEASURES]
        shares.append(found["basis", "right"] / max(1, found["basis", "said"]))
        print(f"{group:18s}" + "".join(f"{share:20.3f}" for share in shares))


if __name__ == "__main__":
    main()
