"""ConText: which words say something of which others in a sentence."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language
from unmet.components.context import Context, longest, overlap, reached
from unmet.loading import load_rules


@pytest.fixture(scope="module")
def nlp() -> Language:
    return load_rules()


@pytest.fixture(scope="module")
def context(nlp: Language) -> Context:
    return Context(nlp)


def said(nlp: Language, context: Context, text: str, word: str) -> set[str]:
    """Return what the modifiers of ``text``, one sentence, say of ``word``."""
    doc = nlp.tokenizer(text)
    place = next(token.i for token in doc if token.text == word)
    modifiers = context.modifiers(doc, [0], {0}).get(0, [])
    return {category for _, category in reached([(place, place + 1)], modifiers)}


@pytest.mark.parametrize(
    ("text", "word", "categories"),
    [
        ("There is no evidence of gout.", "gout", {"absent"}),
        ("Gout was denied by the clerk.", "Gout", {"absent"}),
        ("Gout was seen, and no fever.", "Gout", set()),
        ("History of casting in spring.", "casting", {"historical"}),
        ("Nothing said of casting.", "casting", set()),
    ],
)
def test_a_modifier_reaches_what_stands_on_its_side(
    nlp: Language, context: Context, text: str, word: str, categories: set[str]
) -> None:
    assert said(nlp, context, text, word) == categories


def test_a_word_that_ends_scopes_ends_them(nlp: Language, context: Context) -> None:
    assert said(nlp, context, "He denied casting but wore splints.", "casting") == {"absent"}
    assert said(nlp, context, "He denied casting but wore splints.", "splints") == set()


def test_scopes_end_with_their_sentence(nlp: Language, context: Context) -> None:
    doc = nlp.tokenizer("No fever. Casting was tried.")
    assert [one.scope_end for one in context.modifiers(doc, [0, 3], {0})[0]] == [3]
    assert 0 not in context.modifiers(doc, [0, 3], {1})


def test_the_longer_of_overlapping_matches_stands() -> None:
    assert longest([]) == []
    assert longest([(1, 0, 1), (2, 0, 3), (3, 5, 6)]) == [(2, 0, 3), (3, 5, 6)]
    assert longest([(1, 2, 4), (2, 2, 4)]) == [(1, 2, 4)]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12), st.integers(1, 4)), max_size=10))
def test_matches_that_are_kept_do_not_overlap(drawn: list[tuple[int, int, int]]) -> None:
    matches = [(key, start, start + length) for key, start, length in drawn]
    kept = longest(matches)
    assert set(kept) <= set(matches)
    assert not any(overlap(one[1:], other[1:]) for one, other in pairwise(kept))
