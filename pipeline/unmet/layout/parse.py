"""One letter's text to its :class:`~unmet.layout.model.Layout`: era, sections, header, people, requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from unmet.layout.header import parse_header
from unmet.layout.model import Header, Layout, Section
from unmet.layout.pattern import form, trim
from unmet.layout.people import parse_patient, parse_reviewer
from unmet.layout.requests import find_requests

if TYPE_CHECKING:
    from unmet.layout.model import RequestParts

# Headings stand in capitals, or with capital initials in converted files; running text has neither.
_HEADINGS: tuple[tuple[str, str], ...] = (
    ("how_made", r"HOW THE IMR FINAL DETERMINATION WAS MADE|How the IMR Final Determination Was Made"),
    ("documents_reviewed", r"DOCUMENTS REVIEWED(?: FOR DETERMINATION)?|Documents Reviewed(?: [Ff]or Determination)?"),
    (
        "case_summary",
        r"(?:CLINICAL |EXPERT REVIEWER )?CASE SUMMARY|Clinical Case Summary|(?:Expert Reviewer )?Case Summary(?= ?:)",
    ),
    (
        "issues",
        r"IMR ISSUES?,? DECISIONS?,? AND RATIONALES?|IMR DECISION\(?S?\)? AND RATIONALE\(?S?\)?"
        r"|IMR Issues?,? Decisions?,? and Rationales?|INDEPENDENT MEDICAL REVIEW DECISION(?:\(?S\)?)? AND RATIONALE(?:\(?S\)?)?",
    ),
    (
        "credentials",
        r"The Expert Reviewer has the following credentials ?:?|Medical Qualifications of the (?:Expert|Physician) Reviewer"
        r"|MEDICAL (?:EXPERT )?REVIEWER QUALIFICATIONS",
    ),
)
_HEADING = form("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _HEADINGS))
# With what headings begin; a pattern that begins with a capital is found faster than the headings themselves.
_CAPITALS = re.compile(r"[CDEHIMT](?:[Oo][WwCc]|[Ll][Ii]|[Xx][Pp]|[Aa][Ss][Ee]|MR|ND|he\s+E|[Ee][Dd][Ii])")
_SUMMARY_LEAD_IN = form(
    r"[ :]*The (?:expert|physician|medical)? ?reviewer developed the following (?:clinical )?case summary.{0,160}?:"
    r"|[ :]*The following (?:clinical )?case summary was.{0,200}?:",
    re.I | re.S,
)
_DISCLAIMER = form(r"[ :]*Disclaimer ?:.{0,300}?(?::|\. )", re.I | re.S)
_ISSUES_LEAD_IN = form(r".{0,400}?\bbelow ?:|.{0,200}?\bas follows ?:", re.I | re.S)
_REGARDING = form(r"\d{1,2} ?\) ?Regarding the requests? for", re.I)
_DETERMINED = form(r"has determined(?: that)? the request(?P<item> for)?", re.I)
_DISPUTED = form(r"ISSUES? (?:AT|IN) DISPUTE")
_OPEN_NUMERAL = re.compile(r"(?<!\S)\d{1,2}[.)]\s*\Z")
_PROSE_CREDENTIALS = form(r"\bBoard[- ]Certified|\blicensed (?:to practice )?in\b", re.I)
_SECTION_CITATION = form(r"Section\(s\) ?:")
_PAGE_CITATION = form(r"Page\(s\) ?:")
_REASONS = (
    (form(r"\bHOW THE IMR FINAL DETERMINATION|\bIndependent Medical Review\b", re.I),
     "it speaks of an Independent Medical Review but decides no disputed request"),
    (form(r"\butilization review\b", re.I), "it speaks of a utilization review, not of an Independent Medical Review"),
)  # fmt: skip


def parse_layout(text: str) -> Layout:
    """Read the form of a letter from its text; a text that decides no request is said to be no determination."""
    marks = _headings(text)
    by_kind = {kind: (start, end) for kind, start, end in reversed(marks)}  # the first of each kind
    requests = find_requests(text, by_kind["issues"][1] if "issues" in by_kind else 0)
    header_end = marks[0][1] if marks else (requests[0].title[0] if requests else len(text))
    header, labels_found = parse_header(text, header_end)
    if not requests:
        reason = next((words for pattern, words in _REASONS if pattern.search(text)), "nothing in it reads like a determination")
        return Layout(era="unknown", is_determination=False, reason=reason, header=header, header_found=labels_found >= 3)
    era = _era(text, by_kind, header, requests, labels_found)
    sections = _sections(text, marks, requests, header_end)
    summary = next((section for section in sections if section.kind == "case_summary"), None)
    patient = parse_patient(text, summary.start, summary.end) if summary else parse_patient(text, 0, 0)
    reviewer_zones = [section for section in sections if section.kind in ("credentials", "how_made")]
    reviewers = [parse_reviewer(text, zone.start, zone.end) for zone in reviewer_zones]
    reviewer = max(reviewers, key=lambda r: (bool(r.specialties), bool(r.licensure)), default=parse_reviewer("", 0, 0))
    return Layout(
        era=era,
        is_determination=True,
        header=header,
        header_found=labels_found >= 3,
        reviewer=reviewer,
        patient=patient,
        sections=tuple(sections),
        requests=requests,
    )


def _headings(text: str) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    for capital in _CAPITALS.finditer(text):
        match = _HEADING.match(text, capital.start())
        if match and not (found and match.start() < found[-1][2]):
            found.append((match.lastgroup or "", match.start(), match.end()))
    return found


def _era(
    text: str, marks: dict[str, tuple[int, int]], header: Header, requests: tuple[RequestParts, ...], labels_found: int
) -> str:
    determined = [match["item"] for match in _DETERMINED.finditer(text)] if "determined" in text.lower() else []
    if determined and _REGARDING.search(text):
        return "A"
    if _DISPUTED.search(text):
        return "C"
    if any(determined):
        return "A"
    if "documents_reviewed" in marks:
        return "B"
    lines = " ".join(
        text[slice(*span)] for request in requests for span in (request.claims_administrator, request.maximus) if span
    )
    if _SECTION_CITATION.search(lines):
        return "F"
    made = marks.get("how_made")
    if "credentials" not in marks and made and _PROSE_CREDENTIALS.search(text, made[1], made[1] + 2500):
        return "D"
    if labels_found >= 3 or "credentials" in marks:
        # Section citations came in during 2016; a letter without any is dated by its decision.
        modern = header.decision_date is not None and header.decision_date >= "2016-07"
        return "F" if modern and not _PAGE_CITATION.search(lines) else "E"
    if _PAGE_CITATION.search(lines) and marks:
        return "E"
    return "D" if marks else "unknown"


def _sections(text: str, marks: list[tuple[str, int, int]], requests: tuple[RequestParts, ...], header_end: int) -> list[Section]:
    """Cut the letter at its headings; inside the issues, at the parts of the requests."""
    sections: list[Section] = []
    first_title = min((request.title[0] for request in requests if request.rationale), default=requests[0].title[0])
    blocks = [
        (kind, span, request.index)
        for request in requests
        for kind, span in (
            ("request_title", request.title),
            ("claims_administrator_guideline", request.claims_administrator),
            ("maximus_guideline", request.maximus),
            ("rationale", request.rationale),
        )
        if span
    ]
    _add(sections, text, "header", 0, header_end)
    for position, (kind, _, start) in enumerate(marks):
        end = marks[position + 1][1] if position + 1 < len(marks) else len(text)
        inside = [span[0] for _, span, _ in blocks if start <= span[0] < end]
        if kind == "issues":
            lead_in = _ISSUES_LEAD_IN.match(text, start, min(inside, default=end))
            end = min([*inside, lead_in.end()] if lead_in else inside, default=end)
            numeral = _OPEN_NUMERAL.search(text, start, end)
            end = numeral.start() if numeral else end
        elif inside:
            regarding = _REGARDING.search(text, start, end)
            end = min([*inside, regarding.start()] if regarding else inside)
        if kind == "case_summary":
            lead_in = _SUMMARY_LEAD_IN.match(text, start, end) or _DISCLAIMER.match(text, start, end)
            if lead_in:
                _add(sections, text, "other", start, lead_in.end())
                start = lead_in.end()
        _add(sections, text, kind, start, end)
    if not any(section.kind == "case_summary" for section in sections) and not marks:
        _add(sections, text, "case_summary", header_end, first_title)
    for kind, span, index in blocks:
        sections.append(Section(kind, *span, request=index))
    sections.sort(key=lambda section: (section.start, section.end))
    return sections


def _add(sections: list[Section], text: str, kind: str, start: int, end: int) -> None:
    start, end = trim(text, start, end, strip=":")
    if start < end:
        sections.append(Section(kind, start, end))
