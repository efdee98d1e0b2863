"""The words of the views: codes of the taxonomy and numbers as people say them."""

from __future__ import annotations

import pytest
from unmet.knowledge import codes
from unmet.record import Criterion, Value
from unmet.views.wording import BASIS, LOGIC, STATUS, heading, label, one_line, percent, value_words


def criterion(kind: str = "quantity_limit") -> Criterion:
    return Criterion(id="r1c1", type=kind, status="unmet", decisive=True, confidence=1, source="rule")


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("quantity_limit", Value(quantity="visits", asked=18, allowed=10, unit="visits"), "asked 18 visits, allowed 10"),
        ("quantity_limit", Value(quantity="visits", asked=18, unit="visits"), "asked 18 visits, allowed: not stated"),
        ("quantity_limit", Value(quantity="visits", allowed=10, unit="visits"), "allowed up to 10 visits"),
        (
            "quantity_limit",
            Value(quantity="visits in all", asked=18, allowed=10, unit="visits"),
            "visits in all: asked 18 visits, allowed 10",
        ),
        ("dose_limit", Value(quantity="dose", allowed=120, unit="mg MED/day"), "dose: allowed up to 120 mg MED/day"),
        ("pain_relief", Value(quantity="relief", allowed=50, unit="%"), "relief: at least 50 %"),
        ("symptom_duration", Value(quantity="duration", allowed=1.5, unit="months"), "duration: at least 1.5 months"),
        ("quantity_limit", Value(quantity="visits"), "visits: not stated"),
    ],
)
def test_wording_of_numbers(kind: str, value: Value, said: str) -> None:
    assert value_words(value, criterion(kind)) == said


def test_wording_knows_every_code() -> None:
    assert set(STATUS) == codes("criterion_status")
    assert set(BASIS) == codes("unmet_basis")
    assert set(LOGIC) == {"all", "any", "one"}


def test_wording_of_codes() -> None:
    assert (label("step_therapy"), heading("step_therapy")) == ("step therapy", "Step therapy")
    assert (label("dme_brace"), heading("dme_brace"), heading("")) == ("DME brace", "DME brace", "")


def test_wording_nothing_is_wholly_certain() -> None:
    assert [percent(confidence) for confidence in (0.0, 0.456, 0.996, 1.0)] == ["0%", "46%", "99%", "99%"]


def test_wording_one_line_holds_nothing_that_commands() -> None:
    assert one_line(" a\r\n\tb \x1b[2J\x07c\u202ed ") == "a b [2Jcd"
