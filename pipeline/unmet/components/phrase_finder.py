"""Finds phrases in the prose of a letter with the trained span categoriser, without making a Doc of the prose.

What the categoriser and its suggester need of a word is computed when it is first met, and kept while there is room; it
depends on nothing but the word, so that a letter reads the same whichever were read before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from unmet.components.clause_suggester import clause_bounds, with_spans, word_sign
from unmet.components.prose_view import LEMMAS, TAGS
from unmet.learning.span_scorer import WORD_ATTRIBUTES, SpanScorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray
    from spacy.language import Language
    from spacy.vocab import Vocab

    from unmet.components.prose_view import ProseTokens

# Words whose vectors are kept, half a kilobyte each, and signs of sentences.
_WORDS, _SIGNS = 8192, 512


class Kept:
    """Rows of numbers by key, at most ``most`` unless a letter alone has more; all are dropped when there is no room left."""

    def __init__(self, most: int, columns: int, rows_of: Callable[[list[Any]], NDArray[Any]]) -> None:
        """Take how many rows are kept, how many numbers a row has, and what computes the rows of keys, each by itself."""
        self._most, self._rows_of = most, rows_of
        self._places: dict[Any, int] = {}
        self._rows = np.zeros((0, columns), "float32")

    def __len__(self) -> int:
        return len(self._places)

    def rows(self, keys: Sequence[Any]) -> NDArray[Any]:
        """Return the rows of ``keys``."""
        places = self._places
        try:
            own = [places[key] for key in keys]
        except KeyError:
            self._add(keys)
            own = [places[key] for key in keys]
        found: NDArray[Any] = self._rows.take(np.array(own, "int64"), axis=0)
        return found

    def _add(self, keys: Sequence[Any]) -> None:
        missing = [key for key in dict.fromkeys(keys) if key not in self._places]
        if len(self._places) + len(missing) > self._most:
            self._places.clear()
            missing = list(dict.fromkeys(keys))
        first, last = len(self._places), len(self._places) + len(missing)
        self._make_room(last)
        self._rows[first:last] = self._rows_of(missing)
        self._places.update(zip(missing, range(first, last), strict=True))

    def _make_room(self, count: int) -> None:
        room = len(self._rows)
        if room > self._most >= count or room < count:
            size = count if count > self._most else min(self._most, max(count, 2 * room))
            rows = np.zeros((size, self._rows.shape[1]), "float32")
            kept = min(len(self._places), size)
            rows[:kept] = self._rows[:kept]
            self._rows = rows


class PhraseFinder:
    """The span categoriser of a trained pipeline with its suggester."""

    def __init__(self, spans: Language, vocab: Vocab) -> None:
        """Take the weights of ``spans``, and the vocabulary of the letters that are read; raises ``ValueError`` where the
        layers are others than those of ``configs/letters.cfg``."""
        self._vocab = vocab
        self._scorer = SpanScorer(spans)
        self.labels: tuple[str, ...] = cast("Any", spans.get_pipe("spancat")).labels
        self._longest = int(spans.config["components"]["spancat"]["suggester"]["longest"])
        self.words = Kept(_WORDS, self._scorer.width + 1, self._of_words)
        self._signs = Kept(_SIGNS, self._scorer.width, self._of_signs)
        self._tags, self._lemmas = (
            self._scorer.vectors(np.array([[vocab.strings.add(mark)] for mark in marks], "uint64"), (attribute,))
            for marks, attribute in ((TAGS, "TAG"), (LEMMAS, "LEMMA"))
        )

    def find(self, tokens: ProseTokens, ruled: Iterable[tuple[int, int]]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the spans that are judged (first token, the one after the last) and their probabilities, a column per label
        and one for none. ``ruled`` are spans that the rules found."""
        words = self.words.rows(tokens.orths.tolist())
        bounds = with_spans(clause_bounds(words[:, -1].astype("int64"), tokens.opens, self._longest), ruled)
        vectors = self._signs.rows(tokens.signs).take(tokens.sentences, axis=0)
        for rows in (words[:, :-1], self._tags.take(tokens.tags, axis=0), self._lemmas.take(tokens.lemmas, axis=0)):
            vectors += rows
        return bounds, self._scorer.scores(vectors, bounds)

    def _of_words(self, orths: list[int]) -> NDArray[Any]:
        """Return what words, given by the hash of their spelling, add to the mixing layer, and what they say of clauses."""
        words = [self._vocab[orth] for orth in orths]
        keys = np.array([[one.norm, one.suffix, one.shape] for one in words], "uint64")
        signs = np.array([word_sign(one.lower_) for one in words], "float32")
        return np.column_stack([self._scorer.vectors(keys, WORD_ATTRIBUTES), signs])

    def _of_signs(self, signs: list[str]) -> NDArray[Any]:
        return self._scorer.vectors(np.array([[self._vocab.morphology.add(sign)] for sign in signs], "uint64"), ("MORPH",))
