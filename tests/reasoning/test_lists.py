"""Lists: their items, the ordinals of these, and whether all or any of them are asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.reasoning.lists import list_items, logic_of, ordinal_of


def items(text: str) -> list[tuple[int, str]]:
    return [(one.ordinal, text[one.start : one.end].strip()) for one in list_items(text, 0, len(text))]


def logic(text: str, words: str) -> str | None:
    start = text.index(words)
    return logic_of(text, (0, len(text)), (start, start + len(words)))


@pytest.mark.parametrize(
    "marks",
    [
        ("1.", "2.", "3."), ("(1)", "(2)", "(3)"), ("1)", "2)", "3)"), ("a)", "b)", "c)"), ("(a)", "(b)", "(c)"),
        ("A.", "B.", "C."), ("i.", "ii.", "iii."), ("(i)", "(ii)", "(iii)"), ("I)", "II)", "III)"),
        ("\u2022", "\u2022", "\u2022"),
    ],
)  # fmt: skip
def test_lists_items_count_from_one_whatever_their_marks(marks: tuple[str, str, str]) -> None:
    first, second, third = marks
    text = f"The device is asked where: {first} Pain is daily. {second} Exercise failed. {third} No cancer is known. None."
    expected = [(1, "Pain is daily."), (2, "Exercise failed."), (3, "No cancer is known.")]
    assert items(text) == expected
    assert items(text.replace(" ", "\n")) == [(place, words.replace(" ", "\n")) for place, words in expected]


def test_lists_within_one_sentence_have_items_too() -> None:
    text = "It is for those with (1) daily pain; (2) failed exercise; and (3) no cancer. He has none."
    assert [place for place, _ in items(text)] == [1, 2, 3]
    assert items(text)[2][1] == "no cancer."


def test_lists_within_an_item_follow_it() -> None:
    text = "Criteria: A. Care failed: i) exercise, ii) drugs. B. Daily pain. He has none."
    assert [place for place, _ in items(text)] == [1, 1, 2, 2]
    start = text.index("drugs")
    assert ordinal_of(text, (0, len(text)), (start, start + 5)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "He satisfies item 1. and item 2. of the list.",
        "See page 46. The reviewer, J. Doe, agrees with A. Roe.",
        "The guideline (2004) and its edition (2009) agree.",
        "Pain was 5. It is 4. It was 3.",
    ],
)
def test_lists_are_not_seen_where_numbers_only_refer(text: str) -> None:
    assert items(text) == []


def test_lists_a_statement_has_the_ordinal_of_its_item_with_or_without_the_mark() -> None:
    text = "Asked are: 1. Daily pain. 2. Failed exercise of three months. Here, neither is shown."
    whole = (0, len(text))
    for words, ordinal in (("Failed exercise", 2), ("three months", 2), ("2. Failed exercise", 2), ("Daily", 1), ("Here", None)):
        start = text.index(words)
        assert ordinal_of(text, whole, (start, start + len(words))) == ordinal


@pytest.mark.parametrize(
    ("lead", "tie"),
    [
        ("All of the following criteria must be met:", "all"),
        ("It is an option when the following criteria are met:", "all"),
        ("Any of the following:", "any"),
        ("At least one of the following is needed:", "any"),
        ("Two of the following are needed:", "any"),
        ("One of the following indications:", "one"),
        ("The criteria for a brace are", None),
    ],
)
def test_lists_the_lead_in_says_how_many_are_asked(lead: str, tie: str | None) -> None:
    text = f"{lead} 1. Daily pain. 2. Failed exercise. Here, neither is shown."
    assert logic(text, "Daily pain") == logic(text, "Failed exercise") == tie


@pytest.mark.parametrize(("word", "tie"), [("and", "all"), ("or", "any"), ("and/or", "any"), ("AND", "all"), ("", None)])
def test_lists_the_words_between_items_say_it_where_the_lead_in_does_not(word: str, tie: str | None) -> None:
    text = f"It is for (a) daily pain; {word} (b) failed exercise. Here, neither is shown."
    assert logic(text, "failed exercise") == tie


def test_lists_a_tie_of_another_sentence_does_not_reach_a_statement_outside_of_lists() -> None:
    text = (
        "Any of the records may do. A brace is for daily pain. It must meet all of the following criteria, daily use among them."
    )
    assert logic(text, "daily pain") is None
    assert logic(text, "daily use") == "all"


@given(st.text(alphabet="ab12().;ivx \u2022\n", max_size=60))
def test_lists_any_text_can_be_read(text: str) -> None:
    for one in list_items(text, 0, len(text)):
        assert 0 <= one.start <= one.end <= len(text)
        assert one.ordinal >= 1
