"""What layout hands to the pipeline: plain values, offsets into the repaired text, no words of their own."""

from __future__ import annotations

from typing import Literal

import msgspec

Offsets = tuple[int, int]
Decision = Literal["upheld", "overturned"]


class Section(msgspec.Struct, frozen=True):
    """A stretch of the letter; ``kind`` is a ``section_kind`` of the taxonomy. Headings are outside."""

    kind: str
    start: int
    end: int
    request: int | None = None


class RequestParts(msgspec.Struct, frozen=True):
    """One disputed request and where its parts stand; a part that the letter lacks is None."""

    index: int
    title: Offsets
    item: Offsets
    decision: Decision
    decision_span: Offsets
    original: Offsets | None = None
    authorized: Offsets | None = None
    claims_administrator: Offsets | None = None
    maximus: Offsets | None = None
    rationale: Offsets | None = None


class Header(msgspec.Struct, frozen=True):
    """The case's form fields; dates are ISO 8601, what is not printed (or not legible) is None."""

    case_number: str | None = None
    date_assigned: str | None = None
    date_of_injury: str | None = None
    decision_date: str | None = None
    ur_denial_date: str | None = None
    application_received: str | None = None
    priority: str | None = None


class Reviewer(msgspec.Struct, frozen=True):
    """The expert reviewer's credentials as printed, split at commas."""

    licensure: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()


class Patient(msgspec.Struct, frozen=True):
    """Age in years and sex, as the case summary gives them."""

    age: int | None = None
    sex: Literal["male", "female"] | None = None


class Layout(msgspec.Struct, frozen=True):
    """The form of one letter. ``era`` is a ``layout`` code of the taxonomy; ``reason`` says why it is none."""

    era: str
    is_determination: bool
    reason: str | None = None
    header: Header = Header()
    header_found: bool = False
    reviewer: Reviewer = Reviewer()
    patient: Patient = Patient()
    sections: tuple[Section, ...] = ()
    requests: tuple[RequestParts, ...] = ()
