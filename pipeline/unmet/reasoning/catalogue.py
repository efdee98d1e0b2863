"""The guideline catalogue: what the guidelines of each treatment family ask for, and what a criterion of a letter is in it.

The data are ``knowledge/catalogue/``: ``editions.yaml`` holds the guidelines by edition and the days they were in force,
every other file one treatment family with its guidelines and their criteria (``docs/catalogue.md``).
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import msgspec

from unmet.errors import KnowledgeError
from unmet.knowledge import codes, load_yaml
from unmet.layout.guideline_line import Citation, canonical_chapter
from unmet.layout.pattern import form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_FOLDER = "catalogue"
_EDITIONS = "editions.yaml"

Verified = Literal["letters", "general"]


class _Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every record of the catalogue says of itself: seen in how many letters, or general knowledge."""

    verified: Verified
    letters: int = 0


class Edition(_Data, frozen=True, kw_only=True):
    """One edition of a guideline, as citations name it; ``first`` and ``last`` are days in force, None where not known."""

    id: str
    body: str
    chapter: str
    edition: str | None = None
    also: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    first: dt.date | None = None
    last: dt.date | None = None

    def in_force(self, day: dt.date | None) -> bool:
        """Tell whether the edition is in force on ``day``; an unknown day, or limit, excludes nothing."""
        return day is None or ((self.first or day) <= day <= (self.last or day))


class Governing(_Data, frozen=True, kw_only=True):
    """A guideline that governs a family: its sections and pages about it, of them the pages that letters cite.

    ``regions`` narrows the body parts, ``covers`` (patterns) the treatments of the family that it is about.
    """

    id: str
    sections: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    pages_seen: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number that a guideline sets: a ceiling (``allowed``) or a floor (``at_least``)."""

    quantity: str
    unit: str
    allowed: float | None = None
    at_least: float | None = None


class Entry(_Data, frozen=True, kw_only=True):
    """One criterion. ``under`` maps the guidelines that ask for it to pages; ``logic`` says how it stands beside the
    family's other criteria of that guideline; ``words`` are patterns that tell it from others of its type."""

    id: str
    type: str
    text: str
    logic: Literal["all", "any", "one"]
    under: dict[str, tuple[str, ...]]
    limits: tuple[Limit, ...] = ()
    words: tuple[str, ...] = ()


