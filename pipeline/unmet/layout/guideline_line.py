"""A request's guideline lines: which guideline a party says it relied on, by body, chapter, edition and place.

Two styles print the same thing. To 2016: "MTUS Chronic Pain Treatment Guidelines NAME; NAME Page(s): 53; 55".
After: "MTUS Chronic Pain Medical Treatment 2016, Section(s): NAME, NAME, and Low Back Complaints 2004, ...".
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

import msgspec

from unmet.knowledge import load_yaml
from unmet.layout.pattern import form


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """One guideline cited: issuing body, chapter, edition (year or as printed), section titles and pages."""

    body: str
    chapter: str | None = None
    edition: str | None = None
    sections: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


class GuidelineLine(msgspec.Struct, frozen=True):
    """What one guideline line says. ``mtus`` is None where no guideline is named at all."""

    mtus: bool | None
    citations: tuple[Citation, ...]


_NONE_CITED = form(r"did not (?:cite|provide|reference) (?:any |a )?(?:medical |evidence|guideline)", re.I)
_OUTSIDE = form(
    r"outside of the MTUS|did not base (?:their|its|his/her|the) decision on the MTUS|MTUS (?:is|was|are) silent", re.I
)
_STATEMENT = form(r"(?:and )?(?:Decision based on|(?:The )?(?:Claims Administrator|(?:Expert|Physician) Reviewer)[^.]{0,20}?"
                  r" (?:based (?:its|his/her|their|the) decision|relied) (?:up)?on"
                  r"|(?:cited|found|considered)\b)", re.I)  # fmt: skip
_NON_MTUS = form(r"Non[- ]?MTUS(?: Citations?)?,?", re.I)
_OTHER = form(r"(?:,? and|,|;|\.)? ?Other Medical Treatment Guidelines?(?: or Medical Evidence)? ?:?", re.I)
_SECTIONS = form(r",? ?Sections?(?:\(s\))? ?:", re.I)
_PAGES = form(
    r"(?:,? ?\(?|\b)(?:Page\(?s?\)? ?:|(?:pages?|pgs?\.?|pp\.?|p\.)) ?(?P<pages>\d[\dA-Za-z]*(?: ?[-\u2013] ?\d+)?"
    r"(?: ?(?:[,;&]|and|,? and) ?\d+(?: ?[-\u2013] ?\d+)?)*)\)?", re.I
)  # fmt: skip
_YEAR = re.compile(r"\b((?:19|20)\d\d)\b")
_EDITION = form(
    r"\(?(?:(?:Online Version ?)?\(?updated:? \d{1,2}/\d{1,2}/\d{2,4}\)?|\b\d{1,2}(?:st|nd|rd|th) (?:annual )?ed(?:ition|\.)?|"
    r"\((?:19|20)\d\d\)|\b(?:19|20)\d\d(?: version)?\b)\)?", re.I
)  # fmt: skip
_WEB = re.compile(r"(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|gov|net|edu)\b(?:/\S*)?", re.I)
_JOURNAL = form(r"\b(?:J(?:ournal)?|Journal of|Ann(?:als)? of|N Engl J Med|JAMA|Lancet|Spine|Clin|Am J|Arch|BMJ|et al)\b[. ]")
_NUMBERED_SECTION = re.compile(r",\s+(?=\d+(?:\.\d+)*\.?\s+[A-Z])")
_CHAPTER_NUMBER = form(
    r"(?:ACOEM(?: (?:Practice )?Guidelines)?,? ?)?(?:\(?2nd Ed(?:ition|\.)?,?\)? ?)?(?:Chapter|Ch\.?) ?\d{1,2}[,:]? ?",
    re.I,
)


# The catalogue links and the record ask for the lines of a letter one after the other.
@lru_cache(maxsize=64)
def parse_guideline_line(text: str) -> GuidelineLine:
    """Parse a guideline line (any whitespace) into its citations, in print order."""
    line = re.sub(r"\s+", " ", text).strip()
    if _NONE_CITED.search(line):
        return GuidelineLine(mtus=None, citations=())
    starts = [match.end() for match in _STATEMENT.finditer(line)]
    ends = [*[match.start() for match in _STATEMENT.finditer(line)][1:], len(line)]
    statements = [line[start:end] for start, end in zip(starts, ends, strict=True)] if starts else [line]
    citations: list[Citation] = []
    for statement in statements:
        statement = re.sub(r"^the\s+", "", statement.strip(" ."), flags=re.I)
        if _OUTSIDE.search(statement) or re.match(r"recommendation", statement, re.I) or not statement:
            continue
        non_mtus = _NON_MTUS.match(statement)
        if non_mtus:
            citations += _outside_citations(statement[non_mtus.end() :])
        elif _is_mtus(statement):
            citations += _mtus_citations(statement)
        else:
            citations += _outside_citations(statement)
    mtus = any(citation.body == "MTUS" for citation in citations)
    if not citations and not _OUTSIDE.search(line):
        return GuidelineLine(mtus=None, citations=())
    return GuidelineLine(mtus=mtus, citations=tuple(citations))


def _is_mtus(statement: str) -> bool:
    return bool(re.match(r"(?:the )?(?:CA[ -]?)?MTUS\b|.{0,120}\bpart of (?:the )?MTUS", statement, re.I)) or bool(
        _chapters().match(statement)
    )


@cache
def _chapters() -> re.Pattern[str]:
    names = sorted(_chapter_names(), key=len, reverse=True)
    listed = "|".join(re.escape(name).replace(r"\ ", " ") for name in names)
    return form(
        rf"(?P<chapter>{listed})(?: \(?MTUS\)?)?(?:,? ?(?:Treatment )?(?:Guidelines?|Chapter))?"
        r"(?:,? ?\((?P<in>ACOEM[^)]{0,80}(?:\([^)]*\)[^)]*)?)\))?,? ?\(?(?P<year>(?:19|20)\d\d)?\)?(?: Guidelines?)?",
        re.I,
    )


@cache
def _chapter_names() -> dict[str, str]:
    names = {}
    for chapter in load_yaml("guidelines.yaml")["chapters"]:
        for name in [chapter["name"], *chapter.get("also", ())]:
            names[name] = chapter["name"]
    return names


def canonical_chapter(printed: str) -> str:
    """Return the standard name of an MTUS chapter for a printed one, or the printed one."""
    return _chapters_by_name().get(re.sub(r"\s+", " ", printed).lower(), printed)


@cache
def _chapters_by_name() -> dict[str, str]:
    return {name.lower(): canonical for name, canonical in _chapter_names().items()}


def _mtus_citations(statement: str) -> list[Citation]:
    # A chapter opens a citation at the start or after ", and"; elsewhere its words are a section's.
    heads: list[re.Match[str]] = []
    for match in _chapters().finditer(statement):
        before = statement[: match.start()]
        lead = _CHAPTER_NUMBER.sub("", re.sub(r"^(?:the )?(?:CA[ -]?)?MTUS[:,]?", "", before, flags=re.I)).strip(" ,(")
        opens = (
            not lead or re.search(r",? and\s*\Z", before) or re.search(r"ACOEM(?: \w+){0,2},?\s*(?:Chapter \d+:?)?\s*\Z", before)
        )
        if opens and (not heads or match["year"] or not heads[-1]["year"]):
            heads.append(match)
    if not heads:
        rest = re.sub(r"^(?:the )?(?:CA[ -]?)?MTUS[:,]?", "", statement, flags=re.I).strip(" ,.")
        return [_with_rest("MTUS", None, None, rest)]
    citations = []
    for index, head in enumerate(heads):
        end = heads[index + 1].start() if index + 1 < len(heads) else len(statement)
        rest = re.sub(r",? and\s*\Z", "", statement[head.end() : end])
        citations.append(_with_rest("MTUS", canonical_chapter(head["chapter"]), head["year"], rest))
    return citations


def _with_rest(body: str, chapter: str | None, edition: str | None, rest: str) -> Citation:
    """Read sections and pages from what stands behind a chapter."""
    pages: list[str] = []
    for match in _PAGES.finditer(rest):
        pages += [re.sub(r"\s", "", page) for page in re.split(r"[,;&]|\band\b", match["pages"]) if page.strip()]
    rest = _PAGES.sub("", rest)
    rest = re.sub(r",? (?:which is )?(?:a )?part of (?:the )?MTUS", "", rest)
    listed = _SECTIONS.split(rest, maxsplit=1)
    if edition is None:
        year = _YEAR.search(listed[0])
        edition = year[1] if year else None
    printed = listed[1] if len(listed) > 1 else _YEAR.sub("", listed[0])
    sections = tuple(dict.fromkeys(_split_sections(printed)))
    # "Section(s): 326" is a page that strayed into the section field.
    pages += [section for section in sections if section.isdigit()]
    return Citation(
        body=body,
        chapter=chapter,
        edition=edition,
        sections=tuple(section for section in sections if not section.isdigit()),
        pages=tuple(pages),
    )


def _split_sections(printed: str) -> list[str]:
    """Split a list of section titles; a comma inside brackets, or before a small letter, belongs to the title."""
    printed = _balanced(printed)
    if not printed:
        return []
    if re.match(r"\d+(?:\.\d+)*\.?\s+[A-Z]", printed):
        return [part.strip(" .,;") for part in _NUMBERED_SECTION.split(printed)]
    protected = {
        match.start() + offset
        for title, pattern in _titles_with_commas()
        if "," in printed
        for match in pattern.finditer(printed)
        for offset, character in enumerate(title)
        if character == ","
    }
    parts, depth, start = [], 0, 0
    for index, character in enumerate(printed):
        depth += (character in "([") - (character in ")]")
        separates = character == ";" or (
            character == "," and index not in protected and not re.match(r"\s*(?:[a-z&]|and\b)", printed[index + 1 :])
        )
        if separates and depth <= 0:
            parts.append(printed[start:index])
            start = index + 1
    parts.append(printed[start:])
    return [part for part in map(_balanced, parts) if part]


@cache
def _titles_with_commas() -> list[tuple[str, re.Pattern[str]]]:
    titles = load_yaml("guidelines.yaml")["sections_with_commas"]
    return [(title, re.compile(re.escape(title), re.I)) for title in titles]


def _balanced(printed: str) -> str:
    """Strip punctuation at both ends, and a bracket whose partner is not there."""
    printed = printed.strip(" .,;:")
    if printed.count("(") < printed.count(")"):
        printed = printed.removesuffix(")").removeprefix(")").strip(" .,;:")
    if printed.count("(") > printed.count(")"):
        printed = printed.removeprefix("(").removesuffix("(").strip(" .,;:")
    return printed


@cache
def _bodies() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (entry["body"], form(rf"(?<!\w)(?:{'|'.join(entry['patterns'])})(?!\w)", re.I))
        for entry in load_yaml("guidelines.yaml")["bodies"]
    ]


def body_of(printed: str) -> str:
    """Name the issuing body of a citation: the first that it names, else "web", "journal" or "other"."""
    found = [(match.start(), body) for body, pattern in _bodies() if (match := pattern.search(printed))]
    if found:
        return min(found)[1]
    if _WEB.search(printed):
        return "web"
    return "journal" if _JOURNAL.search(printed) else "other"


_NEXT_BODY = form(r"(?:;|\.|,? and(?: the)?|,) (?=(?:the )?(?:ODG|ACOEM|Official Disability|UpToDate)\b)", re.I)
_ONLINE = form(r"\(?(?:Online|Internet)(?: Version| Edition)?\)?|,? ?Work Loss Data Institute,?", re.I)
# Names of chapters that hold a comma of their own.
_COMMA_CHAPTER = form(r"Forearm, ?Wrist,? ?(?:and|&) ?Hand|Head \(trauma[^)]*\)", re.I)


def _outside_citations(printed: str) -> list[Citation]:
    citations = []
    for part in _OTHER.split(printed):
        for piece in _NEXT_BODY.split(part):
            cleaned = piece.strip(" .,;:-")
            if cleaned:
                citations.append(_outside_citation(cleaned))
    return citations


def _outside_citation(printed: str) -> Citation:
    body = body_of(printed)
    rest = printed
    pattern = next((pattern for name, pattern in _bodies() if name == body), None)
    if pattern is not None:
        rest = pattern.sub(" ", rest, count=1)
        rest = re.sub(r"^\W*\(?\s*(?:ODG|ACOEM)\s*\)?", "", rest)
        rest = re.sub(r"^[\s,:()-]*(?:(?:Practice |Treatment )?Guidelines?\b)?[\s,:-]*", "", rest)
    elif body in ("web", "journal", "other"):
        pages = [page for match in _PAGES.finditer(rest) for page in re.split(r"[,;&]|\band\b", match["pages"])]
        return Citation(body=body, sections=(rest,), pages=tuple(page.strip() for page in pages))
    pages = [page.strip() for match in _PAGES.finditer(rest) for page in re.split(r"[,;&]|\band\b", match["pages"])]
    rest = _PAGES.sub("", rest)
    editions = [match[0].strip("() ") for match in _EDITION.finditer(rest)]
    rest = re.sub(r"\s+", " ", _ONLINE.sub(" ", _EDITION.sub(" ", rest)))
    rest = re.sub(r"\( ?\)", "", rest).strip(" ,.:;-/")
    chapter: str | None = None
    sections: list[str] = []
    if rest:
        named = re.match(r"(?P<name>[^:/;]{2,60}?),? (?:chapters?|section)\b\s*(?:Guidelines)?", rest, re.I)
        known = re.match(rf"(?P<name>{_COMMA_CHAPTER.pattern})", rest, re.I)
        cut = named or known or re.match(r"(?P<name>[^,:/;(-]{2,60}(?:\((?:Acute|Chronic)[^)]*\))?)", rest)
        if cut:
            chapter = cut["name"].strip(" ,.-") or None
            sections = _split_sections(re.sub(r"^[\s,:/;)-]+|^\((?:Acute|Chronic|Online)[^)]*\)[\s,:/-]*", "", rest[cut.end() :]))
    return Citation(
        body=body,
        chapter=chapter,
        edition=", ".join(editions) or None,
        sections=tuple(sections),
        pages=tuple(pages),
    )
