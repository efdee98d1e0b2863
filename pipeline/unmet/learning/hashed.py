"""Linear classifiers over hashed features: fast, safe to load, and without a word of the letters they were fitted on.

A feature is a string; its CRC-32 picks a row of weights (feature hashing, Weinberger et al. 2009). The rows that no
training feature hit are not kept, so a saved classifier is two small arrays of numbers, and no vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

BITS = 18
# The features of an item, hashed: their CRC-32 sums.
Hashes = Sequence[int]


def hashes(features: Iterable[str]) -> list[int]:
    """Return the CRC-32 sums of ``features``; an item without features has that of the empty one."""
    return [crc32(feature.encode()) for feature in features] or [crc32(b"")]


class Items(NamedTuple):
    """Numbers of several items, one after the other; ``bounds`` says where each begins, and where the last ends."""

    numbers: NDArray[np.int64]
    bounds: NDArray[np.int64]

    def lists(self) -> Iterator[list[int]]:
        """Yield the numbers of one item after the other."""
        bounds = self.bounds.tolist()
        for start, end in pairwise(bounds):
            yield self.numbers[start:end].tolist()


def joined(items: Sequence[Hashes], bits: int = 32) -> Items:
    """Return the last ``bits`` of the hashes of every item, in order and without repeats: their buckets."""
    lengths = [len(own) for own in items]
    flat = np.fromiter(chain.from_iterable(items), "int64", sum(lengths)) & ((1 << bits) - 1)
    flat |= np.repeat(np.arange(len(items)) << bits, lengths)
    flat.sort()
    first = np.ones(len(flat), bool)
    np.not_equal(flat[1:], flat[:-1], out=first[1:])
    flat = flat[first]
    bounds = np.searchsorted(flat, np.arange(len(items) + 1) << bits)
    return Items(flat & ((1 << bits) - 1), bounds)


class HashedClassifier:
    """Multinomial logistic regression: ``softmax(bias + weights of the features + dense @ dense weights)``."""

    def __init__(
        self,
        labels: Sequence[str],
        rows: NDArray[np.int64],
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
        dense: NDArray[np.float32],
        *,
        bits: int = BITS,
    ) -> None:
        """Take the buckets that have weights (``rows``), their weights (a row each, a column per label), the bias per
        label, and the weights of dense inputs (a row per input). There are two to the power of ``bits`` buckets."""
        self.labels = list(labels)
        self._rows, self._bias, self._dense = rows, bias, dense
        # Row 0 stands for every bucket without weights. A row is as long as eight numbers or several times that, and begins
        # where a line of the processor's cache may: reading rows here and there is what takes the time.
        width = -len(self.labels) % 8 + len(self.labels)
        self._weights = _aligned(len(rows) + 1, width)
        self._weights[1:, : len(self.labels)] = weights
        self._place = np.zeros(1 << bits, "int32")
        self._place[rows] = np.arange(1, len(rows) + 1)

    def probabilities(self, items: Items | Sequence[Hashes], dense: NDArray[Any] | None = None) -> NDArray[np.float32]:
        """Return a row per item and a column per label; ``items`` hold the hashes of their features (each
        at least one), or the buckets that :func:`joined` makes of these; ``dense`` holds a row of numbers per item."""
        total = self.totals(items if isinstance(items, Items) else joined(items, BITS))
        if dense is not None:
            total += self.dense_scores(dense)
        return softmax(total)

    def dense_scores(self, dense: NDArray[Any]) -> NDArray[np.float32]:
        """Return what dense inputs add to the scores: a column per label for each row of ``dense``."""
        return np.asarray(dense @ self._dense, "float32")

    def totals(self, items: Items) -> NDArray[np.float32]:
        """Return the scores of ``items`` without those of dense inputs: a row per item and a column per label."""
        if len(items.bounds) < 2:
            return np.zeros((0, len(self.labels)), "float32")
        total: NDArray[np.float32] = np.add.reduceat(self.scores(items.numbers), items.bounds[:-1], axis=0) + self._bias
        return total

    def scores(self, places: NDArray[Any]) -> NDArray[np.float32]:
        """Return the weights of buckets: a column per label behind the dimensions of ``places``."""
        weights: NDArray[np.float32] = self._weights.take(self._place.take(places), axis=0)[..., : len(self.labels)]
        return weights

    @property
    def rows(self) -> NDArray[np.int64]:
        """The buckets that have weights."""
        return self._rows

    @property
    def bias(self) -> NDArray[np.float32]:
        """The scores of an item without features, a number per label."""
        return self._bias

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays to save, under names that begin with ``prefix``; weights in half precision."""
        return {
            f"{prefix}labels": np.array(self.labels),
            f"{prefix}rows": self._rows.astype("int32"),
            f"{prefix}weights": self._weights[1:, : len(self.labels)].astype("float16"),
            f"{prefix}bias": self._bias.astype("float32"),
            f"{prefix}dense": self._dense.astype("float32"),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str, *, bits: int = BITS) -> HashedClassifier:
        """Read back what :meth:`arrays` gave."""
        return cls(
            [str(label) for label in arrays[f"{prefix}labels"]],
            arrays[f"{prefix}rows"].astype("int64"),
            arrays[f"{prefix}weights"].astype("float32"),
            arrays[f"{prefix}bias"],
            arrays[f"{prefix}dense"],
            bits=bits,
        )


def _aligned(rows: int, columns: int) -> NDArray[np.float32]:
    """Return zeros that begin at a multiple of 64 bytes."""
    raw = np.zeros(rows * columns + 16, "float32")
    first = -raw.ctypes.data % 64 // 4
    return raw[first : first + rows * columns].reshape(rows, columns)


def softmax(scores: NDArray[Any]) -> NDArray[np.float32]:
    """Return probabilities that sum to one over the last dimension."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), "float32")
