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
# The features of so many words, sentences and sets of cues are kept once they were hashed.
_WORDS_KEPT, _SENTENCES_KEPT, _CUES_KEPT = 8192, 1024, 2048
_NEIGHBOURS = np.array([0, -1, 1, -2, 2])
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
    found: list[tuple[int, ...]] = []
    for places in bounds.values():
        last = len(places) - 1
        for position, index in enumerate(places):
            one = sentences[index]
            own = _lexical(one.text, one.section_kind[0], one.cues)
            found.append((*own, _PLACE[min(position, _FAR)], _PLACE_FROM_END[min(last - position, _FAR)]))
    return joined(found, BITS)


# The state of the hash of a feature that begins like this; a word runs it on.
_TWO, _THREE, _ENDING = (crc32(name) for name in (b"s2:", b"s3:", b"e:"))
_PLACED = tuple(crc32(f"s{number}:".encode()) for number in range(4))
# How far from the first sentence of a run, and from its last, a sentence is.
_FAR = 4
_PLACE, _PLACE_FROM_END = (hashes(f"{name}:{number}" for number in range(_FAR + 1)) for name in "pq")


class _Word(NamedTuple):
    """A word, and the hashes of the features that it has wherever it stands."""

    encoded: bytes
    anywhere: tuple[int, ...]


@lru_cache(maxsize=_WORDS_KEPT)
def _word(word: str) -> _Word:
    spelt = "0" if word.isdigit() else word
    affixes = (f"sx:{spelt[-3:]}", f"px:{spelt[:4]}") if len(spelt) > 5 else ()
    return _Word(spelt.encode(), tuple(hashes([f"w:{spelt}", *affixes])))


# Boilerplate and guidelines are quoted in letter after letter, word for word.
@lru_cache(maxsize=_SENTENCES_KEPT)
def _lexical(text: str, kind: str, cues: tuple[str, ...]) -> tuple[int, ...]:
    """Return the hashes of the features that a sentence has wherever it stands."""
    own = [_word(word) for word in _WORD.findall(text.lower())]
    opening = [word.encoded for word in own[:4]]
    dated = _DATE.search(text) is not None
    quoted = '"' in text or "\u201c" in text
    return (
        *chain.from_iterable([word.anywhere for word in own]),
        *map(crc32, opening, _PLACED),
        crc32(b" ".join(opening[:2]), _TWO),
        crc32(b" ".join(opening[:3]), _THREE),
        crc32(b" ".join([word.encoded for word in own[-3:]]), _ENDING),
        *_of_sentence(kind, min(len(own) // 6, 7), cues, dated, quoted),
    )


# What is known of a sentence besides its words repeats.
@lru_cache(maxsize=_CUES_KEPT)
def _of_sentence(kind: str, length: int, cues: tuple[str, ...], dated: bool, quoted: bool) -> tuple[int, ...]:
    names = ["b", f"k:{kind}", f"len:{length}", *(f"r:{cue}" for cue in cues), *(f"kr:{kind}{cue}" for cue in cues)]
    return tuple(hashes([*names, *([f"{kind}date"] if dated else ()), *([f"{kind}quote"] if quoted else ())]))


class VoiceModel:
    """Both stages; see the module."""

    def __init__(self, single: HashedClassifier, stacked: HashedClassifier) -> None:
        self._single, self._stacked = single, stacked

    def predict(self, sentences: Sequence[SentenceView]) -> list[tuple[str, float]]:
        """Return voice and probability for each of a letter's sentences."""
        own = features(sentences)
        runs = [one.run for one in sentences]
        odds = self._stacked.probabilities(own, neighbour_odds(self._single.probabilities(own), runs))
        best = odds.argmax(axis=1).tolist()
        return [(self._stacked.labels[column], float(row[column])) for row, column in zip(odds, best, strict=True)]

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
    own = np.arange(count)[:, None]
    # Beyond the letter's edge a sentence meets its first or last neighbour; that is no neighbour of another place.
    source = np.clip(own + _NEIGHBOURS, 0, max(count - 1, 0))
    run = np.array(runs)
    inside = (source - own == _NEIGHBOURS) & (run[source] == run[own])
    near: NDArray[Any] = odds[source] * (inside * np.float32(_SCALE))[:, :, None]
    return near.reshape(count, width * len(_NEIGHBOURS))
