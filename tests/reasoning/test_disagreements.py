"""Disagreements: numbers, dates and sides that one letter gives in two ways, and the near misses."""

from __future__ import annotations

import pytest
from short_letters import determination

OPENING = "The patient is a 44 year old male baker who sustained an industrial injury on 05/06/2015."
END = "The request is not medically necessary."


def remarks(title: str, summary: str, rationale: str) -> list[tuple[str, str]]:
    """Code and words of every disagreement of a letter."""
    read = determination(title, summary, f"{rationale} {END}")
    return [(one.code, one.span.text) for one in read.warnings if one.code.startswith("disagreement.") and one.span]


def test_the_same_facts_everywhere_make_no_remark() -> None:
    rationale = (
        "This 44 year old male injured on 05/06/2015 has right knee pain. He has completed 6 sessions of physical therapy."
    )
    summary = f"{OPENING} He completed 6 sessions of physical therapy for the right knee."
    assert remarks("MRI of the right knee", summary, rationale) == []


def test_a_date_of_injury_that_differs_from_the_header() -> None:
    summary = "The patient is a 44 year old male baker who sustained an industrial injury on 05/16/2015."
    assert remarks("MRI of the right knee", summary, "No red flags are documented.") == [("disagreement.date", "05/16/2015")]


def test_a_date_of_injury_that_differs_from_the_summary() -> None:
    assert remarks("MRI of the right knee", OPENING, "The date of injury was 5/7/15.") == [("disagreement.date", "5/7/15")]


@pytest.mark.parametrize(
    "rationale",
    [
        "The date of injury was May 6, 2015.",
        "The note of 01/12/2016, months after the injury, shows no deficit.",
        "The UR letter of 01/28/2016 is at hand.",
    ],
)
def test_other_dates_and_other_ways_to_write_a_date_do_not_disagree(rationale: str) -> None:
    assert remarks("MRI of the right knee", OPENING, rationale) == []


def test_an_age_that_differs() -> None:
    found = remarks("MRI of the right knee", OPENING, "This 54 year old male has had no therapy.")
    assert [code for code, _ in found] == ["disagreement.number"]
    assert remarks("MRI of the right knee", OPENING, "This 45 year old male has had no therapy.") == []  # a birthday between
    assert remarks("MRI of the right knee", OPENING, "ODG recommends it for patients over 65 years old.") == []


def test_a_side_that_differs() -> None:
    summary = f"{OPENING} He has right knee pain."
    assert remarks("MRI of the right knee", summary, "The patient has left knee pain.") == [("disagreement.laterality", "knee")]
    assert remarks("MRI of the left knee", summary, "No red flags are documented.") == [("disagreement.laterality", "knee")]


@pytest.mark.parametrize(
    ("summary", "rationale"),
    [
        ("He has pain in both knees.", "The patient has left knee pain."),
        ("He has right knee pain and left knee pain.", "The patient has left knee pain."),
        ("He has right knee pain.", "The patient has left shoulder pain."),
        ("He has right knee pain.", "The guidelines do not recommend imaging of the left knee as a comparison."),
    ],
)
def test_two_sides_or_two_parts_do_not_disagree(summary: str, rationale: str) -> None:
    assert remarks("MRI of the right knee", f"{OPENING} {summary}", rationale) == []


def test_the_dominant_hand_is_no_complaint() -> None:
    summary = f"{OPENING} He is right-hand-dominant. He has left hand numbness."
    assert remarks("EMG of the left hand", summary, "This right hand dominant worker has left hand numbness.") == []


def test_visits_completed_that_differ() -> None:
    summary = f"{OPENING} He completed 12 sessions of physical therapy."
    title = "Physical therapy for the right knee, 6 visits"
    found = remarks(title, summary, "The patient has completed 18 sessions of physical therapy.")
    assert [code for code, _ in found] == ["disagreement.number"]
    assert remarks(title, summary, "The patient has completed 12 sessions of physical therapy.") == []
    assert remarks(title, summary, "The patient has completed 8 sessions of acupuncture.") == []
    assert remarks(title, summary, "The patient has completed at least 6 sessions of physical therapy.") == []
    assert remarks(title, summary, "The guidelines allow 9 sessions of physical therapy.") == []


def test_visits_asked_for_that_differ() -> None:
    title = "Physical therapy 2 times a week for 4 weeks, right knee, 8 visits"
    found = remarks(title, OPENING, "The request for 12 physical therapy visits exceeds the guidelines.")
    assert [code for code, _ in found] == ["disagreement.number"]
    assert remarks(title, OPENING, "The request for 8 physical therapy visits exceeds the guidelines.") == []


def test_a_strength_that_differs() -> None:
    found = remarks("Norco 10/325mg #60", OPENING, "The request for Norco 5/325mg is without a goal.")
    assert [code for code, _ in found] == ["disagreement.number"]
    assert remarks("Norco 10/325mg #60", OPENING, "The request for Norco 10/325 mg is without a goal.") == []
    assert remarks("Morphine ER 30mg #60", OPENING, "He takes 90 mg of morphine a day.") == []


def test_a_message_names_both_and_nothing_else() -> None:
    read = determination("MRI of the right knee", OPENING, f"The date of injury was 5/7/15. {END}")
    messages = [one.message for one in read.warnings if one.code == "disagreement.date"]
    assert messages == ["date of injury 2015-05-07 in the rationale, 2015-05-06 before"]
