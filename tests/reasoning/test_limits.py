"""Limits: numbers and what they count, what a title asks, whose number it is, and what was asked beside what is allowed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.knowledge import codes, load_yaml
from unmet.reasoning.limits import Limit, amounts, asked_in, exceeds, limit_of, limits_of, number, quantities, role

UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
         "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]  # fmt: skip
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def spelled(value: int, hyphen: str = "-") -> str:
    if value < 20:
        return UNITS[value]
    if value < 100:
        return TENS[value // 10 - 2] + (hyphen + UNITS[value % 10] if value % 10 else "")
    rest = f" and {spelled(value % 100, hyphen)}" if value % 100 else ""
    return f"{UNITS[value // 100]} hundred{rest}"


def read(text: str) -> list[tuple[float, float, str]]:
    return [(one.low, one.high, one.unit) for one in amounts(text, 0, len(text))]


def asked(title: str) -> dict[str, float]:
    return {one.unit: one.high for one in asked_in(title, (0, len(title)))}


def limits(title: str, sentence: str, statement: str = "", kind: str = "quantity_limit") -> list[Limit]:
    text = "\n".join([title, sentence, statement])
    second, third = len(title) + 1, len(title) + len(sentence) + 2
    place = (third, len(text)) if statement else None
    return limit_of(text, (0, len(title)), (second, third - 1), place, kind)


# --- numbers -------------------------------------------------------------------------------------------------------


@given(st.integers(0, 999), st.sampled_from(["-", " ", "\n"]))
def test_limits_number_words_give_their_number(value: int, hyphen: str) -> None:
    assert number(spelled(value, hyphen)) == number(spelled(value, hyphen).upper()) == value


@given(st.integers(0, 10**6))
def test_limits_digits_give_their_number(value: int) -> None:
    assert number(str(value)) == number(f"{value:,}") == value


@given(st.text(max_size=40))
def test_limits_any_text_can_be_read(text: str) -> None:
    for one in amounts(text, 0, len(text)):
        assert 0 <= one.start < one.end <= len(text)
        assert one.low <= one.high
    assert number(text) is None or number(text) >= 0  # type: ignore[operator]


@given(st.integers(1, 99), st.integers(1, 99), st.booleans(), st.sampled_from(["-", " to ", " or ", "\u2013"]))
def test_limits_ranges_keep_both_ends_however_they_are_written(first: int, more: int, words: bool, sign: str) -> None:
    low, high = first, first + more
    printed = f"{spelled(low)}{sign if sign.strip().isalpha() else ' to '}{spelled(high)}" if words else f"{low}{sign}{high}"
    assert read(f"It allows {printed} visits in all.") == [(low, high, "visits")]


@pytest.mark.parametrize("words", ["several", "", "hundred", "1.2.3", "v", "half"])
def test_limits_what_is_no_number_gives_none(words: str) -> None:
    assert number(words) is None


# --- amounts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("up to 10 visits over 8 weeks", [(10, 10, "visits"), (8, 8, "weeks")]),
        ("twenty-four supervised physical therapy sessions", [(24, 24, "visits")]),
        ("eight (8) to ten (10) treatments", [(8, 10, "visits")]),
        ("a six-visit clinical trial", [(6, 6, "visits")]),
        ("no more than two nerve root levels", [(2, 2, "levels")]),
        ("three diagnostic facet blocks", [(3, 3, "injections")]),
        ("two or three weeks", [(2, 3, "weeks")]),
        ("above 120 mg MED", [(120, 120, "mg MED/day")]),
        ("an MED of 180", [(180, 180, "mg MED/day")]),
        ("a morphine equivalent dose of 90 mg per day", [(90, 90, "mg MED/day")]),
        ("no more than 4 g/day", [(4, 4, "g/day")]),
        ("at least 50% relief for six to eight weeks", [(50, 50, "%"), (6, 8, "weeks")]),
        ("50%-70% less pain", [(50, 70, "%")]),
        ("pain rated 7/10", [(7, 7, "points")]),
        ("up to 4 times a year", [(4, 4, "times a year")]),
        ("twice a month", [(2, 2, "times a month")]),
        ("from 3 visits per week down", [(3, 3, "times a week")]),
        ("4 hours a day", [(4, 4, "hours a day")]),
        ("18 visits where the 6 already completed count", [(18, 18, "visits"), (6, 6, "visits")]),
    ],
)
def test_limits_amounts_say_what_they_count(text: str, expected: list[tuple[float, float, str]]) -> None:
    assert read(text) == expected
    assert read(text.upper()) == expected
    assert read(text.replace(" ", "\n")) == expected


@pytest.mark.parametrize(
    "text",
    ["on 03/12/2019", "page 58", "at L4-5 and C5-6", "Chapter 9", "ICD9 729.1", "52 years old", "of 7.5 mg", "one of the visits"],
)  # fmt: skip
def test_limits_other_numbers_count_nothing(text: str) -> None:
    assert read(text) == []


# --- titles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "visits"),
    [
        ("Physical therapy, 12 visits, right knee", 12),
        ("Aquatic therapy 3 x 4", 12),
        ("Acupuncture 2 times a week for 6 weeks", 12),
        ("Acupuncture 2-3 times a week for 6 weeks", 18),
        ("Chiropractic treatment twice weekly for three weeks", 6),
        ("PT 2xwk x 4wks for the neck", 8),
        ("Massage therapy once a week for the left shoulder for 8 weeks", 8),
        ("Occupational therapy two times four visits (8)", 8),
        ("Physical therapy 1 visit per week for 6 weeks", 6),
        ("Cognitive behavioral therapy sessions, #10", 10),
        ("Six physical therapy sessions, 2 times a week for 3 weeks", 6),
        ("Massage therapy x 6", 6),
    ],
)
def test_limits_titles_ask_a_number_of_visits(title: str, visits: float) -> None:
    assert asked(title)["visits"] == visits


@pytest.mark.parametrize(
    ("title", "unit", "value"),
    [
        ("Norco 10/325 mg #120", "tablets", 120),
        ("Zolpidem 10mg, 30 day supply", "days", 30),
        ("TENS unit, 6 months rental", "months", 6),
        ("Epidural steroid injection at L4-5 and L5-S1", "levels", 2),
        ("Home health aide 4 hours a day", "hours a day", 4),
    ],
)
def test_limits_titles_ask_other_quantities(title: str, unit: str, value: float) -> None:
    assert asked(title)[unit] == value


@pytest.mark.parametrize(
    "title", ["MRI of the left knee", "MRI of the lumbar spine times 1", "Lumbar brace (retrospective 02/03/2018)"]
)
def test_limits_titles_without_a_count_ask_none(title: str) -> None:
    assert asked(title) == {}


# --- whose number --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "roles"),
    [
        ("The requested 12 visits exceed the recommended 10 visits.", ["asked", "allowed"]),
        (
            "18 sessions requested together with the 12 already completed exceed the maximum of 24 visits.",
            ["asked", "done", "allowed"],
        ),
        ("He has had 6 prior sessions and now asks for 12 more sessions.", ["done", "asked"]),
        ("An additional 8 sessions would bring the total to 20 sessions.", ["asked", "total"]),
        ("The guideline would allow only an additional 4 visits.", ["remaining"]),
        ("She completed 14 visits with no gain.", ["done"]),
        ("Up to 10 visits are supported by the guideline, and 18 visits were requested.", ["allowed", "asked"]),
        ("The guidelines limit its use to 2 to 3 weeks.", ["allowed"]),
        ("He has used it for over two years, well beyond the three weeks recommended.", ["done", "allowed"]),
        ("Her dose is 180 mg MED, above the ceiling of 120 mg MED.", ["asked", "allowed"]),
        ("The request is over by 4 visits.", ["apart"]),
    ],
)  # fmt: skip
def test_limits_the_words_around_a_number_say_whose_it_is(sentence: str, roles: list[str]) -> None:
    assert [role(sentence, 0, one) for one in amounts(sentence, 0, len(sentence))] == roles


# --- limits --------------------------------------------------------------------------------------------------------


def test_limits_what_was_asked_stands_beside_what_is_allowed() -> None:
    (one,) = limits("Physical therapy 3 x 6", "The number asked is too high.", "9-10 visits over 8 weeks")
    assert one == Limit("visits", 18, 10, "visits")
    assert exceeds(one.asked, one.allowed)


def test_limits_what_was_had_counts_in_all() -> None:
    (one,) = limits(
        "Physical therapy 8 visits", "She has completed 6 visits, so that 8 more visits exceed the guideline.", "up to 10 visits"
    )
    assert one == Limit("visits in all", 14, 10, "visits")


def test_limits_what_the_guideline_still_allows_is_not_compared_with_all() -> None:
    (one,) = limits("PT 6 visits", "He completed 6 visits; the guideline would allow only an additional 4 visits.", "10 visits")
    assert one == Limit("visits", 6, 4, "visits")


def test_limits_the_reviewers_own_number_of_what_is_allowed_comes_first() -> None:
    assert limits("Acupuncture, 30 visits", "This exceeds the recommended 24 visits.", "6 visits") == [
        Limit("visits", 30, 24, "visits")
    ]


def test_limits_a_course_that_goes_on_is_not_held_to_the_limit_of_a_trial() -> None:
    stated = "an initial trial of 6 visits over 2 weeks, a total of up to 18 visits"
    assert limits("Additional chiropractic care, 8 visits", "It is denied.", stated)[0].allowed == 18
    assert limits("Chiropractic care, 8 visits", "An initial trial of fewer visits would be right.", stated)[0].allowed == 6


def test_limits_the_number_for_the_same_part_of_the_body_is_taken() -> None:
    stated = "Myalgia: 10 visits over 8 weeks." + " " * 130 + "Sprain of the elbow: 8 visits over 5 weeks."
    assert limits("Physical therapy, right elbow, 12 visits", "It is too much.", stated)[0].allowed == 8


def test_limits_durations_are_told_in_the_guidelines_unit() -> None:
    (one,) = limits("Carisoprodol, 30 day supply", "It is not approved.", "no longer than 2 to 3 weeks", "duration_limit")
    assert one == Limit("duration", 4.3, 3, "weeks")
    (one,) = limits("Carisoprodol", "He has taken it for over two years.", "no longer than 3 weeks", "duration_limit")
    assert one.quantity == "duration in all"
    assert exceeds(one.asked, one.allowed)


def test_limits_doses_are_compared_where_both_are_morphine_equivalents() -> None:
    (one,) = limits(
        "Norco 10/325 mg #120", "The MED is 180.", "not to exceed 120 mg oral morphine equivalents per day", "dose_limit"
    )
    assert one == Limit("dose", 180, 120, "mg MED/day")


@pytest.mark.parametrize(
    ("kind", "statement", "expected"),
    [
        ("pain_relief", "at least 50% relief for six to eight weeks", [("relief", 50, "%"), ("duration", 6, "weeks")]),
        ("symptom_duration", "lasting more than three or four weeks", [("duration", 3, "weeks")]),
        ("conservative_care_failed", "after failure of at least 6 months of other care", [("duration", 6, "months")]),
        ("successful_trial", "a one-month trial at home", [("duration", 1, "months")]),
        ("pain_level", "pain of at least 5/10", [("pain score", 5, "points")]),
    ],
)
def test_limits_what_has_to_be_reached_is_a_threshold_that_nobody_asks(
    kind: str, statement: str, expected: list[tuple[str, float, str]]
) -> None:
    found = limits("Radiofrequency ablation, 2 months later", "There is no proof of it.", statement, kind)
    assert [(one.quantity, one.allowed, one.unit) for one in found] == expected
    assert not any(one.asked or exceeds(one.asked, one.allowed) for one in found)


def test_limits_other_sentences_of_the_guideline_fill_in_where_the_statement_has_no_number() -> None:
    text = "Zolpidem #30\nIt is denied.\nfor short-term use\nNot longer than 2 weeks. A trial of one month of exercise helps."
    place = text.index("for short")
    rules = [(place + 19, len(text))]
    (one,) = limits_of(text, "duration_limit", (0, 12), [(13, 26)], [(place, place + 18)], rules)
    assert (one.allowed, one.unit) == (2, "weeks")


def test_limits_types_that_count_nothing_have_none() -> None:
    assert quantities("red_flags") == ()
    assert limits("PT 12 visits", "No red flags.", "6 visits", "red_flags") == []


@given(st.floats(0, 999), st.floats(0, 999))
def test_limits_exceeding_is_more_than_allowed(first: float, second: float) -> None:
    assert exceeds(first, second) == (first > second)
    assert not exceeds(None, second)
    assert not exceeds(first, None)


def test_limits_knowledge_names_types_and_quantities_that_there_are() -> None:
    data = load_yaml("limits.yaml")
    named = {**data["types"]["most"], **data["types"]["least"]}
    assert set(named) <= codes("criterion_type")
    assert {one for own in named.values() for one in own} <= set(data["quantities"])
