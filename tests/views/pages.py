"""What the tests of pages share: records made by hand, and a page as a parser sees it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import msgspec
from unmet.reading import read
from unmet.record import (
    Basis,
    Case,
    Criterion,
    Determination,
    LayoutInfo,
    LetterWarning,
    Mention,
    Model,
    PatientInfo,
    Request,
    ReviewerInfo,
    SectionSpan,
    SentenceSpan,
    SourceInfo,
    Span,
)

_VOID = {"meta", "input", "br", "img", "link", "hr", "base"}


def span(text: str, words: str) -> Span:
    start = text.index(words)
    return Span(start=start, end=start + len(words), text=words)


def record(text: str, **fields: object) -> Determination:
    """A record of ``text`` with nothing read from it but what ``fields`` say."""
    plain = Determination(
        schema_version="1.1",
        model=Model(name="test", version="0"),
        text=text,
        source=SourceInfo(
            path="letter.txt", sha256="0" * 64, media_type="text/plain", pages=None, characters=len(text), ocr=False
        ),
        layout=LayoutInfo(era="F", is_determination=True),
        case=Case(case_number="CM99-0000000", outcome="upheld"),
        reviewer=ReviewerInfo(licensure=[], specialties=[]),
        patient=PatientInfo(),
    )
    return msgspec.structs.replace(plain, **fields)


TEXT = """CLINICAL CASE SUMMARY
The worker is a 40 year old man. Six visits of physical therapy in 2015 did not help his back, and he went on to use naproxen.

Physical therapy, 12 visits: Upheld
Decision rationale: The guideline allows up to 10 visits where function improves. There is no documentation of therapy.
"""


def therapy(text: str = TEXT) -> Determination:
    """A small letter with one request, an undocumented criterion, counter-evidence to it and a warning."""
    statement = span(text, "up to 10 visits where function improves")
    evidence = span(text, "There is no documentation of therapy.")
    counter = span(text, "Six visits of physical therapy in 2015 did not help his back")
    title = span(text, "Physical therapy, 12 visits")
    criterion = Criterion(
        id="r1c1",
        type="conservative_care_failed",
        statement=statement,
        status="unmet",
        unmet_basis="undocumented",
        decisive=True,
        evidence=[evidence],
        counter_evidence=[counter],
        confidence=0.9,
        source="model",
    )
    request = Request(
        index=1,
        title=title,
        item=title,
        family="physical_therapy",
        decision="upheld",
        decision_span=span(text, "Upheld"),
        claims_administrator=Basis(),
        maximus=Basis(),
        criteria=[criterion],
    )
    summary = span(text, text[text.index("The worker") : text.index("\n\nPhysical")])
    reason = span(text, text[text.index("The guideline") :].rstrip())
    return record(
        text,
        sections=[
            SectionSpan(kind="case_summary", **msgspec.structs.asdict(summary)),
            SectionSpan(kind="request_title", **msgspec.structs.asdict(title)),
            SectionSpan(kind="rationale", **msgspec.structs.asdict(reason)),
        ],
        sentences=[
            SentenceSpan(voice="record", section="case_summary", **msgspec.structs.asdict(summary)),
            SentenceSpan(
                voice="guideline",
                section="rationale",
                **msgspec.structs.asdict(span(text, "The guideline allows up to 10 visits where function improves.")),
            ),
            SentenceSpan(voice="reviewer", section="rationale", **msgspec.structs.asdict(evidence)),
        ],
        requests=[request],
        mentions=[
            Mention(
                id="m1",
                label="PROCEDURE",
                span=span(text, "physical therapy"),
                section="case_summary",
                voice="record",
                assertion="historical",
                attributes={},
                source="rule",
                rule="test",
                confidence=0.9,
            ),
            Mention(
                id="m2",
                label="CRITERION",
                span=statement,
                section="rationale",
                voice="guideline",
                attributes={"type": "quantity_limit"},
                source="model",
                rule="test",
                confidence=0.6,
            ),
        ],
        warnings=[
            LetterWarning(
                code="disagreement.number",
                message="The parts of the letter differ: 12 and 10 visits",
                span=span(text, "12 visits"),
            )
        ],
    )


def with_text(path: Path) -> Determination:
    return read(path, with_text=True)


class Page(HTMLParser):
    """A parsed page: ids, links, elements, the letter's text without the notes, and the words marked by (role, group)."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.headings: list[int] = []
        self.letter = ""
        self.marked: dict[tuple[str, str], str] = {}
        self.words = ""
        self._open: list[str] = []
        self._tags: list[str] = []
        self._marks: list[tuple[str, str] | None] = []
        self.feed(page)
        self.close()
        assert self._open == [], self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given["href"])
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        if tag in _VOID:
            return
        classes = given.get("class", "").split()
        kind = "note" if "note" in classes else "letter" if classes == ["text"] else tag
        self._open.append(kind if kind in ("note", "letter") else "")
        self._marks.append((classes[1], given.get("data-group", "")) if classes[:1] == ["rel"] else None)
        self._tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._tags.pop() == tag, tag
        self._open.pop()
        self._marks.pop()

    def handle_data(self, data: str) -> None:
        if self._tags and self._tags[-1] in ("style", "script"):
            return
        if "letter" in self._open and "note" not in self._open:
            self.letter += data
            for mark in filter(None, self._marks):
                self.marked[mark] = self.marked.get(mark, "") + data
        self.words += data
