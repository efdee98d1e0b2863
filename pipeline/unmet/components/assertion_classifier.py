"""``unmet_assertion_classifier``: assertions of medications and procedures, decided anew by a trained classifier.

It knows what the rules decided and which of ConText's modifiers reach a mention, and weighs them by the words around
it (:mod:`unmet.learning.assertion_model`). Titles are left to the rules.
"""

from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import letter_text
from unmet.components.mentions import Mention, prose_sentences
from unmet.learning.assertion_model import MentionView, features
from unmet.learning.hashed import HashedClassifier
from unmet.learning.weights import read_weights, write_weights

_FILE = "assertion.npz"
# How far the words around a mention count; farther ones tell nothing (89.7% of assertions right in folds, 88.7% with all).
_REACH = 120  # characters


def judged_mentions(doc: Doc) -> list[Mention]:
    """Return the mentions whose assertion is in question: medications and procedures outside the titles."""
    return [
        one
        for one in doc._.mentions or []
        if one["label"] in ("MEDICATION", "PROCEDURE") and one["section_kind"] != "request_title"
    ]


def mention_views(doc: Doc, judged: list[Mention]) -> list[MentionView]:
    """Return the mentions of ``judged``, in the order they stand, as the classifier sees them."""
    text = letter_text(doc)
    sentences = list(prose_sentences(doc))
    views: list[MentionView] = []
    at, mark = 0, 0
    for one in judged:
        while at < len(sentences) - 1 and sentences[at]["end"] <= one["start"]:
            at, mark = at + 1, 0
        sentence = sentences[at]
        before = sentences[at - 1] if at else None
        together = before is not None and before["section_kind"] == sentence["section_kind"]
        attributes = one["attributes"]
        views.append(
            MentionView(
                label=one["label"],
                words=text[one["start"] : one["end"]],
                before=text[max(sentence["start"], one["start"] - _REACH) : one["start"]],
                after=text[one["end"] : min(sentence["end"], one["end"] + _REACH)],
                section_kind=one["section_kind"],
                voice=one["voice"],
                voice_before=before["voice"] if before is not None and together else "^",
                rule=one["assertion"] or "",
                modifiers=tuple(one.get("context", ())),
                disputed=one.get("disputed", False),
                mark=mark,
                family=str(attributes.get("family") or attributes.get("drug_class") or ""),
            )
        )
        mark += 1
    return views


class AssertionClassifier:
    """Replaces the rules' assertions by the classifier's."""

    def __init__(self) -> None:
        self.model: HashedClassifier | None = None

    def __call__(self, doc: Doc) -> Doc:
        if self.model is None:
            raise ValueError("the component 'unmet_assertion_classifier' has no weights; train it, or load a trained pipeline")
        mentions = doc._.mentions
        judged = judged_mentions(doc)
        odds = self.model.probabilities([features(view) for view in mention_views(doc, judged)])
        for one, row in zip(judged, odds, strict=True):
            one["assertion"] = self.model.labels[int(row.argmax())]
        doc._.mentions = mentions
        return doc

    def to_disk(self, path: str | Path, *, exclude: Any = ()) -> None:
        """Write the weights: arrays of numbers and labels, nothing of the letters."""
        if self.model is not None:
            write_weights(Path(path) / _FILE, self.model.arrays(""))

    def from_disk(self, path: str | Path, *, exclude: Any = ()) -> "AssertionClassifier":
        """Read the weights; no code is loaded."""
        self.model = HashedClassifier.from_arrays(read_weights(Path(path) / _FILE), "")
        return self


@Language.factory("unmet_assertion_classifier", requires=["doc._.mentions"], assigns=["doc._.mentions"])
def create_assertion_classifier(nlp: Language, name: str) -> AssertionClassifier:
    """Make the component, without weights."""
    return AssertionClassifier()
