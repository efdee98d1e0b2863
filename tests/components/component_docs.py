"""Docs of one sentence for the tests of single components."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import spacy
from unmet.components.mentions import Mention
from unmet.components.sentences import Sentence
from unmet.loading import register

if TYPE_CHECKING:
    from spacy.language import Language


@cache
def _pipeline(component: str) -> Language:
    register()
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "unmet.LetterTokenizer.v1"}}})
    nlp.add_pipe(component)
    return nlp


def found(component: str, text: str, section_kind: str = "case_summary", voice: str = "record") -> list[Mention]:
    """Return what ``component`` finds in ``text`` as one sentence of a letter."""
    nlp = _pipeline(component)
    doc = nlp.make_doc(text)
    doc._.sentences = [Sentence(start=0, end=len(text), section_kind=section_kind, request=None, voice=voice)]
    doc._.mentions = []
    mentions: list[Mention] = nlp.get_pipe(component)(doc)._.mentions
    return mentions


def words(component: str, text: str, **options: Any) -> list[str]:
    """Return the words of the mentions that ``component`` finds in ``text``."""
    return [text[one["start"] : one["end"]] for one in found(component, text, **options)]
