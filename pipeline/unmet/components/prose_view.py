"""What the trained components read: the prose of a letter alone, with what the rules know of every token.

Form text is the same in every letter, so it is left out: the tokens of case summary, titles and rationales make a Doc
of their own. What the rules found is written into attributes that spaCy's embedding layers read: ``TAG`` holds the
rules' medication, procedure or condition at a token, ``LEMMA`` the criterion or finding, ``MORPH`` the voice of the
sentence and the section it stands in. With few annotated letters a model learns from these what it could not from words.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from spacy.attrs import IDX, IS_SPACE, LENGTH, ORTH, SPACY
from spacy.tokens import Doc

from unmet.components.mentions import PROSE, prose_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from spacy.vocab import Vocab

    from unmet.components.mentions import Mention

_NAMES = {"MEDICATION": "MED", "PROCEDURE": "PROC", "CONDITION": "COND", "CITATION": "CITE"}
_PHRASES = {"CRITERION": "CRIT", "FUNCTION": "FUNC"}
# The marks: of a token outside of any mention, then of the first token of a mention and of those that follow it, by label.
TAGS, LEMMAS = (("O", *(f"{part}-{name}" for name in names.values() for part in "BI")) for names in (_NAMES, _PHRASES))
_TAG, _LEMMA = ({label: 1 + 2 * number for number, label in enumerate(names)} for names in (_NAMES, _PHRASES))


class ProseTokens(NamedTuple):
    """The tokens of the prose, in columns: the spelling (spaCy's hash of it), whether a blank follows and whether a sentence
    begins; where they begin and end in the letter (character offsets); the marks of the rules (places in :data:`TAGS` and
    :data:`LEMMAS`); and the sentence, of which ``signs`` tells voice and section."""

    orths: NDArray[np.uint64]
    spaces: NDArray[np.bool_]
    opens: NDArray[np.bool_]
    starts: list[int]
    ends: list[int]
    tags: NDArray[np.int64]
    lemmas: NDArray[np.int64]
    sentences: NDArray[np.int64]
    signs: list[str]

    def characters(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the letter of the tokens ``start`` to ``end`` (exclusive)."""
        return self.starts[start], self.ends[end - 1]

    def tokens(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the tokens (first, the one after the last) that stand at the offsets in the letter; None where these are no
        bounds of tokens."""
        first, last = bisect_right(self.starts, start) - 1, bisect_left(self.ends, end)
        if first < 0 or last >= len(self.ends) or self.starts[first] != start or self.ends[last] != end:
            return None
        return first, last + 1


_NONE = np.zeros(0, "int64")
NO_TOKENS = ProseTokens(_NONE.astype("uint64"), _NONE.astype(bool), _NONE.astype(bool), [], [], _NONE, _NONE, _NONE, [])


def prose_tokens(doc: Doc, kinds: frozenset[str] = PROSE) -> ProseTokens:
    """Return the tokens of the prose of ``doc``, whose sentences, voices and rule mentions are known: the sections of
    ``kinds``."""
    sentences = [one for one in prose_sentences(doc) if one["section_kind"] in kinds]
    if not sentences:
        return NO_TOKENS
    columns: Any = doc.to_array([ORTH, IDX, LENGTH, SPACY, IS_SPACE])
    places = columns[:, 1].astype("int64")
    # Each token's sentence: the last that begins at or before it, if it has not ended.
    sentence_of = np.searchsorted([one["start"] for one in sentences], places, side="right") - 1
    bounds = np.array([one["end"] for one in sentences])
    blank = columns[:, 4].astype(bool)
    inside = (sentence_of >= 0) & (places < bounds[sentence_of]) & ~blank
    # A hard wrap is a blank.
    spaced = columns[:, 3].astype(bool) | np.append(blank[1:], False)
    chosen = np.flatnonzero(inside)
    own = sentence_of[chosen]
    starts = places[chosen].tolist()
    ends = (places[chosen] + columns[chosen, 2].astype("int64")).tolist()
    signs = [f"Sec={one['section_kind'][:5]}|Voice={one['voice']}" for one in sentences]
    mentions = doc._.mentions or []
    return ProseTokens(
        orths=columns[chosen, 0],
        spaces=spaced[chosen],
        opens=np.diff(own, prepend=-1) != 0,
        starts=starts,
        ends=ends,
        tags=_marks(starts, ends, mentions, _TAG),
        lemmas=_marks(starts, ends, mentions, _LEMMA),
        sentences=own,
        signs=signs,
    )


class ProseView(NamedTuple):
    """The prose as a Doc, and its tokens as they stand in the letter."""

    doc: Doc
    tokens: ProseTokens


def prose_view(doc: Doc, vocab: Vocab, kinds: frozenset[str] = PROSE) -> ProseView:
    """Return the prose of ``doc`` (:func:`prose_tokens`) as a Doc of its own."""
    tokens = prose_tokens(doc, kinds)
    view = Doc(
        vocab,
        words=[doc.vocab.strings[key] for key in tokens.orths.tolist()],
        spaces=tokens.spaces.tolist(),
        sent_starts=tokens.opens.tolist(),
        tags=[TAGS[place] for place in tokens.tags.tolist()],
        lemmas=[LEMMAS[place] for place in tokens.lemmas.tolist()],
        morphs=[tokens.signs[number] for number in tokens.sentences.tolist()],
    )
    return ProseView(view, tokens)


def _marks(starts: list[int], ends: list[int], mentions: Iterable[Mention], marks: dict[str, int]) -> NDArray[np.int64]:
    """Mark the tokens of each mention by its label: ``marks`` gives the mark of the first token, the others have the next one."""
    found = np.zeros(len(starts), "int64")
    for one in sorted([m for m in mentions if m["label"] in marks], key=_start):
        first = bisect_right(ends, one["start"])
        for token in range(first, bisect_left(starts, one["end"], first)):
            if not found[token]:
                found[token] = marks[one["label"]] + (token != first)
    return found


_start = itemgetter("start")
