"""``unmet.ClauseSuggester.v1``: the stretches that a span categoriser judges, from bounds of clauses and phrases.

Criteria and functional findings are phrases and clauses, up to half a sentence long. All n-grams of such lengths are tens
of thousands a letter; those that begin and end where a phrase may are hundreds.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from spacy.util import registry

from unmet.knowledge import load_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spacy.tokens import Doc
    from thinc.types import Ragged

_MARKS = frozenset(',;:()[]"\u201c\u201d/\u2022')


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(" ".join(load_yaml("clauses.yaml")[name]).split())


def clause_spans(doc: Doc, longest: int) -> list[tuple[int, int]]:
    """Return token spans (start, end) inside the sentences of ``doc``, none longer than ``longest`` tokens."""
    begins_after, begins_before, ends_before = (_words(name) for name in ("begins_after", "begins_before", "ends_before"))
    words = [token.lower_ for token in doc]
    spans: list[tuple[int, int]] = []
    for sentence in doc.sents:
        first, last = sentence.start, sentence.end
        while last > first and words[last - 1] in ".?!":
            last -= 1
        starts = [
            index
            for index in range(first, last)
            if words[index] not in _MARKS
            and (
                index == first
                or words[index - 1] in _MARKS
                or words[index - 1] in begins_after
                or words[index] in begins_before
                or words[index - 1] == "."
            )
        ]
        ends = [
            index
            for index in range(first + 1, last + 1)
            if words[index - 1] not in _MARKS and (index == last or words[index] in _MARKS or words[index] in ends_before)
        ]
        spans += [(start, end) for start in starts for end in ends if 0 < end - start <= longest]
    return spans


def suggest(doc: Doc, group: str, longest: int) -> list[tuple[int, int]]:
    """Return the clause spans of ``doc`` and the spans of its group ``group`` (what the rules found), without repeats."""
    own = [(span.start, span.end) for span in doc.spans.get(group, ())]
    return sorted({*clause_spans(doc, longest), *own})


@registry.misc("unmet.ClauseSuggester.v1")  # type: ignore[untyped-decorator]
def clause_suggester(group: str, longest: int) -> Callable[..., Ragged]:
    """Make the suggester: clauses of at most ``longest`` tokens, and the spans of the group ``group``."""

    def suggester(docs: Iterable[Doc], *, ops: Any = None) -> Ragged:
        from thinc.api import Ragged, get_current_ops

        ops = ops or get_current_ops()
        found = [suggest(doc, group, longest) for doc in docs]
        lengths = ops.asarray1i([len(one) for one in found])
        flat = [span for one in found for span in one]
        data = ops.asarray2i(np.array(flat, "int32").reshape(-1, 2))
        return Ragged(data, lengths)

    return suggester
