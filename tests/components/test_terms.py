"""Terms in a Doc: which words, whatever the whitespace between them."""

from __future__ import annotations

import pytest
import spacy
from unmet.components.terms import Terms, tokens_of
from unmet.components.tokenizer import LetterTokenizer


@pytest.fixture
def tokenizer() -> LetterTokenizer:
    return LetterTokenizer(spacy.blank("en").vocab)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("An X-ray of the knee.", ["X-ray"]),
        ("An x - ray, then X -RAY.", ["x - ray", "X -RAY"]),
        ("Xrays and x-rays differ.", []),
        ("physical therapy", ["physical therapy", "therapy"]),
        ("physical\ntherapy", ["therapy"]),
        ("Ends in physical", []),
        ("", []),
    ],
)
def test_terms_are_whole_words_with_any_blank_between_them(text: str, found: list[str], tokenizer: LetterTokenizer) -> None:
    terms = Terms(["x-ray", "Physical Therapy", "therapy"])
    assert [text[start:end] for start, end in sorted(terms.find(tokenizer(text)))] == found


def test_exact_terms_keep_their_case(tokenizer: LetterTokenizer) -> None:
    text = "MRI, not mri; an MR  scan no, an MR scan yes."
    found = Terms(["MRI", "MR scan"], exact=True).find(tokenizer(text))
    assert [text[start:end] for start, end in sorted(found)] == ["MRI", "MR scan"]


def test_the_tokens_are_those_of_the_doc_asked_for(tokenizer: LetterTokenizer) -> None:
    first, second = tokenizer("Norco 10mg."), tokenizer("No drug at all.")
    for doc in (first, second, first):
        assert tokens_of(doc).starts.tolist() == [token.idx for token in doc]
        assert tokens_of(doc).ends.tolist() == [token.idx + len(token) for token in doc]
