"""The reviewer's credentials, as a block or in prose, and the worker's age and sex. Never a name."""

from __future__ import annotations

import re
from typing import Literal

from unmet.layout.model import Patient, Reviewer
from unmet.layout.pattern import form

_LICENSURE = form(r"State\(?s?\)? of Licensure ?: ?(.{0,400}?)(?= ?Certification\(?s?\)? ?/ ?Specialty ?:|$)", re.S | re.I)
_SPECIALTY = form(r"Certification\(?s?\)? ?/ ?Specialty ?: ?(.{0,300})", re.S | re.I)
_STOPS = (
    r",? and (?:has|is|was|are|holds|licensed|Board|he|she|currently|in active|with)\b"
    r"|,? (?:is|has|holds|licensed|with|who)\b|\. |; |\.?\Z"
)
_BOARD = form(rf"Board[- ]Certified in (.{{3,160}}?)(?={_STOPS})", re.S | re.I)
_SUBSPECIALTY = form(rf"sub-?specialty (?:certificate )?in (.{{3,120}}?)(?={_STOPS}|, )", re.S | re.I)
_LICENSED = form(rf"licensed (?:to practice (?:medicine )?)?in (.{{3,160}}?)(?={_STOPS})", re.S | re.I)
_AGE = form(
    r"(?<![\d/.-])(\d{1,3})[\s-]*(?:years?|yrs?)\.?[\s-]*(?:old|of\s+age|(?=(?:fe)?male\b))"
    r"|(?<![\d/.-])(\d{1,3})[\s-]*(?:Y/?O\b|y\.\s?o\.)"
    r"|\bage[d]?:?\s+(?:of\s+)?(\d{1,3})\b",
    re.I,
)
_SEX = re.compile(r"\b(?:(fe)?male|(wo)?man|(gentlem[ae]n)|(lady))\b", re.I)
_PRONOUN = re.compile(r"\b(?:(she|her|hers|herself)|(he|his|him|himself))\b", re.I)


def parse_reviewer(text: str, start: int, end: int) -> Reviewer:
    """Read the credentials in ``text[start:end]``: the labelled block, else "Board Certified in ..., licensed in ..."."""
    zone = text[start:end]
    licensure = _LICENSURE.search(zone)
    specialty = _SPECIALTY.search(zone)
    if licensure or specialty:
        return Reviewer(
            licensure=_split(licensure[1]) if licensure else (),
            specialties=_split(specialty[1]) if specialty else (),
        )
    specialties: list[str] = []
    for pattern in (_BOARD, _SUBSPECIALTY):
        match = pattern.search(zone)
        if match:
            specialties += [part for part in _split(match[1], conjunction=True) if part not in specialties]
    licensed = _LICENSED.search(zone)
    return Reviewer(
        licensure=_split(licensed[1], conjunction=True) if licensed else (),
        specialties=tuple(specialties),
    )


def _split(listed: str, *, conjunction: bool = False) -> tuple[str, ...]:
    """Split at commas; in prose also at the "and" between two of them, but not inside "Physical Medicine and"."""
    listed = re.sub(r"\s+", " ", listed).strip(" .;,")
    if conjunction:
        listed = re.sub(
            r",? and (?!(?:Rehabilitation|Palliative|General|Environmental|Public|Immunology|Throat)\b)", ", ", listed
        )
    return tuple(part.strip() for part in listed.split(",") if part.strip())


def parse_patient(text: str, start: int, end: int) -> Patient:
    """Read age and sex from the case summary ``text[start:end]``; pronouns decide the sex where no noun does."""
    zone = text[start:end]
    age: int | None = None
    age_match = next((match for match in _AGE.finditer(zone) if 10 <= int(next(g for g in match.groups() if g)) <= 110), None)
    if age_match:
        age = int(next(group for group in age_match.groups() if group))
    nouns = _SEX.search(zone, *((age_match.end(), age_match.end() + 60) if age_match else (0, 300)))
    nouns = nouns or _SEX.search(zone[:600])
    sex: Literal["male", "female"] | None = None
    if nouns:
        sex = "female" if nouns[1] or nouns[2] or nouns[4] else "male"
    else:
        hers = sum(1 for match in _PRONOUN.finditer(zone) if match[1])
        his = sum(1 for match in _PRONOUN.finditer(zone) if match[2])
        if max(hers, his) >= 2 and max(hers, his) >= 4 * min(hers, his):
            sex = "female" if hers > his else "male"
    return Patient(age=age, sex=sex)
