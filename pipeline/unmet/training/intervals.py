"""How sure a score is: 95% intervals and a paired test of two systems, both by resampling letters.

Counts come as an array of letters × measures × 4, each last axis a :class:`~unmet.training.scoring.Tally`. Letters are
drawn, not mentions, since what stands in one letter is written by one reviewer. Seeds are fixed: the same counts give
the same numbers. What is undefined (nothing said and nothing to find) is NaN. A score that is the same in every letter
has an interval of one point, which says nothing of letters of another kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]
    Scores = NDArray[np.float64]

RESAMPLES = 1_000
ROUNDS = 10_000
SEED = 20_161
_BOUNDS = (2.5, 97.5)


class Interval(NamedTuple):
    """The bounds of a 95% interval for every measure."""

    low: Scores
    high: Scores


class PairedTest(NamedTuple):
    """For every measure: second minus first, its 95% interval, and the two-sided p of no difference."""

    difference: Scores
    interval: Interval
    p: Scores


def f1(totals: NDArray[np.float64] | Counts) -> Scores:
    """Return the F1 of tallies on the last axis; for the tally of an accuracy that is the accuracy."""
    right, predicted, found, gold = np.moveaxis(np.asarray(totals, dtype=np.float64), -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall = right / predicted, found / gold
        score = 2 * precision * recall / (precision + recall)
    nothing_right = (right == 0) | (found == 0)
    return np.where(predicted + gold == 0, np.nan, np.where(nothing_right, 0.0, score))


def interval(counts: Counts) -> Interval:
    """Return the percentile bootstrap interval of every measure's F1 over letters."""
    return _percentiles(f1(_weighted(_draws(len(counts)), counts)))


def paired_test(first: Counts, second: Counts) -> PairedTest:
    """Compare two systems over the same letters in the same order.

    The interval is that of a paired bootstrap; p is that of approximate randomization, which swaps the two systems
    on letters drawn at random.
    """
    difference = f1(second.sum(axis=0)) - f1(first.sum(axis=0))
    draws = _draws(len(first))
    bounds = _percentiles(f1(_weighted(draws, second)) - f1(_weighted(draws, first)))
    kept = np.random.default_rng(SEED).integers(0, 2, size=(ROUNDS, len(first)))
    changed = _weighted(kept, second - first)
    shuffled = f1(second.sum(axis=0) - changed) - f1(first.sum(axis=0) + changed)
    at_least = (np.abs(np.nan_to_num(shuffled)) >= np.abs(difference) - 1e-12).sum(axis=0)
    return PairedTest(difference, bounds, np.where(np.isnan(difference), np.nan, (at_least + 1) / (ROUNDS + 1)))


def _draws(letters: int) -> Counts:
    """Return how often each letter stands in each resample."""
    drawn = np.random.default_rng(SEED).integers(0, letters, size=(RESAMPLES, letters))
    return np.stack([np.bincount(row, minlength=letters) for row in drawn])


def _weighted(weights: Counts, counts: Counts) -> Scores:
    """Return the tallies of every row of weights; sums of whole numbers in float, hence exact."""
    flat = counts.reshape(len(counts), -1).astype(np.float64)
    return (weights.astype(np.float64) @ flat).reshape(len(weights), *counts.shape[1:])


def _percentiles(drawn: Scores) -> Interval:
    """Return the bounds per column, over the draws in which the score is defined."""
    low, high = np.full(drawn.shape[1], np.nan), np.full(drawn.shape[1], np.nan)
    for column in np.flatnonzero(~np.isnan(drawn).all(axis=0)):
        low[column], high[column] = np.nanpercentile(drawn[:, column], _BOUNDS)
    return Interval(low, high)
