"""The text of a letter as HTML: every character of the source once and in order, with marks around and notes between.

Marks may nest and overlap in any way; they are cut at each other's ends so that the HTML is well formed. What is added to the
letter's own words (whose voice, which section, which criterion) stands in elements of class ``note``: without them the text
of the HTML is the source text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from markupsafe import Markup, escape

from unmet.views.wording import UNCERTAIN, label, one_line, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from unmet.record import Determination, Mention, SectionSpan, Span

Role = Literal["statement", "evidence", "counter-evidence", "warning"]


class Voice(NamedTuple):
    """What the margin says of a voice, and in short where it begins within a line."""

    word: str
    short: str


VOICES: Final = {
    "reviewer": Voice("Reviewer", "Rev"),
    "guideline": Voice("Guideline", "Gdl"),
    "utilization_review": Voice("Util. review", "UR"),
    "provider": Voice("Provider", "Prov"),
    "patient": Voice("Patient", "Pat"),
    "record": Voice("Record", "Rec"),
    "boilerplate": Voice("Form text", ""),
}
SECTIONS: Final = {
    "header": "Header",
    "how_made": "How the determination was made",
    "credentials": "Reviewer’s credentials",
    "documents_reviewed": "Documents reviewed",
    "case_summary": "Case summary",
    "issues": "Issues",
    "request_title": "Request",
    "claims_administrator_guideline": "Claims administrator’s guideline",
    "maximus_guideline": "Reviewer’s guideline",
    "rationale": "Rationale",
    "other": "Other text",
}
# Parts of a request: headings of lower rank, for screen readers only, since the letter prints its own.
_PARTS: Final = frozenset(["claims_administrator_guideline", "maximus_guideline", "rationale"])

# Sections of running text. A line end within a paragraph of theirs, after a long line and before one that begins no item
# of a list, is there because the line was full: with the marks between, the words flow on unless asked not to.
_PROSE: Final = frozenset(["how_made", "case_summary", "claims_administrator_guideline", "maximus_guideline", "rationale"])
_SOFT_END = re.compile(r"(?<=[^\n]{40})[ \t]{0,9}\r?\n(?!\s|[-•*#>|]|\(?[\da-zA-Z]{1,2}[.)]\s)")
_LINE_START = re.compile(r"\n[^\S\n]*(?=\S)")


_NO_NOTE: Final = Markup("")


class Reference(NamedTuple):
    """A span that a criterion or a warning points at, and the way back: ``anchor`` is its own id, ``back`` that of the item.

    ``group`` tells what belongs to one item, ``short`` is its number, ``name`` what it is in words, ``symbol`` its mark.
    """

    span: Span
    role: Role
    anchor: str
    back: str
    group: str
    short: str
    name: str
    symbol: str


class LetterText(NamedTuple):
    """The letter as HTML, and the ids that can be linked to: an anchor of an empty or impossible span is not among them."""

    html: Markup
    anchors: frozenset[str]


class _Mark(NamedTuple):
    """A stretch to be marked. ``rank`` orders what nests: references outside mentions, long ones outside short ones."""

    start: int
    end: int
    rank: int
    css: str
    anchor: str
    title: str
    note: Markup
    group: str

    @property
    def order(self) -> tuple[int, int, int, str]:
        return (self.rank, self.start - self.end, self.start, self.anchor)


class _Run(NamedTuple):
    """Successive sentences of one voice on one page."""

    start: int
    end: int
    voice: str | None
    page: int | None


class _Block(NamedTuple):
    """A part of the letter with what the form prints before it; ``section`` is its place among the record's."""

    start: int
    end: int
    section: int | None


def mention_anchor(number: int) -> str:
    """Return the id of the mention at place ``number`` of the record."""
    return f"m-{number}"


def title_anchor(number: int) -> str:
    """Return the id of the title of the request at place ``number`` of the record."""
    return f"title-{number}"


