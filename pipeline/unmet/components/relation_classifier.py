"""``unmet_relation_classifier``: the criteria of every request, decided anew by a trained model.

It knows what the rules found, and weighs it with the words (:mod:`unmet.learning.relation_model`). What the rules know for
certain stays theirs: that a service falls with another request of the letter, and inversions ("no indication of further
surgery" meets the criterion that no surgery is left). The confidence of a criterion is the model's probability of its status.
"""

from bisect import bisect_left
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import layout_of
from unmet.components.mentions import Mention
from unmet.components.relations import argument_of
from unmet.components.rules import CriterionRules, criterion_rules
from unmet.components.sentences import Sentence
from unmet.learning.relation_model import MET, UNMET, Judgement, RationaleView, RelationModel, RuleFinding, SentenceView, Topic
from unmet.learning.weights import read_weights, write_weights
from unmet.reasoning.cues import clauses, find_cues, governing, only_concludes, turn
from unmet.reasoning.findings import LIKELY, SURE, Argument, Finding, findings_of
from unmet.reasoning.status import Criterion, found_and_stated
from unmet.reasoning.words import types

_FILE = "relations.npz"
# Chosen in folds over the letters that are trained on (docs/relations.md).
_UNMET, _MET = 0.6, 0.4
_EVIDENCE = 0.35


def rationale_view(argument: Argument, mentions: list[Mention], rules: list[Criterion]) -> RationaleView:
    """Return the rationale of a request as the model sees it; ``rules`` are the criteria that the rules found for it."""
    findings: dict[int, list[RuleFinding]] = {}
    for one in findings_of(argument):
        findings.setdefault(one.sentence, []).append(RuleFinding(one.type, one.basis or one.status, one.confidence))
    return RationaleView(
        sentences=tuple(
            [
                _sentence_view(argument.text, sentence, mentions, tuple(findings.get(index, ())))
                for index, sentence in enumerate(argument.sentences)
            ]
        ),
        family=argument.family,
        upheld=argument.upheld,
        rules={(one["type"], one["status"]): one["confidence"] for one in rules},
    )


def _sentence_view(text: str, sentence: Sentence, mentions: list[Mention], findings: tuple[RuleFinding, ...]) -> SentenceView:
    start, end = sentence["start"], sentence["end"]
    first = bisect_left(mentions, start, key=_start)
    own = mentions[first : bisect_left(mentions, end, first, key=_start)]
    return SentenceView(
        words=text[turn(text, start, end) : end],
        voice=sentence["voice"],
        concludes=only_concludes(text[start:end]),
        cues=frozenset([cue.basis for cue in find_cues(text, start, end)]),
        topics=tuple(_topics(text, sentence)),
        findings=findings,
        stated=frozenset([str(one["attributes"]["type"]) for one in own if one["label"] == "CRITERION"]),
        functions=frozenset(
            [
                f"{one['attributes'].get('dimension')} {one['attributes'].get('polarity')}"
                for one in own
                if one["label"] == "FUNCTION"
            ]
        ),
        treatments=frozenset(
            [
                str(one["attributes"].get("family") or one["attributes"].get("drug_class") or "")
                for one in own
                if one["label"] in ("PROCEDURE", "MEDICATION")
            ]
        ),
    )


def _start(one: Mention) -> int:
    return one["start"]


def _topics(text: str, sentence: Sentence) -> list[Topic]:
    """Return what the lexicon finds named: what is applied to the case, and in a guideline's sentence what is stated."""
    rules = criterion_rules()
    start, end = sentence["start"], sentence["end"]
    found = []
    for clause_start, clause_end in clauses(text, start, end):
        cues = find_cues(text, clause_start, clause_end)
        for topic in CriterionRules.search(rules.applied, text, clause_start, clause_end):
            cue = governing(topic, cues)
            found.append(Topic(topic.name, "applied", cue.basis if cue else None))
    tables = ["contrary", "fulfilled", *(["stated"] if sentence["voice"] == "guideline" else [])]
    for name in tables:
        found += [Topic(one.name, name, None) for one in CriterionRules.search(getattr(rules, name), text, start, end)]
    return found


