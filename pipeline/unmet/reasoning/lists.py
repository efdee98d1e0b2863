"""Lists of requirements: the items of a rationale's lists, their ordinals, and whether all or any of them are asked.

A list is told by its marks counting up ("1. ... 2. ...", "(a) ... (b) ...", "i) ... ii) ...") or repeating themselves (bullets);
line breaks are never consulted. Offsets are 0-based, end-exclusive.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from unmet.components.rules import union
from unmet.knowledge import load_yaml
from unmet.layout.sentences import sentence_starts
from unmet.together import LETTERS

if TYPE_CHECKING:
    from unmet.layout.model import Offsets

# Two marks of one list are at most as far apart as a long requirement.
_APART = 900  # characters
# How far before its first item the words stand that say how many of the items are asked.
_LEAD_IN = 250  # characters
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_BULLETS = "\u2022\u25cf\u25aa\u25e6\u2023\uf0b7\u00b7"
_MARK = re.compile(
    rf"(?<![^\s(\"\u201c;,:])(?:\(\s*(?P<bracketed>\d{{1,2}}|[a-z]|[ivx]{{2,4}})\s*\)"
    rf"|(?P<closed>\d{{1,2}}|[a-z]|[ivx]{{2,4}})\)|(?P<dotted>\d{{1,2}}|[a-z]|[ivx]{{2,4}})\.)(?=\s*[A-Za-z\"\u201c(])"
    rf"|(?P<bullet>[{_BULLETS}]|(?<=[.;:]\s)[*\u2013-](?=\s))",
    re.I,
)
# Before a mark that only refers to something ("item 1.", "Table 2.", "page 46.").
_REFERRED = re.compile(
    r"\b(?:items?|numbers?|criteri(?:on|a)|steps?|pages?|p|pp|chapters?|sections?|tables?|figures?|grades?|stages?|types?|phases?|levels?|questions?"
    r"|points?|vitamin|hepatitis|ages?|aged|by|than|about|of|dr|no|part)[.\s]*\Z",
    re.I,
)
# Before a letter with a full stop that opens an item and is no initial.
_OPENS = re.compile(r"(?:\A|[.;:,?!)\"\u201d]|\b(?:and|or|following))\s*\Z", re.I)


class Item(NamedTuple):
    """An item of a list: where its words stand, without the mark; ``ordinal`` counts from 1, ``group`` tells lists apart."""

    start: int
    end: int
    ordinal: int
    group: int


class _Mark(NamedTuple):
    start: int
    end: int
    style: str
    readings: tuple[tuple[str, int], ...]  # what it may count as: kind of numeral and ordinal


# Every criterion of a rationale asks for its lists and sentences; what was found is kept while the letter is read.
_KEPT = 4 * LETTERS
# The relation model decides anew which criteria there are, but not what is said of their statements.
_STATEMENTS_KEPT = 16 * LETTERS


@lru_cache(maxsize=_KEPT)
def _sentences(text: str, start: int, end: int) -> tuple[int, ...]:
    return tuple(sentence_starts(text, start, end))


@lru_cache(maxsize=_KEPT)
def list_items(text: str, start: int, end: int) -> tuple[Item, ...]:
    """Return the items of the lists in ``text[start:end]``, in reading order; an item of a list within an item follows it."""
    runs = _runs([_mark(match) for match in _MARK.finditer(text, start, end) if not _refers(text, start, match)])
    runs = [run for run in runs if len(run) >= 2]
    marks = sorted({mark.start for run in runs for mark, _ in run})
    items = []
    for group, run in enumerate(runs):
        for place, (mark, ordinal) in enumerate(run):
            stop = run[place + 1][0].start if place + 1 < len(run) else _last_end(text, mark.end, end, marks)
            items.append(Item(mark.end, stop, ordinal, group))
    return tuple(sorted(items, key=lambda one: (one.start, -one.end)))


def _refers(text: str, start: int, match: re.Match[str]) -> bool:
    """Tell a mark that only refers to something, and an initial of a name, from one that opens an item."""
    if match["bullet"]:
        return False
    if (
        match["dotted"]
        and not match["dotted"].isdigit()
        and not _OPENS.search(text, max(start, match.start() - 14), match.start())
    ):
        return True
    return _REFERRED.search(text, max(start, match.start() - 14), match.start()) is not None


def _mark(match: re.Match[str]) -> _Mark:
    if match["bullet"]:
        style = match["bullet"] if match["bullet"] in _BULLETS else "-"
        return _Mark(match.start(), match.end(), style, (("bullet", 0),))
    style = next(name for name in ("bracketed", "closed", "dotted") if match[name])
    printed = match[style]
    if printed.isdigit():
        return _Mark(match.start(), match.end(), style, (("digit", int(printed)),))
    lower, case = printed.lower(), "upper" if printed.isupper() else "lower"
    readings = [(f"letter {case}", ord(lower) - ord("a") + 1)] if len(lower) == 1 else []
    if lower in _ROMAN:
        readings.append((f"roman {case}", _ROMAN.index(lower) + 1))
    return _Mark(match.start(), match.end(), style, tuple(readings))


def _runs(marks: list[_Mark]) -> list[list[tuple[_Mark, int]]]:
    """Join marks that count up from one to runs; a mark goes on with the nearest run that it fits."""
    open_runs: dict[tuple[str, str], list[tuple[_Mark, int]]] = {}
    closed: list[list[tuple[_Mark, int]]] = []
    for mark in marks:
        for kind, ordinal in mark.readings:
            run = open_runs.get((mark.style, kind))
            near = run is not None and mark.start - run[-1][0].end < _APART
            if run is not None and near and kind == "bullet":
                run.append((mark, len(run) + 1))
                break
            if run is not None and near and ordinal == run[-1][1] + 1:
                run.append((mark, ordinal))
                break
        else:
            for kind, ordinal in mark.readings:
                if ordinal == 1 or kind == "bullet":
                    if (mark.style, kind) in open_runs:
                        closed.append(open_runs[mark.style, kind])
                    open_runs[mark.style, kind] = [(mark, 1)]
    return sorted([*closed, *open_runs.values()], key=lambda run: run[0][0].start)


def _last_end(text: str, start: int, end: int, marks: list[int]) -> int:
    """Return where the last item of a list ends: with its sentence, or where another list's mark stands."""
    end = min(end, start + _APART)
    starts = sentence_starts(text, start, end)
    stop = starts[1] if len(starts) > 1 else end
    following = bisect_right(marks, start)
    return min([stop, *marks[following : following + 1]])


