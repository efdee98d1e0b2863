"""What a marked phrase means, learned: the type of a criterion, the dimension and polarity of a functional finding."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from unmet.learning.hashed import Buckets, HashedClassifier, buckets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_WORD = re.compile(r"[a-z]+|\d+|[^\w\s]")
_NEAR = 5
_STEM = 6
# What is decided of a phrase, by its label: attributes of the record.
DECIDED = {"CRITERION": ("type",), "FUNCTION": ("dimension", "polarity")}


class PhraseView(NamedTuple):
    """A phrase with the rest of its sentence, and what the rules call the same words ("" where they are silent)."""

    words: str
    before: str
    after: str
    voice: str
    rules: str


def features(one: PhraseView) -> Buckets:
    """Return the features of a phrase, hashed."""
    words, before, after = (_WORD.findall(text.lower()) for text in (one.words, one.before, one.after))
    return buckets(
        [
            "b",
            f"v:{one.voice}",
            f"r:{one.rules}",
            *(f"w:{word}" for word in words),
            *(f"s:{word[:_STEM]}" for word in words if len(word) > _STEM),
            *(f"2:{first} {second}" for first, second in itertools.pairwise(words)),
            f"1:{' '.join(words[:1])}",
            f"12:{' '.join(words[:2])}",
            *(f"-:{word}" for word in before[-_NEAR:]),
            *(f"+:{word}" for word in after[:_NEAR]),
            *(f"c:{word}" for word in {*before, *after}),
        ]
    )


class PhraseModel:
    """A classifier per attribute."""

    def __init__(self, classifiers: Mapping[str, HashedClassifier]) -> None:
        self._classifiers = dict(classifiers)

    def attributes(self, label: str, views: Sequence[PhraseView]) -> list[dict[str, str]]:
        """Return the decided attributes of phrases of one label."""
        own = [features(view) for view in views]
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
