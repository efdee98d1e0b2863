"""What the trained components read: the prose of a letter alone, with what the rules know of every token.

Form text is the same in every letter, so it is left out: the tokens of case summary, titles and rationales make a Doc
of their own. What the rules found is written into attributes that spaCy's embedding layers read: ``TAG`` holds the
rules' medication, procedure or condition at a token, ``LEMMA`` the criterion or finding, ``MORPH`` the voice of the
sentence and the section it stands in. With few annotated letters a model learns from these what it could not from words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from spacy.attrs import IDX, IS_SPACE, LENGTH, ORTH, SPACY
from spacy.tokens import Doc

from unmet.components.mentions import PROSE, prose_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacy.vocab import Vocab

    from unmet.components.mentions import Mention

NAMES = {"MEDICATION": "MED", "PROCEDURE": "PROC", "CONDITION": "COND", "CITATION": "CITE"}
PHRASES = {"CRITERION": "CRIT", "FUNCTION": "FUNC"}
OUTSIDE = "O"


class ProseView(NamedTuple):
    """The prose as a Doc, and where each of its tokens begins and ends in the letter (character offsets)."""

    doc: Doc
    starts: list[int]
    ends: list[int]

    def characters(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the letter of the tokens ``start`` to ``end`` (exclusive)."""
        return self.starts[start], self.ends[end - 1]


def prose_view(doc: Doc, vocab: Vocab, kinds: frozenset[str] = PROSE) -> ProseView:
    """Return the prose of ``doc``, whose sentences, voices and rule mentions are known: the sections of ``kinds``."""
    sentences = [one for one in prose_sentences(doc) if one["section_kind"] in kinds]
    if not sentences:
        return ProseView(Doc(vocab), [], [])
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
    words = [doc.vocab.strings[key] for key in columns[chosen, 0].tolist()]
    starts = places[chosen].tolist()
    ends = (places[chosen] + columns[chosen, 2].astype("int64")).tolist()
    spaces = spaced[chosen].tolist()
    opens = (np.diff(own, prepend=-1) != 0).tolist()
    signs = [f"Sec={one['section_kind'][:5]}|Voice={one['voice']}" for one in sentences]
    morphs = [signs[number] for number in own.tolist()]
    mentions = doc._.mentions or []
    view = Doc(
        vocab,
        words=words,
        spaces=spaces,
        sent_starts=opens,
        tags=_marks(starts, ends, mentions, NAMES),
        lemmas=_marks(starts, ends, mentions, PHRASES),
        morphs=morphs,
    )
    return ProseView(view, starts, ends)


def _marks(starts: list[int], ends: list[int], mentions: Iterable[Mention], names: dict[str, str]) -> list[str]:
    """Mark the tokens of each mention with its label's short name, the first with ``B-``, the others with ``I-``."""
    marks = [OUTSIDE] * len(starts)
    at = 0
    for one in sorted((m for m in mentions if m["label"] in names), key=lambda m: m["start"]):
        while at < len(starts) and ends[at] <= one["start"]:
            at += 1
        token = at
        while token < len(starts) and starts[token] < one["end"]:
            if marks[token] == OUTSIDE:
                marks[token] = ("B-" if token == at else "I-") + names[one["label"]]
            token += 1
    return marks
