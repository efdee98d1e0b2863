"""``unmet_sentences``: sentence starts for spaCy, and each sentence's place in the letter in ``doc._.sentences``."""

from typing import Any, TypedDict

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import layout_of, letter_text
from unmet.components.terms import tokens_of
from unmet.layout.sentences import sentence_starts

if not Doc.has_extension("sentences"):
    Doc.set_extension("sentences", default=None)


class Sentence(TypedDict):
    """One sentence: character offsets, the kind of section it stands in, the request it belongs to, its voice.

    No key is "section": medspaCy takes a serialised dict with that key for an object of its own.
    """

    start: int
    end: int
    section_kind: str
    request: int | None
    voice: str


class LetterSentences:
    """Splits every section into sentences; no sentence reaches over a section's edge."""

    def __call__(self, doc: Doc) -> Doc:
        layout = layout_of(doc)
        text = letter_text(doc)
        sentences: list[Sentence] = []
        bounds: set[int] = set()
        covered = 0
        for section in layout.sections:
            # The title of a 2013 notice stands inside its opening list too: a stretch is cut once.
            start = max(section.start, covered)
            if start >= section.end:
                continue
            starts = [start] if section.kind == "request_title" else sentence_starts(text, start, section.end)
            for begin, stop in zip(starts, [*starts[1:], section.end], strict=True):
                end = stop
                while end > begin and text[end - 1].isspace():
                    end -= 1
                sentences.append(
                    Sentence(start=begin, end=end, section_kind=section.kind, request=section.request, voice="boilerplate")
                )
            bounds.update(starts)
            bounds.add(section.end)
            covered = section.end
        if not layout.sections:
            bounds.update(sentence_starts(text, 0, len(text)))
        doc._.sentences = sentences
        self._mark(doc, bounds)
        return doc

    @staticmethod
    def _mark(doc: Doc, bounds: set[int]) -> None:
        """Set the sentence starts of spaCy's tokens; whitespace before a sentence belongs to the one before it."""
        if not len(doc):
            return
        places = tokens_of(doc).starts
        words = np.flatnonzero(doc.to_array("IS_SPACE") == 0)
        wanted = np.array(sorted(bounds), dtype="int64")
        opening = places.searchsorted(wanted)
        inside = opening < len(places)
        opening = opening[inside][places[opening[inside]] == wanted[inside]]
        first = words.searchsorted(opening)
        starts = np.full(len(doc), -1, dtype="int64")
        starts[words[first[first < len(words)]]] = 1
        starts[words[:1]] = 1
        starts[0] = 1
        values: Any = starts.view("uint64")
        doc.from_array("SENT_START", values)


@Language.factory("unmet_sentences", requires=["doc._.letter"], assigns=["token.is_sent_start", "doc._.sentences"])
def create_sentences(nlp: Language, name: str) -> LetterSentences:
    """Make the component."""
    return LetterSentences()
