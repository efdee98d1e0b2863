"""Short letters of invented facts, for the tests of what is concluded from a whole letter."""

from __future__ import annotations

from unmet.ingest.read import letter_from_bytes
from unmet.reading import determine, loaded
from unmet.record import Determination

HEADER = (
    "Case Number: CM99-0000078\nDate Assigned: 02/03/2016 Date of Injury: 05/06/2015\n"
    "Decision Date: 03/01/2016 UR Denial Date: 01/28/2016\nPriority: Standard Application Received: 02/01/2016\n\n"
)


def letter(title: str, summary: str, rationale: str, decision: str = "Upheld") -> str:
    """A letter of one request in the layout of 2016 and later."""
    return (
        f"{HEADER}HOW THE IMR FINAL DETERMINATION WAS MADE\n\nA physician looked at the whole file.\n\n"
        "The Expert Reviewer has the following credentials:\nState(s) of Licensure: California\n"
        "Certification(s)/Specialty: Occupational Medicine\n\n"
        f"CLINICAL CASE SUMMARY\n\n{summary}\n\n"
        "IMR ISSUES, DECISIONS AND RATIONALES\n\nThe final decisions on the items in dispute are set forth below:\n\n"
        f"{title}: {decision}\n\nClaims Administrator guideline: Decision based on MTUS Knee Complaints 2004.\n\n"
        "MAXIMUS guideline: Decision based on MTUS Knee Complaints 2004, Section(s): Special Studies.\n\n"
        f"Decision rationale: {rationale}\n\n"
    )


def determination(title: str, summary: str, rationale: str) -> Determination:
    """What the rules read of such a letter."""
    source = letter(title, summary, rationale)
    return determine(letter_from_bytes(source.encode(), "letter.txt"), with_text=True, nlp=loaded("rules"))
