"""``unmet_criterion_values``: the numbers that the criteria of limits turn on, asked and allowed, per criterion."""

from typing import Any, cast

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import layout_of, letter_text
from unmet.components.sentences import Sentence
from unmet.layout.model import Offsets, RequestParts
from unmet.reasoning.limits import limits_of, quantities
from unmet.reasoning.stretches import beginning_in


class CriterionValues:
    """Adds ``values`` to every criterion of ``doc._.criteria``: plain dicts with the fields of ``record.Value``."""

    def __call__(self, doc: Doc) -> Doc:
        text = letter_text(doc)
        requests = {request.index: request for request in layout_of(doc).requests}
        for criterion in doc._.criteria or []:
            kind = criterion["type"]
            found = []
            if quantities(kind):
                request = requests[criterion["request"]]
                # What was first asked, where a part of it is authorized: a limit is one on the whole.
                title = request.original or request.item
                sentences = [cast("Offsets", tuple(one)) for one in criterion["evidence"]]
                found = limits_of(
                    text, kind, title, sentences, self._statements(doc, criterion, request), self._rules(doc, request)
                )
            # What was asked says nothing by itself of a limit that is only stated.
            decided = criterion["status"] != "not_addressed"
            criterion["values"] = [dict(one._asdict()) for one in found if decided or one.allowed is not None]
        return doc

    @staticmethod
    def _statements(doc: Doc, criterion: dict[str, Any], request: RequestParts) -> list[Offsets]:
        """Return the places that state the criterion: its own statement, then others of its type."""
        own = [cast("Offsets", tuple(criterion["statement"]))] if criterion["statement"] else []
        alike = [
            (one["start"], one["end"])
            for one in beginning_in(doc._.mentions or [], *(request.rationale or (0, 0)))
            if one["label"] == "CRITERION" and one["attributes"]["type"] == criterion["type"]
        ]
        return list(dict.fromkeys([*own, *alike]))

    @staticmethod
    def _rules(doc: Doc, request: RequestParts) -> list[Offsets]:
        """Return the guideline's sentences of the rationale."""
        sentences: list[Sentence] = doc._.sentences
        own = beginning_in(sentences, *(request.rationale or (0, 0)))
        return [(one["start"], one["end"]) for one in own if one["voice"] == "guideline"]


@Language.factory(
    "unmet_criterion_values", requires=["doc._.criteria", "doc._.mentions", "doc._.sentences"], assigns=["doc._.criteria"]
)
def create_criterion_values(nlp: Language, name: str) -> CriterionValues:
    """Make the component."""
    return CriterionValues()
