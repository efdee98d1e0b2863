"""Repair of extracted text: what a reader of the repaired text sees, and where it says the words came from."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.ingest.letter_text import LetterText, Source
from unmet.ingest.repair import repair

# Words without marks of any kind, so that what they say is known.
WORDS = st.text("abcdefgxyzABCXYZ0123456789.,;:()%'\"\u2019\u201c\u00e9/", min_size=1, max_size=9)
BLANKS = st.text(" \n\t\r\u00a0\x0b\x0c\u2003\u3000", min_size=1, max_size=5)
# Damage between and around words, and what a reader sees in its place.
INLINE = st.sampled_from(
    [
        ("**{}**", "{}"),
        ("<b>{}</b>", "{}"),
        ('<span class="x">{}</span>', "{}"),
        ("<p>{}</p>", " {} "),
        ("<td>{}", " {}"),
        ("{}<br/>", "{} "),
        ("\ufeff{}", " {}"),
        ("--- {}", " {}"),
        ("* {}", " {}"),
        ("\u2022 {}", " {}"),
        ("a\u00ad{}", "a{}"),
        ("a\u00ad\n{}", "a{}"),
        ("q&amp;{}", "q&{}"),
        ("q&#39;{}", "q'{}"),
        ("{}", "{}"),
    ]
)
DAMAGED = st.tuples(st.text("abcdxyzABZ19", min_size=2, max_size=8), INLINE, BLANKS)


def damaged_text(parts: list[tuple[str, tuple[str, str], str]]) -> tuple[str, str]:
    source = "".join(form.format(word) + blank for word, (form, _), blank in parts)
    seen = " ".join("".join(form.format(word) + " " for word, (_, form), _ in parts).split())
    return source, seen


def letter_text(source_text: str) -> LetterText:
    text, origin, ends = repair(source_text)
    return LetterText(Source("x.txt", "", "text/plain", None), source_text, text, origin, ends)


def check_map(source_text: str) -> None:
    text, origin, ends = repair(source_text)
    assert len(origin) == len(ends) == len(text)
    assert all(0 <= start < end <= len(source_text) for start, end in zip(origin, ends, strict=True))
    assert list(origin) == sorted(origin)
    assert list(ends) == sorted(ends)


def word_spans(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", text)]


@given(st.text())
def test_repair_any_text_keeps_its_map_sound(source_text: str) -> None:
    check_map(source_text)


@given(st.text(alphabet=st.sampled_from("aB1 \n\t*_#-=<>/b&;p.\\\u00ad\u200b\u2022\ufeff")))
def test_repair_text_full_of_marks_keeps_its_map_sound(source_text: str) -> None:
    check_map(source_text)


@given(st.text(alphabet=st.sampled_from("aB1 \n\t*_#-=<>/b&;p.\\\u00ad\u200b\u2022\ufeff\u00a0")))
def test_repair_leaves_single_spaces_only(source_text: str) -> None:
    text = repair(source_text)[0]
    assert text == " ".join(text.split())


@given(st.lists(st.tuples(WORDS, BLANKS), max_size=25), BLANKS)
def test_repair_whitespace_is_idempotent(parts: list[tuple[str, str]], lead: str) -> None:
    text = repair(lead + "".join(word + blank for word, blank in parts))[0]
    again, origin, _ = repair(text)
    assert again == text
    assert list(origin) == list(range(len(text)))


@given(st.lists(st.tuples(WORDS, BLANKS), min_size=1, max_size=25), BLANKS, st.data())
def test_repair_every_span_maps_back_to_its_own_words(parts: list[tuple[str, str]], lead: str, data: st.DataObject) -> None:
    letter = letter_text(lead + "".join(word + blank for word, blank in parts))
    start = data.draw(st.integers(0, len(letter.text) - 1))
    end = data.draw(st.integers(start + 1, len(letter.text)))
    source_start, source_end = letter.to_source(start, end)
    there = letter.source_text[source_start:source_end]
    assert " ".join(there.split()) == letter.text[start:end].strip()
    if letter.text[start:end] == letter.text[start:end].strip():  # no blank more than the words need
        assert there == there.strip()


@given(st.lists(DAMAGED, min_size=1, max_size=12), st.data())
def test_repair_spans_of_damaged_text_map_back_to_their_own_words(
    parts: list[tuple[str, tuple[str, str], str]], data: st.DataObject
) -> None:
    source, _ = damaged_text(parts)
    letter = letter_text(source)
    words = word_spans(letter.text)
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    start, end = words[first][0], words[last][1]
    source_start, source_end = letter.to_source(start, end)
    # The slice alone, repaired, says what the span says: not a word more, not a word less.
    assert repair(source[source_start:source_end])[0] == letter.text[start:end]


@given(st.lists(DAMAGED, min_size=1, max_size=12))
def test_repair_removes_marks_and_keeps_words(parts: list[tuple[str, tuple[str, str], str]]) -> None:
    source, seen = damaged_text(parts)
    assert repair(source)[0] == seen


@given(st.lists(DAMAGED, min_size=1, max_size=12))
def test_repair_does_not_depend_on_the_whitespace_layout(parts: list[tuple[str, tuple[str, str], str]]) -> None:
    source, _ = damaged_text(parts)
    assert repair(" ".join(source.split()))[0] == repair(source)[0]


@given(st.text(alphabet=st.sampled_from("aB1 \n\t*_#-=<>/b&;p.\\\u00ad\u200b\u2022\ufeff\u00a0")))
def test_repair_of_any_marks_does_not_depend_on_the_whitespace_layout(source_text: str) -> None:
    assert repair(" ".join(source_text.split()))[0] == repair(source_text)[0]


@given(st.lists(st.sampled_from(["anti-", "pre-", "and", "inflammatory", "antiinflammatory", "L4-", "L5", "-", "op"])))
def test_repair_of_hyphens_does_not_depend_on_the_whitespace_layout(words: list[str]) -> None:
    assert repair("\n".join(words))[0] == repair("   ".join(words))[0] == repair(" ".join(words))[0]


@pytest.mark.parametrize("span", [(0, 0), (3, 2), (-1, 2), (0, 99)])
def test_repair_no_map_for_a_span_that_is_not_in_the_text(span: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no such span"):
        letter_text("two  words").to_source(*span)


def test_repair_entity_at_the_end_of_a_span_is_mapped_back_whole() -> None:
    letter = letter_text("rated &gt; the workers&rsquo; care")
    start = letter.text.index("workers")
    source_start, source_end = letter.to_source(start, start + len("workers\u2019"))
    assert letter.source_text[source_start:source_end] == "workers&rsquo;"


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("hard-\nwrapped", "hard-wrapped"),
        ("anti- inflammatory", "anti-inflammatory"),
        ("anti-\n   inflammatory", "anti-inflammatory"),
        ("L4-\nL5", "L4-L5"),
        ("6-\n8 visits", "6-8 visits"),
        ("pre- and post-operative", "pre- and post-operative"),
        ("pre-\nand post-operative", "pre- and post-operative"),
        ("short- or long-acting", "short- or long-acting"),
        ("two- to three-week course", "two- to three-week course"),
        ("knee - left", "knee - left"),
        ("func\u00adtional", "functional"),
        ("func\u00ad\ntional", "functional"),
        ("functional care, then func-\ntional care", "functional care, then functional care"),
        ("a well-known aid, a well-\nknown aid", "a well-known aid, a well-known aid"),
        ("wellknown and well-known, well-\nknown", "wellknown and well-known, well-known"),
    ],
)
def test_repair_closes_words_broken_at_a_line_end(source: str, seen: str) -> None:
    assert repair(source)[0] == seen


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("**Priority:**\tStandard", "Priority: Standard"),
        ("### CASE SUMMARY\n\nA worker", "CASE SUMMARY A worker"),
        ("Employee: ____________ Claim: ___", "Employee: Claim:"),
        ("above\n-----\nbelow", "above below"),
        ("above\n***\nbelow", "above below"),
        ("* first\n* second", "first second"),
        ("tablets \\#60", "tablets #60"),
        ("a &lt; b &amp; c", "a < b & c"),
        ("AT&T; pain &unknownx;", "AT&T; pain &unknownx;"),
        ("one<br>two", "one two"),
        ("<B>bold</B> word", "bold word"),
        ("pain <3/10 and >1/10", "pain <3/10 and >1/10"),
        ("Norco #60 and #30", "Norco #60 and #30"),
        ("grip 5 * 2", "grip 5 2"),
        ("one\x00two", "one two"),
    ],
)
def test_repair_marks_of_converted_files(source: str, seen: str) -> None:
    assert repair(source)[0] == seen


PAGE_1 = "The walnut was refused because no growth was shown over"
PAGE_2 = "the past two seasons, and grafting was not tried on"
PAGE_3 = "any branch."
FOOTER = "Final Determination Letter for IMR Case Number CM99-0000001"


@pytest.mark.parametrize("blank", ["\n", "\n\n   ", " "])
def test_repair_drops_the_footer_of_each_page(blank: str) -> None:
    parts = [PAGE_1, f"{FOOTER} 2", PAGE_2, f"{FOOTER} 3", PAGE_3, f"{FOOTER} 4"]
    assert repair(blank.join(parts))[0] == f"{PAGE_1} {PAGE_2} {PAGE_3}"


def test_repair_drops_footers_numbered_from_one() -> None:
    parts = [PAGE_1, f"{FOOTER} 1", PAGE_2, f"{FOOTER} 2", PAGE_3, f"{FOOTER} 3"]
    assert repair(" ".join(parts))[0] == f"{PAGE_1} {PAGE_2} {PAGE_3}"


def test_repair_drops_footers_without_a_number() -> None:
    assert repair(f"{PAGE_1}\n{FOOTER}\n{PAGE_2}")[0] == f"{PAGE_1} {PAGE_2}"


def test_repair_drops_page_counts() -> None:
    assert repair(f"{PAGE_1}\nPage 1 of 2\n{PAGE_2}\nPage 2 of 2")[0] == f"{PAGE_1} {PAGE_2}"


def test_repair_number_behind_a_footer_that_is_no_page_number_stays() -> None:
    assert repair(f"over the last\n{FOOTER}\n40 visits to the orchard")[0] == "over the last 40 visits to the orchard"


def test_repair_keeps_the_case_number_of_the_header() -> None:
    text = repair("IMR Case Number: CM99-0000001   Date of Injury: 3/4/2012")[0]
    assert text == "IMR Case Number: CM99-0000001 Date of Injury: 3/4/2012"


@given(st.integers(1, 30), st.sampled_from(["CM99-0000001", "IMR 99-000004"]), BLANKS)
def test_repair_drops_every_footer_of_a_long_letter(pages: int, case: str, blank: str) -> None:
    source = blank.join(f"page{blank}text Final Determination Letter for IMR Case Number {case} {n}" for n in range(1, pages + 1))
    text = repair(source)[0]
    assert text == " ".join(["page text"] * pages)


def test_repair_span_over_a_footer_maps_back_across_the_page_break() -> None:
    letter = letter_text(f"{PAGE_1}\n{FOOTER} 2\n{PAGE_2}")
    start = letter.text.index("shown over")
    source_start, source_end = letter.to_source(start, letter.text.index("the past") + len("the past"))
    assert letter.source_text[source_start:source_end] == f"shown over\n{FOOTER} 2\nthe past"
