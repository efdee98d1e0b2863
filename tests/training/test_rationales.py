"""Rationales written for the project: read, checked, and put into a letter."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from unmet.components.letter_layout import layout_of
from unmet.layout.parse import parse_layout
from unmet.loading import load_rules
from unmet.training.errors import TrainingError
from unmet.training.rationales import as_letter, read_rationales
from unmet.training.relation_examples import rationale_example

FILE = Path(__file__).parents[2] / "annotations" / "rationales.jsonl"
ONE = {
    "title": "MRI of the left knee",
    "family": "advanced_imaging",
    "decision": "upheld",
    "sentences": [
        {
            "text": "ACOEM asks for a period of conservative care first.",
            "voice": "guideline",
            "states": ["conservative_care_failed"],
        },
        {
            "text": "No trial of physical therapy is documented, and no locking of the knee.",
            "voice": "reviewer",
            "finds": [
                {"type": "conservative_care_failed", "status": "unmet", "basis": "undocumented"},
                {"type": "exam_findings", "status": "unmet", "basis": "undocumented"},
            ],
        },
        {"text": "Therefore, the request is not medically necessary.", "voice": "reviewer"},
    ],
}


def written(tmp_path: Path, **changes: object) -> Path:
    path = tmp_path / "rationales.jsonl"
    path.write_text(json.dumps({**ONE, **changes}) + "\n")
    return path


def test_a_rationale_is_read_by_the_pipeline_as_one_request(tmp_path: Path) -> None:
    (one,) = read_rationales(written(tmp_path))
    letter = as_letter(one)
    assert [letter.text[slice(*place)] for place in letter.sentences] == [own.text for own in one.sentences]
    (request,) = parse_layout(letter.text).requests
    assert letter.text[slice(*request.title)] == one.title
    assert request.decision == "upheld"


def test_an_example_says_which_sentence_finds_what(tmp_path: Path) -> None:
    (one,) = read_rationales(written(tmp_path))
    letter = as_letter(one)
    doc = load_rules()(letter.text)
    example = rationale_example(one, letter, doc, "a")
    assert example is not None
    assert example.finds == {(1, "conservative_care_failed"): "undocumented", (1, "exam_findings"): "undocumented"}
    assert example.statuses == {"conservative_care_failed": "unmet", "exam_findings": "unmet"}
    assert len(example.view.sentences) == len(one.sentences)
    assert layout_of(doc).requests


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"family": "potion"}, "potion is no treatment_family"),
        ({"decision": "postponed"}, "Invalid enum value"),
        ({"sentences": [{"text": "No.", "voice": "oracle"}]}, "oracle is no voice"),
        ({"sentences": [{"text": "No.", "voice": "reviewer", "states": ["luck"]}]}, "luck is no criterion_type"),
        (
            {"sentences": [{"text": "No.", "voice": "reviewer", "finds": [{"type": "red_flags", "status": "unmet"}]}]},
            "None is no unmet_basis",
        ),
    ],
)
def test_a_damaged_rationale_is_named_by_its_line(tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    with pytest.raises(TrainingError, match=f"line 1: .*{reason}"):
        read_rationales(written(tmp_path, **changes))


def test_the_rationales_of_the_project_cover_the_vocabulary() -> None:
    rationales = read_rationales(FILE)
    finds = Counter(find.type for one in rationales for own in one.sentences for find in own.finds)
    assert len(rationales) > 800
    assert len(finds) > 38
    assert {one.decision for one in rationales} == {"upheld", "overturned"}
    for one in rationales:
        wanted = "unmet" if one.decision == "upheld" else "met"
        assert any(find.status == wanted for own in one.sentences for find in own.finds), one.title
