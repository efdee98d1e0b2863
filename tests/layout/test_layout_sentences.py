"""Sentence boundaries: where a reader would put them, and never because of a line break."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from unmet.layout.sentences import sentence_starts

PIECES = st.sampled_from(
    [
        *(
            "The",
            "worker",
            "was",
            "seen.",
            "He",
            "walks",
            "well.",
            "Dr.",
            "e.g.",
            "i.e.",
            "No.",
            "5.",
            "3.5",
            "mg.",
            "1.",
            "2.",
            "3.",
        ),
        *(
            "(1)",
            "(2)",
            "1)",
            "2)",
            "a;",
            "pain?",
            "\u201cYes.\u201d",
            "(see",
            "p.",
            "12.)",
            "CM99-0000001.",
            "L4-L5.",
            "U.S.",
            "A.",
        ),
        *("Vitamin", "etc.", "#60.", "...", "necessary.The", "**", "-", "Ultram", "50mg", "\u00a7", "vs."),
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map(" ".join)
RUNS = st.sampled_from([" ", "\n", "\r\n", "\t", "  ", "\n\n", " \n  ", "\u00a0", "\n" + " " * 12])


def sentences(text: str) -> list[str]:
    starts = sentence_starts(text, 0, len(text))
    return [text[start:stop].strip() for start, stop in zip(starts, [*starts[1:], len(text)], strict=False)]


@given(st.one_of(st.text(), TEXTS), st.data())
def test_sentences_starts_are_sorted_inside_and_hold_the_first(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    starts = sentence_starts(text, start, end)
    assert starts == sorted(set(starts))
    assert all(start <= at < end for at in starts)
    assert all(not text[at].isspace() for at in starts)
    inside = text[start:end]
    assert starts[:1] == ([end - len(inside.lstrip())] if inside.strip() else [])


@given(TEXTS, st.lists(RUNS, min_size=1, max_size=7))
@example("He has (1) pain (2) fever and (3) chills.", ["\n            "])
@example("1. Pain 2. Fever 3. Chills", ["\r\n  "])
@example("He takes vitamin D. It helps.", ["\n                              "])
def test_sentences_do_not_depend_on_the_whitespace_layout(text: str, runs: list[str]) -> None:
    words = text.split(" ")
    laid_out = "".join(word + runs[number % len(runs)] for number, word in enumerate(words))
    assert [" ".join(sentence.split()) for sentence in sentences(laid_out)] == sentences(text)


@given(st.lists(st.sampled_from(["The walnut is ripe.", "Who picks it?", "Nobody does!", "It fell (again)."]), max_size=12))
def test_sentences_plain_prose_is_cut_at_every_full_stop(given_sentences: list[str]) -> None:
    assert sentences(" ".join(given_sentences)) == given_sentences


@pytest.mark.parametrize(
    "whole",
    [
        "The worker saw Dr. Apple on Monday.",
        "Mr. Pear and Mrs. Plum agree.",
        "The dose rose by 2.5 mg to 7.5 mg a day.",
        "Other means, e.g. Walnut oil, were not tried.",
        "Other means, i.e. walnut oil, were not tried.",
        "Norco, Ultram, etc. were stopped.",
        "See p. 12 and pp. 30-32 of vol. 3.",
        "See ACOEM Ch. 12 and No. 5 of the list.",
        "Apple et al. found little.",
        "It was seen in the U.S. Army clinic.",
        "Tylenol no. 3 was given b.i.d. without effect.",
        "The list in CM99-0000001 is short.",
        "Version 1.2.3 applies.",
        "The J. Walnut method was used.",
        "He asks \u201cwhy?\u201d and waits.",
    ],
)
def test_sentences_abbreviations_and_decimals_end_nothing(whole: str) -> None:
    assert sentences(whole) == [whole]


@pytest.mark.parametrize(
    "expected",
    [
        ["This repeats CM99-0000001.", "The case is closed."],
        ["It was not necessary.", "(See above.)"],
        ["He said \u201cno.\u201d", "She agreed."],
        ["He weighs 200.", "She weighs 150."],
        ["The level is L4-L5.", "No other was seen."],
        ["He takes vitamin D.", "It helps."],
        ["She uses 50 mg.", "Norco was stopped."],
        ["Is it ripe?", "It is."],
        ["No oil, nuts, etc.", "The request is refused."],
        ["Was anything tried?", "No."],
        ["The injection did not help.", "3 visits followed."],
        ["Pain is 5/10.", "#60 was given."],
    ],
)
def test_sentences_end_where_they_end(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


def test_sentences_missing_blank_hides_no_boundary() -> None:
    assert sentences("It is not necessary.The worker agrees.") == ["It is not necessary.", "The worker agrees."]


def test_sentences_list_numerals_stay_with_their_text() -> None:
    expected = [
        "The guideline asks for:",
        "1. Exercise has failed.",
        "2. Imaging shows why.",
        "3. No surgery is planned.",
        "None is met.",
    ]
    # The lead-in ends in a colon; where the first numeral splits it off, the numeral goes with its own text.
    found = sentences(" ".join(expected))
    assert [sentence for sentence in found if sentence[0].isdigit()] == ["1. Exercise has failed.", *expected[2:4]]
    assert found[-1] == "None is met."
    assert not any(sentence in ("1.", "2.", "3.") or sentence.endswith((" 1.", " 2.", " 3.")) for sentence in found)


@given(st.lists(st.sampled_from(["apple trees", "Walnut trees", "pear Trees", "Plum"]), min_size=2, max_size=9))
def test_sentences_numbered_diagnoses_are_one_each(items: list[str]) -> None:
    text = " ".join(f"{number}. {item}" for number, item in enumerate(items, 1))
    assert sentences(text) == [f"{number}. {item}" for number, item in enumerate(items, 1)]


@given(st.lists(st.sampled_from(["Apple trees are old.", "Walnut trees grew.", "Plums fell."]), min_size=2, max_size=9))
def test_sentences_bracketed_numerals_open_their_sentence(items: list[str]) -> None:
    expected = [f"({number}) {item}" for number, item in enumerate(items, 1)]
    assert sentences(" ".join(expected)) == expected


def test_sentences_enumeration_inside_one_sentence_is_not_cut() -> None:
    text = "The plan needs (1) a trial; (2) a diary; and (3) an end date."
    assert sentences(text) == [text]


def test_sentences_number_at_the_end_is_no_list_numeral() -> None:
    assert sentences("He rates it 1. She rates it 7.") == ["He rates it 1.", "She rates it 7."]


def test_sentences_of_blanks_are_none() -> None:
    assert sentence_starts(" \n ", 0, 3) == []
    assert sentence_starts("", 0, 0) == []
