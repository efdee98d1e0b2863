"""Whose statement a sentence is, learned: a classifier of single sentences, and one that sees their neighbours' odds.

The second stage is stacked on the first (Wolpert 1992; for sequences Cohen and Carvalho 2005): guideline text runs on for
several sentences, facts follow facts, and a turn to the case rarely turns back.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

import numpy as np

from unmet.learning.hashed import BITS, HashedClassifier, Items, hashes, joined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_WORD = re.compile(r"[a-z]+(?:['\u2019][a-z]+)?|\d+|[^\w\s]")
_DATE = re.compile(r"\d{1,2}[-/]\d{1,2}[-/]\d{2,4}|\b(?:19|20)\d\d\b")
# The features of so many words are kept once they were hashed.
_WORDS_KEPT = 8192
_NEIGHBOURS = (0, -1, 1, -2, 2)
# The odds are worth more than a single word.
_SCALE = 3.0


class SentenceView(NamedTuple):
    """A sentence as the classifiers see it: its words, where it stands, and which cues of the rules it holds.

    The rules' own verdict is left out: it is more often right on the letters that they were written on than on others,
    and a classifier that sees it learns to trust it too much.
    """

    text: str
    section_kind: str
    cues: tuple[str, ...]  # names of the rules' patterns that match
    run: int  # sentences of one run follow each other: a case summary, a rationale


def features(sentences: Sequence[SentenceView]) -> Items:
    """Return the features of each of a letter's sentences, hashed."""
    bounds: dict[int, list[int]] = {}
    for index, one in enumerate(sentences):
        bounds.setdefault(one.run, []).append(index)
    words = [_WORD.findall(one.text.lower()) for one in sentences]
    found: list[list[int]] = []
    for index, one in enumerate(sentences):
        own = bounds[one.run]
        position, count = index - own[0], len(own)
        before = index - 1 if position else None
        after = index + 1 if position + 1 < count else None
        hashed = _lexical(words[index], one)
        hashed += hashes(
            [
                f"p:{min(position, 4)}",
                f"q:{min(count - 1 - position, 4)}",
                *(f"ps:{_spelt(word)}" for word in (words[before][:3] if before is not None else ())),
                *(f"ns:{_spelt(word)}" for word in (words[after][:3] if after is not None else ())),
            ]
        )
        found.append(hashed)
    return joined(found, BITS)


def _spelt(word: str) -> str:
    return "0" if word.isdigit() else word


class _Word(NamedTuple):
    """A word, and the hashes of the features that it has wherever it stands; ``pair`` is the state of the hash of a pair
    that begins with it."""

    spelt: str
    encoded: bytes
    pair: int
    anywhere: tuple[int, ...]


@lru_cache(maxsize=_WORDS_KEPT)
def _word(word: str, kind: str) -> _Word:
    spelt = _spelt(word)
    names = [f"w:{spelt}", f"kw:{kind}{spelt}", *((f"sx:{spelt[-3:]}", f"px:{spelt[:4]}") if len(spelt) > 5 else ())]
    return _Word(spelt, spelt.encode(), crc32(f"2:{spelt} ".encode()), tuple(hashes(names)))


def _lexical(words: list[str], one: SentenceView) -> list[int]:
    kind = one.section_kind[0]
    own = [_word(word, kind) for word in words]
    first = [word.spelt for word in own[:6]]
    hashed = list(chain.from_iterable([word.anywhere for word in own]))
    # A pair's feature is that of its first word, run on by the second.
    hashed += map(crc32, [word.encoded for word in own[1:]], [word.pair for word in own])
    hashed += hashes(
        [
            "b",
            f"k:{kind}",
            f"len:{min(len(words) // 6, 7)}",
            *(f"s{number}:{word}" for number, word in enumerate(first[:4])),
            *(f"{kind}fw:{word}" for word in first),
            f"s2:{' '.join(first[:2])}",
            f"s3:{' '.join(first[:3])}",
            f"e:{' '.join(word.spelt for word in own[-3:])}",
            *(f"r:{cue}" for cue in one.cues),
            *(f"kr:{kind}{cue}" for cue in one.cues),
            *((f"{kind}date",) if _DATE.search(one.text) else ()),
            *((f"{kind}quote",) if '"' in one.text or "\u201c" in one.text else ()),
        ]
    )
    return hashed


class VoiceModel:
    """Both stages; see the module."""

    def __init__(self, single: HashedClassifier, stacked: HashedClassifier) -> None:
        self._single, self._stacked = single, stacked

    def predict(self, sentences: Sequence[SentenceView]) -> list[tuple[str, float]]:
        """Return voice and probability for each of a letter's sentences."""
        own = features(sentences)
        runs = [one.run for one in sentences]
        odds = self._stacked.probabilities(own, neighbour_odds(self._single.probabilities(own), runs))
        return [(self._stacked.labels[int(row.argmax())], float(row.max())) for row in odds]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save."""
        return {**self._single.arrays("single_"), **self._stacked.arrays("stacked_")}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> VoiceModel:
        """Read back what :meth:`arrays` gave."""
        return cls(HashedClassifier.from_arrays(arrays, "single_"), HashedClassifier.from_arrays(arrays, "stacked_"))


def neighbour_odds(odds: NDArray[Any], runs: Sequence[int]) -> NDArray[Any]:
    """Return for each sentence the first stage's odds of itself and of its neighbours within the run, zeros beyond it."""
    count, width = odds.shape
    joined = np.zeros((count, width * len(_NEIGHBOURS)), "float32")
    run = np.array(runs)
    for column, step in enumerate(_NEIGHBOURS):
        source = np.arange(count) + step
        inside = (source >= 0) & (source < count)
        inside[inside] &= run[source[inside]] == run[np.flatnonzero(inside)]
        joined[inside, column * width : (column + 1) * width] = odds[source[inside]]
    return joined * _SCALE
