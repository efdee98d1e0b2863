"""What the trained components read: prose alone, with offsets that lead back, and spans that may be phrases."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc
from unmet.components.clause_suggester import clause_spans, suggest
from unmet.components.prose_view import prose_view
from unmet.ingest import read_letter
from unmet.reading import loaded

WORDS = [
    "no",
    "documentation",
    "of",
    "pain",
    "relief",
    ",",
    "after",
    "six",
    "weeks",
    "if",
    "the",
    "brace",
    "helps",
    "(",
    ")",
    ".",
]


@pytest.fixture(scope="module")
def rules() -> Language:
    return loaded("rules")


@pytest.mark.parametrize("name", ["sample-intrathecal-pump.txt", "sample-multi-request.md", "sample-partial-approval.docx"])
def test_prose_view_leads_back_to_the_letter(name: str, samples: Path, rules: Language) -> None:
    text = read_letter(samples / name).text
    doc = rules(text)
    view = prose_view(doc, rules.vocab)
    assert [text[start:end] for start, end in zip(view.tokens.starts, view.tokens.ends, strict=True)] == [
        token.text for token in view.doc
    ]
    assert "FINAL DETERMINATION" not in view.doc.text
    marked = {token.text.lower() for token in view.doc if token.tag_.endswith("-PROC")}
    assert marked
    assert {str(token.morph) for token in view.doc if token.is_sent_start} >= {"Sec=ratio|Voice=reviewer"}


def test_prose_view_of_one_kind_of_section(samples: Path, rules: Language) -> None:
    doc = rules(read_letter(samples / "sample-multi-request.md").text)
    whole, rationales = prose_view(doc, rules.vocab), prose_view(doc, rules.vocab, frozenset(["rationale"]))
    assert set(rationales.tokens.starts) < set(whole.tokens.starts)
    assert {str(token.morph)[:9] for token in rationales.doc} == {"Sec=ratio"}


def test_prose_view_of_a_text_without_prose(rules: Language) -> None:
    assert len(prose_view(rules("Nothing of a determination."), rules.vocab).doc) == 0


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=30), st.integers(1, 12))
def test_suggested_spans_stay_in_their_sentence_and_length(words: list[str], longest: int) -> None:
    doc = Doc(spacy.blank("en").vocab, words=words, sent_starts=[not i or words[i - 1] == "." for i in range(len(words))])
    for start, end in clause_spans(doc, longest):
        assert 0 < end - start <= longest
        assert doc[start].sent == doc[end - 1].sent
        assert words[start] not in ",()."
        assert words[end - 1] not in ",()."


def test_what_the_rules_found_is_suggested_too() -> None:
    doc = Doc(spacy.blank("en").vocab, words=["the", "brace", "helps"], sent_starts=[True, False, False])
    doc.spans["rules"] = [doc[1:2]]
    assert (1, 2) in suggest(doc, "rules", 5)
    assert (0, 3) in suggest(doc, "rules", 5)
