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

    from numpy.typing import NDArray
    from spacy.tokens import Doc
    from thinc.types import Ragged

_MARKS = frozenset(',;:()[]"\u201c\u201d/\u2022')
_STOPS = frozenset([".", "?", "!"])
# What a word says of the bounds of clauses: it is a mark; it is a stop, or the full stop; a phrase may begin after it, begin
# before it, end before it.
_MARK, _STOP, _PERIOD, _AFTER, _BEFORE, _END = (1 << number for number in range(6))


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(" ".join(load_yaml("clauses.yaml")[name]).split())


def word_sign(word: str) -> int:
    """Return what a word in lower case says of the bounds of clauses, for :func:`clause_bounds`."""
    told = (
        (_MARK, word in _MARKS),
        (_STOP, word in _STOPS),
        (_PERIOD, word == "."),
        (_AFTER, word in _words("begins_after")),
        (_BEFORE, word in _words("begins_before")),
        (_END, word in _words("ends_before")),
    )
    return sum(bit for bit, holds in told if holds)


def clause_bounds(signs: NDArray[np.int64], opens: NDArray[np.bool_], longest: int) -> NDArray[np.int64]:
    """Return token spans (a row each: first token, the one after the last) inside sentences, none longer than ``longest``.

    ``signs`` holds :func:`word_sign` of every token, ``opens`` whether a sentence begins with it.
    """
    count = len(signs)
    if not count:
        return np.zeros((0, 2), "int64")
    places = np.arange(count)
    sentence = np.cumsum(opens) - 1 if opens[0] else np.cumsum(opens)
    # A sentence ends before its stops.
    words = (signs & _STOP) == 0
    ends_of = np.zeros(int(sentence[-1]) + 1, "int64")
    np.maximum.at(ends_of, sentence[words], places[words] + 1)
    limit = ends_of[sentence]
    inside = (places < limit) & ((signs & _MARK) == 0)
    before, after = np.append(0, signs[:-1]), np.append(signs[1:], 0)
    opening = opens.copy()
    opening[0] = True
    starts = np.flatnonzero(
        inside & (opening | ((before & (_MARK | _AFTER | _PERIOD)) != 0) | ((signs & _BEFORE) != 0)),
    )
    ends = np.flatnonzero(inside & ((places + 1 == limit) | ((after & (_MARK | _END)) != 0))) + 1
    low = np.searchsorted(ends, starts, side="right")
    counts = np.searchsorted(ends, np.minimum(starts + longest, limit[starts]), side="right") - low
    firsts = np.repeat(starts, counts)
    number = np.arange(len(firsts)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.stack([firsts, ends[np.repeat(low, counts) + number]], axis=1)


def with_spans(bounds: NDArray[np.int64], own: Iterable[tuple[int, int]]) -> NDArray[np.int64]:
    """Return ``bounds`` and the spans ``own``, in order and without repeats."""
    joined = np.concatenate([bounds, np.array([*own], "int64").reshape(-1, 2)])
    # One number per span sorts faster than a row of two.
    keys = np.unique(joined[:, 0] << 32 | joined[:, 1])
    return np.stack([keys >> 32, keys & 0xFFFFFFFF], axis=1)


def clause_spans(doc: Doc, longest: int) -> list[tuple[int, int]]:
    """Return token spans (start, end) inside the sentences of ``doc``, none longer than ``longest`` tokens."""
    return [(start, end) for start, end in _clause_bounds(doc, longest).tolist()]


def _clause_bounds(doc: Doc, longest: int) -> NDArray[np.int64]:
    signs = np.array([word_sign(token.lower_) for token in doc], "int64")
    opens = np.zeros(len(doc), bool)
    opens[[sentence.start for sentence in doc.sents] if len(doc) else []] = True
    return clause_bounds(signs, opens, longest)


def suggest(doc: Doc, group: str, longest: int) -> list[tuple[int, int]]:
    """Return the clause spans of ``doc`` and the spans of its group ``group`` (what the rules found), without repeats."""
    own = [(span.start, span.end) for span in doc.spans.get(group, ())]
    return [(start, end) for start, end in with_spans(_clause_bounds(doc, longest), own).tolist()]


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
