"""What a marked phrase means, learned: the type of a criterion, the dimension and polarity of a functional finding."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from unmet.learning.hashed import BITS, HashedClassifier, hashes, joined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_WORD = re.compile(r"[a-z]+|\d+|[^\w\s]")
_NEAR = 5
_STEM = 6
# The features of so many words are kept once they were hashed.
_WORDS_KEPT = 8192
# What is decided of a phrase, by its label: attributes of the record.
DECIDED = {"CRITERION": ("type",), "FUNCTION": ("dimension", "polarity")}


class PhraseView(NamedTuple):
    """A phrase with the rest of its sentence, and what the rules call the same words ("" where they are silent)."""

    words: str
    before: str
    after: str
    voice: str
    rules: str


class _Word(NamedTuple):
    """A word, and the hashes of the features that it has wherever it stands: in a phrase, before it, after it, around it.
    ``pair`` is the state of the hash of a pair of words that begins with it."""

    encoded: bytes
    inside: tuple[int, ...]
    before: int
    after: int
    around: int
    pair: int


@lru_cache(maxsize=_WORDS_KEPT)
def _word(word: str) -> _Word:
    inside = hashes([f"w:{word}", *((f"s:{word[:_STEM]}",) if len(word) > _STEM else ())])
    return _Word(word.encode(), tuple(inside), *hashes([f"-:{word}", f"+:{word}", f"c:{word}", f"2:{word} "]))


def features(one: PhraseView) -> list[int]:
    """Return the features of a phrase, hashed."""
    words, before, after = ([_word(word) for word in _WORD.findall(text.lower())] for text in (one.words, one.before, one.after))
    found = list(chain.from_iterable([word.inside for word in words]))
    # A pair's feature is that of its first word, run on by the second.
    found += map(crc32, [word.encoded for word in words[1:]], [word.pair for word in words])
    found += [word.before for word in before[-_NEAR:]]
    found += [word.after for word in after[:_NEAR]]
    found += [word.around for word in before]
    found += [word.around for word in after]
    opening = [word.encoded.decode() for word in words[:2]]
    found += hashes(["b", f"v:{one.voice}", f"r:{one.rules}", f"1:{' '.join(opening[:1])}", f"12:{' '.join(opening)}"])
    return found


class PhraseModel:
    """A classifier per attribute."""

    def __init__(self, classifiers: Mapping[str, HashedClassifier]) -> None:
        self._classifiers = dict(classifiers)

    def attributes(self, label: str, views: Sequence[PhraseView]) -> list[dict[str, str]]:
        """Return the decided attributes of phrases of one label."""
        own = joined([features(view) for view in views], BITS)
        decided: list[dict[str, str]] = [{} for _ in views]
        for name in DECIDED[label]:
            classifier = self._classifiers[name]
            for one, row in zip(decided, classifier.probabilities(own), strict=True):
                one[name] = classifier.labels[int(row.argmax())]
        return decided

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save."""
        return {key: array for name, one in self._classifiers.items() for key, array in one.arrays(f"{name}_").items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> PhraseModel:
        """Read back what :meth:`arrays` gave."""
        names = [name for decided in DECIDED.values() for name in decided]
        return cls({name: HashedClassifier.from_arrays(arrays, f"{name}_") for name in names})
