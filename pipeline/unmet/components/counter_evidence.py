"""``unmet_counter_evidence``: what the case summary tells against a finding that something is not documented or not there."""

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import layout_of, letter_text
from unmet.components.mentions import Mention
from unmet.reasoning.counter_evidence import counter_evidence, dispute_of, summary_of


class CounterEvidence:
    """Adds ``counter_evidence`` (offsets in the case summary) to every criterion of ``doc._.criteria``."""

    def __call__(self, doc: Doc) -> Doc:
        text, mentions = letter_text(doc), list[Mention](doc._.mentions or [])
        summary = summary_of(text, doc._.sentences, mentions)
        families = doc._.families or {}
        disputes = {
            request.index: dispute_of(text, request, families.get(str(request.index), "other"), mentions, doc._.sentences)
            for request in layout_of(doc).requests
        }
        for one in doc._.criteria or []:
            one["counter_evidence"] = (
                counter_evidence(summary, disputes[one["request"]], one["type"], one["unmet_basis"], one["evidence"])
                if one["status"] == "unmet" and one["unmet_basis"] is not None
                else []
            )
        return doc


@Language.factory("unmet_counter_evidence", requires=["doc._.mentions", "doc._.sentences"], assigns=["doc._.criteria"])
def create_counter_evidence(nlp: Language, name: str) -> CounterEvidence:
    """Make the component."""
    return CounterEvidence()
