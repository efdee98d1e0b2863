"""Citations in running text come out like the guideline lines of a request."""

from __future__ import annotations

from typing import Any

import pytest
from component_docs import found, words
from unmet.components.citations import citation_attributes
from unmet.layout.guideline_line import parse_guideline_line

COMPONENT = "unmet_citations"


@pytest.mark.parametrize(
    ("printed", "attributes"),
    [
        (
            "page 53 of the MTUS Chronic Pain Medical Treatment Guidelines",
            {"body": "MTUS", "chapter": "Chronic Pain Medical Treatment", "pages": ["53"]},
        ),
        ("ODG", {"body": "ODG"}),
        ("ODG Pain chapter", {"body": "ODG", "chapter": "Pain"}),
        (
            "ACOEM 2nd ed., chapter 12",
            {"body": "ACOEM", "chapter": "Low Back Complaints", "edition": "2nd edition", "acoem_chapter": 12},
        ),
        (
            "ACOEM Practice Guidelines, Chapter 12, page 303",
            {"body": "ACOEM", "chapter": "Low Back Complaints", "acoem_chapter": 12, "pages": ["303"]},
        ),
        ("MTUS 2009", {"body": "MTUS", "edition": "2009"}),
        ("9792.24.2", {"body": "MTUS", "chapter": "Chronic Pain Medical Treatment", "sections": ["9792.24.2"]}),
        ("MTUS 9792.20(f)", {"body": "MTUS", "sections": ["9792.20"]}),
        ("8 CCR 9792.23.5", {"body": "MTUS", "chapter": "Low Back Complaints", "sections": ["9792.23.5"]}),
        ("California MTUS 2016 Chronic Pain Guidelines",
         {"body": "MTUS", "chapter": "Chronic Pain Medical Treatment", "edition": "2016"}),
        (
            "MTUS Guideline in ACOEM Chapter 9, Table 9-1, pages 207-209",
            {"body": "MTUS", "chapter": "Shoulder Complaints", "sections": ["Table 9-1"], "acoem_chapter": 9,
             "pages": ["207-209"]},
        ),
        ("ACOEM 3rd edition, chapter 12", {"body": "ACOEM", "edition": "3rd edition", "acoem_chapter": 12}),
    ],
)  # fmt: skip
def test_citations_are_resolved(printed: str, attributes: dict[str, Any]) -> None:
    text = f"We relied on {printed} for this."
    (one,) = found(COMPONENT, text)
    assert text[one["start"] : one["end"]] == printed
    assert one["attributes"] == attributes


@pytest.mark.parametrize("text", ["He has low back complaints.", "We speak of prevention and of opioid treatment."])
def test_citations_are_no_common_words(text: str) -> None:
    assert words(COMPONENT, text) == []


def test_citations_leave_out_what_follows() -> None:
    assert words(COMPONENT, "We read the ODG in full, and the MTUS/ACOEM guidelines in part.") == ["ODG", "MTUS/ACOEM guidelines"]


def test_citations_name_a_chapter_as_the_guideline_line_does() -> None:
    line = parse_guideline_line(
        "The Expert Reviewer based his/her decision on the MTUS Knee Complaints 2004, Section(s): Surgery."
    )
    assert citation_attributes("ACOEM chapter 13")["chapter"] == line.citations[0].chapter
