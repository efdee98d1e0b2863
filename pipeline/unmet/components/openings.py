"""A pattern that begins with one of a few hundred words is tried only where one of them stands.

The regular expressions of Python try a pattern at every character; the tokens of a Doc are known already. The matches
are those of the pattern alone.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from spacy.strings import get_string_id

from unmet.components.terms import tokens_of
from unmet.components.tokenizer import TOKEN
from unmet.together import LETTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacy.tokens import Doc

# The tokenizer keeps "worker's" and "2.5" whole: a word may end, and another begin, within such a token.
# Every such pattern begins with a class: there is no search at every character.
_WITHIN = re.compile(r"['\u2019.](?:(?<!\.)|(?<=\d\.)(?=\d))")
_BITS = np.uint64((1 << 16) - 1)


class Openings:
    """Where in a Doc of the letter tokenizer a word stands, whatever its case, with which a match may begin.

    ``terms`` are words or what begins with them; of each the first token counts.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        words = {TOKEN.findall(term.lower())[0][0] for term in terms}
        self._opens = np.zeros(int(_BITS) + 1, dtype=bool)
        self._opens[np.array([get_string_id(word) for word in words], dtype="uint64") & _BITS] = True

    def places(self, doc: Doc, text: str, also: Iterable[int] = ()) -> list[int]:
        """Return the offsets in ``text``, that of ``doc``, at which a match may begin, and those in ``also``; in order."""
        tokens = tokens_of(doc)
        found: list[int] = tokens.starts[self._opens[tokens.lower & _BITS]].tolist()
        marks = _marks(text)
        if not marks and not also:
            return found
        starts = tokens.starts[tokens.starts.searchsorted(marks, "right") - 1].tolist() if marks else ()
        return sorted({*found, *starts, *(mark + 1 for mark in marks), *also})


# Several components ask for those of the letters at hand.
@lru_cache(maxsize=LETTERS)
def _marks(text: str) -> list[int]:
    return [match.start() for match in _WITHIN.finditer(text)]


def matches(pattern: re.Pattern[str], text: str, start: int, end: int, places: list[int]) -> Iterator[re.Match[str]]:
    """Yield what ``pattern`` finds in ``text[start:end]``, given all ``places`` (in order) at which it can begin."""
    at = bisect_left(places, start)
    while at < len(places) and places[at] < end:
        if places[at] >= start and (match := pattern.match(text, places[at], end)):
            yield match
            start = match.end()
        at += 1
