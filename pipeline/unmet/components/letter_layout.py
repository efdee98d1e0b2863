"""``unmet_layout``: the form of the letter, as plain values in ``doc._.letter``."""

from typing import Any

import msgspec
from spacy.language import Language
from spacy.tokens import Doc

from unmet.layout import Layout, parse_layout

if not Doc.has_extension("letter"):
    Doc.set_extension("letter", default=None)


def layout_of(doc: Doc) -> Layout:
    """Return the layout that ``unmet_layout`` found in ``doc``; raises ``ValueError`` if it has not run."""
    if doc._.letter is None:
        raise ValueError("the component 'unmet_layout' must run before this one")
    return msgspec.convert(doc._.letter, Layout)


class LetterLayout:
    """Parses sections, header, people and requests from the text of the Doc."""

    def __call__(self, doc: Doc) -> Doc:
        layout: Any = msgspec.to_builtins(parse_layout(doc.text))
        doc._.letter = layout
        return doc


@Language.factory("unmet_layout", assigns=["doc._.letter"])
def create_layout(nlp: Language, name: str) -> LetterLayout:
    """Make the component."""
    return LetterLayout()
