"""``unmet_catalogue_links``: the criteria of a letter in the guideline catalogue, and where its silence is disputed.

Adds ``catalogue_id`` and ``guideline`` to the criteria of ``doc._.criteria`` (:mod:`unmet.reasoning.catalogue`) and remarks
on guidelines called silent to ``doc._.remarks`` (:mod:`unmet.reasoning.silence`).
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import layout_of, letter_text
from unmet.components.mentions import Mention
from unmet.components.remarks import add_remarks
from unmet.components.sentences import Sentence
from unmet.layout.guideline_line import Citation, parse_guideline_line
from unmet.layout.model import Offsets, RequestParts
from unmet.reasoning.catalogue import Asked, link
from unmet.reasoning.silence import called_silent, disputed_silences
from unmet.reasoning.stretches import beginning_in, touching


class CatalogueLinks:
    """Links criteria to the catalogue; a link is plain values, the guideline as ``record.Citation`` has it."""

    def __call__(self, doc: Doc) -> Doc:
        layout, text = layout_of(doc), letter_text(doc)
        decided = dt.date.fromisoformat(layout.header.decision_date) if layout.header.decision_date else None
        families: dict[str, str] = doc._.families or {}
        criteria: list[dict[str, Any]] = doc._.criteria or []
        sentences: list[Sentence] = doc._.sentences or []
        mentions: list[Mention] = doc._.mentions or []
        for request in layout.requests:
            own = [one for one in criteria if one["request"] == request.index]
            if not own:
                continue
            reviewer, administrator = self._line(text, request.maximus), self._line(text, request.claims_administrator)
            cited = self._cited(text, request, sentences, mentions)
            citations = tuple([_citation(one) for one in cited])
            for criterion in own:
                around = touching(sentences, *(criterion["statement"] or (0, 0)))
                asked = Asked(
                    family=families.get(str(request.index), "other"),
                    type=criterion["type"],
                    words=self._words(text, criterion),
                    stated=criterion["statement"] is not None,
                    context="\n".join([text[one["start"] : one["end"]] for one in around]),
                    near=citations[self._near(criterion, around, cited)],
                    reviewer=reviewer,
                    administrator=administrator,
                    decided=decided,
                )
                entry, citation = link(asked)
                criterion["catalogue_id"] = entry
                criterion["guideline"] = msgspec.to_builtins(citation) if citation else None
        doc._.criteria = criteria
        add_remarks(doc, disputed_silences(text, layout.requests, families, sentences, mentions, decided))
        return doc

    @staticmethod
    def _line(text: str, offsets: Offsets | None) -> tuple[Citation, ...]:
        return parse_guideline_line(text[slice(*offsets)]).citations if offsets else ()

    @staticmethod
    def _cited(text: str, request: RequestParts, sentences: list[Sentence], mentions: list[Mention]) -> list[Mention]:
        """Return the citations of a rationale, but for guidelines that it calls silent: nothing stands under those."""
        rationale = request.rationale or (0, 0)
        return [
            one
            for one in beginning_in(mentions, *rationale)
            if one["label"] == "CITATION"
            for sentence in touching(sentences, one["start"], one["start"] + 1)
            if rationale[0] <= sentence["start"] and not called_silent(text, one, sentence)
        ]

    @staticmethod
    def _words(text: str, criterion: dict[str, Any]) -> str:
        spans = [criterion["statement"]] if criterion["statement"] else criterion["evidence"]
        return " \n".join([text[start:end] for start, end in spans])

    @staticmethod
    def _near(criterion: dict[str, Any], around: Sequence[Sentence], cited: list[Mention]) -> slice:
        """Tell which of the citations of a rationale are a criterion's: the last before its words, else the first in its
        sentence.

        One without a statement has them all, in the order they stand.
        """
        if criterion["statement"] is None:
            return slice(None)
        start, end = criterion["statement"]
        before = sum(one["start"] < end for one in cited)
        if before:
            return slice(before - 1, before)
        stop = next((one["end"] for one in around if one["start"] <= start < one["end"]), end)
        return slice(0, bool(cited) and cited[0]["start"] < stop)


def _citation(mention: Mention) -> Citation:
    """Return a citation of running text as one of a guideline line."""
    fields = {name: value for name, value in mention["attributes"].items() if name in Citation.__struct_fields__}
    return msgspec.convert(fields, Citation)


@Language.factory(
    "unmet_catalogue_links",
    requires=["doc._.criteria", "doc._.families", "doc._.mentions"],
    assigns=["doc._.criteria", "doc._.remarks"],
)
def create_catalogue_links(nlp: Language, name: str) -> CatalogueLinks:
    """Make the component."""
    return CatalogueLinks()
