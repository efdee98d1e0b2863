"""Dates in running text, as ISO 8601, with what they are the dates of where the words say so."""

from __future__ import annotations

import re
from typing import NamedTuple

from unmet.layout.header import iso_date

_DATE = re.compile(
    r"(?<![\w/.-])\d{1,2}\s?([/-])\s?\d{1,2}\s?\1\s?(?:\d{4}|\d{2})(?![\w/]|-\d|\.\d)"
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\s+\d{1,2},?\s+\d{4}\b",
    re.I,
)
# What every date holds, and few sentences do.
_DATED = re.compile(r"\d(?:\s?[/-]|\d{3})")
_INJURY = re.compile(
    r"\b(?:date\s+of\s+injury|DOI|injur(?:y|ed)|injuries|accident|incident|claim)\b(?:\s+(?:on|of|from|dated?|date|was|is|that|occurred|"
    r"occurring|sustained|she|he|claim|to|the|a|reported|as|arising|in|at|work))*[\s:,(]*\Z",
    re.I,
)
_BIRTH = re.compile(r"\b(?:birth\s*date|date\s+of\s+birth|DOB|born)\b[^.;]{0,40}\Z", re.I)


class Dated(NamedTuple):
    """A date where it stands; whether the words before it make it the day of the injury, or a birthday."""

    start: int
    end: int
    iso: str
    of_injury: bool
    of_birth: bool


def dates_in(text: str, start: int, end: int) -> list[Dated]:
    """Return the full dates in ``text[start:end]``, in reading order."""
    found: list[Dated] = []
    if not _DATED.search(text, start, end):
        return found
    for match in _DATE.finditer(text, start, end):
        iso = iso_date(re.sub(r"\s*([/-])\s*", r"\1", match[0]))
        if iso is not None:
            before = text[max(start, match.start() - 70) : match.start()]
            found.append(Dated(match.start(), match.end(), iso, bool(_INJURY.search(before)), bool(_BIRTH.search(before))))
    return found
