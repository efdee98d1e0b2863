"""``unmet_relations``: which rationale sentence finds which criterion met or unmet, on which basis, per request.

Only the reviewer's own sentences, and the case facts the reviewer recounts, decide a status. A negation is not a
status: "no indication of future surgery" satisfies the criterion that no surgical option is left, "failed conservative
care" is favourable, and a service already done counts against the request. Where the reasons of a denial name no
criterion, the one the cited guideline is about stands in, with low confidence.
"""

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.families import request_family
from unmet.components.letter_layout import layout_of, letter_text
from unmet.components.mentions import Mention
from unmet.layout.model import RequestParts
from unmet.reasoning.dependence import done_before, inheritance
from unmet.reasoning.findings import LIKELY, Argument, Finding, findings_of
from unmet.reasoning.status import Criterion, criteria_of
from unmet.reasoning.stretches import beginning_in

if not Doc.has_extension("criteria"):
    Doc.set_extension("criteria", default=None)
if not Doc.has_extension("families"):
    Doc.set_extension("families", default=None)


class Relations:
    """Decides family and criteria of every request; fills ``doc._.families`` (by index) and ``doc._.criteria``."""

    def __call__(self, doc: Doc) -> Doc:
        layout = layout_of(doc)
        mentions: list[Mention] = doc._.mentions or []
        families = {request.index: request_family(doc, request, layout) for request in layout.requests}
        criteria: list[Criterion] = []
        for request in layout.requests:
            argument = argument_of(doc, request, families[request.index])
            findings = findings_of(argument)
            findings += [
                Finding("redundant_service", "unmet", "contradicted", sentence, LIKELY)
                for sentence in done_before(argument, mentions)
            ]
            criteria += criteria_of(argument, findings, inheritance(argument, layout.requests, families))
        doc._.criteria = criteria
        doc._.families = {str(index): family for index, family in families.items()}
        return doc


def argument_of(doc: Doc, request: RequestParts, family: str) -> Argument:
    """Return a request with its rationale as the steps of reasoning see it."""
    mentions: list[Mention] = doc._.mentions or []
    own = beginning_in(mentions, *(request.rationale or (0, 0)))
    return Argument(
        text=letter_text(doc),
        request=request,
        family=family,
        sentences=[one for one in doc._.sentences if one["request"] == request.index and one["section_kind"] == "rationale"],
        stated=[one for one in own if one["label"] == "CRITERION"],
        conditions=[one for one in own if one["label"] == "CONDITION"],
    )


@Language.factory("unmet_relations", requires=["doc._.mentions", "doc._.sentences"], assigns=["doc._.criteria", "doc._.families"])
def create_relations(nlp: Language, name: str) -> Relations:
    """Make the component."""
    return Relations()
