"""``unmet_layout``: the form of the letter, as plain values in ``doc._.letter``; its text in ``doc._.letter_text``."""

from typing import Any

import msgspec
from spacy.language import Language
from spacy.tokens import Doc

from unmet.layout import Layout, parse_layout

if not Doc.has_extension("letter"):
    Doc.set_extension("letter", default=None)
if not Doc.has_extension("letter_text"):
    Doc.set_extension("letter_text", default=None)


def letter_text(doc: Doc) -> str:
    """Return the text of ``doc``, kept since ``unmet_layout``: spaCy joins ``Doc.text`` anew at every call."""
    return str(doc._.letter_text or doc.text)


def layout_of(doc: Doc) -> Layout:
    """Return the layout that ``unmet_layout`` found in ``doc``; raises ``ValueError`` if it has not run."""
    if doc._.letter is None:
        raise ValueError("the component 'unmet_layout' must run before this one")
    return msgspec.convert(doc._.letter, Layout)


class LetterLayout:
    """Parses sections, header, people and requests from the text of the Doc."""

    def __call__(self, doc: Doc) -> Doc:
        text = letter_text(doc)
        layout: Any = msgspec.to_builtins(parse_layout(text))
        doc._.letter_text = text
        doc._.letter = layout
        return doc


@Language.factory("unmet_layout", assigns=["doc._.letter", "doc._.letter_text"])
def create_layout(nlp: Language, name: str) -> LetterLayout:
    """Make the component."""
    return LetterLayout()