def item_of(text: str, rationale: Offsets, place: Offsets) -> Item | None:
    """Return the innermost list item of the rationale that ``place`` begins in, or whose mark it begins with; None for none."""
    around = [
        one for one in list_items(text, *rationale) if place[0] < one.end and one.start < place[1] and one.start - place[0] < 8
    ]
    return max(around, key=lambda one: (one.start, -one.end), default=None)


def ordinal_of(text: str, rationale: Offsets, statement: Offsets) -> int | None:
    """Return the number of the list item that states a criterion (letters and bullets counted from 1), None outside of lists."""
    item = item_of(text, rationale, statement)
    return item.ordinal if item else None


@lru_cache(maxsize=_STATEMENTS_KEPT)
def logic_of(text: str, rationale: Offsets, statement: Offsets) -> str | None:
    """Return how many of the requirements beside this one are asked: "all", "any" or "one" of them; None where it is not said.

    For an item of a list its lead-in says so ("at least one of the following"), else the words between the items; for other
    statements the words before it in its sentence.
    """
    items = list_items(text, *rationale)
    item = item_of(text, rationale, statement)
    if item is None:
        starts = _sentences(text, *rationale)
        before = bisect_right(starts, statement[0])
        return _said(text, starts[before - 1] if before else rationale[0], statement[0])
    group = [one for one in items if one.group == item.group]
    first = group[0].start
    return _said(text, max(rationale[0], first - _LEAD_IN), first) or _between(text, group)


def _said(text: str, start: int, end: int) -> str | None:
    """Return the tie that stands last before the list."""
    ties = [(match.end(), tie) for tie in ("all", "any", "one") for match in _tie(tie).finditer(text, start, end)]
    return max(ties)[1] if ties else None


def _between(text: str, group: list[Item]) -> str | None:
    """Return the tie that the words between two items make: "or" gives any, "and" all."""
    joined = [match[1].lower() for one in group[:-1] if (match := _connective().search(text, one.start, one.end))]
    if "or" in joined or "and/or" in joined:
        return "any"
    return "all" if joined else None


@cache
def _tie(name: str) -> re.Pattern[str]:
    return union(load_yaml("lists.yaml")[name])


@cache
def _connective() -> re.Pattern[str]:
    return re.compile(r"(?<![\w/])(and/or|or|and|&)[\s:,]*\Z", re.I)