def letter_html(determination: Determination, references: Sequence[Reference]) -> LetterText:
    """Return the letter's text with mentions, references, sections and voices marked.

    ``determination.text`` must be there. Offsets outside the text are cut to it; what is empty then is not shown.
    """
    text = determination.text or ""
    marks = [
        *_titles(determination, len(text)),
        *(_reference_mark(reference, len(text)) for reference in references),
        *(_mention_mark(number, mention, len(text)) for number, mention in enumerate(determination.mentions)),
    ]
    soft = {
        at
        for section in determination.sections
        if section.kind in _PROSE
        for match in _SOFT_END.finditer(text, max(section.start, 0), max(section.end, 0))
        for at in range(*match.span())
    }
    writer = _Writer(text, [mark for mark in marks if mark.start < mark.end], soft)
    titles = {request.title.start: number for number, request in reversed(list(enumerate(determination.requests)))}
    runs = list(_runs(determination, len(text)))
    seen_request = False
    out: list[Markup] = []
    for block in _blocks(text, determination.sections):
        section = determination.sections[block.section] if block.section is not None else None
        out.append(Markup('<div class="block">'))
        if section is not None:
            seen_request = seen_request or section.kind == "request_title"
            number = next((titles[at] for at in sorted(titles) if section.start <= at < section.end), None)
            request = None if number is None else determination.requests[number].index
            out.append(_heading(block, section, number, request, inner=seen_request))
        out += writer.runs(block, runs)
        out.append(Markup("</div>"))
    return LetterText(Markup("").join(out), frozenset(writer.written))


def _titles(determination: Determination, length: int) -> Iterator[_Mark]:
    for number, request in enumerate(determination.requests):
        yield _mark(request.title, length, rank=0, css="title", anchor=title_anchor(number))
        yield _mark(request.decision_span, length, rank=0, css=f"decision {request.decision}")


def _reference_mark(reference: Reference, length: int) -> _Mark:
    what = f"{reference.short} {reference.role}"
    note = Markup(
        '<a class="ref note {role}" id="{anchor}" href="#{back}" data-group="{group}" aria-label="{what}: {name}. Back to it.">'
        '<span class="sym" aria-hidden="true">{symbol}</span>{short}<span class="word"> {role}</span></a>'
    ).format(**reference._asdict(), what=what)
    return _mark(
        reference.span, length, rank=1, css=f"rel {reference.role}", note=note, group=reference.group, anchor=reference.anchor
    )


def _mention_mark(number: int, mention: Mention, length: int) -> _Mark:
    said = [label(mention.label.lower())]
    if mention.assertion:
        said.append(label(mention.assertion))
    for key in ("drug_class", "name", "dimension", "polarity", "type"):
        value = mention.attributes.get(key)
        if isinstance(value, str):
            said.append(label(value))
    css = f"m {mention.label.lower()}"
    if mention.confidence < UNCERTAIN:
        said.append(f"uncertain, {percent(mention.confidence)}")
        css += " unsure"
    return _mark(mention.span, length, rank=2, css=css, anchor=mention_anchor(number), title=one_line(" · ".join(said)))


def _mark(
    span: Span, length: int, *, rank: int, css: str, anchor: str = "", title: str = "", note: Markup = _NO_NOTE, group: str = ""
) -> _Mark:
    start, end = (min(max(at, 0), length) for at in (span.start, span.end))
    return _Mark(start, end, rank, css, anchor, title, note, group)


def _heading(block: _Block, section: SectionSpan, number: int | None, request: int | None, *, inner: bool) -> Markup:
    name = SECTIONS.get(section.kind, SECTIONS["other"])
    if section.kind in _PARTS:
        rank = "h4" if inner else "h3"
        return Markup('<{rank} class="part note" id="sec-{id}">{name}</{rank}>').format(rank=rank, id=block.section, name=name)
    shown: str | Markup = name
    if number is not None:
        shown = Markup('<a href="#req-{}">{} {} <span class="word">to its criteria</span></a>').format(number, name, request)
    return Markup('<h3 class="sec note" id="sec-{}">{}</h3>').format(block.section, shown)


def _blocks(text: str, sections: Sequence[SectionSpan]) -> Iterator[_Block]:
    """Cut the text at its sections; what the form prints between two belongs to the later one, from its own line on."""
    starts: list[tuple[int, int | None]] = []
    before = 0
    for number, section in sorted(enumerate(sections), key=lambda pair: (pair[1].start, pair[1].end)):
        start = min(max(section.start, before), len(text))
        if start < before or min(section.end, len(text)) <= before:
            continue
        line = _LINE_START.search(text, max(before - 1, 0), start + 1) if before else None
        at = 0 if before == 0 else line.end() if line and before <= line.end() <= start else start
        starts.append((at, number))
        before = min(section.end, len(text))
    if not starts or starts[0][0] > 0:
        starts.insert(0, (0, None))
    for (start, place), (end, _) in zip(starts, [*starts[1:], (len(text), None)], strict=True):
        yield _Block(start, end, place)