class Family(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A treatment family, the guidelines that govern it and their criteria."""

    family: str
    guidelines: tuple[Governing, ...]
    criteria: tuple[Entry, ...]


class Catalogue(msgspec.Struct, frozen=True, dict=True):
    """The guidelines by id and the families by code."""

    editions: dict[str, Edition]
    families: dict[str, Family]

    @cached_property
    def by_name(self) -> dict[tuple[str, str], list[Edition]]:
        """Editions by body and lower-case name of their chapter, its other names among them."""
        named: dict[tuple[str, str], list[Edition]] = {}
        for edition in self.editions.values():
            for name in (edition.chapter, *edition.also):
                named.setdefault((edition.body, folded(name)), []).append(edition)
        return named


@cache
def load_catalogue() -> Catalogue:
    """Return the catalogue, loaded once; raises ``KnowledgeError`` where the data are damaged or name unknown codes."""
    editions = _convert(load_yaml(f"{_FOLDER}/{_EDITIONS}"), tuple[Edition, ...], _EDITIONS)
    folder = files("unmet.knowledge").joinpath(_FOLDER)
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".yaml") and path.name != _EDITIONS)
    families = {name: _convert(load_yaml(f"{_FOLDER}/{name}"), Family, name) for name in names}
    return checked(editions, families)


_T = TypeVar("_T")


def _convert(data: Any, kind: type[_T], name: str) -> _T:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise KnowledgeError(f"knowledge/{_FOLDER}/{name}: {error}") from error


def checked(editions: Sequence[Edition], families: dict[str, Family]) -> Catalogue:
    """Return the catalogue of ``editions`` and of families by file name; raises ``KnowledgeError`` where they disagree.

    Ids are unique, codes those of ``taxonomy.yaml``, a criterion stands under guidelines of its family, and what letters
    verify says in how many.
    """
    known = {edition.id: edition for edition in editions}
    if len(known) != len(editions):
        raise KnowledgeError(f"knowledge/{_FOLDER}/{_EDITIONS}: an id is given twice")
    seen: set[str] = set()
    for name, family in families.items():
        governing = {guideline.id for guideline in family.guidelines}
        for problem in _problems(family, governing, known, seen):
            raise KnowledgeError(f"knowledge/{_FOLDER}/{name}: {problem}")
        seen |= {entry.id for entry in family.criteria}
    counted: list[_Data] = [*editions]
    for family in families.values():
        counted += [*family.guidelines, *family.criteria]
    if any((one.verified == "letters") != (one.letters > 0) for one in counted):
        raise KnowledgeError(f"knowledge/{_FOLDER}: what is verified in letters says in how many, and nothing else does")
    return Catalogue(editions=known, families={family.family: family for family in families.values()})


def _problems(family: Family, governing: set[str], known: dict[str, Edition], seen: set[str]) -> Iterator[str]:
    if family.family not in codes("treatment_family"):
        yield f"unknown treatment family {family.family!r}"
    yield from (f"unknown guideline {one!r}" for one in sorted(governing - known.keys()))
    for entry in family.criteria:
        if entry.type not in codes("criterion_type"):
            yield f"{entry.id}: unknown criterion type {entry.type!r}"
        if not entry.under or not entry.under.keys() <= governing:
            yield f"{entry.id}: stands under no guideline of the family, or under one it does not have"
        if any((limit.allowed is None) == (limit.at_least is None) for limit in entry.limits):
            yield f"{entry.id}: a limit is either 'allowed' or 'at_least'"
        if entry.id in seen or sum(other.id == entry.id for other in family.criteria) > 1:
            yield f"{entry.id}: the id is given twice"


_NO_NAME = re.compile(r"\([^)]*\)|\b(?:chapter|section|guidelines?|treatment)\b")
_NAME_WORD = re.compile(r"[a-z]+")


def folded(name: str) -> str:
    """Return the name of a chapter or section so that its spellings agree: small letters, no brackets, "and" for "&"."""
    return " ".join(_NAME_WORD.findall(_NO_NAME.sub(" ", name.lower().replace("&", " and "))))


class Asked(NamedTuple):
    """What is known of one criterion of one request.

    ``words`` are its statement's or, where it is not ``stated``, its evidence's; ``context`` is the sentence of a
    statement. ``near`` are citations of the rationale, the one that governs the words first; ``reviewer`` and
    ``administrator`` those of the guideline lines.
    """

    family: str
    type: str
    words: str
    stated: bool
    context: str = ""
    near: tuple[Citation, ...] = ()
    reviewer: tuple[Citation, ...] = ()
    administrator: tuple[Citation, ...] = ()
    decided: dt.date | None = None


class Link(NamedTuple):
    """The catalogue entry of a criterion, and the citation it stands under; None where there is none."""

    entry: str | None
    citation: Citation | None


def link(asked: Asked) -> Link:
    """Find the catalogue entry of a criterion among those that the guideline cited for it has.

    A stated criterion stands under the citation next before it, one without words of its own under the reviewer's
    guideline line, then under the citations of the rationale. The claims administrator's line counts only where the
    reviewer names no guideline at all. Where the letter names no edition, the decision date tells it.
    """
    catalogue = load_catalogue()
    family = catalogue.families.get(asked.family)
    first: Citation | None = None
    for citation in _governing(asked):
        editions = named_editions(citation, asked.decided)
        if not editions:
            # "The guidelines", by the name of their body alone: those of its kind that the line or the family has.
            continue
        complete = _complete(citation, editions)
        first = first or complete
        entry = _best(family, {edition.id for edition in editions}, asked) if family else None
        if entry:
            return Link(entry.id, complete)
    return Link(None, first)


def _governing(asked: Asked) -> Iterator[Citation]:
    lines = asked.reviewer
    near = asked.near[:1] if asked.stated else asked.near
    if asked.stated and near:
        yield from _specific(near[0], asked)
        return
    yield from lines
    for citation in near:
        yield from _specific(citation, asked)
    if not lines and not near:
        yield from asked.administrator


def _specific(citation: Citation, asked: Asked) -> Iterator[Citation]:
    """Yield ``citation``, or what the name of a body alone stands for: the guidelines of that body that the line cites,
    else those of the family that were in force."""
    if citation.chapter or named_editions(citation, asked.decided):
        same = [one for one in asked.reviewer if one.chapter and one.chapter == citation.chapter]
        yield from same or [citation]
        return
    cited = [one for one in asked.reviewer if of_body(one, citation.body, asked.decided)]
    if not cited and citation.body == "ODG":
        # The chronic pain guidelines of the MTUS quote the ODG: named in passing, it stands for the line's guideline.
        cited = [one for one in asked.reviewer if one.body == "MTUS"]
    if cited:
        yield from cited
        return
    catalogue = load_catalogue()
    family = catalogue.families.get(asked.family)
    for guideline in family.guidelines if family else ():
        edition = catalogue.editions[guideline.id]
        candidate = Citation(body=edition.body, chapter=edition.chapter, edition=edition.edition)
        if edition.in_force(asked.decided) and of_body(candidate, citation.body, asked.decided):
            yield candidate


def of_body(citation: Citation, body: str, day: dt.date | None = None) -> bool:
    """Tell whether ``citation`` is one of ``body``'s; the chapters of the ACOEM that the MTUS adopts are both's."""
    if citation.body == body:
        return True
    return {citation.body, body} == {"MTUS", "ACOEM"} and (
        citation.chapter in _acoem_chapters() or (day is not None and day >= ACOEM_ADOPTED)
    )


# Since that day the MTUS is, for nearly all of its topics, the guideline of the ACOEM (8 CCR 9792.23, general knowledge).
ACOEM_ADOPTED = dt.date(2017, 12, 1)


@cache
def _acoem_chapters() -> frozenset[str]:
    return frozenset(chapter["name"] for chapter in load_yaml("guidelines.yaml")["chapters"] if "acoem" in chapter)


def named_editions(citation: Citation, day: dt.date | None) -> list[Edition]:
    """Return the editions in the catalogue that ``citation`` names: of the year printed, else those in force on ``day``."""
    bodies = {"MTUS": ("MTUS", "ACOEM"), "ACOEM": ("ACOEM", "MTUS")}.get(citation.body, (citation.body,))
    for printed in [citation.chapter, *citation.sections[:2]]:
        found = list(_editions_in(printed, bodies)) if printed else []
        if found:
            year = [edition for edition in found if edition.edition and edition.edition == citation.edition]
            return year or [edition for edition in found if edition.in_force(day)]
        if citation.chapter and citation.body == "MTUS":
            return []
    return []


# Bounded: letters bring ever new spellings.
@lru_cache(maxsize=4096)
def _editions_in(printed: str, bodies: tuple[str, ...]) -> tuple[Edition, ...]:
    """Return the editions whose chapter ``printed`` is, of the first body that has one, else those it holds the name of."""
    named = load_catalogue().by_name
    words = folded(canonical_chapter(printed))
    for body in bodies:
        if (body, words) in named:
            return tuple(named[body, words])
    # A folded name is words with blanks between them.
    held = [(body, name) for body, name in named if body == bodies[0] and f" {name} " in f" {words} "]
    longest = [one for one in held if not any(one[1] != other[1] and one[1] in other[1] for other in held)]
    return tuple(dict.fromkeys(edition for one in longest for edition in named[one]))


def _complete(citation: Citation, editions: Sequence[Edition]) -> Citation:
    """Fill in the chapter and the edition that a citation leaves out."""
    (edition, *others) = editions
    return msgspec.structs.replace(
        citation,
        chapter=citation.chapter or edition.chapter,
        edition=citation.edition or (None if others else edition.edition),
    )


def _best(family: Family, guidelines: set[str], asked: Asked) -> Entry | None:
    """Return the entry of the type whose words are most in what is asked, then in its context; the first of equals."""
    entries = [one for one in family.criteria if one.type == asked.type and not guidelines.isdisjoint(one.under)]
    scores = [_score(entry, asked.words) for entry in entries]
    most = max(scores, default=0)
    best = [entry for entry, score in zip(entries, scores, strict=True) if score == most]
    if len(best) == 1 and most:
        return best[0]
    scores = [_score(entry, asked.context) for entry in best]
    return best[scores.index(max(scores))] if most or any(scores) else None


def _score(entry: Entry, words: str) -> float:
    """Count the patterns of an entry that ``words`` hold; an entry without patterns is its type's for want of a better."""
    return sum(bool(pattern.search(words)) for pattern in patterns(entry.words)) if entry.words else 0.5


@cache
def patterns(words: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Compile patterns of the catalogue: any case, a blank for any whitespace, from the beginning of a word."""
    return tuple(form(rf"(?<!\w)(?:{word})", re.I, seldom=True) for word in words)


def verified_guidelines(family: Family, day: dt.date | None) -> Iterable[tuple[Governing, Edition]]:
    """Yield the guidelines in force on ``day`` that letters cite for ``family``."""
    editions = load_catalogue().editions
    for guideline in family.guidelines:
        edition = editions[guideline.id]
        if guideline.verified == "letters" and edition.in_force(day):
            yield guideline, edition
