"""Intervals and the paired test, against numbers that can be had in another way."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.training import intervals

if TYPE_CHECKING:
    from numpy.typing import NDArray


def cases(right: list[int], judged: int = 1) -> NDArray[np.int64]:
    """One accuracy over letters: so many right of ``judged`` in each."""
    return np.array([[[one, judged, one, judged]] for one in right], dtype=np.int64)


@given(st.tuples(*[st.integers(0, 20)] * 3))
def test_f1_is_the_harmonic_mean(numbers: tuple[int, int, int]) -> None:
    right, wrong, missed = numbers
    score = float(intervals.f1(np.array([right, right + wrong, right, right + missed])))
    if right + wrong + missed == 0:
        assert np.isnan(score)
    else:
        assert score == pytest.approx(2 * right / (2 * right + wrong + missed))


def test_f1_of_an_accuracy_is_the_accuracy() -> None:
    assert float(intervals.f1(np.array([7, 10, 7, 10]))) == pytest.approx(0.7)


def test_f1_is_nothing_where_nothing_is_right() -> None:
    scores = intervals.f1(np.array([[0, 3, 0, 0], [0, 0, 0, 3], [0, 3, 0, 3]]))
    assert scores.tolist() == [0, 0, 0]


def test_interval_of_a_proportion_is_that_of_the_binomial() -> None:
    low, high = intervals.interval(cases([1] * 140 + [0] * 60))
    half = 1.96 * (0.7 * 0.3 / 200) ** 0.5
    assert low[0] == pytest.approx(0.7 - half, abs=0.015)
    assert high[0] == pytest.approx(0.7 + half, abs=0.015)


def test_interval_is_wider_where_letters_differ_as_a_whole() -> None:
    mixed = intervals.interval(cases([5] * 40, judged=10))
    apart = intervals.interval(cases([10, 0] * 20, judged=10))
    assert mixed.low[0] == mixed.high[0] == 0.5
    assert apart.high[0] - apart.low[0] > 0.2


def test_interval_leaves_out_what_is_undefined() -> None:
    never, seldom = [0, 0, 0, 0], [1, 1, 1, 1]
    low, high = intervals.interval(np.array([[never, seldom], [never, never], [never, never]], dtype=np.int64))
    assert np.isnan([low[0], high[0]]).all()
    assert (low[1], high[1]) == (1, 1)


def test_same_counts_give_the_same_numbers() -> None:
    first, second = cases([1, 0, 1, 1, 0, 1]), cases([1, 1, 1, 1, 0, 0])
    assert [bound.tolist() for bound in intervals.interval(first)] == [bound.tolist() for bound in intervals.interval(first)]
    once, again = (intervals.paired_test(first, second) for _ in range(2))
    assert once.p.tolist() == again.p.tolist()
    assert once.interval.low.tolist() == again.interval.low.tolist()


def test_a_system_does_not_differ_from_itself() -> None:
    counts = cases([1, 0, 1, 1])
    test = intervals.paired_test(counts, counts)
    assert (test.difference[0], test.interval.low[0], test.interval.high[0], test.p[0]) == (0, 0, 0, 1)


def test_p_is_that_of_all_swaps() -> None:
    first, second = cases([3, 5, 2, 6, 4, 4, 1, 5], judged=9), cases([5, 6, 5, 6, 7, 3, 4, 6], judged=9)
    gains = (second - first)[:, 0, 0]
    swaps = [abs(int(np.dot(signs, gains))) for signs in itertools.product((1, -1), repeat=len(gains))]
    exact = np.mean(np.array(swaps) >= abs(int(gains.sum())))
    assert intervals.paired_test(first, second).p[0] == pytest.approx(exact, abs=0.01)


def test_a_plain_gain_is_told_from_none() -> None:
    worse, better = cases([4, 5] * 30, judged=10), cases([6, 7] * 30, judged=10)
    test = intervals.paired_test(worse, better)
    assert test.difference[0] == pytest.approx(0.2)
    assert test.interval.low[0] > 0
    assert test.p[0] < 0.001
    assert intervals.paired_test(better, worse).difference[0] == pytest.approx(-0.2)


def test_an_undefined_measure_has_no_p() -> None:
    nothing = np.zeros((4, 1, 4), dtype=np.int64)
    test = intervals.paired_test(nothing, nothing)
    assert np.isnan([test.difference[0], test.p[0], test.interval.low[0]]).all()


def test_p_is_fair_where_there_is_no_difference() -> None:
    drawn = np.random.default_rng(7)
    found = [
        intervals.paired_test(cases(drawn.binomial(10, 0.6, 25).tolist(), 10), cases(drawn.binomial(10, 0.6, 25).tolist(), 10)).p[
            0
        ]
        for _ in range(100)
    ]
    assert np.mean(np.array(found) < 0.05) <= 0.12
