"""Criterion values: the numbers of a limit reach the record, whole letter in, record out."""

from __future__ import annotations

from unmet.ingest.read import letter_from_bytes
from unmet.loading import load
from unmet.reading import determine
from unmet.record import Criterion

LETTER = """Case Number: CM18-0000000 Date Assigned: 01/05/2018
HOW THE IMR FINAL DETERMINATION WAS MADE
MAXIMUS Federal Services sent the complete case file to an expert reviewer.
CLINICAL CASE SUMMARY
The injured worker is a 44 year-old male who sprained his right elbow while stacking crates.
IMR ISSUES, DECISIONS AND RATIONALES
The Final Determination was based on decisions for the disputed items/services set forth below:
1. {title}: Upheld
Claims Administrator guideline: The Claims Administrator based its decision on the MTUS Chronic Pain Treatment 2016.
MAXIMUS guideline: The MAXIMUS guideline(s) based its decision on the MTUS Chronic Pain Treatment 2016.
Decision rationale: {rationale}
"""


def criteria(title: str, rationale: str, kind: str) -> list[Criterion]:
    letter = letter_from_bytes(LETTER.format(title=title, rationale=rationale).encode(), "letter.txt")
    determination = determine(letter, nlp=load("rules"))
    return [one for request in determination.requests for one in request.criteria if one.type == kind]


def test_values_of_a_passed_limit_are_what_was_asked_and_what_is_allowed() -> None:
    (one,) = criteria(
        "Physical therapy 3 times a week for 6 weeks, right elbow",
        "The MTUS guidelines recommend 9-10 visits over 8 weeks for myalgia. In this case, the number of visits requested "
        "exceeds the guideline recommendation. Therefore, the request is not medically necessary.",
        "quantity_limit",
    )
    (value,) = one.values
    assert one.unmet_basis == "exceeded"
    assert (value.quantity, value.asked, value.allowed, value.unit) == ("visits", 18, 10, "visits")


def test_values_are_of_the_whole_that_was_first_asked() -> None:
    (one,) = criteria(
        "Acupuncture for 12 sessions was the original request. Acupuncture for 4 sessions was authorized by the Claims "
        "Administrator. The remaining IMR eligible portion of the original request, Acupuncture for 8 sessions is",
        "The MTUS guidelines recommend an initial trial of 3-6 treatments. In this case, the requested number of treatments "
        "exceeds the guideline recommendation.",
        "quantity_limit",
    )
    assert [(value.asked, value.allowed) for value in one.values] == [(12, 6)]


def test_values_of_what_only_is_asked_for_are_thresholds() -> None:
    found = criteria(
        "Repeat epidural steroid injection",
        "The MTUS guidelines state that repeat blocks should be based on at least 50% pain relief. In this case, there is no "
        "documentation of pain relief from the first injection.",
        "pain_relief",
    )
    assert [(value.quantity, value.asked, value.allowed, value.unit) for one in found for value in one.values] == [
        ("relief", None, 50, "%")
    ]


def test_values_are_none_where_no_number_is_said() -> None:
    found = criteria(
        "MRI of the right elbow",
        "The ACOEM guidelines recommend imaging where red flags are present. In this case, there is "
        "no documentation of red flags.",
        "red_flags",
    )
    assert [one.values for one in found] == [[]]
