"""``unmet_citations``: guideline references in running text, resolved to body, chapter, edition, sections and pages.

The values are those of a request's guideline lines (:mod:`unmet.layout.guideline_line`), so that both can be counted
together: the chapter "Low Back Complaints" whether the letter prints its title, "ACOEM chapter 12" or "9792.23.5".
"""

import re
from functools import cache
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import letter_text
from unmet.components.mentions import Mention, add_mentions, mention, prose_sentences, without_overlaps
from unmet.components.openings import Openings, matches
from unmet.knowledge import load_yaml
from unmet.layout.guideline_line import body_of, canonical_chapter
from unmet.layout.pattern import form, spelled_out

_LISTED = r"\d+(?: ?[-\u2013] ?\d+)?(?:(?: ?, ?| and ?|, and ?| ?& ?)\d+(?: ?[-\u2013] ?\d+)?)*"
_PAGES = form(rf",? ?\(?(?:pages?|pgs?\.?|pp\.?|p\.) ?({_LISTED})\)?", re.I)
_EDITION = form(r"\b(?P<ordinal>\d(?:st|nd|rd|th)) ed(?:ition|\.)?|\b(?P<year>(?:19|20)\d\d)\b(?!\.)", re.I)
_REGULATION = form(r"\b(9792\.2\d(?:\.\d{1,2})?)", re.I)
_CHAPTER_NUMBER = form(r"\b(?:Chapter|Ch\.) ?(\d{1,2})\b", re.I)
_TABLE = form(r"\bTable \d+(?:[-.]\d+)?", re.I)
_NAMED_CHAPTER = form(
    r"(?:ODG|Guidelines?\)?|\(ODG\)),? ?[:(]? ?(?P<name>[A-Z][\w/&, -]{1,40}?(?: \((?:Acute|Chronic)[^)]*\))?) [Cc]hapter"
)
# With what a citation can begin besides the names of bodies and chapters; the last by itself, for it is no token.
_LEADS = ("page", "pages", "pg", "pgs", "pp", "California", "CA", *map(str, range(2000, 2100)))
_ADOPTED = ("(", "8", "CCR", "Title", "section", "sections", "\u00a7")
_ADOPTING = re.compile(r"9792\.2")
# What a citation does not end with.
_LAST_WORDS = form(r"(?:[ ,/(]+|\b(?:in|the|of)\Z)+\Z", re.I)


class _Patterns(NamedTuple):
    """What finds a citation, the words that it can begin with, what finds a chapter in it, and chapters by the words, numbers
    and sections that name them."""

    citation: re.Pattern[str]
    openings: Openings
    chapter: re.Pattern[str]
    spoken: dict[str, str]
    by_number: dict[int, str]
    by_regulation: dict[str, str]


@cache
def _patterns() -> _Patterns:
    data = load_yaml("guidelines.yaml")
    written = [pattern for entry in data["bodies"] for pattern in entry["patterns"] if entry["body"] not in ("FDA", "CMS")]
    bodies = "|".join(written)
    chapters = data["chapters"]
    spoken = {words.lower(): chapter["name"] for chapter in chapters for words in chapter.get("spoken", ())}
    printed = {name for chapter in chapters for name in [chapter["name"], *chapter.get("also", ())]}
    titles = _any(printed)
    behind = _any({*printed, *spoken})
    regulation = (
        r"(?:,? ?\(?(?:8 CCR |CCR |Title 8,? )?(?:sections? |\u00a7+ ?)?9792\.2\d(?:\.\d{1,2})?(?:\(?[a-z]{1,2}\)?(?!\w))?\)?)"
    )
    place = (
        rf"(?:,? ?\(?(?:{bodies}|{behind})(?:\)|\b)|,? ?\(?(?:Chapter|Ch\.|Table|Section) ?\d+(?:[-.]\d+)*\)?|{regulation}"
        r"| ?Medical Treatment| ?Treatment| ?Practice| ?Guidelines?"
        r"|[,:]? ?\(?(?-i:(?:[A-Z][\w/&-]*,? (?:(?:and|&|\((?:Acute|Chronic)[^)]{0,20}\)) )?){1,4})chapter\b"
        r"| ?section| ?chapter|,? \(?\d(?:st|nd|rd|th) ed(?:ition|\.)?,?\)?|,? \(?(?:19|20)\d\d\)?(?!\.\d)|/| ?in"
        r"| ?\((?:ODG|ACOEM|MTUS)\))"
    )
    pages = rf"(?:,? ?\(?(?:pages?|pgs?\.?|pp\.?) ?{_LISTED}\)?)"
    lead = rf"(?:(?:pages?|pgs?\.?|pp\.?) ?{_LISTED} of (?:the )?)?"
    # A chapter's title without its body is one only in capitals, or before "Guidelines": "low back complaints" are none.
    alone = rf"(?:{titles})(?= (?:Guidelines?|chapter)\b)|(?-i:{titles})"
    stated = regulation.replace(",? ?", "", 1)
    pattern = form(
        rf"(?<![\w.]){lead}(?:California |CA[- ]?|20\d\d )?(?:(?:{bodies}|{alone})(?!\w)|{stated}){place}*{pages}?",
        re.I,
    )
    named = [*printed, *(term for one in written for term in spelled_out(one) or ())]
    return _Patterns(
        pattern,
        Openings([*_LEADS, *_ADOPTED, *named, *(f"CA{term}" for term in named)]),
        form(behind, re.I),
        spoken,
        {chapter["acoem"]: chapter["name"] for chapter in chapters if "acoem" in chapter},
        {chapter["regulation"]: chapter["name"] for chapter in chapters if "regulation" in chapter},
    )


