"""Criterion statements: one for each requirement, with its type and its own words."""

from __future__ import annotations

import msgspec
import pytest
import spacy
from unmet.components.mentions import Mention
from unmet.components.sentences import Sentence
from unmet.layout.model import Layout, RequestParts
from unmet.layout.sentences import sentence_starts
from unmet.loading import register


def statements(text: str, voice: str = "guideline") -> list[Mention]:
    """Return the criteria that are found in ``text`` as the rationale of a request."""
    register()
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "unmet.LetterTokenizer.v1"}}})
    nlp.add_pipe("unmet_criteria")
    doc = nlp.make_doc(text)
    parts = RequestParts(index=1, title=(0, 0), item=(0, 0), decision="upheld", decision_span=(0, 0), rationale=(0, len(text)))
    doc._.letter = msgspec.to_builtins(Layout(era="E", is_determination=True, requests=(parts,)))
    starts = sentence_starts(text, 0, len(text))
    doc._.sentences = [
        Sentence(start=begin, end=stop, section_kind="rationale", request=1, voice=voice)
        for begin, stop in zip(starts, [*starts[1:], len(text)], strict=True)
    ]
    doc._.mentions = []
    nlp.get_pipe("unmet_criteria")(doc)
    mentions: list[Mention] = doc._.mentions
    return mentions


def read(text: str, voice: str = "guideline") -> list[tuple[str, str]]:
    return [(one["attributes"]["type"], text[one["start"] : one["end"]]) for one in statements(text, voice)]


def test_statements_in_a_numbered_list_are_one_for_each_item() -> None:
    text = (
        "The guideline asks that all of the following be met: 1. Failure of 6 months of conservative treatment. "
        "2. No contraindications to implantation. 3. A psychological evaluation has been obtained."
    )
    assert read(text) == [
        ("conservative_care_failed", "Failure of 6 months of conservative treatment"),
        ("no_contraindication", "No contraindications to implantation"),
        ("psychological_evaluation", "A psychological evaluation has been obtained"),
    ]


@pytest.mark.parametrize("marks", [("(1)", "(2)", "(3)"), ("(a)", "(b)", "(c)"), ("i)", "ii)", "iii)")])
def test_statements_in_a_list_within_one_sentence_are_one_for_each_item(marks: tuple[str, str, str]) -> None:
    first, second, third = marks
    text = (
        f"A stimulator is recommended where {first} conservative treatment has failed; {second} there are no contraindications; "
        f"and {third} a psychological evaluation has been obtained."
    )
    assert [kind for kind, _ in read(text)] == ["conservative_care_failed", "no_contraindication", "psychological_evaluation"]
    assert read(text)[2][1] == "a psychological evaluation has been obtained"


def test_statements_in_one_item_are_two_where_it_joins_two_requirements() -> None:
    text = (
        "Criteria for its use: 1) Radiculopathy on physical examination and corroborated by imaging studies. "
        "2) Unresponsive to conservative treatment."
    )
    assert [kind for kind, _ in read(text)] == ["exam_findings", "diagnostic_corroboration", "conservative_care_failed"]


def test_statements_in_a_list_of_indications_are_indications() -> None:
    text = "A bone scan is recommended for the following indications: 1. Osteomyelitis. 2. Occult bone bruise. 3. Paget disease."
    assert read(text) == [
        ("specific_indication", "Osteomyelitis"),
        ("specific_indication", "Occult bone bruise"),
        ("specific_indication", "Paget disease"),
    ]


def test_statements_joined_in_one_sentence_are_requirements_of_their_own() -> None:
    text = "It is an option with an objective motor deficit, confirmed by MRI, and after failure of conservative care."
    assert {kind for kind, _ in read(text)} >= {"exam_findings", "diagnostic_corroboration", "conservative_care_failed"}


def test_statements_that_are_alternatives_of_one_are_one() -> None:
    text = "Plain films are not needed without red flags or serious spinal pathology."
    assert [words for kind, words in read(text) if kind == "red_flags"] == ["red flags or serious spinal pathology"]


def test_statements_of_limits_have_each_their_number_and_time() -> None:
    text = "It recommends 9-10 visits over 8 weeks for myalgia, 8-10 visits over 4 weeks for neuralgia and up to 24 visits."
    assert [words for kind, words in read(text) if kind == "quantity_limit"] == [
        "9-10 visits over 8 weeks",
        "8-10 visits over 4 weeks",
        "up to 24 visits",
    ]


def test_statements_name_what_the_guideline_does_not_recommend() -> None:
    assert ("guideline_support", "not recommended for chronic elbow pain") in read(
        "The wrap is not recommended for chronic elbow pain."
    )


@pytest.mark.parametrize(
    "text",
    [
        "Imaging studies are often ordered with this complaint.",
        "A cortisone injection may be given.",
        "In a placebo controlled trial, pain relief was seen in 40 patients.",
    ],
)
def test_statements_are_not_seen_where_nothing_is_required(text: str) -> None:
    assert read(text) == []


def test_statements_end_with_a_whole_word() -> None:
    text = "It is not recommended for routine use in chronic pain of the hip, knee or ankle where the cause is well known."
    for one in statements(text):
        assert not text[one["end"] - 1 : one["end"] + 1].isalnum()


def test_statements_are_the_guidelines_not_the_reviewers() -> None:
    assert read("She has not failed conservative treatment and there are no red flags.", "reviewer") == []
