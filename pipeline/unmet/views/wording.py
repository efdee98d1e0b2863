"""The words in which the views tell a record: plain ones, the same in the terminal and on a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from unmet.knowledge import load_yaml

if TYPE_CHECKING:
    from unmet.record import Basis, Citation, Criterion, Request, Value

# Below this a criterion is shown as uncertain, with its percentage.
UNCERTAIN: Final = 0.7


class Mark(NamedTuple):
    """How a status is shown: readable without colour, in a pipe and by a screen reader."""

    symbol: str
    word: str


class Reason(NamedTuple):
    """Why a criterion is unmet: in short, and what follows from it."""

    short: str
    long: str


STATUS: Final = {
    "unmet": Mark("✗", "unmet"),
    "met": Mark("✓", "met"),
    "not_addressed": Mark("–", "not addressed"),
}
BASIS: Final = {
    "undocumented": Reason("not documented", "Proof missing: can be cured by a better report"),
    "contradicted": Reason("record shows otherwise", "Proof contrary: the record shows otherwise"),
    "exceeded": Reason("limit passed", "Over the limit: more was asked than the guideline allows"),
    "not_recommended": Reason("not recommended", "Not recommended by the guideline; no report can cure this"),
    "inherited": Reason("falls with another request", "Falls with another request"),
}
OUTCOME: Final = {"upheld": "denial upheld", "overturned": "denial overturned", "partial": "partly overturned"}
LOGIC: Final = {
    "all": "every item of its list is required",
    "any": "any item of its list will do",
    "one": "one item of its list will do",
}

_ACRONYMS = frozenset(["adl", "dme", "nsaid"])
_STATUS_ORDER = tuple(STATUS)


def label(code: str) -> str:
    """Return a code of the taxonomy as words."""
    return " ".join(word.upper() if word in _ACRONYMS else word for word in code.split("_"))


def heading(code: str) -> str:
    """Return a code of the taxonomy as words that begin with a capital."""
    words = label(code)
    return words[:1].upper() + words[1:]


def one_line(text: str) -> str:
    """Return the words on one line, without control characters: a terminal would obey them, a page be turned around."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def meaning(criterion_type: str) -> str:
    """Return what the taxonomy says a criterion type asks for, without its examples."""
    words = str(load_yaml("taxonomy.yaml")["criterion_type"][criterion_type])
    return re.sub(r"\s*\([^()]*\)", "", words)


def in_order(request: Request) -> list[Criterion]:
    """Return the criteria of a request as they are shown: unmet ones first, decisive before others."""
    return sorted(request.criteria, key=lambda criterion: (_STATUS_ORDER.index(criterion.status), -criterion.decisive))


def percent(confidence: float) -> str:
    """Return a confidence as "46%"; nothing is wholly certain."""
    return f"{min(confidence, 0.99):.0%}"


def citation_words(citation: Citation) -> str:
    """Return a citation on one line: body, then chapter, edition, sections and pages in brackets."""
    place = [part for part in (citation.chapter, citation.edition, "; ".join(citation.sections)) if part]
    if citation.pages:
        place.append(f"p. {', '.join(citation.pages)}")
    return f"{citation.body} ({', '.join(place)})" if place else citation.body


def guideline_words(basis: Basis) -> str:
    """Return the guidelines of a guideline line on one line."""
    return " + ".join(citation_words(citation) for citation in basis.citations) or "none cited"


def value_words(value: Value, criterion: Criterion) -> str:
    """Return "visits: asked 18, allowed 10"; of a threshold, which nobody asks for, "duration: at least 6 weeks"."""
    name = "" if value.unit and value.unit.startswith(value.quantity) else f"{value.quantity}: "
    unit = f" {value.unit}" if value.unit else ""
    if value.asked is not None:
        allowed = "allowed: not stated" if value.allowed is None else f"allowed {value.allowed:g}"
        return f"{name}asked {value.asked:g}{unit}, {allowed}"
    if value.allowed is None:
        return f"{name}not stated"
    bound = "at least" if criterion.type in load_yaml("limits.yaml")["types"]["least"] else "allowed up to"
    return f"{name}{bound} {value.allowed:g}{unit}"


def to_document(request: Request) -> list[tuple[Criterion, str]]:
    """List what a better report could cure, each with what its type asks for; nothing where the denial was overturned."""
    if request.decision != "upheld":
        return []
    return [(one, meaning(one.type)) for one in request.criteria if one.unmet_basis == "undocumented"]
