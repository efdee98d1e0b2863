"""``unmet_layout``: the form of the letter, as plain values in ``doc._.letter``; its text in ``doc._.letter_text``."""

from typing import Any, NamedTuple

import msgspec
from spacy.language import Language
from spacy.tokens import Doc

from unmet.layout import Layout, parse_layout
from unmet.together import Recent

if not Doc.has_extension("letter"):
    Doc.set_extension("letter", default=None)
if not Doc.has_extension("letter_text"):
    Doc.set_extension("letter_text", default=None)


# Where spaCy keeps ``doc._.letter_text`` and ``doc._.letter``: a look there costs a tenth of the way through ``doc._``.
_TEXT = ("._.", "letter_text", None, None)
_LETTER = ("._.", "letter", None, None)


class _Kept(NamedTuple):
    """Plain values, the very object, and the layout that they hold."""

    plain: Any
    layout: Layout


# Every component asks for the layouts of the letters at hand. By the identity of their plain values.
_kept: Recent[_Kept] = Recent()


def letter_text(doc: Doc) -> str:
    """Return the text of ``doc``, kept since ``unmet_layout``: spaCy joins ``Doc.text`` anew at every call."""
    data: dict[Any, Any] = doc.user_data
    return str(data.get(_TEXT) or doc.text)


def layout_of(doc: Doc) -> Layout:
    """Return the layout that ``unmet_layout`` found in ``doc``; raises ``ValueError`` if it has not run."""
    data: dict[Any, Any] = doc.user_data
    plain = data.get(_LETTER)
    if plain is None:
        raise ValueError("the component 'unmet_layout' must run before this one")
    kept = _kept.get(id(plain))
    if kept is None or kept.plain is not plain:
        kept = _kept.add(id(plain), _Kept(plain, msgspec.convert(plain, Layout)))
    return kept.layout


class LetterLayout:
    """Parses sections, header, people and requests from the text of the Doc."""

    def __call__(self, doc: Doc) -> Doc:
        text = letter_text(doc)
        layout = parse_layout(text)
        plain = msgspec.to_builtins(layout)
        doc._.letter_text = text
        doc._.letter = plain
        _kept.add(id(plain), _Kept(plain, layout))
        return doc


@Language.factory("unmet_layout", assigns=["doc._.letter", "doc._.letter_text"])
def create_layout(nlp: Language, name: str) -> LetterLayout:
    """Make the component."""
    return LetterLayout()
