"""The record: what is known of one determination. Plain structs, no spaCy, one JSON schema.

All offsets are 0-based, end-exclusive, in Unicode code points, into the text of the source (a text file as decoded;
for PDF, DOCX and HTML the extracted text). The ``text`` of a span is the source at its offsets. Closed fields take
their values from ``knowledge/taxonomy.yaml``; dates are ISO 8601; what is unknown is null, never "".
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

SCHEMA_VERSION = "1.1"

Decision = Literal["upheld", "overturned"]
Status = Literal["met", "unmet", "not_addressed"]
UnmetBasis = Literal["undocumented", "contradicted", "exceeded", "not_recommended", "inherited"]
Label = Literal["MEDICATION", "PROCEDURE", "CRITERION", "FUNCTION", "CITATION", "CONDITION"]


class Span(msgspec.Struct, kw_only=True):
    """A stretch of the source with its words; ``page`` is 1-based, null where the source has no pages."""

    start: int
    end: int
    text: str
    page: int | None = None


class SectionSpan(Span, kw_only=True):
    """A section; ``kind`` is a ``section_kind``."""

    kind: str


class SentenceSpan(Span, kw_only=True):
    """A sentence, whose statement it is (``voice``) and the kind of section it stands in."""

    voice: str
    section: str


class Model(msgspec.Struct, kw_only=True):
    """Which pipeline made the record."""

    name: str
    version: str


class SourceInfo(msgspec.Struct, kw_only=True):
    """Where the letter came from; ``characters`` counts the source text."""

    path: str
    sha256: str
    media_type: str
    pages: int | None
    characters: int
    ocr: bool


class LayoutInfo(msgspec.Struct, kw_only=True):
    """The form recognised (a ``layout`` code) and whether the source is a determination at all."""

    era: str
    is_determination: bool


class Case(msgspec.Struct, kw_only=True):
    """Header fields and the outcome over all requests."""

    case_number: str | None = None
    date_assigned: str | None = None
    date_of_injury: str | None = None
    decision_date: str | None = None
    ur_denial_date: str | None = None
    application_received: str | None = None
    priority: str | None = None
    outcome: Literal["upheld", "overturned", "partial"] | None = None


class ReviewerInfo(msgspec.Struct, kw_only=True):
    """The expert reviewer's credentials, as printed, split at commas."""

    licensure: list[str]
    specialties: list[str]


class PatientInfo(msgspec.Struct, kw_only=True):
    """Age in years, and sex."""

    age: int | None = None
    sex: Literal["male", "female"] | None = None


class Citation(msgspec.Struct, kw_only=True):
    """A guideline cited: issuing body, chapter, edition, section titles, pages."""

    body: str
    chapter: str | None = None
    edition: str | None = None
    sections: list[str] = []
    pages: list[str] = []


class Basis(msgspec.Struct, kw_only=True):
    """A guideline line: the words, whether the MTUS is named (null: no guideline is), the citations in it."""

    text: Span | None = None
    mtus: bool | None = None
    citations: list[Citation] = []


class Partial(msgspec.Struct, kw_only=True):
    """What was first asked and what of it the claims administrator authorized, in the words of the title."""

    original: str | None = None
    authorized: str | None = None


class Value(msgspec.Struct, kw_only=True):
    """A number a criterion turns on: what was asked, what the guideline allows."""

    quantity: str
    asked: float | None = None
    allowed: float | None = None
    unit: str | None = None


class Criterion(msgspec.Struct, kw_only=True):
    """One criterion of one request: its statement, its status in the reviewer's eyes, and the words that say so."""

    id: str
    type: str
    statement: Span | None = None
    guideline: Citation | None = None
    catalogue_id: str | None = None
    ordinal: int | None = None
    logic: Literal["all", "any", "one"] | None = None
    values: list[Value] = []
    status: Status
    unmet_basis: UnmetBasis | None = None
    decisive: bool
    evidence: list[Span] = []
    counter_evidence: list[Span] = []
    confidence: float
    source: Literal["rule", "model"]


class Request(msgspec.Struct, kw_only=True):
    """One disputed request. ``item`` is what is really in dispute; ``inherits_from`` the index it falls with."""

    index: int
    title: Span
    item: Span
    family: str
    decision: Decision
    decision_span: Span
    partial: Partial | None = None
    inherits_from: int | None = None
    claims_administrator: Basis
    maximus: Basis
    rationale: Span | None = None
    criteria: list[Criterion]


class Mention(msgspec.Struct, kw_only=True):
    """One mention in the text; ``assertion`` for medications and procedures, ``attributes`` by label."""

    id: str
    label: Label
    span: Span
    section: str
    voice: str
    assertion: str | None = None
    attributes: dict[str, Any]
    source: Literal["rule", "model"]
    rule: str
    confidence: float


class Medication(msgspec.Struct, kw_only=True):
    """One distinct drug and regimen, with the mentions it was read from; the regimen in the words of its first mention.

    ``rxcui`` is the RxNorm identifier of the ingredient; null for drugs of several ingredients.
    """

    name: str
    ingredient: list[str]
    drug_class: str | None = None
    rxcui: str | None = None
    strength: str | None = None
    form: str | None = None
    route: str | None = None
    frequency: str | None = None
    quantity: str | None = None
    duration: str | None = None
    refills: str | None = None
    prn: bool = False
    assertion: str | None = None
    mentions: list[str]


class LetterWarning(msgspec.Struct, kw_only=True):
    """Something a reader of the record should know; ``code`` is stable, ``message`` is for people."""

    code: str
    message: str
    span: Span | None = None


class Determination(msgspec.Struct, kw_only=True):
    """Everything that was read from one letter. ``text`` is the source text, only on request."""

    schema_version: str
    model: Model
    text: str | None = None
    source: SourceInfo
    layout: LayoutInfo
    case: Case
    reviewer: ReviewerInfo
    patient: PatientInfo
    sections: list[SectionSpan] = []
    sentences: list[SentenceSpan] = []
    requests: list[Request] = []
    medications: list[Medication] = []
    mentions: list[Mention] = []
    warnings: list[LetterWarning] = []

    def to_json(self) -> bytes:
        """Return the record as one line of JSON (UTF-8, no line end)."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, line: bytes | str) -> Determination:
        """Read a record back; raises ``msgspec.ValidationError`` where the line is none."""
        return msgspec.json.decode(line, type=cls)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of :class:`Determination`."""
    return msgspec.json.schema(Determination)
