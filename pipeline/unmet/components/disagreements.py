"""``unmet_disagreements``: what header, case summary, titles and rationales of one letter disagree on."""

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import layout_of, letter_text
from unmet.components.remarks import add_remarks
from unmet.reasoning.disagreements import disagreements


class Disagreements:
    """Appends remarks (code, message, offsets) to ``doc._.remarks``."""

    def __call__(self, doc: Doc) -> Doc:
        add_remarks(doc, disagreements(letter_text(doc), layout_of(doc), doc._.sentences, doc._.mentions or []))
        return doc


@Language.factory("unmet_disagreements", requires=["doc._.mentions", "doc._.sentences"], assigns=["doc._.remarks"])
def create_disagreements(nlp: Language, name: str) -> Disagreements:
    """Make the component."""
    return Disagreements()