class RelationClassifier:
    """Replaces the rules' criteria by the model's."""

    def __init__(self) -> None:
        self.model: RelationModel | None = None

    def __call__(self, doc: Doc) -> Doc:
        if self.model is None:
            raise ValueError("the component 'unmet_relation_classifier' has no weights; train it, or load a trained pipeline")
        arguments = [argument_of(doc, request, doc._.families[str(request.index)]) for request in layout_of(doc).requests]
        mentions, known = doc._.mentions or [], doc._.criteria
        rules = [[one for one in known if one["request"] == argument.request.index] for argument in arguments]
        views = [rationale_view(argument, mentions, own) for argument, own in zip(arguments, rules, strict=True)]
        criteria: list[Criterion] = []
        for argument, own, view, judged in zip(arguments, rules, views, self.model.judge_all(views), strict=True):
            criteria += self._decide(self.model.pairs.labels, argument, own, view, judged)
        doc._.criteria = criteria
        return doc

    @staticmethod
    def _decide(
        labels: list[str], argument: Argument, rules: list[Criterion], rationale: RationaleView, judgements: list[Judgement]
    ) -> list[Criterion]:
        certain = [one for one in rules if _is_certain(one)]
        kept = {one["type"] for one in certain}
        judged = {one.type: one for one in judgements if one.type not in kept}
        decided = decided_types(list(judged.values()), argument.wanted, {one["status"] for one in certain})
        findings = [one for judgement, status in decided for one in carrying_findings(judgement, status, rationale, labels)]
        found = found_and_stated(argument, sorted(findings, key=lambda one: one.sentence), source="model")
        for one in found:
            if one["status"] == "not_addressed" and one["type"] in judged:
                one["confidence"] = round(judged[one["type"]].statuses.get("not_addressed", 0.0), 2)
        criteria = [*certain, *(one for one in found if one["type"] not in kept)]
        return sorted(criteria, key=lambda one: (one["status"] == "not_addressed", min(one["evidence"], default=(0, 0))))

    def to_disk(self, path: str | Path, *, exclude: Any = ()) -> None:
        """Write the weights: arrays of numbers and labels, nothing of the letters."""
        if self.model is not None:
            write_weights(Path(path) / _FILE, self.model.arrays())

    def from_disk(self, path: str | Path, *, exclude: Any = ()) -> "RelationClassifier":
        """Read the weights; no code is loaded."""
        self.model = RelationModel.from_arrays(read_weights(Path(path) / _FILE))
        return self


def _is_certain(criterion: Criterion) -> bool:
    """Tell what the rules know for certain: a denial that falls with another, and that an absence is what was asked for."""
    if criterion["type"] == "parent_service":
        return criterion["status"] == "unmet"
    return criterion["type"] in types("absence") and criterion["status"] == "met" and criterion["confidence"] >= SURE


def decided_types(judged: list[Judgement], wanted: str, certain: set[str]) -> list[tuple[Judgement, str]]:
    """Return the judgements that stand, with their status.

    ``wanted`` is the status that carries the decision, ``certain`` the statuses that the rules found for certain; where none is
    the wanted one, the likeliest type carries the decision.
    """
    found = []
    for one in judged:
        unmet, met = one.statuses.get("unmet", 0.0), one.statuses.get("met", 0.0)
        if unmet >= max(_UNMET, met):
            found.append((one, "unmet"))
        elif met >= _MET:
            found.append((one, "met"))
    if judged and wanted not in certain | {status for _, status in found}:
        likeliest = max(judged, key=lambda one: one.statuses.get(wanted, 0.0))
        found = [(likeliest, wanted), *(pair for pair in found if pair[0] is not likeliest)]
    return found


def carrying_findings(judgement: Judgement, status: str, rationale: RationaleView, labels: list[str]) -> list[Finding]:
    """Return a finding per sentence that carries a decided criterion: by the model, or because the rules say so too."""
    columns = [number for number, label in enumerate(labels) if label in (UNMET if status == "unmet" else (MET,))]
    share = judgement.sentences[:, columns].sum(axis=1)
    ruled = [
        any(
            one.type == judgement.type and (one.outcome == MET) == (status == "met") and one.confidence >= LIKELY
            for one in sentence.findings
        )
        for sentence in rationale.sentences
    ]
    carrying = np.flatnonzero((share >= min(_EVIDENCE, float(share.max()))) | np.array(ruled))
    basis = None
    if status == "unmet":
        weight = (judgement.sentences[carrying][:, columns] * share[carrying, None]).sum(axis=0)
        basis = labels[columns[int(weight.argmax())]]
    confidence = judgement.statuses[status]
    return [Finding(judgement.type, status, basis, int(index), confidence) for index in carrying]


@Language.factory(
    "unmet_relation_classifier",
    requires=["doc._.mentions", "doc._.sentences", "doc._.criteria"],
    assigns=["doc._.criteria"],
)
def create_relation_classifier(nlp: Language, name: str) -> RelationClassifier:
    """Make the component, without weights."""
    return RelationClassifier()
