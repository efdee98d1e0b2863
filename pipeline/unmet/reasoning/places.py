"""Where on the body: parts, sides and spinal levels in the words of a letter, and whether two of them can be the same place."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from unmet.errors import KnowledgeError
from unmet.knowledge import load_yaml
from unmet.layout.pattern import any_of, form


class Place(NamedTuple):
    """A body part (its canonical name in ``knowledge/anatomy.yaml``) where it stands; ``side`` left, right, bilateral, None."""

    start: int
    end: int
    part: str
    side: str | None


class _Anatomy(NamedTuple):
    pattern: re.Pattern[str]
    side: re.Pattern[str]
    parts: dict[str, str]
    sides: dict[str, str]
    sided: frozenset[str]
    by_level: dict[str, str]


@cache
def _anatomy() -> _Anatomy:
    data = load_yaml("anatomy.yaml")
    parts: dict[str, str] = {}
    for one in data["body_parts"]:
        for term in [one["canonical"], *one.get("terms", ()), *one.get("adjectives", ())]:
            parts.setdefault(term.lower(), one["canonical"])
            parts.setdefault(term.lower() + "s", one["canonical"])
    sides = {term.lower(): side for side, terms in data["laterality"].items() for term in terms}
    pattern = form(
        rf"(?<!\w)(?:(?P<side>{any_of(sides)})|(?P<part>{any_of(parts)})|(?P<level>[CTLS])\d{{1,2}})(?!\w)|(?P<stop>[;.]|,)", re.I
    )
    sided = frozenset(one["canonical"] for one in data["body_parts"] if "plural" in one)
    by_level = {letter: names[0] for letter, names in data["level_parts"].items()}
    return _Anatomy(pattern, form(rf"(?<!\w)(?:{any_of(sides)})(?!\w)", re.I), parts, sides, sided, by_level)


def names_side(text: str, start: int, end: int) -> bool:
    """Tell whether ``text[start:end]`` names a side at all: where it does not, none of its :func:`places` has one."""
    return _anatomy().side.search(text, start, end) is not None


# Between a side and its part, or a part and its side behind it, stand few words.
_ADJACENT = 25


def places(text: str, start: int, end: int) -> list[Place]:
    """Return the body parts named in ``text[start:end]``, in reading order, each with the side said of it.

    A side goes with the parts behind it up to the next side or punctuation ("left shoulder and elbow"), or with the part
    right before it ("tenderness of the knee bilaterally"). The spine has no side: its midline is one place.
    """
    anatomy = _anatomy()
    found: list[Place] = []
    side: str | None = None
    side_end = start
    for match in anatomy.pattern.finditer(text, start, end):
        if match["stop"]:
            side = None
        elif match["side"]:
            side, side_end = anatomy.sides[" ".join(match["side"].lower().split())], match.end()
            last = found[-1] if found else None
            if last and last.side is None and last.part in anatomy.sided and not text[last.end : match.start()].strip():
                found[-1], side = last._replace(side=side), None
        else:
            part = _part(match)
            near = match.start() - side_end <= _ADJACENT
            found.append(Place(match.start(), match.end(), part, side if part in anatomy.sided and near else None))
            side_end = match.end()
    return found


def _part(match: re.Match[str]) -> str:
    if match["level"]:
        return _anatomy().by_level[match["level"].upper()]
    return _anatomy().parts[" ".join(match["part"].lower().split())]


@cache
def _regions(kind: str) -> dict[str, frozenset[str]]:
    """Return ``regions.{kind}`` of the data file: the parts of each region, or of each whole limb."""
    known = set(_anatomy().parts.values())
    regions = {name: frozenset(parts) for name, parts in load_yaml("counter_evidence.yaml")["regions"][kind].items()}
    unknown = frozenset().union(*regions.values()) - known
    if unknown:
        raise KnowledgeError(f"knowledge/counter_evidence.yaml, regions: no body part {sorted(unknown)} in anatomy.yaml")
    return regions


def within(found: Place, asked: Place, kind: str) -> bool:
    """Tell whether what was found at one place is about the place asked for: one region, no opposite side.

    ``kind`` is "same" (what hurts there) or "nerve" (what the roots of that part of the spine supply).
    """
    if opposite(found, asked):
        return False
    one = any(found.part in parts and asked.part in parts for parts in _regions(kind).values())
    return one or found.part == asked.part or found.part in _regions("whole").get(asked.part, ())


def opposite(one: Place, other: Place) -> bool:
    """Tell whether one place is on the left and the other on the right."""
    return {one.side, other.side} == {"left", "right"}
