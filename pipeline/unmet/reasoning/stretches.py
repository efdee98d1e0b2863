"""What of a letter's sentences or mentions stands in a stretch of it, found without a look at all of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unmet.components.mentions import Mention
    from unmet.components.sentences import Sentence

    _T = TypeVar("_T", Mention, Sentence)

_start = itemgetter("start")
_end = itemgetter("end")


def beginning_in(ordered: Sequence[_T], start: int, end: int) -> Sequence[_T]:
    """Return those that begin in ``[start, end)``, of mentions or sentences in the order they stand."""
    first = bisect_left(ordered, start, key=_start)
    return ordered[first : bisect_left(ordered, end, first, key=_start)]


def touching(sentences: Sequence[Sentence], start: int, end: int) -> Sequence[Sentence]:
    """Return the sentences that share a character with ``[start, end)``, of sentences in the order they stand."""
    last = bisect_left(sentences, end, key=_start)
    first = bisect_right(sentences, start, hi=last, key=_end)
    return sentences[first:last]
