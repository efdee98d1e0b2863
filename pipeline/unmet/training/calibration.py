"""How far the confidence of criteria can be believed: their reliability and the expected calibration error.

The confidence of a criterion is the probability that its type and status are right for its request. Criteria are put into
ten equal bins by their confidence; in each, the mean confidence stands against the share that is right (Naeini et al.
2015, Guo et al. 2017). What is "right" is what :mod:`unmet.training.scoring` counts: the annotated request has the type with
the status.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from unmet.corpus.rows import Row
    from unmet.record import Determination

BINS = 10
_RESAMPLES = 2000


class Claim(NamedTuple):
    """A criterion that the pipeline names: in which letter, how sure, and whether it is right."""

    letter: str
    confidence: float
    right: bool


class Bin(NamedTuple):
    """The claims of one range of confidence: their number, mean confidence, and the share that is right."""

    claims: int
    confidence: float
    right: float


class Calibration(NamedTuple):
    """The bins that hold claims, the error (0 to 1) and its 95% interval over letters."""

    bins: list[Bin]
    error: float
    low: float
    high: float


def claims_of(gold: Row, predicted: Row, determination: Determination) -> Iterable[Claim]:
    """Yield every criterion of ``determination``, of which ``predicted`` is the row, against the annotated row."""
    from unmet.training.scoring import pair_requests

    requests = {one.index: one for one in determination.requests}
    for pair in pair_requests(gold.requests, predicted.requests):
        if pair.predicted is None:
            continue
        true = {(one.type, one.status) for one in pair.gold.criteria} if pair.gold else set()
        for one in requests[pair.predicted.index].criteria:
            yield Claim(gold.letter, one.confidence, (one.type, one.status) in true)


def calibration(claims: Sequence[Claim], *, seed: int = 0) -> Calibration:
    """Return the calibration of ``claims``; raises ``ValueError`` where there are none. Letters are resampled whole."""
    if not claims:
        raise ValueError("there are no claims to calibrate")
    names = sorted({one.letter for one in claims})
    place = {name: number for number, name in enumerate(names)}
    # Per letter and bin: claims, their summed confidence, and how many are right.
    sums = np.zeros((len(names), BINS, 3))
    for one in claims:
        sums[place[one.letter], min(int(one.confidence * BINS), BINS - 1)] += (1, one.confidence, one.right)
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=_RESAMPLES)
    errors = _error(np.einsum("rl,lbk->rbk", drawn.astype(float), sums))
    whole = sums.sum(axis=0)
    bins = [Bin(int(count), float(total / count), float(right / count)) for count, total, right in whole if count]
    low, high = np.quantile(errors, [0.025, 0.975])
    return Calibration(bins, float(_error(whole[None])[0]), float(low), float(high))


def _error(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the expected calibration error of each set of bins."""
    count, confidence, right = np.moveaxis(sums, -1, 0)
    error: NDArray[np.float64] = np.abs(confidence - right).sum(axis=-1) / count.sum(axis=-1)
    return error
