"""Disagreements inside one letter: header, case summary, titles and rationales give different numbers, dates or sides.

A slip of this kind may be of ordinary knowledge, as Cal. Lab. Code 4610.6(h)(5) asks of a plainly erroneous finding. Two
statements disagree only where both speak of one thing without hedging and nothing else in the letter reconciles them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from unmet.components.remarks import Remark
from unmet.reasoning.dates import dates_in
from unmet.reasoning.places import names_side, places
from unmet.reasoning.stretches import beginning_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from unmet.components.mentions import Mention
    from unmet.components.sentences import Sentence
    from unmet.layout.model import Layout, Offsets, RequestParts
    from unmet.reasoning.places import Place


class _Letter(NamedTuple):
    text: str
    layout: Layout
    summary: list[Sentence]
    rationale: list[Sentence]
    mentions: list[Mention]


# Whose sentences state the case; guidelines and the utilization review have numbers of their own.
_OF_CASE = frozenset(["reviewer", "record", "provider", "patient"])


def disagreements(text: str, layout: Layout, sentences: list[Sentence], mentions: list[Mention]) -> list[Remark]:
    """Return what the parts of a letter disagree on, in reading order; offsets into ``text``."""
    told = [one for one in sentences if one["voice"] in _OF_CASE]
    letter = _Letter(
        text,
        layout,
        [one for one in told if one["section_kind"] == "case_summary"],
        [one for one in told if one["section_kind"] == "rationale"],
        mentions,
    )
    found = [*_ages(letter), *_injury_dates(letter), *_sides(letter), *_sides_of_requests(letter), *_visits(letter)]
    found += [*_visits_asked(letter), *_strengths(letter)]
    unique = {(one["code"], one["start"], one["end"]): one for one in reversed(found)}
    return sorted(unique.values(), key=lambda one: (one["start"], one["end"], one["code"]))


# --- age

_AGE = re.compile(
    r"\b(\d{2})[-\s]*(?:years?|yrs?|y)[-\s/.]*(?:old|o)\b(?=\s*,?\s*(?:\w+[-\s]+){0,2}(?:fe)?male\b|\s+(?:wo)?man\b|\s+(?:patient|claimant|"
    r"applicant|injured|worker|employee))|\b(?:patient|claimant|applicant|worker|employee)\s+is\s+(?:a\s+|now\s+)?(\d{2})\s+years?\s+old\b",
    re.I,
)
# A birthday may fall between the examination and the review.
_YEARS_APART = 2


def _ages(letter: _Letter) -> Iterator[Remark]:
    named = list(_found(letter, _AGE, letter.rationale))
    # The summary is searched only where a rationale names an age; so below for visits and sides.
    summary = {_age(match) for match in _found(letter, _AGE, letter.summary)} if named else set()
    for match in named:
        if summary and all(abs(age - _age(match)) >= _YEARS_APART for age in summary):
            ages = " and ".join(str(age) for age in sorted(summary))
            yield _remark("number", f"age {_age(match)} in the rationale, {ages} in the case summary", match.span())


def _age(match: re.Match[str]) -> int:
    return int(match[1] or match[2])


# --- date of injury

_OF_INJURY = re.compile(
    r"(?:\b(?:date\s+of\s+(?:industrial\s+)?injury|(?:industrial\s+)?injury\s+date|DOI)\b(?:\s+(?:on|of|is|was|dated))?"
    r"|\b(?:sustained|suffered|incurred)\s+(?:an?\s+)?(?:industrial|work(?:-related)?|occupational|industrial[-\s]work)\s+injury\s+(?:on|of|dated)"
    r"|\b(?:industrial|work(?:-related)?|occupational)\s+(?:injury|accident|claim)\s+(?:on|of|from|dated)|\b(?:was\s+)?injured\s+on)[\s:]*\Z",
    re.I,
)


def _injury_dates(letter: _Letter) -> Iterator[Remark]:
    header = letter.layout.header.date_of_injury
    summary = list(_dates_of_injury(letter, letter.summary))
    known = {iso for iso, _ in summary}
    if header and summary and header not in known:
        iso, where = summary[0]
        yield _remark("date", f"date of injury {iso} in the case summary, {header} in the header", where)
    sources = {one for one in (header, *known) if one}
    for iso, where in _dates_of_injury(letter, letter.rationale):
        if sources and iso not in sources:
            yield _remark("date", f"date of injury {iso} in the rationale, {' and '.join(sorted(sources))} before", where)


# What the words of an injury hold, and few sentences do.
_INJURED = ("injur", "doi", "accident", "claim")


def _dates_of_injury(letter: _Letter, sentences: Iterable[Sentence]) -> Iterator[tuple[str, Offsets]]:
    for sentence in sentences:
        words = letter.text[sentence["start"] : sentence["end"]].lower()
        if words.isascii() and not any(word in words for word in _INJURED):
            continue
        for one in dates_in(letter.text, sentence["start"], sentence["end"]):
            if _OF_INJURY.search(letter.text, max(sentence["start"], one.start - 80), one.start):
                yield one.iso, (one.start, one.end)


# --- sides

_DOMINANT = re.compile(r"[-\s]*(?:hand(?:ed)?[-\s]*)?dominan\w+|ed\b", re.I)


def _sides(letter: _Letter) -> Iterator[Remark]:
    """Compare the sides of body parts: one part, one side in summary and titles, the other side in a rationale."""
    titles = list(_sided(letter, (request.title for request in letter.layout.requests)))
    rationale = list(_sided(letter, ((one["start"], one["end"]) for one in letter.rationale)))
    if not any(one.side in _OPPOSITE for one in [*titles, *rationale]):
        return
    summary = _sides_by_part(_sided(letter, ((one["start"], one["end"]) for one in letter.summary)))
    before = _sides_by_part(titles)
    for part, sides in summary.items():
        before.setdefault(part, set()).update(sides)
    for one in rationale:
        if before.get(one.part) == {_OPPOSITE.get(one.side)}:
            message = f"{one.side} {one.part} in the rationale, {_OPPOSITE[one.side]} everywhere before"
            yield _remark("laterality", message, (one.start, one.end))
    for one in titles:
        if summary.get(one.part) == {_OPPOSITE.get(one.side)}:
            message = f"{one.side} {one.part} in the title, {_OPPOSITE[one.side]} everywhere in the case summary"
            yield _remark("laterality", message, (one.start, one.end))


_OPPOSITE: dict[str | None, str] = {"left": "right", "right": "left"}


def _sides_by_part(found: Iterable[Place]) -> dict[str, set[str | None]]:
    sides: dict[str, set[str | None]] = {}
    for one in found:
        sides.setdefault(one.part, set()).add(one.side)
    return sides


def _sided(letter: _Letter, stretches: Iterable[Offsets]) -> Iterator[Place]:
    for start, end in stretches:
        for one in places(letter.text, start, end) if names_side(letter.text, start, end) else ():
            if one.side and not _DOMINANT.match(letter.text, one.end):
                yield one


def _sides_of_requests(letter: _Letter) -> Iterator[Remark]:
    """Compare the side in a title with the side of the same service in its own rationale, where that is what is asked for."""
    sides = {
        (str(one["attributes"].get("canonical")), one["attributes"].get("laterality"))
        for one in letter.mentions
        if one["label"] == "PROCEDURE" and one["section_kind"] == "request_title"
    }
    for request in letter.layout.requests:
        titled = [
            one for one in _mentions(letter, "PROCEDURE", request.title) if one["attributes"].get("laterality") in _OPPOSITE
        ]
        argued = _mentions(letter, "PROCEDURE", request.rationale) if titled else []
        for own in titled:
            for one in argued:
                name, side = str(one["attributes"].get("canonical")), one["attributes"].get("laterality")
                asked = own["attributes"].get("laterality")
                if name != own["attributes"].get("canonical") or {side, asked} != {"left", "right"}:
                    continue
                if one["assertion"] == "requested" and not {(name, side), (name, "bilateral")} & sides:
                    message = f"{side} side in the rationale, {asked} side in the title of request {request.index}"
                    yield _remark("laterality", message, (one["start"], one["end"]))


# --- visits

_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12,
}  # fmt: skip
_NUMBER = rf"(?P<number>\d{{1,3}}|{'|'.join(_WORDS)})(?:\s*\(\d+\))?"
_KINDS = {
    "physical therapy": r"physical\s+therapy|PT|physiotherapy",
    "chiropractic": r"chiropractic",
    "acupuncture": r"acupuncture",
    "occupational therapy": r"occupational\s+therapy|OT",
}
_KIND = "(?P<kind>" + "|".join(_KINDS.values()) + ")"
_VISITS = r"(?:sessions?|visits?|treatments?)"
_COMPLETED = re.compile(
    rf"\b(?:completed|attended|received|undergone)\s+(?:a\s+total\s+of\s+)?{_NUMBER}\s+(?:prior\s+|previous\s+)?(?:{_VISITS}\s+of\s+{_KIND}"
    rf"|{_KIND.replace('kind', 'also')}\s+{_VISITS})\b(?!\s+(?:in|since|from|between|during|this))",
    re.I,
)


def _visits(letter: _Letter) -> Iterator[Remark]:
    before: dict[str, set[int]] = {}
    completed = list(_found(letter, _COMPLETED, letter.rationale))
    for match in _found(letter, _COMPLETED, letter.summary if completed else ()):
        before.setdefault(_kind(match), set()).add(_number(match))
    for match in completed:
        known = before.get(_kind(match), set())
        if len(known) == 1 and _number(match) not in known:
            message = f"{_number(match)} visits completed in the rationale, {min(known)} in the case summary"
            yield _remark("number", message, match.span())


def _kind(match: re.Match[str]) -> str:
    words = match["kind"] or match["also"]
    return next(name for name, pattern in _KINDS.items() if re.fullmatch(pattern, words, re.I))


def _number(match: re.Match[str]) -> int:
    words = match["number"].lower()
    return _WORDS.get(words) or int(words)


_ASKED = re.compile(
    rf"\brequest(?:ed)?\s+(?:is\s+)?for\s+(?:an?\s+)?(?:additional\s+)?{_NUMBER}\s+(?:\w+\s+){{0,3}}?{_VISITS}\b", re.I
)
_COUNT = re.compile(r"\b(?:\d{1,3}|" + "|".join(_WORDS) + r")\b", re.I)


def _visits_asked(letter: _Letter) -> Iterator[Remark]:
    """Compare the visits that a rationale says are asked for with the counts in its title, printed or multiplied."""
    for request in letter.layout.requests:
        title = letter.text[slice(*request.title)]
        if request.original or request.authorized or not re.search(_VISITS, title, re.I):
            continue
        counts = [_WORDS.get(word.lower()) or int(word) for word in _COUNT.findall(title)]
        allowed = {*counts, *(one * other for one in counts for other in counts)}
        for match in _found(letter, _ASKED, _own(letter, request)):
            if counts and _number(match) not in allowed:
                message = (
                    f"{_number(match)} visits asked for in the rationale, {max(counts)} in the title of request {request.index}"
                )
                yield _remark("number", message, match.span())


# --- strength of the drug in dispute


def _strengths(letter: _Letter) -> Iterator[Remark]:
    for request in letter.layout.requests:
        asked: dict[tuple[str, ...], set[str]] = {}
        for own in _mentions(letter, "MEDICATION", request.title):
            strength = _plain(own["attributes"].get("strength"))
            if strength:
                asked.setdefault(tuple(own["attributes"].get("ingredients", ())), set()).add(strength)
        if not asked:
            continue
        for one in _mentions(letter, "MEDICATION", request.rationale):
            drug, strength = tuple(one["attributes"].get("ingredients", ())), _plain(one["attributes"].get("strength"))
            known = asked.get(drug)
            if not (drug and known and strength) or one["assertion"] != "requested" or strength in known:
                continue
            # "180 mg of morphine" is a day's dose; a strength stands right behind the name.
            if not re.match(r"\s+(?:\w+\s+){0,2}\d", letter.text[one["end"] : one["end"] + 30]):
                continue
            if _REQUEST_BEFORE.search(letter.text, max(0, one["start"] - 60), one["start"]):
                message = f"{strength} in the rationale, {' and '.join(sorted(known))} in the title of request {request.index}"
                yield _remark("number", message, (one["start"], one["end"]))


_REQUEST_BEFORE = re.compile(r"\brequest(?:ed|s)?\b[^.;]*\Z", re.I)


def _plain(strength: object) -> str:
    """Return a strength such that "50mg" and "50 MG" are the same."""
    return "".join(str(strength or "").lower().split())


# --- what all share


def _own(letter: _Letter, request: RequestParts) -> list[Sentence]:
    return [one for one in letter.rationale if one["request"] == request.index]


def _mentions(letter: _Letter, label: str, stretch: Offsets | None) -> list[Mention]:
    return [one for one in beginning_in(letter.mentions, *(stretch or (0, 0))) if one["label"] == label]


def _found(letter: _Letter, pattern: re.Pattern[str], sentences: Iterable[Sentence]) -> Iterator[re.Match[str]]:
    for sentence in sentences:
        yield from pattern.finditer(letter.text, sentence["start"], sentence["end"])


def _remark(kind: str, message: str, where: Offsets) -> Remark:
    return Remark(code=f"disagreement.{kind}", message=message, start=where[0], end=where[1])