def _runs(determination: Determination, length: int) -> Iterator[_Run]:
    """Cut the text at changes of voice and page; what stands between sentences goes with the one before."""
    text = determination.text or ""
    starts: list[tuple[int, str | None, int | None]] = [(0, None, None)]
    before = 0
    for sentence in sorted(determination.sentences, key=lambda one: (one.start, one.end)):
        start, end = min(max(sentence.start, before), length), min(sentence.end, length)
        if start >= end:
            continue
        if text[before:start].strip():
            starts.append((before, None, starts[-1][2]))
        starts.append((start, sentence.voice, sentence.page))
        before = end
    if text[before:].strip():
        starts.append((before, None, starts[-1][2]))
    for (start, voice, page), (end, _, _) in zip(starts, [*starts[1:], (length, None, None)], strict=True):
        if start < end:
            yield _Run(start, end, voice, page)


class _Writer:
    """Writes the text from front to back with the marks over it; remembers which marks were begun, and the page it is on."""

    def __init__(self, text: str, marks: Sequence[_Mark], soft: set[int]) -> None:
        self.text = text
        self.written: set[str] = set()
        self.page: int | None = None
        self._ahead = sorted(marks, key=lambda mark: mark.start, reverse=True)
        self._over: list[_Mark] = []
        self._begun: set[int] = set()
        self._soft = soft

    def runs(self, block: _Block, runs: Iterable[_Run]) -> Iterator[Markup]:
        """Write a block: one element per run, with its voice and the beginning of a page in the margin."""
        voice: str | None = None
        for run in runs:
            start, end = max(run.start, block.start), min(run.end, block.end)
            if start >= end:
                continue
            note = Markup("")
            if run.page is not None and run.page != self.page:
                self.page = run.page
                note += Markup('<span class="page note">Page {}</span>').format(run.page)
            turn = ""
            if run.voice is not None and run.voice != voice:
                turn = " turn"
                known = VOICES.get(run.voice, Voice(label(run.voice), "?"))
                note += Markup('<span class="voice note">{}<span class="colon">: </span></span>').format(known.word)
                note += Markup('<span class="tick note" data-voice="{}"></span>').format(known.short)
            voice = run.voice
            yield Markup('<span class="run v-{}{}">{}{}</span>').format(
                run.voice or "unknown", turn, note, self._stretch(start, end)
            )

    def _stretch(self, start: int, end: int) -> Markup:
        """Write a stretch; marks are closed at its end and taken up again by the next one."""
        out: list[Markup] = []
        opened: list[_Mark] = []
        left = start
        while left < end:
            self._over = [mark for mark in self._over if mark.end > left]
            while self._ahead and self._ahead[-1].start <= left:
                self._over.append(self._ahead.pop())
            self._over.sort(key=lambda mark: mark.order)
            right = min([end, *(mark.end for mark in self._over), *(mark.start for mark in self._ahead[-1:])])
            kept = 0
            while kept < min(len(opened), len(self._over)) and opened[kept] is self._over[kept]:
                kept += 1
            out += [Markup("</span>")] * (len(opened) - kept)
            out += [self._open(mark) for mark in self._over[kept:]]
            opened = list(self._over)
            out.append(self._words(left, right))
            left = right
        out += [Markup("</span>")] * len(opened)
        return Markup("").join(out)

    def _open(self, mark: _Mark) -> Markup:
        first = id(mark) not in self._begun
        self._begun.add(id(mark))
        opening = Markup('<span class="{}"').format(mark.css)
        if mark.group:
            opening += Markup(' data-group="{}"').format(mark.group)
        if mark.title:
            opening += Markup(' title="{}"').format(mark.title)
        if first and mark.anchor:
            self.written.add(mark.anchor)
            if not mark.note:
                opening += Markup(' id="{}"').format(mark.anchor)
        return opening + Markup(">") + (mark.note if first else Markup(""))

    def _words(self, start: int, end: int) -> Markup:
        """Escape a stretch; line ends inside a paragraph are elements of their own, so that the page may let them flow."""
        out: list[Markup] = []
        at = start
        while at < end:
            soft = at in self._soft
            upto = at
            while upto < end and (upto in self._soft) == soft:
                upto += 1
            words = _escaped(self.text[at:upto])
            out.append(Markup('<span class="nl">{}</span>').format(words) if soft else words)
            at = upto
        return Markup("").join(out)


def _escaped(text: str) -> Markup:
    """Escape what HTML would not keep: a parser turns a bare carriage return into a line feed and drops NUL."""
    return Markup(str(escape(text)).replace("\r", "&#13;").replace("\0", "\N{REPLACEMENT CHARACTER}"))
