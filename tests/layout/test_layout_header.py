"""Header fields: the same values whatever the order in which labels and values were extracted."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.layout.header import iso_date, parse_header
from unmet.layout.model import Header

LABELS = {
    "case_number": "Case Number:",
    "date_assigned": "Date Assigned:",
    "date_of_injury": "Date of Injury:",
    "decision_date": "Decision Date:",
    "ur_denial_date": "UR Denial Date:",
    "priority": "Priority:",
    "application_received": "Application Received:",
}
DATES = st.dates(date(1950, 1, 1), date(2049, 12, 31))
CASES = st.one_of(
    st.integers(0, 9_999_999).map(lambda number: f"CM99-{number:07}"),
    st.integers(0, 999_999).map(lambda number: f"IMR 99-{number:06}"),
)
MONTHS = [
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
]


@st.composite
def fields(draw: st.DrawFn) -> tuple[Header, dict[str, str]]:
    """A header as it should be read, and its values as printed."""
    printed: dict[str, str] = {}
    expected: dict[str, str] = {}
    for name in LABELS:
        if name == "case_number":
            printed[name] = expected[name] = draw(CASES)
        elif name == "priority":
            printed[name] = expected[name] = draw(st.sampled_from(["Standard", "Expedited", "STANDARD"]))
        else:
            day = draw(DATES)
            expected[name] = day.isoformat()
            printed[name] = draw(st.sampled_from(date_forms(day)))
    return Header(**expected), printed


def date_forms(day: date) -> list[str]:
    return [
        f"{day.month:02}/{day.day:02}/{day.year}",
        f"{day.month}/{day.day}/{day.year}",
        f"{day.month:02}/{day.day:02}/{day.year % 100:02}",
        f"{day.month:02}-{day.day:02}-{day.year % 100:02}",
        f"{MONTHS[day.month - 1]} {day.day}, {day.year}",
    ]


def header_of(text: str) -> Header:
    return parse_header(text, len(text))[0]


@given(fields(), st.permutations(list(LABELS)), st.sampled_from([" ", "\n", "\t", " \n\n  "]))
def test_header_label_value_label_value(made: tuple[Header, dict[str, str]], order: list[str], blank: str) -> None:
    expected, printed = made
    text = blank.join(f"{LABELS[name]}{blank}{printed[name]}" for name in order)
    assert header_of(text) == expected


@given(fields(), st.sampled_from([" ", "\n"]))
def test_header_application_received_broken_around_its_value(made: tuple[Header, dict[str, str]], blank: str) -> None:
    expected, printed = made
    names = [name for name in LABELS if name != "application_received"]
    text = blank.join(f"{LABELS[name]} {printed[name]}" for name in names)
    text += f"{blank}Application{blank}{printed['application_received']}{blank}Received:{blank}HOW THE"
    assert header_of(text) == expected


@given(fields(), st.sampled_from([" ", "\n"]))
def test_header_application_received_broken_over_two_lines(made: tuple[Header, dict[str, str]], blank: str) -> None:
    expected, printed = made
    names = [name for name in LABELS if name != "application_received"]
    text = blank.join(f"{LABELS[name]} {printed[name]}" for name in names)
    text += f"{blank}Application{blank}Received: {printed['application_received']}{blank}"
    assert header_of(text) == expected


@given(fields(), st.permutations(list(LABELS)), st.sampled_from([" ", "\n"]))
def test_header_all_labels_of_a_column_before_its_values(
    made: tuple[Header, dict[str, str]], order: list[str], blank: str
) -> None:
    expected, printed = made
    left, right = order[:4], order[4:]
    columns = [blank.join([*(LABELS[name] for name in column), *(printed[name] for name in column)]) for column in (left, right)]
    assert header_of(blank.join(columns)) == expected


@given(fields(), st.permutations(list(LABELS)))
def test_header_all_labels_before_all_values(made: tuple[Header, dict[str, str]], order: list[str]) -> None:
    expected, printed = made
    text = " ".join([*(LABELS[name] for name in order), *(printed[name] for name in order)])
    assert header_of(text) == expected


@given(fields(), st.sampled_from(list(LABELS)))
def test_header_a_blank_field_is_null_and_shifts_no_other(made: tuple[Header, dict[str, str]], empty: str) -> None:
    expected, printed = made
    text = "\n".join(f"{LABELS[name]} {printed[name] if name != empty else ''}" for name in LABELS)
    found = header_of(text + "\nHOW THE IMR FINAL DETERMINATION WAS MADE")
    assert getattr(found, empty) is None
    for name in LABELS:
        if name != empty:
            assert getattr(found, name) == getattr(expected, name)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("IMR Case Number: IMR 99-000004", "case_number", "IMR 99-000004"),
        ("MAXIMUS Case Number: CM99-0000001", "case_number", "CM99-0000001"),
        ("Dated: 10/21/2013", "decision_date", "2013-10-21"),
        ("Date of UR Decision: 8/16/2013", "ur_denial_date", "2013-08-16"),
        ("IMR Application Received: 8/29/2013", "application_received", "2013-08-29"),
        ("DATE OF INJURY : 1/2/03", "date_of_injury", "2003-01-02"),
        ("Date of Injury: May 3, 2011", "date_of_injury", "2011-05-03"),
        ("Priority: expedited", "priority", "expedited"),
    ],
)
def test_header_other_labels(text: str, name: str, value: str) -> None:
    assert getattr(header_of(text), name) == value


def test_header_words_of_a_case_summary_are_no_labels() -> None:
    assert header_of("On the date of injury 3/4/2012 he fell; the decision date is unknown. Standard care.") == Header()


def test_header_of_nothing_is_empty() -> None:
    assert parse_header("", 0) == (Header(), 0)


def test_header_impossible_date_is_null() -> None:
    assert header_of("Date of Injury: 13/45/2016 Decision Date: 03/04/2016").date_of_injury is None


def test_header_counts_its_labels() -> None:
    assert parse_header("Case Number: Date Assigned: Priority:", 37)[1] == 3


@given(st.text(), st.lists(st.sampled_from([*LABELS.values(), "Application", "Received:", "3/4/12", "Standard", "CM99-0000001"])))
def test_header_any_text_is_read(text: str, pieces: list[str]) -> None:
    found = header_of(" ".join([text, *pieces]))
    for name in Header.__struct_fields__:
        assert getattr(found, name) != ""
        if "date" in name or name == "application_received":
            assert getattr(found, name) is None or date.fromisoformat(getattr(found, name))


# --- dates ----------------------------------------------------------------------------------------------------------


@given(DATES)
def test_header_iso_date_of_every_form(day: date) -> None:
    assert {iso_date(form) for form in date_forms(day)} == {day.isoformat()}


@given(DATES, st.sampled_from(["", " "]), st.sampled_from([str.upper, str.lower, str.title]))
def test_header_iso_date_of_month_words_in_any_case(day: date, comma_blank: str, case: Callable[[str], str]) -> None:
    assert iso_date(f" {case(MONTHS[day.month - 1])}  {day.day},{comma_blank}{day.year} ") == day.isoformat()


@pytest.mark.parametrize(("two_digits", "year"), [("00", 2000), ("17", 2017), ("49", 2049), ("50", 1950), ("99", 1999)])
def test_header_iso_date_two_digit_years(two_digits: str, year: int) -> None:
    assert iso_date(f"02/03/{two_digits}") == f"{year}-02-03"


@pytest.mark.parametrize(
    "words", ["", "13/01/2016", "02/30/2016", "0/1/2016", "1/2/0000", "2016", "Smarch 3, 2012", "June 31, 2012", "1/2/201", "n/a"]
)
def test_header_iso_date_of_no_date_is_null(words: str) -> None:
    assert iso_date(words) is None


@given(st.one_of(st.text(), st.from_regex(r"\d{1,2}[/-]\d{1,2}[/-]\d{2,4}"), st.from_regex(r"[A-Z][a-z]+ \d+, ?\d{4}")))
def test_header_iso_date_of_any_text_is_iso_or_null(words: str) -> None:
    found = iso_date(words)
    if found is not None:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", found)
        assert date.fromisoformat(found).isoformat() == found
