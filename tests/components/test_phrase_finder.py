"""The phrase finder scores as spaCy's own layers do, whatever was read before, and keeps a bounded number of words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from unmet.components.learned_mentions import _RATIONALES, LearnedMentions, _ruled, view_for_model
from unmet.components.mentions import PROSE
from unmet.components.phrase_finder import Kept, PhraseFinder
from unmet.components.prose_view import NO_TOKENS, prose_tokens
from unmet.ingest import read_letter
from unmet.learning.span_scorer import RULE_ATTRIBUTES, WORD_ATTRIBUTES, SpanScorer
from unmet.reading import loaded

WORDS = [
    "The",
    "guideline",
    "asks",
    "for",
    "6",
    "weeks",
    "of",
    "exercise",
    ",",
    "no",
    "red",
    "flags",
    "and",
    "MRI",
    "L5",
    ".",
    "(",
]


@pytest.fixture(scope="module")
def component() -> LearnedMentions:
    found: Any = loaded().get_pipe("unmet_learned_mentions")
    assert isinstance(found, LearnedMentions)
    return found


@pytest.fixture(scope="module")
def spans(component: LearnedMentions) -> Language:
    assert component.spans is not None
    return component.spans


def by_spacy(spans: Language, doc: Doc) -> tuple[NDArray[Any], NDArray[Any]]:
    categoriser: Any = spans.get_pipe("spancat")
    bounds, scores = categoriser.predict([spans.get_pipe("tok2vec")(doc)])
    return bounds.dataXd, scores


def read_up_to_model(text: str) -> Doc:
    nlp = loaded()
    doc = nlp.make_doc(text)
    for name, pipe in nlp.pipeline:
        if name == "unmet_learned_mentions":
            break
        doc = pipe(doc)
    return doc


@pytest.mark.parametrize("kinds", [PROSE, _RATIONALES])
@pytest.mark.parametrize("name", ["sample-intrathecal-pump.txt", "sample-multi-request.md", "sample-partial-approval.docx"])
def test_spans_of_a_letter_and_their_scores_are_those_of_spacy(
    name: str, kinds: frozenset[str], samples: Path, spans: Language
) -> None:
    nlp = loaded()
    doc = read_up_to_model(read_letter(samples / name).text)
    tokens = prose_tokens(doc, kinds)
    bounds, scores = PhraseFinder(spans, nlp.vocab).find(tokens, [own[:2] for own in _ruled(doc, tokens)])
    expected_bounds, expected = by_spacy(spans, view_for_model(doc, nlp.vocab, kinds).doc)
    assert bounds.tolist() == expected_bounds.tolist()
    assert np.allclose(scores, expected, atol=1e-5)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(WORDS), st.sampled_from(["O", "B-PROC", "I-MED"]), st.sampled_from(["O", "B-CRIT"])),
        min_size=1,
        max_size=80,
    )
)
def test_any_words_and_marks_are_scored_as_by_spacy(spans: Language, told: list[tuple[str, str, str]]) -> None:
    words, tags, lemmas = (list(column) for column in zip(*told, strict=True))
    doc = Doc(
        spans.vocab,
        words=words,
        tags=tags,
        lemmas=lemmas,
        morphs=["Sec=ratio|Voice=reviewer"] * len(words),
        sent_starts=[not place or words[place - 1] == "." for place in range(len(words))],
    )
    bounds, expected = by_spacy(spans, doc)
    scorer = SpanScorer(spans)
    keys = doc.to_array([*WORD_ATTRIBUTES, *RULE_ATTRIBUTES])
    vectors = scorer.vectors(keys[:, :3], WORD_ATTRIBUTES) + scorer.vectors(keys[:, 3:], RULE_ATTRIBUTES)
    scores = scorer.scores(vectors, bounds.astype("int64"))
    assert np.allclose(scores, expected.reshape(-1, scores.shape[1]), atol=1e-5)


def test_what_was_read_before_changes_nothing(samples: Path, spans: Language) -> None:
    nlp = loaded()
    docs = [
        read_up_to_model(read_letter(samples / name).text) for name in ("sample-multi-request.md", "sample-intrathecal-pump.txt")
    ]
    tokens = [prose_tokens(doc) for doc in docs]
    used = PhraseFinder(spans, nlp.vocab)
    for one in (*tokens, *tokens):
        fresh = PhraseFinder(spans, nlp.vocab)
        assert np.array_equal(used.find(one, [])[1], fresh.find(one, [])[1])


def test_a_letter_without_prose_has_no_spans(spans: Language) -> None:
    bounds, scores = PhraseFinder(spans, loaded().vocab).find(NO_TOKENS, [])
    assert len(bounds) == len(scores) == 0


@given(st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=12))
def test_kept_rows_are_those_computed_and_few(asked: list[list[int]]) -> None:
    kept = Kept(16, 2, lambda keys: np.array([[key, -key] for key in keys], "float32").reshape(-1, 2))
    for keys in asked:
        assert kept.rows(keys).tolist() == [[key, -key] for key in keys]
    assert len(kept) <= max(16, *(len(set(keys)) for keys in asked), 0)


def test_other_layers_are_refused() -> None:
    other = spacy.blank("en")
    other.add_pipe("tok2vec")
    other.add_pipe("spancat")
    with pytest.raises(ValueError, match="layers"):
        SpanScorer(other)
