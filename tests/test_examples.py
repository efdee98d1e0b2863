"""The two determinations that the project was asked for, against our own reading of them (offsets and codes, no text).

The reading was written down before the rules. A sentence of evidence counts as found if more than half of it is.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import unmet
from unmet.record import Criterion, Determination

READING: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "examples_reading.json").read_text())


@pytest.fixture(scope="module", params=READING, ids=lambda reading: reading["letter"][:3])
def pair(request: pytest.FixtureRequest, real_letters: Path) -> tuple[dict[str, Any], Determination]:
    reading = request.param
    path = real_letters / "examples" / reading["letter"]
    if hashlib.sha256(path.read_bytes()).hexdigest() != reading["sha256"]:
        pytest.skip(f"{path.name} is another version of the letter than the one that was read")
    return reading, unmet.read(path)


def same(span: Any, offsets: list[int]) -> bool:
    shared = min(span.end, offsets[1]) - max(span.start, offsets[0])
    return shared > 0.5 * min(span.end - span.start, offsets[1] - offsets[0])


def found(determination: Determination, expected: dict[str, Any]) -> list[Criterion]:
    """The criteria of the record that are the expected one: same type, and the same statement or evidence."""
    return [
        one
        for one in determination.requests[0].criteria
        if one.type == expected["type"]
        and (
            (expected["statement"] and one.statement and same(one.statement, expected["statement"]))
            or any(same(span, offsets) for span in one.evidence for offsets in expected["evidence"])
        )
    ]


def test_examples_header_people_and_request_are_as_printed(pair: tuple[dict[str, Any], Determination]) -> None:
    reading, determination = pair
    for field, value in (reading["header"] or {}).items():
        assert getattr(determination.case, field) == value
    if reading["header"] is None:
        assert determination.case.case_number is None
        assert determination.case.decision_date is None
    assert determination.reviewer.licensure == reading["reviewer"]["licensure"]
    assert determination.reviewer.specialties == reading["reviewer"]["specialties"]
    assert determination.patient.age == reading["patient"]["age"]
    assert determination.patient.sex == reading["patient"]["sex"]
    assert len(determination.requests) == 1
    request = determination.requests[0]
    assert [request.title.start, request.title.end] == reading["title"]
    assert request.decision == reading["decision"]
    assert request.family == reading["family"]
    assert request.maximus.mtus is reading["maximus_mtus"]


def test_examples_every_criterion_has_its_status_and_basis(pair: tuple[dict[str, Any], Determination]) -> None:
    reading, determination = pair
    for expected in reading["criteria"]:
        criteria = found(determination, expected)
        assert criteria, f"{expected['type']} is not found"
        assert {one.status for one in criteria} == {expected["status"]}, expected["type"]
        assert {one.unmet_basis for one in criteria} == {expected["unmet_basis"]}, expected["type"]


def test_examples_every_sentence_of_evidence_is_linked(pair: tuple[dict[str, Any], Determination]) -> None:
    reading, determination = pair
    for expected in reading["criteria"]:
        spans = [span for one in found(determination, expected) for span in one.evidence]
        for offsets in expected["evidence"]:
            assert any(same(span, offsets) for span in spans), f"{expected['type']}: sentence at {offsets} is missing"


def test_examples_nothing_else_is_unmet(pair: tuple[dict[str, Any], Determination]) -> None:
    reading, determination = pair
    expected = {one["type"] for one in reading["criteria"] if one["status"] == "unmet"}
    assert {one.type for one in determination.requests[0].criteria if one.status == "unmet"} == expected


def test_examples_numbered_criteria_keep_their_numbers(pair: tuple[dict[str, Any], Determination]) -> None:
    reading, determination = pair
    for expected in reading["criteria"]:
        if expected["ordinal"] is not None:
            assert expected["ordinal"] in {one.ordinal for one in found(determination, expected)}, expected["type"]


def test_examples_voices_keep_apart_who_speaks(pair: tuple[dict[str, Any], Determination]) -> None:
    reading, determination = pair
    for start, end, voice in reading["voices"]:
        voices = {one.voice for one in determination.sentences if same(one, [start, end])}
        assert voices == {voice}, f"sentence at {start}-{end}"
