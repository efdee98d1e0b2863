"""Functional findings: pain scores, relief and work status as values."""

from __future__ import annotations

import pytest
from component_docs import found
from unmet.components.function_findings import pain_scores, relief_percent, work_status

COMPONENT = "unmet_function"


@pytest.mark.parametrize(
    ("words", "score"),
    [
        ("7/10", [7]),
        ("pain of 7.5 / 10", [7.5]),
        ("7-8/10", [7, 8]),
        ("7/10 to 8/10", [7, 8]),
        ("8 out of 10", [8]),
        ("8 of 10", [8]),
        ("7 to 8 on a scale of 10", [7, 8]),
        ("6 on a 0-10 scale", [6]),
        ("6 on a 10-point scale", [6]),
        ("VAS of 6", [6]),
        ("rated at a 7", [7]),
    ],
)
def test_function_score_in_every_shape(words: str, score: list[float]) -> None:
    assert pain_scores(words) == {"score": score}


@pytest.mark.parametrize("words", ["TTD through 2/10/17", "score of 31", "pain for 6 weeks", "50% less pain", "on 3/01/10"])
def test_function_score_is_no_date_count_or_other_scale(words: str) -> None:
    assert pain_scores(words) == {}


@pytest.mark.parametrize("words", ["4/10 with medication and 8/10 without", "8/10 without drugs, 4/10 with them"])
def test_function_score_with_and_without_treatment(words: str) -> None:
    scores = pain_scores(words)
    assert (scores["with_treatment"], scores["without_treatment"]) == ([4], [8])


@pytest.mark.parametrize(
    "words", ["from 8/10 to 4/10", "down to 4/10 from 8/10", "went from 8 to 4 out of 10", "from 8/10 down to 4"]
)
def test_function_score_before_and_after(words: str) -> None:
    scores = pain_scores(words)
    assert (scores["before"], scores["after"]) == ([8], [4])


@pytest.mark.parametrize(
    ("text", "polarity"),
    [
        ("Her pain is 3/10 with medication and 8/10 without.", "improved"),
        ("His pain went from 5/10 to 9/10.", "not_improved"),
    ],
)
def test_function_polarity_of_two_scores_is_in_the_numbers(text: str, polarity: str) -> None:
    (one,) = found(COMPONENT, text)
    assert one["attributes"]["polarity"] == polarity


@pytest.mark.parametrize(
    ("words", "percent"),
    [("50% relief", [50]), ("40-50 percent better", [40, 50]), ("10 to 15% better", [10, 15]), ("some relief", [])],
)
def test_function_relief_percent(words: str, percent: list[int]) -> None:
    assert relief_percent(words) == percent


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("returned to full duty", "full_duty"),
        ("working his usual job", "full_duty"),
        ("modified duty with a ten pound limit", "modified_duty"),
        ("permanent work restrictions", "modified_duty"),
        ("temporarily partially disabled", "modified_duty"),
        ("remains off of work", "off_work"),
        ("currently not working", "off_work"),
        ("placed on total temporary disability", "temporarily_totally_disabled"),
        ("TTD", "temporarily_totally_disabled"),
        ("permanent and stationary", "permanent_and_stationary"),
        ("is now retired on disability", "retired"),
        ("continues to work", "unknown"),
        ("difficulty with regular duties", "unknown"),
    ],
)
def test_function_work_status(words: str, status: str) -> None:
    assert work_status(words) == status


def test_function_work_status_of_what_is_not_shown_is_unknown() -> None:
    (one,) = [
        m for m in found(COMPONENT, "There is no documentation of a return to full duty work.", voice="reviewer")
        if m["attributes"]["dimension"] == "work"
    ]  # fmt: skip
    assert one["attributes"]["work_status"] == "unknown"
    assert one["attributes"]["definition_part"] == "work_restrictions"
