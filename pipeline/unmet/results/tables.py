"""The flat tables of results: one struct per table, whose fields are its columns, and how a record becomes rows.

Parquet, DuckDB and CSV all take their rows from here. The description of a field is the comment of its column.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal, get_type_hints

import msgspec
from msgspec import Meta

from unmet.record import Decision, Label, Span, Status, UnmetBasis, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from unmet.record import Citation, Criterion, Determination, Medication, Mention, Request
    from unmet.results.files import FileRow

LetterId = Annotated[str, Meta(description="SHA-256 of the letter's bytes: the key of a letter")]
RequestIndex = Annotated[int, Meta(description="Place of the request in its letter, from 1; with letter_id the key of a request")]


class Row(msgspec.Struct, kw_only=True, frozen=True, gc=False):
    """A row of any table."""


class LetterRow(Row, kw_only=True, frozen=True, gc=False):
    """One row per letter: header, outcome, reviewer, patient, and how it was read."""

    letter_id: LetterId
    path: Annotated[str, Meta(description="The file as it was named to the run")]
    media_type: Annotated[str, Meta(description="Kind of file")]
    pages: Annotated[int | None, Meta(description="Pages; null where the file has none")]
    characters: Annotated[int, Meta(description="Characters of the source text, into which all offsets count")]
    ocr: Annotated[bool, Meta(description="Whether text recognition was used")]
    layout: Annotated[str, Meta(description="Format era, A to F, or unknown")]
    is_determination: Annotated[bool, Meta(description="Whether the file is a determination at all")]
    case_number: Annotated[str | None, Meta(description="Case number")]
    date_assigned: Annotated[date | None, Meta(description="Date assigned")]
    date_of_injury: Annotated[date | None, Meta(description="Date of injury")]
    decision_date: Annotated[date | None, Meta(description="Date of the determination")]
    ur_denial_date: Annotated[date | None, Meta(description="Date of the utilization review denial")]
    application_received: Annotated[date | None, Meta(description="Date the application was received")]
    priority: Annotated[str | None, Meta(description="Priority as printed")]
    outcome: Annotated[
        Literal["upheld", "overturned", "partial"] | None, Meta(description="Over all requests: upheld, overturned or partial")
    ]
    licensure: Annotated[list[str], Meta(description="States of the reviewer's licences, as printed")]
    specialties: Annotated[list[str], Meta(description="The reviewer's specialties, as printed")]
    age: Annotated[int | None, Meta(description="Age of the patient in years")]
    sex: Annotated[Literal["male", "female"] | None, Meta(description="Sex of the patient")]
    request_count: Annotated[int, Meta(description="Disputed requests")]
    warning_codes: Annotated[list[str], Meta(description="Codes of the record's warnings, in its order")]
    model_name: Annotated[str, Meta(description="Pipeline that read the letter")]
    model_version: Annotated[str, Meta(description="Its version")]
    schema_version: Annotated[str, Meta(description="Version of the record")]


class RequestRow(Row, kw_only=True, frozen=True, gc=False):
    """One row per disputed request, with the guidelines that the reviewer went by."""

    letter_id: LetterId
    request_index: RequestIndex
    title: Annotated[str, Meta(description="The request as its title says it")]
    item: Annotated[str, Meta(description="What of the title is really in dispute")]
    item_start: Annotated[int, Meta(description="Where the item starts in the source text")]
    item_end: Annotated[int, Meta(description="Where the item ends, exclusive")]
    family: Annotated[str, Meta(description="Treatment family (code)")]
    decision: Annotated[Decision, Meta(description="upheld: the denial stands; overturned: approved")]
    partial_original: Annotated[str | None, Meta(description="What was first asked, where part of it was authorized")]
    partial_authorized: Annotated[str | None, Meta(description="What of it was authorized")]
    inherits_from: Annotated[int | None, Meta(description="request_index of the request that this one falls with")]
    inherited: Annotated[bool, Meta(description="Denied with another request of the letter, not for a reason of its own")]
    guidelines: Annotated[list[str], Meta(description="Guidelines cited by the reviewer: body and chapter, each once")]
    mtus: Annotated[bool | None, Meta(description="Whether the reviewer's guideline line names the MTUS; null: no guideline")]
    guideline_text: Annotated[str | None, Meta(description="The reviewer's guideline line")]
    claims_guidelines: Annotated[list[str], Meta(description="Guidelines cited by the claims administrator")]
    claims_mtus: Annotated[bool | None, Meta(description="Whether the claims administrator's line names the MTUS")]
    rationale_start: Annotated[int | None, Meta(description="Where the rationale starts in the source text")]
    rationale_end: Annotated[int | None, Meta(description="Where it ends, exclusive")]
    criterion_count: Annotated[int, Meta(description="Criteria of the request")]


class CriterionRow(Row, kw_only=True, frozen=True, gc=False):
    """One row per criterion of a request: status, basis, and the sentences that say so."""

    letter_id: LetterId
    request_index: RequestIndex
    criterion_id: Annotated[str, Meta(description="With letter_id the key of a criterion")]
    type: Annotated[str, Meta(description="Criterion type (code)")]
    catalogue_id: Annotated[str | None, Meta(description="Entry of the guideline catalogue")]
    guideline: Annotated[str | None, Meta(description="Guideline of that entry: body and chapter")]
    statement: Annotated[str | None, Meta(description="The criterion in the words of the letter")]
    statement_start: Annotated[int | None, Meta(description="Where the statement starts in the source text")]
    statement_end: Annotated[int | None, Meta(description="Where it ends, exclusive")]
    ordinal: Annotated[int | None, Meta(description="Its number in the guideline's list")]
    logic: Annotated[Literal["all", "any", "one"] | None, Meta(description="What of the list is asked: all, any or one")]
    numbers: Annotated[list[Value], Meta(description="Numbers it turns on: quantity, asked, allowed, unit")]
    status: Annotated[Status, Meta(description="met, unmet or not_addressed, in the reviewer's eyes")]
    unmet_basis: Annotated[
        UnmetBasis | None,
        Meta(description="Why it is unmet: undocumented, contradicted, exceeded, not_recommended or inherited"),
    ]
    decisive: Annotated[bool, Meta(description="Whether its status is the decision's")]
    evidence: Annotated[list[Span], Meta(description="The reviewer's sentences: start, end, text, page")]
    counter_evidence: Annotated[list[Span], Meta(description="What the case summary tells against the finding; to be read")]
    confidence: Annotated[float, Meta(description="Of type and status; a probability where source is model, else a rank")]
    source: Annotated[Literal["rule", "model"], Meta(description="Who decided: rule or model")]


class MentionRow(Row, kw_only=True, frozen=True, gc=False):
    """One row per mention of a drug, service, criterion, functional finding, citation or condition."""

    letter_id: LetterId
    mention_id: Annotated[str, Meta(description="With letter_id the key of a mention")]
    label: Annotated[Label, Meta(description="MEDICATION, PROCEDURE, CRITERION, FUNCTION, CITATION or CONDITION")]
    text: Annotated[str, Meta(description="The words")]
    start_offset: Annotated[int, Meta(description="Where they start in the source text")]
    end_offset: Annotated[int, Meta(description="Where they end, exclusive")]
    page: Annotated[int | None, Meta(description="Page, from 1")]
    section: Annotated[str, Meta(description="Kind of section (code)")]
    voice: Annotated[str, Meta(description="Whose statement the sentence is (code)")]
    assertion: Annotated[str | None, Meta(description="Of drugs and services: present, absent, planned, ... (code)")]
    attributes: Annotated[str, Meta(description="Attributes of the label, as JSON text")]
    source: Annotated[Literal["rule", "model"], Meta(description="Who found it: rule or model")]
    rule: Annotated[str, Meta(description="Which rule or model")]
    confidence: Annotated[float, Meta(description="Score; not calibrated")]


class MedicationRow(Row, kw_only=True, frozen=True, gc=False):
    """One row per distinct drug and regimen of a letter."""

    letter_id: LetterId
    medication_index: Annotated[int, Meta(description="Place in the letter, from 1; with letter_id the key of a medication")]
    name: Annotated[str, Meta(description="Name")]
    ingredients: Annotated[list[str], Meta(description="Ingredients")]
    drug_class: Annotated[str | None, Meta(description="Class")]
    rxcui: Annotated[str | None, Meta(description="RxNorm identifier of its one ingredient")]
    strength: Annotated[str | None, Meta(description="Strength, in the words of its first mention")]
    form: Annotated[str | None, Meta(description="Form")]
    route: Annotated[str | None, Meta(description="Route")]
    frequency: Annotated[str | None, Meta(description="Frequency")]
    quantity: Annotated[str | None, Meta(description="Quantity")]
    duration: Annotated[str | None, Meta(description="Duration")]
    refills: Annotated[str | None, Meta(description="Refills")]
    prn: Annotated[bool, Meta(description="As needed")]
    assertion: Annotated[str | None, Meta(description="present, discontinued, requested, ... (code)")]
    mention_ids: Annotated[list[str], Meta(description="mention_id of the mentions it was read from")]


class FileTableRow(Row, kw_only=True, frozen=True, gc=False):
    """One row per file of the input, in its order: whether it was read, and why not."""

    path: Annotated[str, Meta(description="The file as it was named to the run")]
    letter_id: Annotated[str | None, Meta(description="SHA-256 of its bytes; null where they could not be read")]
    state: Annotated[
        Literal["read", "duplicate", "failed", "quarantined"], Meta(description="read, duplicate, failed or quarantined")
    ]
    reason: Annotated[str | None, Meta(description="Why it has no record; of a duplicate, the file that has it")]


TABLES: dict[str, type[Row]] = {
    "letters": LetterRow,
    "requests": RequestRow,
    "criteria": CriterionRow,
    "mentions": MentionRow,
    "medications": MedicationRow,
    "files": FileTableRow,
}


class LetterTables(msgspec.Struct, kw_only=True, frozen=True):
    """The rows of one letter or of several, by table; fields are named as in :data:`TABLES`."""

    letters: list[LetterRow]
    requests: list[RequestRow]
    criteria: list[CriterionRow]
    mentions: list[MentionRow]
    medications: list[MedicationRow]


def columns(row: type[Row]) -> Mapping[str, str]:
    """Return the columns of a table in order, each with its comment."""
    hints = get_type_hints(row, include_extras=True)
    return {name: _description(hints[name]) for name in row.__struct_fields__}


def _description(hint: object) -> str:
    for extra in getattr(hint, "__metadata__", ()):
        if isinstance(extra, Meta) and extra.description:
            return extra.description
    raise TypeError("a column has no description")


def letter_tables(determinations: list[Determination]) -> LetterTables:
    """Return the rows of some letters, in order."""
    tables = LetterTables(letters=[], requests=[], criteria=[], mentions=[], medications=[])
    for one in determinations:
        letter_id = one.source.sha256
        tables.letters.append(_letter(one))
        for request in one.requests:
            tables.requests.append(_request(letter_id, request))
            tables.criteria.extend(_criterion(letter_id, request.index, criterion) for criterion in request.criteria)
        tables.mentions.extend(_mention(letter_id, mention) for mention in one.mentions)
        tables.medications.extend(_medication(letter_id, place, drug) for place, drug in enumerate(one.medications, 1))
    return tables


def file_row(file: FileRow) -> FileTableRow:
    """Return the row of a file. A name that is no Unicode is shown with its odd bytes escaped."""
    return FileTableRow(
        path=_unicode(file.path),
        letter_id=file.sha256,
        state=file.state,
        reason=None if file.reason is None else _unicode(file.reason),
    )


def guideline_name(citation: Citation) -> str:
    """Return the name to group a guideline by: its body and, where known, its chapter."""
    return f"{citation.body}, {citation.chapter}" if citation.chapter else citation.body


def _letter(one: Determination) -> LetterRow:
    source, case = one.source, one.case
    return LetterRow(
        letter_id=source.sha256,
        path=source.path,
        media_type=source.media_type,
        pages=source.pages,
        characters=source.characters,
        ocr=source.ocr,
        layout=one.layout.era,
        is_determination=one.layout.is_determination,
        case_number=case.case_number,
        date_assigned=_date(case.date_assigned),
        date_of_injury=_date(case.date_of_injury),
        decision_date=_date(case.decision_date),
        ur_denial_date=_date(case.ur_denial_date),
        application_received=_date(case.application_received),
        priority=case.priority,
        outcome=case.outcome,
        licensure=one.reviewer.licensure,
        specialties=one.reviewer.specialties,
        age=one.patient.age,
        sex=one.patient.sex,
        request_count=len(one.requests),
        warning_codes=[warning.code for warning in one.warnings],
        model_name=one.model.name,
        model_version=one.model.version,
        schema_version=one.schema_version,
    )


def _request(letter_id: str, request: Request) -> RequestRow:
    partial, maximus, claims, rationale = request.partial, request.maximus, request.claims_administrator, request.rationale
    return RequestRow(
        letter_id=letter_id,
        request_index=request.index,
        title=request.title.text,
        item=request.item.text,
        item_start=request.item.start,
        item_end=request.item.end,
        family=request.family,
        decision=request.decision,
        partial_original=partial.original if partial else None,
        partial_authorized=partial.authorized if partial else None,
        inherits_from=request.inherits_from,
        inherited=request.decision == "upheld"
        and (
            request.inherits_from is not None
            or any(criterion.decisive and criterion.unmet_basis == "inherited" for criterion in request.criteria)
        ),
        guidelines=_guidelines(maximus.citations),
        mtus=maximus.mtus,
        guideline_text=maximus.text.text if maximus.text else None,
        claims_guidelines=_guidelines(claims.citations),
        claims_mtus=claims.mtus,
        rationale_start=rationale.start if rationale else None,
        rationale_end=rationale.end if rationale else None,
        criterion_count=len(request.criteria),
    )


def _criterion(letter_id: str, request_index: int, criterion: Criterion) -> CriterionRow:
    statement = criterion.statement
    return CriterionRow(
        letter_id=letter_id,
        request_index=request_index,
        criterion_id=criterion.id,
        type=criterion.type,
        catalogue_id=criterion.catalogue_id,
        guideline=guideline_name(criterion.guideline) if criterion.guideline else None,
        statement=statement.text if statement else None,
        statement_start=statement.start if statement else None,
        statement_end=statement.end if statement else None,
        ordinal=criterion.ordinal,
        logic=criterion.logic,
        numbers=criterion.values,
        status=criterion.status,
        unmet_basis=criterion.unmet_basis,
        decisive=criterion.decisive,
        evidence=criterion.evidence,
        counter_evidence=criterion.counter_evidence,
        confidence=criterion.confidence,
        source=criterion.source,
    )


def _mention(letter_id: str, mention: Mention) -> MentionRow:
    return MentionRow(
        letter_id=letter_id,
        mention_id=mention.id,
        label=mention.label,
        text=mention.span.text,
        start_offset=mention.span.start,
        end_offset=mention.span.end,
        page=mention.span.page,
        section=mention.section,
        voice=mention.voice,
        assertion=mention.assertion,
        attributes=msgspec.json.encode(mention.attributes).decode(),
        source=mention.source,
        rule=mention.rule,
        confidence=mention.confidence,
    )


def _medication(letter_id: str, place: int, drug: Medication) -> MedicationRow:
    return MedicationRow(
        letter_id=letter_id,
        medication_index=place,
        name=drug.name,
        ingredients=drug.ingredient,
        drug_class=drug.drug_class,
        rxcui=drug.rxcui,
        strength=drug.strength,
        form=drug.form,
        route=drug.route,
        frequency=drug.frequency,
        quantity=drug.quantity,
        duration=drug.duration,
        refills=drug.refills,
        prn=drug.prn,
        assertion=drug.assertion,
        mention_ids=drug.mentions,
    )


def _guidelines(citations: list[Citation]) -> list[str]:
    return list(dict.fromkeys(map(guideline_name, citations)))


def _date(text: str | None) -> date | None:
    """Return an ISO date; what is none stays in the record and is null in a table."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _unicode(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
