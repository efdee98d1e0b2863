"""Terms of a lexicon in a Doc, token by token: whitespace between the tokens does not count, what a token holds does.

spaCy's ``PhraseMatcher`` finds the same, but wants every term as a Doc of its own: for the 47,000 terms of the lexicons
that takes longer than reading fifty letters. Here a term is only cut into tokens when its first word stands in a letter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

import numpy as np
from spacy.strings import get_string_id

from unmet.components.tokenizer import TOKEN
from unmet.together import Recent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from weakref import ReferenceType

    from numpy.typing import NDArray
    from spacy.tokens import Doc


class Tokens(NamedTuple):
    """The tokens of a Doc: keys of their words as they are and in lower case, offsets in the text (end-exclusive)."""

    orth: NDArray[np.uint64]
    lower: NDArray[np.uint64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


class _Kept(NamedTuple):
    doc: ReferenceType[Doc]
    tokens: Tokens


# By the identity of the Doc.
_kept: Recent[_Kept] = Recent()


def tokens_of(doc: Doc) -> Tokens:
    """Return the tokens of ``doc``; those of the Docs at hand are kept, for the component after this one."""
    kept = _kept.get(id(doc))
    if kept is None or kept.doc() is not doc or len(kept.tokens.starts) != len(doc):
        orth, lower, starts, lengths = np.ascontiguousarray(doc.to_array(["ORTH", "LOWER", "IDX", "LENGTH"]).T)
        own = Tokens(orth, lower, starts.view("int64"), (starts + lengths).view("int64"))
        kept = _kept.add(id(doc), _Kept(ref(doc), own))
    return kept.tokens


# The first two words of each of many terms, one a line.
_OPENING = re.compile(rf"^{TOKEN.pattern}(?:(?!\n){TOKEN.pattern})?", re.M)
# The last bits of a key, so many more than there are keys, tell nearly all words, and pairs of words, that open no term.
_SPARSE = 6
_ALL = (1 << 64) - 1
# The key of a pair is that of its first word and so many times that of its second; of a word alone, it is its own.
_SECOND = 0x9E3779B97F4A7C15
_TIMES = np.uint64(_SECOND)


class Terms:
    """Finds terms in Docs of the letter tokenizer, whatever their case unless ``exact``."""

    def __init__(self, terms: Iterable[str], *, exact: bool = False) -> None:
        self._exact = exact
        listed = list(dict.fromkeys(terms if exact else map(str.lower, terms)))
        opening: dict[tuple[str, str], list[str]] = {}
        for term, (first, _, second, _) in zip(listed, _OPENING.findall("\n".join(listed)), strict=True):
            opening.setdefault((first, second), []).append(term)
        key = {word: get_string_id(word) for pair in opening for word in pair}
        self._alone = {key[first] for first, second in opening if not second}
        self._pairs = {(key[first] + _SECOND * key[second]) & _ALL: own for (first, second), own in opening.items() if second}
        keys = np.fromiter((*self._alone, *self._pairs), dtype=np.uint64)
        self._bits = np.uint64((1 << len(keys).bit_length() + _SPARSE) - 1)
        self._opens = np.zeros(int(self._bits) + 1, dtype=bool)
        self._opens[keys & self._bits] = True
        # What follows a pair of words, as a tree of keys; made when the pair is met. Where a term ends, None is in the tree.
        self._trees: dict[int, dict[int | None, Any]] = {}

    def find(self, doc: Doc) -> list[tuple[int, int]]:
        """Return the offsets in the text of every term in ``doc``, also of those within and across others."""
        tokens = tokens_of(doc)
        row = tokens.orth if self._exact else tokens.lower
        alone = self._opens[row & self._bits].nonzero()[0].tolist()
        found = [(place, place) for place in alone if int(row[place]) in self._alone]
        pairs = row[:-1] + _TIMES * row[1:]
        for place in self._opens[pairs & self._bits].nonzero()[0].tolist():
            pair = int(pairs[place])
            if pair in self._pairs:
                at = place
                node: Any = self._trees.get(pair) or self._grown(pair)
                while at < len(row) and (node := node.get(int(row[at]))):
                    if None in node:
                        found.append((place, at))
                    at += 1
        return [(int(tokens.starts[first]), int(tokens.ends[last])) for first, last in found]

    def _grown(self, pair: int) -> dict[int | None, Any]:
        tree: dict[int | None, Any] = {}
        for term in self._pairs[pair]:
            node = tree
            for word, _ in TOKEN.findall(term):
                node = node.setdefault(get_string_id(word), {})
            node[None] = True
        self._trees[pair] = tree
        return tree
