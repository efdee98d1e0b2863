"""Letters made for the tests of layout, and a way to look at a layout as words instead of offsets. All facts are invented."""

from __future__ import annotations

import random
from typing import Any

from unmet.ingest.read import letter_from_bytes
from unmet.layout import Layout, parse_layout

HEADER = (
    "Case Number: CM99-0000077\nDate Assigned: 02/03/2016 Date of Injury: 05/06/2009\n"
    "Decision Date: 03/01/2016 UR Denial Date: 01/08/2016\nPriority: Standard Application Received: 01/20/2016\n\n"
)
HOW = (
    "HOW THE IMR FINAL DETERMINATION WAS MADE\n\nA physician looked at the whole file.\n\n"
    "The Expert Reviewer has the following credentials:\nState(s) of Licensure: California, Iowa\n"
    "Certification(s)/Specialty: Sleep Medicine, Psychiatry\n\n"
)
SUMMARY = (
    "CLINICAL CASE SUMMARY\n\nThe patient is a 37 year old female beekeeper who fell off a cart on 05/06/2009. "
    "Her knee has ached since then.\n\n"
)
ISSUES = "IMR ISSUES, DECISIONS AND RATIONALES\n\nThe final decisions on the items in dispute are set forth below:\n\n"
CLAIMS = "Decision based on MTUS Knee Complaints 2004."
MAXIMUS = "Decision based on MTUS Knee Complaints 2004, Section(s): Orchard Work."
RATIONALE = "The guideline asks for a trial of exercise. None is on file. The request is not medically necessary."


def block(title: str, decision: str = "Upheld", rationale: str = RATIONALE, claims: str = CLAIMS, maximus: str = MAXIMUS) -> str:
    """One request as letters of 2014 and later print it."""
    return (
        f"{title}: {decision}\n\nClaims Administrator guideline: {claims}\n\nMAXIMUS guideline: {maximus}\n\n"
        f"Decision rationale: {rationale}\n\n"
    )


def whole(*blocks: str, header: str = HEADER, how: str = HOW, summary: str = SUMMARY, issues: str = ISSUES) -> str:
    """A letter of 2014 and later with these request blocks."""
    return header + how + summary + issues + "".join(blocks)


def read(source_text: str, name: str = "letter.txt") -> tuple[str, Layout]:
    """What the pipeline reads of a text file, and its layout."""
    text = letter_from_bytes(source_text.encode(), name).text
    return text, parse_layout(text)


def titles(source_text: str) -> list[str]:
    """The request titles of a text file, as printed but for blanks."""
    text, layout = read(source_text)
    return [text[slice(*request.title)] for request in layout.requests]


def in_words(text: str, layout: Layout) -> dict[str, Any]:
    """A layout without its offsets: every span as its words."""

    def words(span: tuple[int, int] | None) -> str | None:
        return None if span is None else text[slice(*span)]

    return {
        "era": layout.era,
        "is_determination": layout.is_determination,
        "header": layout.header,
        "reviewer": layout.reviewer,
        "patient": layout.patient,
        "sections": [(section.kind, section.request, text[section.start : section.end]) for section in layout.sections],
        "requests": [
            {
                "index": request.index,
                "decision": request.decision,
                **{
                    name: words(getattr(request, name))
                    for name in (
                        "title",
                        "item",
                        "decision_span",
                        "original",
                        "authorized",
                        "claims_administrator",
                        "maximus",
                        "rationale",
                    )
                },
            }
            for request in layout.requests
        ],
    }


def on_one_line(source_text: str) -> str:
    """Collapse every whitespace run to one blank."""
    return " ".join(source_text.split())


def wrapped(source_text: str, generator: random.Random) -> str:
    """Lay the same words out in lines of random width, some with a blank line behind or an indent before them."""
    lines: list[str] = []
    line, width = "", generator.randint(20, 120)
    for word in source_text.split():
        if line and len(line) + len(word) > width:
            lines.append(line)
            line, width = "", generator.randint(20, 120)
        line += (" " if line else "") + word
    lines.append(line)
    return "".join(line + generator.choice(["\n", "\n", "\n\n", " \n  ", "\r\n"]) for line in lines)
