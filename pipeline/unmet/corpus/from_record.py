"""A determination of the pipeline as a row: what annotators correct, and what is scored against a gold row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unmet.corpus.rows import SCHEMA_VERSION, Row, RowCriterion, RowMention, RowRequest, RowSection, RowSentence

if TYPE_CHECKING:
    from unmet.corpus.attach import CollapsedText
    from unmet.corpus.rows import Offsets
    from unmet.record import Determination, Span

_ANNOTATED = ("MEDICATION", "PROCEDURE", "FUNCTION", "CRITERION")
_PROSE = ("case_summary", "rationale")
# What an annotator sees of a mention's attributes; the rest follows from the lexicons.
_ATTRIBUTES = frozenset(
    ["class", "strength", "form", "route", "frequency", "quantity", "duration", "prn", "refills", "dimension", "polarity", "type"]
)


def row_of(determination: Determination, letter: str, collapsed: CollapsedText) -> Row:
    """Return the record of a letter as a silver row, in offsets of its collapsed text."""

    def offsets(span: Span) -> Offsets:
        return collapsed.from_source(span.start, span.end)

    mentions = [one for one in determination.mentions if one.label in _ANNOTATED]
    return Row(
        schema_version=SCHEMA_VERSION,
        letter=letter,
        sha256=collapsed.sha256,
        characters=len(collapsed.text),
        quality="silver",
        readers=[f"{determination.model.name} {determination.model.version}"],
        sections=[RowSection(kind=one.kind, start=offsets(one)[0], end=offsets(one)[1]) for one in determination.sections],
        sentences=[
            RowSentence(start=offsets(one)[0], end=offsets(one)[1], voice=one.voice)
            for one in determination.sentences
            if one.section in _PROSE
        ],
        requests=[
            RowRequest(
                index=request.index,
                title=offsets(request.title),
                item=offsets(request.item),
                decision=request.decision,
                family=request.family,
                inherits_from=request.inherits_from,
                criteria=[
                    RowCriterion(
                        id=one.id,
                        type=one.type,
                        status=one.status,
                        unmet_basis=one.unmet_basis,
                        decisive=one.decisive,
                        statement=offsets(one.statement) if one.statement else None,
                        evidence=[offsets(span) for span in one.evidence],
                        counter_evidence=[offsets(span) for span in one.counter_evidence],
                    )
                    for one in request.criteria
                ],
            )
            for request in determination.requests
        ],
        mentions=[
            RowMention(
                id=one.id,
                label=one.label,  # type: ignore[arg-type]
                start=offsets(one.span)[0],
                end=offsets(one.span)[1],
                assertion=one.assertion,
                attributes=_shown(one.attributes),
            )
            for one in mentions
        ],
    )


def _shown(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name in _ATTRIBUTES}
