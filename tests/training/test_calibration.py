"""Reliability and calibration error of confidences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.training.calibration import Claim, calibration

CLAIMS = st.lists(st.builds(Claim, st.sampled_from("abcd"), st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def claims(confidence: float, right: int, wrong: int) -> list[Claim]:
    return [Claim(f"letter {number}", confidence, number < right) for number in range(right + wrong)]


def test_confidence_that_comes_true_has_no_error() -> None:
    found = calibration([*claims(0.75, 3, 1), *claims(0.5, 4, 4)])
    assert found.error == pytest.approx(0)
    assert [(one.claims, one.right) for one in found.bins] == [(8, 0.5), (4, 0.75)]


def test_the_error_is_the_distance_weighted_by_claims() -> None:
    assert calibration([*claims(0.95, 10, 10), *claims(0.05, 0, 20)]).error == pytest.approx((0.45 * 20 + 0.05 * 20) / 40)


@given(CLAIMS)
def test_error_and_interval_stand_between_nothing_and_one(given_claims: list[Claim]) -> None:
    found = calibration(given_claims)
    assert 0 <= found.low <= found.high <= 1
    assert 0 <= found.error <= 1
    assert sum(one.claims for one in found.bins) == len(given_claims)


def test_no_claims_are_no_calibration() -> None:
    with pytest.raises(ValueError, match="no claims"):
        calibration([])
