"""``unmet_catalogue_links``: the criteria of a letter in the guideline catalogue, and where its silence is disputed.

Adds ``catalogue_id`` and ``guideline`` to the criteria of ``doc._.criteria`` (:mod:`unmet.reasoning.catalogue`) and remarks
on guidelines called silent to ``doc._.remarks`` (:mod:`unmet.reasoning.silence`).
"""

import datetime as dt
from typing import Any

import msgspec
from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import layout_of, letter_text
from unmet.components.mentions import Mention
from unmet.components.remarks import add_remarks
from unmet.layout.guideline_line import Citation, parse_guideline_line
from unmet.layout.model import RequestParts
from unmet.reasoning.catalogue import Asked, link
from unmet.reasoning.silence import called_silent, disputed_silences


class CatalogueLinks:
    """Links criteria to the catalogue; a link is plain values, the guideline as ``record.Citation`` has it."""

    def __call__(self, doc: Doc) -> Doc:
        layout = layout_of(doc)
        decided = dt.date.fromisoformat(layout.header.decision_date) if layout.header.decision_date else None
        families: dict[str, str] = doc._.families or {}
        criteria: list[dict[str, Any]] = doc._.criteria or []
        for request in layout.requests:
            lines = {"reviewer": self._line(doc, request.maximus), "administrator": self._line(doc, request.claims_administrator)}
            cited = self._cited(doc, request)
            for criterion in criteria:
                if criterion["request"] == request.index:
                    asked = Asked(
                        family=families.get(str(request.index), "other"),
                        type=criterion["type"],
                        words=self._words(doc, criterion),
                        stated=criterion["statement"] is not None,
                        context=self._context(doc, criterion["statement"]),
                        near=tuple(map(_citation, self._near(doc, criterion, cited))),
                        decided=decided,
                        **lines,
                    )
                    entry, citation = link(asked)
                    criterion["catalogue_id"] = entry
                    criterion["guideline"] = msgspec.to_builtins(citation) if citation else None
        doc._.criteria = criteria
        sentences, mentions = doc._.sentences or [], doc._.mentions or []
        add_remarks(doc, disputed_silences(letter_text(doc), layout.requests, families, sentences, mentions, decided))
        return doc

    @staticmethod
    def _line(doc: Doc, offsets: tuple[int, int] | None) -> tuple[Citation, ...]:
        return parse_guideline_line(letter_text(doc)[slice(*offsets)]).citations if offsets else ()

    @staticmethod
    def _cited(doc: Doc, request: RequestParts) -> list[Mention]:
        """Return the citations of a rationale, but for guidelines that it calls silent: nothing stands under those."""
        start, end = request.rationale or (0, 0)
        cited = [one for one in doc._.mentions or [] if start <= one["start"] < end and one["label"] == "CITATION"]
        sentences = [one for one in doc._.sentences or [] if cited and start <= one["start"] < end]
        return [
            one
            for one in cited
            for sentence in sentences
            if sentence["start"] <= one["start"] < sentence["end"] and not called_silent(letter_text(doc), one, sentence)
        ]

    @staticmethod
    def _words(doc: Doc, criterion: dict[str, Any]) -> str:
        spans = [criterion["statement"]] if criterion["statement"] else criterion["evidence"]
        return " \n".join(letter_text(doc)[start:end] for start, end in spans)

    @staticmethod
    def _context(doc: Doc, statement: tuple[int, int] | None) -> str:
        return "\n".join(
            letter_text(doc)[one["start"] : one["end"]]
            for one in doc._.sentences or []
            if statement and one["start"] < statement[1] and statement[0] < one["end"]
        )

    @staticmethod
    def _near(doc: Doc, criterion: dict[str, Any], cited: list[Mention]) -> list[Mention]:
        """Order the citations of a rationale for a criterion: the last before its words, else the first in its sentence.

        One without a statement has them in the order they stand.
        """
        if criterion["statement"] is None:
            return cited
        start, end = criterion["statement"]
        before = [one for one in cited if one["start"] < end]
        if before:
            return [before[-1]]
        stop = next((one["end"] for one in doc._.sentences or [] if one["start"] <= start < one["end"]), end)
        return [one for one in cited if one["start"] < stop][:1]


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
