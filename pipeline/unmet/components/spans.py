"""``unmet_spans``: the mentions as spaCy sees them: ``doc.ents`` and the span group ``doc.spans["mentions"]``."""

from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import filter_spans


class Spans:
    """Copies mentions to spans; a span's ``id_`` is its position in ``doc._.mentions``. Entities do not overlap."""

    def __call__(self, doc: Doc) -> Doc:
        spans = []
        for position, one in enumerate(doc._.mentions or []):
            span = doc.char_span(one["start"], one["end"], label=one["label"], span_id=str(position), alignment_mode="expand")
            if span is not None:
                spans.append(span)
        doc.spans["mentions"] = spans
        doc.ents = filter_spans([span for span in spans if span.label_ in ("MEDICATION", "PROCEDURE", "CITATION", "CONDITION")])
        return doc


@Language.factory("unmet_spans", requires=["doc._.mentions"], assigns=["doc.ents", "doc.spans"])
def create_spans(nlp: Language, name: str) -> Spans:
    """Make the component."""
    return Spans()
