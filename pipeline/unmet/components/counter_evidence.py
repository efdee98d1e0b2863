"""``unmet_counter_evidence``: what the case summary tells against a finding that something is not documented or not there."""

from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import layout_of, letter_text
from unmet.components.mentions import Mention
from unmet.layout.model import Offsets
from unmet.reasoning.counter_evidence import Ask, counter_evidence, dispute_of, questions, summary_of


class CounterEvidence:
    """Adds ``counter_evidence`` (offsets in the case summary) to every criterion of ``doc._.criteria``."""

    def __call__(self, doc: Doc) -> Doc:
        text = letter_text(doc)
        families: dict[str, str] = doc._.families or {}
        criteria: list[dict[str, Any]] = doc._.criteria or []
        asked = [self._questions(text, one, families.get(str(one["request"]), "other")) for one in criteria]
        # Few letters hold a question that their summary could answer: it is read for those alone.
        found = self._answers(doc, text, criteria, asked, families) if any(asked) else [[] for _ in criteria]
        for one, spans in zip(criteria, found, strict=True):
            one["counter_evidence"] = spans
        return doc

    @staticmethod
    def _questions(text: str, criterion: dict[str, Any], family: str) -> list[Ask]:
        if criterion["status"] != "unmet" or criterion["unmet_basis"] is None:
            return []
        return questions(text, family, criterion["type"], criterion["unmet_basis"], criterion["evidence"])

    @staticmethod
    def _answers(
        doc: Doc, text: str, criteria: list[dict[str, Any]], asked: list[list[Ask]], families: dict[str, str]
    ) -> list[list[Offsets]]:
        sentences, mentions = doc._.sentences, list[Mention](doc._.mentions or [])
        summary = summary_of(text, sentences, mentions)
        concerned = {one["request"] for one, asks in zip(criteria, asked, strict=True) if asks}
        disputes = {
            request.index: dispute_of(text, request, families.get(str(request.index), "other"), mentions, sentences)
            for request in layout_of(doc).requests
            if request.index in concerned
        }
        return [
            counter_evidence(summary, disputes[one["request"]], one["type"], asks) if asks else []
            for one, asks in zip(criteria, asked, strict=True)
        ]


@Language.factory("unmet_counter_evidence", requires=["doc._.mentions", "doc._.sentences"], assigns=["doc._.criteria"])
def create_counter_evidence(nlp: Language, name: str) -> CounterEvidence:
    """Make the component."""
    return CounterEvidence()
