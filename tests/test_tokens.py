"""Tokens and sentence starts: blanks go with the word before them, whitespace opens no sentence."""

from hypothesis import given
from hypothesis import strategies as st
from spacy.vocab import Vocab
from unmet.components.letter_layout import letter_text
from unmet.components.sentences import LetterSentences
from unmet.components.tokenizer import LetterTokenizer

TOKENIZER = LetterTokenizer(Vocab())
TEXTS = st.one_of(st.text(" \n\t\u00a0a1.,'\u2019_\u00b2", max_size=20), st.text(max_size=20))


@given(TEXTS)
def test_tokens_give_the_text_back(text: str) -> None:
    doc = TOKENIZER(text)
    assert "".join(token.text_with_ws for token in doc) == letter_text(doc) == text


@given(TEXTS)
def test_tokens_are_words_or_whitespace_and_a_blank_belongs_to_the_word_before(text: str) -> None:
    doc = TOKENIZER(text)
    for token in doc:
        assert token.text.isspace() or not any(character.isspace() for character in token.text)
        if token.is_space:
            before = doc[token.i - 1] if token.i else None
            assert not token.whitespace_
            assert before is None or before.whitespace_ or not token.text.startswith(" ")


@given(TEXTS, st.sets(st.integers(0, 20)))
def test_sentence_starts_are_the_first_words_from_each_bound_on(text: str, bounds: set[int]) -> None:
    doc = TOKENIZER(text)
    LetterSentences._mark(doc, bounds)
    expected = []
    pending = True
    for token in doc:
        pending = pending or token.idx in bounds
        expected.append(token.i == 0 or (pending and not token.is_space))
        pending = pending and token.is_space
    assert [bool(token.is_sent_start) for token in doc] == expected
