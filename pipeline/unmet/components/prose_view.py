"""What the trained components read: the prose of a letter alone, with what the rules know of every token.

Form text is the same in every letter, so it is left out: the tokens of case summary, titles and rationales make a Doc
of their own. What the rules found is written into attributes that spaCy's embedding layers read: ``TAG`` holds the
rules' medication, procedure or condition at a token, ``LEMMA`` the criterion or finding, ``MORPH`` the voice of the
sentence and the section it stands in. With few annotated letters a model learns from these what it could not from words.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
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

NAMES = {"MEDICATION": "MED", "PROCEDURE": "PROC", "CONDITION": "COND", "CITATION": "CITE"}
PHRASES = {"CRITERION": "CRIT", "FUNCTION": "FUNC"}
OUTSIDE = "O"


class ProseTokens(NamedTuple):
    """The tokens of the prose, in columns: the spelling (spaCy's hash of it), whether a blank follows and whether a sentence
    begins; where they begin and end in the letter (character offsets), and the marks of the rules."""

    orths: NDArray[np.uint64]
    spaces: list[bool]
    opens: NDArray[np.bool_]
    starts: list[int]
    ends: list[int]
    tags: list[str]
    lemmas: list[str]
    morphs: list[str]

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


def prose_tokens(doc: Doc, kinds: frozenset[str] = PROSE) -> ProseTokens:
    """Return the tokens of the prose of ``doc``, whose sentences, voices and rule mentions are known: the sections of
    ``kinds``."""
    sentences = [one for one in prose_sentences(doc) if one["section_kind"] in kinds]
    if not sentences:
        return ProseTokens(np.zeros(0, "uint64"), [], np.zeros(0, bool), [], [], [], [], [])
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
        spaces=spaced[chosen].tolist(),
        opens=np.diff(own, prepend=-1) != 0,
        starts=starts,
        ends=ends,
        tags=_marks(starts, ends, mentions, NAMES),
        lemmas=_marks(starts, ends, mentions, PHRASES),
        morphs=[signs[number] for number in own.tolist()],
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
        spaces=tokens.spaces,
        sent_starts=tokens.opens.tolist(),
        tags=tokens.tags,
        lemmas=tokens.lemmas,
        morphs=tokens.morphs,
    )
    return ProseView(view, tokens)


def _marks(starts: list[int], ends: list[int], mentions: Iterable[Mention], names: dict[str, str]) -> list[str]:
    """Mark the tokens of each mention with its label's short name, the first with ``B-``, the others with ``I-``."""
    marks = [OUTSIDE] * len(starts)
    for one in sorted((m for m in mentions if m["label"] in names), key=lambda m: m["start"]):
        first = bisect_right(ends, one["start"])
        for token in range(first, bisect_left(starts, one["end"])):
            if marks[token] == OUTSIDE:
                marks[token] = ("B-" if token == first else "I-") + names[one["label"]]
    return marks