def _any(names: set[str]) -> str:
    return "|".join(re.escape(name).replace(r"\ ", " ") for name in sorted(names, key=lambda name: (-len(name), name)))


class Citations:
    """Finds citations in summaries and rationales."""

    def __call__(self, doc: Doc) -> Doc:
        text = letter_text(doc)
        patterns = _patterns()
        places = patterns.openings.places(doc, text, [match.start() for match in _ADOPTING.finditer(text)])
        found: list[Mention] = []
        for sentence in prose_sentences(doc):
            if sentence["section_kind"] == "request_title":
                continue
            for match in matches(patterns.citation, text, sentence["start"], sentence["end"], places):
                last = _LAST_WORDS.search(text, match.start(), match.end())
                end = last.start() if last else match.end()
                attributes = citation_attributes(text[match.start() : end])
                found.append(mention("CITATION", sentence, match.start(), end, rule="guidelines.citation", attributes=attributes))
        add_mentions(doc, without_overlaps(found))
        return doc


def citation_attributes(printed: str) -> dict[str, Any]:
    """Resolve a citation as printed: ``body``, and where it names them ``chapter``, ``edition``, ``sections``, ``pages``."""
    patterns = _patterns()
    words = " ".join(printed.split())
    pages = [page for listed in _PAGES.finditer(words) for page in re.split(r",|&|\band\b", listed[1])]
    rest = _PAGES.sub(" ", words)
    body = body_of(rest)
    attributes: dict[str, Any] = {"body": body}
    number = _CHAPTER_NUMBER.search(rest)
    regulation = _REGULATION.search(rest)
    chapter: str | None = None
    if body in ("MTUS", "ACOEM", "other", "Labor Code"):
        named = patterns.chapter.search(rest)
        if named:
            chapter = patterns.spoken.get(named[0].lower()) or canonical_chapter(named[0])
        elif number and not rest.lower().count("3rd ed"):
            chapter = patterns.by_number.get(int(number[1]))
        elif regulation:
            chapter = patterns.by_regulation.get(regulation[1])
    if chapter is None and body not in ("MTUS", "ACOEM") and (titled := _NAMED_CHAPTER.search(rest)):
        chapter = titled["name"].strip(" ,")
    if body in ("other", "Labor Code") and (chapter or regulation):
        # Chapters, and these sections of the regulations, are those of the MTUS.
        attributes["body"] = "MTUS"
    if chapter:
        attributes["chapter"] = chapter
    edition = _EDITION.search(rest)
    if edition:
        attributes["edition"] = edition["year"] or f"{edition['ordinal'].lower()} edition"
    sections = [table[0] for table in _TABLE.finditer(rest)] + ([regulation[1]] if regulation else [])
    if sections:
        attributes["sections"] = sections
    if number:
        attributes["acoem_chapter"] = int(number[1])
    if pages:
        attributes["pages"] = [re.sub(r"\s", "", page).replace("\u2013", "-") for page in pages if page.strip()]
    return attributes


@Language.factory("unmet_citations", requires=["doc._.sentences"], assigns=["doc._.mentions"])
def create_citations(nlp: Language, name: str) -> Citations:
    """Make the component."""
    return Citations()
