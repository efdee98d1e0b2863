"""What each trained part adds: rules alone, then part by part, on annotated letters, as one Markdown table.

    python benchmarks/ablation.py MODEL [--split development] [--letters FOLDER]... [--rows real.jsonl]

MODEL is a folder that ``unmet train`` wrote. The columns: rules only; with the voice classifier; with the mentions of the
model alone in place of the rules'; rules' and model's mentions merged as the configuration says; with the assertion
classifier; the whole pipeline, with the relation classifier. Each value has its 95% interval over letters. On the test split
only figures are shown.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from unmet.loading import load, load_rules
from unmet.training.evaluate import Evaluation, evaluation_of, read_letters, rows_of_split

if TYPE_CHECKING:
    from spacy.language import Language

SHOWN = (
    "mentions.MEDICATION.strict", "mentions.MEDICATION.overlap", "mentions.PROCEDURE.strict", "mentions.PROCEDURE.overlap",
    "mentions.CRITERION.strict", "mentions.CRITERION.overlap", "mentions.FUNCTION.strict", "mentions.FUNCTION.overlap",
    "mentions.assertion", "mentions.polarity", "regimen.all", "sentences.voice", "requests.family", "criteria.type",
    "criteria.type_status", "criteria.unmet", "criteria.basis", "criteria.link",
)  # fmt: skip
TRAINED = ("unmet_voice_classifier", "unmet_learned_mentions", "unmet_assertion_classifier", "unmet_relation_classifier")
LABELS = ("MEDICATION", "PROCEDURE", "CRITERION", "FUNCTION")


def variants(model: Path) -> dict[str, Language]:
    """Return the pipelines to compare, by name."""
    found = {"rules only": load_rules()}
    for name, removed, merge in (
        ("+ voice", TRAINED[1:], None),
        ("model's mentions", TRAINED[2:], dict.fromkeys(LABELS, "model")),
        ("merged", TRAINED[2:], None),
        ("+ assertion", TRAINED[3:], None),
        ("whole", (), None),
    ):
        nlp = load(model)
        for component in removed:
            nlp.remove_pipe(component)
        if merge is not None:
            nlp.get_pipe("unmet_learned_mentions").merge = merge
        found[name] = nlp
    return found


def cell(evaluation: Evaluation, measure: str) -> str:
    score = next(one for one in evaluation.scores if one.measure == measure)
    if score.value is None or score.low is None or score.high is None:
        return "–"
    return f"{score.value:.3f} ({score.low:.2f}–{score.high:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--split", default="development")
    parser.add_argument("--rows", default="real.jsonl")
    parser.add_argument("--annotations", type=Path, default=Path("annotations"))
    parser.add_argument("--letters", type=Path, action="append", default=[])
    options = parser.parse_args()
    named = os.environ.get("UNMET_LETTERS")
    folders = [*options.letters, options.annotations / "letters", *([Path(named)] if named else [])]
    rows = rows_of_split(options.annotations, options.rows, options.split)
    results = {name: evaluation_of(read_letters(rows, folders, nlp=nlp)) for name, nlp in variants(options.model).items()}
    print(f"{len(rows)} letters, {options.rows}, split {options.split}\n")
    print("| measure | " + " | ".join(results) + " |")
    print("|---" * (len(results) + 1) + "|")
    for measure in SHOWN:
        print(f"| {measure} | " + " | ".join(cell(one, measure) for one in results.values()) + " |")


if __name__ == "__main__":
    main()
