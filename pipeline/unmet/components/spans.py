"""``unmet_spans``: the mentions as spaCy sees them: ``doc.ents`` and the span group ``doc.spans["mentions"]``."""

from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from unmet.components.mentions import Mention, free
from unmet.components.terms import tokens_of

_ENTITIES = frozenset(["MEDICATION", "PROCEDURE", "CITATION", "CONDITION"])
# How spaCy writes where an entity begins, goes on, and is none.
_BEGIN, _INSIDE, _OUTSIDE = 3, 1, 2


class Spans:
    """Copies mentions to spans; a span's ``id_`` is its position in ``doc._.mentions``. Entities do not overlap."""

    def __call__(self, doc: Doc) -> Doc:
        mentions: list[Mention] = doc._.mentions or []
        tokens = tokens_of(doc)
        # A span is of all tokens that it shares a character with; whitespace behind a token is of none.
        firsts = tokens.ends.searchsorted([one["start"] for one in mentions], "right").tolist()
        lasts = tokens.starts.searchsorted([one["end"] for one in mentions], "left").tolist()
        spans = [
            Span(doc, first, last, label=one["label"], span_id=str(position))
            for position, (one, first, last) in enumerate(zip(mentions, firsts, lasts, strict=True))
        ]
        doc.spans["mentions"] = spans
        if not spans:
            doc.set_ents([])
            return doc
        possible = [
            (first - last, first, span)
            for one, first, last, span in zip(mentions, firsts, lasts, spans, strict=True)
            if one["label"] in _ENTITIES
        ]
        taken: list[tuple[int, int]] = []
        # Of overlapping ones the longest, of equally long ones the first.
        possible.sort(key=lambda one: one[:2])
        _set_entities(doc, [span for less, first, span in possible if free((first, first - less), taken)])
        return doc


def _set_entities(doc: Doc, spans: list[Span]) -> None:
    """Set the entities of ``doc``: what ``Doc.set_ents`` does token by token, at once."""
    values = np.zeros((3, len(doc)), dtype="uint64")
    values[0] = _OUTSIDE
    firsts = np.array([span.start for span in spans], dtype="int64")
    lengths = np.array([span.end - span.start for span in spans], dtype="int64")
    within = np.arange(lengths.sum()) + (firsts - lengths.cumsum() + lengths).repeat(lengths)
    values[0, within] = _INSIDE
    values[0, firsts] = _BEGIN
    values[1, within] = np.array([span.label for span in spans], dtype="uint64").repeat(lengths)
    values[2, within] = np.array([span.id for span in spans], dtype="uint64").repeat(lengths)
    rows: Any = values.T
    doc.from_array(["ENT_IOB", "ENT_TYPE", "ENT_ID"], rows)


@Language.factory("unmet_spans", requires=["doc._.mentions"], assigns=["doc.ents", "doc.spans"])
def create_spans(nlp: Language, name: str) -> Spans:
    """Make the component."""
    return Spans()
