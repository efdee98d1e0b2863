"""Rationales written for the project (``annotations/rationales.jsonl``): each a request's title, decision and sentences, with
what every sentence finds and states. Many short texts in the register of reviewers, to train the relation model on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from unmet.knowledge import codes
from unmet.training.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path

    from unmet.layout.model import Offsets

# The rest of the letter, so that a rationale is read as in a letter.
_LETTER = """Case Number: CM99-0000000 Date Assigned: 03/19/2014 Date of Injury: 02/01/2011 Decision Date: 08/11/2015 \
Priority: Standard UR Denial Date: 06/07/2014 Application Received: 11/17/2014

HOW THE IMR FINAL DETERMINATION WAS MADE

The Expert Reviewer has the following credentials:

State(s) of Licensure: California

Certification(s)/Specialty: Pain Medicine

CLINICAL CASE SUMMARY

The injured worker has an accepted injury.

IMR ISSUES, DECISIONS AND RATIONALES

The Final Determination was based on decisions for the disputed items/services set forth below:

{title}: {decision}

Claims Administrator guideline: The Claims Administrator did not cite any medical evidence for its decision.

MAXIMUS guideline: The Expert Reviewer did not cite any medical evidence for its decision.

Decision rationale: """


class Find(msgspec.Struct, kw_only=True):
    """A criterion type that a sentence finds met, or unmet on a basis."""

    type: str
    status: Literal["met", "unmet"]
    basis: str | None = None


class RationaleSentence(msgspec.Struct, kw_only=True):
    """A sentence, whose voice it is, what it finds, and the types of requirement that it states."""

    text: str
    voice: str
    finds: list[Find] = []
    states: list[str] = []


class Rationale(msgspec.Struct, kw_only=True):
    """The rationale of a request that somebody made up."""

    title: str
    family: str
    decision: Literal["upheld", "overturned"]
    sentences: list[RationaleSentence]


class WrittenLetter(NamedTuple):
    """The text of a letter with one request, and where in it each sentence of the rationale stands."""

    text: str
    sentences: list[Offsets]


def read_rationales(path: Path) -> list[Rationale]:
    """Read and check rationales, one JSON object a line; raises :class:`TrainingError` naming the line and the reason."""
    known = {field: codes(field) for field in ("criterion_type", "unmet_basis", "voice", "treatment_family")}
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            one = msgspec.json.decode(line, type=Rationale)
        except msgspec.MsgspecError as error:
            raise TrainingError(f"{path}, line {number}: {error}; mend the line") from error
        used: dict[str, set[str | None]] = {
            "criterion_type": {name for own in one.sentences for name in (*own.states, *(find.type for find in own.finds))},
            "unmet_basis": {find.basis for own in one.sentences for find in own.finds if find.status == "unmet"},
            "voice": {own.voice for own in one.sentences},
            "treatment_family": {one.family},
        }
        for field, names in used.items():
            unknown = sorted(str(name) for name in names - known[field])
            if unknown:
                raise TrainingError(f"{path}, line {number}: {', '.join(unknown)} is no {field} of the taxonomy; mend the line")
        found.append(one)
    return found


def as_letter(rationale: Rationale) -> WrittenLetter:
    """Return ``rationale`` in a letter of the form of 2016."""
    text = _LETTER.format(title=rationale.title, decision=rationale.decision.capitalize())
    places = []
    for one in rationale.sentences:
        start = len(text)
        text += one.text.strip()
        places.append((start, len(text)))
        text += " "
    return WrittenLetter(text, places)
