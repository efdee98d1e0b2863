"""Limits: the numbers that a criterion turns on, read from a title, a guideline's statement and the reviewer's sentences.

Pure functions over text; offsets are 0-based, end-exclusive. What is counted, in which units and by which words a number is
told to be asked, allowed or had already, is in ``knowledge/limits.yaml``.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from unmet.components.rules import ignoring_case
from unmet.errors import KnowledgeError
from unmet.knowledge import codes, load_yaml
from unmet.layout.pattern import any_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unmet.layout.model import Offsets

# How far before a number the words stand that say whose it is.
_REACH = 90
_NEAR = 25
_COUNTED_IN_ALL = frozenset(["visits", "injections"])
_ALREADY_HAD = frozenset(["duration"])
# Behind visits, what makes of them a rhythm and no number of visits.
_RHYTHM = re.compile(
    r"\s*(?:(?:per|an?|each|every|/)\s*(?P<unit>day|week|wk|month|year)\b|(?P<other>every|each|per|weekly|monthly)\b)", re.I
)
_SENTENCE_END = re.compile(r"[.;](?=\s)")
_MORPHINE = "mg MED/day"
_PER = {"day": "times a day", "week": "times a week", "wk": "times a week", "month": "times a month", "year": "times a year"}


class Amount(NamedTuple):
    """A number, or a range of numbers, with what it counts; ``words`` are those between the number and its unit."""

    start: int
    end: int
    low: float
    high: float
    quantity: str
    unit: str
    words: str = ""


class Limit(NamedTuple):
    """What was asked of a quantity and what the guideline allows of it, in one unit; None where the letter does not say."""

    quantity: str
    asked: float | None
    allowed: float | None
    unit: str | None


# --- numbers -------------------------------------------------------------------------------------------------------


@cache
def _values() -> dict[str, int]:
    names = load_yaml("limits.yaml")["numbers"]
    values: dict[str, int] = {word: value for value, word in enumerate(names["units"])}
    values |= {word: value for value, word in zip(range(20, 100, 10), names["tens"], strict=True)}
    return {**values, **names["others"]}


@cache
def _number() -> str:
    names = load_yaml("limits.yaml")["numbers"]
    units, tens = "|".join(sorted(names["units"], key=len, reverse=True)), "|".join(names["tens"])
    below = rf"(?:(?:{tens})(?:[\s-]+(?:{units}))?|{units}|{'|'.join(names['others'])})"
    return rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?|\b{below}(?:[\s-]+hundred(?:[\s-]+(?:and[\s-]+)?{below})?)?\b)"


def number(words: str) -> float | None:
    """Return the number that ``words`` print ("12", "1,200", "twenty-four"), None where they print none."""
    cleaned = " ".join(re.findall(r"[a-z]+|[\d.,]+", words.lower()))
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?", cleaned):
        return float(cleaned.replace(",", ""))
    if not re.fullmatch(_number(), cleaned.replace(" ", "-")):
        return None
    total = 0
    for word in cleaned.split():
        total = total * 100 if word == "hundred" else total + _values().get(word, 0)
    return float(total)


# --- amounts -------------------------------------------------------------------------------------------------------


@cache
def _units() -> dict[str, tuple[str, str]]:
    """Return the group name of each unit's pattern with quantity and unit."""
    quantities = load_yaml("limits.yaml")["quantities"]
    pairs = [(quantity, unit) for quantity, own in quantities.items() for unit in own]
    return {f"u{place}": pair for place, pair in enumerate(pairs)}


@cache
def _range() -> re.Pattern[str]:
    n = _number()
    spelled = r"(?:\s*\(\s*\d+\s*\))?"
    between = r"\s*(?:%\s*|percent\s*)?(?:-|\u2013|\u2014|\bto\b|\bor\b)\s*"
    return re.compile(
        rf"(?<![\w.#/$-])(?P<low>{n}){spelled}(?:{between}(?P<high>{n})(?!\d){spelled})?(?![\d]|[.,]\d|/(?!10\b(?!/))\d)", re.I
    )


@cache
def _unit_behind() -> re.Pattern[str]:
    data = load_yaml("limits.yaml")
    units = "|".join(f"(?P<{group}>{data['quantities'][quantity][unit]})" for group, (quantity, unit) in _units().items())
    return ignoring_case(
        rf"(?P<words>(?:[\s-]+(?!{data['not_between']}\b)[a-z][\w/'-]*(?=[\s-])){{0,4}}?)[\s-]*(?:{units})(?![a-z])"
    )


@cache
def _morphine() -> re.Pattern[str]:
    return ignoring_case(rf"(?:{load_yaml('limits.yaml')['before'][_MORPHINE]})\Z")


def amounts(text: str, start: int, end: int) -> list[Amount]:
    """Return the numbers of ``text[start:end]`` that count something, in reading order."""
    found: list[Amount] = []
    for match in _range().finditer(text, start, end):
        if found and match.start() < found[-1].end:
            continue
        low = number(match["low"])
        high = number(match["high"]) if match["high"] else low
        if low is None or high is None:
            continue
        if high < low:
            low = high = low if match["high"] is None else high
        amount = _with_unit(text, match, end, low, high) or _without_unit(text, match, end, low, high, found)
        if amount is not None:
            found.append(amount)
    if any(one.unit == _MORPHINE for one in found):
        # "a morphine equivalent of 160 mg, above the maximum of 80 mg per day"
        found = [one._replace(unit=_MORPHINE) if one.quantity == "dose" else one for one in found]
    return found


def _without_unit(text: str, match: re.Match[str], end: int, low: float, high: float, found: list[Amount]) -> Amount | None:
    """Read a number that leaves its unit out as one of the unit before it ("18 visits ... the 12 already completed")."""
    if not found or not _elliptic().match(text, match.end(), end):
        return None
    return Amount(match.start(), match.end(), low, high, found[-1].quantity, found[-1].unit)


@cache
def _elliptic() -> re.Pattern[str]:
    return ignoring_case(load_yaml("limits.yaml")["roles"]["elliptic"])


def _with_unit(text: str, match: re.Match[str], end: int, low: float, high: float) -> Amount | None:
    behind = _unit_behind().match(text, match.end(), end)
    if behind:
        quantity, unit = _units()[next(name for name, words in behind.groupdict().items() if words and name != "words")]
        rhythm = _RHYTHM.match(text, behind.end(), end) if quantity in ("visits", "tests", "injections") else None
        if rhythm and not rhythm["unit"] and quantity == "visits":
            return None
        if rhythm and rhythm["unit"]:
            quantity, unit = "frequency", _PER[rhythm["unit"].lower()]
        if quantity == "dose" and unit != _MORPHINE and _named_before(text, match.start()):
            unit = _MORPHINE
        return Amount(match.start(), rhythm.end() if rhythm else behind.end(), low, high, quantity, unit, behind["words"])
    if _named_before(text, match.start()):
        return Amount(match.start(), match.end(), low, high, "dose", _MORPHINE)
    return None


def _named_before(text: str, start: int) -> bool:
    """Tell whether the number at ``start`` is a morphine equivalent, by the words before it."""
    return _morphine().search(text, max(0, start - 80), start) is not None


# --- what a title asks -----------------------------------------------------------------------------------------------


@cache
def _title_pattern(name: str) -> re.Pattern[str]:
    data = load_yaml("limits.yaml")
    return ignoring_case(data[name] if name in data else data["schedule"][name].replace("{n}", _spelled_range(name)))


def _spelled_range(name: str) -> str:
    """Return the pattern of a number or range for the place of ``{n}`` in the pattern ``name``."""
    n = _number()
    return rf"{n}(?: ?(?:-|to) ?{n})?" if name != "course" else n


def asked_in(text: str, title: Offsets) -> list[Amount]:
    """Return what the title asks, of each quantity once: counts as printed, a course of visits multiplied out."""
    courses = list(_courses(text, *title))
    inside = [(one.start, one.end) for one in courses]
    explicit = [
        one
        for one in amounts(text, *title)
        if not (one.quantity == "visits" and any(start < one.end and one.start < end for start, end in inside))
    ]
    found: dict[str, Amount] = {}
    for one in [*explicit, *courses, *_bare_counts(text, *title), *_levels(text, *title)]:
        found.setdefault(one.quantity, one)
    return list(found.values())


def _courses(text: str, start: int, end: int) -> Iterator[Amount]:
    for rate in _title_pattern("rate").finditer(text, start, end):
        course = _title_pattern("course").search(text, rate.end(), min(end, rate.end() + 70))
        if course is None:
            continue
        often, long = _highest(rate["rate"]), number(course["course"])
        if often is None or long is None:
            continue
        visits = often * long * (4 if course["unit"].lower().startswith("m") else 1)
        yield Amount(rate.start(), course.end(), visits, visits, "visits", "visits")
    if not _title_pattern("visits").search(text, start, end):
        return
    for product in _title_pattern("product").finditer(text, start, end):
        often, long = _highest(product["rate"]), _highest(product["course"])
        if often and long:
            yield Amount(product.start(), product.end(), often * long, often * long, "visits", "visits")


def _highest(words: str) -> float | None:
    """Return the upper end of a number or range."""
    match = _range().search(words)
    return number(match["high"] or match["low"]) if match else None


def _bare_counts(text: str, start: int, end: int) -> Iterator[Amount]:
    for match in _title_pattern("count").finditer(text, start, end):
        count = float(match["count"])
        if _title_pattern("visits").search(text, start, end):
            yield Amount(match.start(), match.end(), count, count, "visits", "visits")
        elif _title_pattern("tablets").search(text, start, end) and not match[0].startswith(("(", "x", "X", "t", "T")):
            yield Amount(match.start(), match.end(), count, count, "supply", "tablets")


def _levels(text: str, start: int, end: int) -> Iterator[Amount]:
    pairs = {
        (match["upper"].upper(), int(match["above"]))
        for match in _title_pattern("level").finditer(text, start, end)
        if int(match["below"]) == int(match["above"]) + 1 or (match["lower"] or match["upper"]).upper() != match["upper"].upper()
    }
    if pairs:
        yield Amount(start, end, len(pairs), len(pairs), "levels", "levels")


# --- whose number it is ----------------------------------------------------------------------------------------------


@cache
def _roles(side: str) -> dict[str, re.Pattern[str]]:
    roles = load_yaml("limits.yaml")["roles"]
    edge = {"before": r"(?<![a-z])(?:{})", "between": r"\b(?:{})\b", "behind": r"[\s,]*(?:{})"}[side]
    return {
        role: ignoring_case(edge.replace("{}", pattern.replace("{words}", roles["words"])))
        for role, pattern in roles[side].items()
    }


def role(text: str, start: int, amount: Amount) -> str | None:
    """Return whose number ``amount`` is, in a sentence that begins at ``start``, None where that is not said.

    It is "asked", "allowed", "remaining" (allowed on top of what was had), "done" (had already), "total" (asked with what was
    had) or "apart" (none of these).
    """
    for name, pattern in _roles("between").items():
        if pattern.search(amount.words):
            return "remaining" if name == "asked" and _before(text, start, amount) == "remaining" else name
    before = _before(text, start, amount)
    if before in ("remaining", "apart", "done"):
        return before
    stop = re.compile(r"[.;:]").search(text, amount.end)
    for name, pattern in _roles("behind").items():
        if pattern.match(text, amount.end, stop.start() if stop else len(text)) and (before in (None, "total") or name == "done"):
            return name
    return before


def _before(text: str, start: int, amount: Amount) -> str | None:
    clause = max(
        [start, amount.start - _REACH, *(one.end() for one in _title_pattern("clause").finditer(text, start, amount.start))]
    )
    nearest = (amount.start - _NEAR, 0, "")
    for name, pattern in _roles("before").items():
        for match in pattern.finditer(text, clause, amount.start):
            nearest = max(nearest, (match.end(), match.end() - match.start(), name))
    return nearest[2] or None


# --- limits ----------------------------------------------------------------------------------------------------------


@cache
def quantities(kind: str) -> tuple[str, ...]:
    """Return the quantities that a criterion type counts, () for a type that counts nothing."""
    types = load_yaml("limits.yaml")["types"]
    unknown = {name for group in types.values() for name in group} - codes("criterion_type")
    if unknown:
        raise KnowledgeError(f"knowledge/limits.yaml: unknown criterion types {sorted(unknown)}")
    return tuple(next((group[kind] for group in types.values() if kind in group), ()))


def is_minimum(kind: str) -> bool:
    """Tell a criterion type whose number has to be reached ("at least six weeks") from one whose number may not be passed."""
    return kind in load_yaml("limits.yaml")["types"]["least"]


def exceeds(asked: float | None, allowed: float | None) -> bool:
    """Tell whether what was asked is more than is allowed, both of one unit; false where one of them is not known."""
    return asked is not None and allowed is not None and asked > allowed


def limit_of(
    text: str, title: Offsets, sentence: Offsets, statement: Offsets | None, kind: str = "quantity_limit"
) -> list[Limit]:
    """Return the limits that one sentence of the reviewer turns on; see :func:`limits_of`."""
    return limits_of(text, kind, title, [sentence], [statement] if statement else [])


def limits_of(
    text: str,
    kind: str,
    title: Offsets,
    sentences: Sequence[Offsets],
    statements: Sequence[Offsets],
    rules: Sequence[Offsets] = (),
) -> list[Limit]:
    """Return the limits of a criterion of type ``kind``; one of them at most where a number may not be passed.

    ``title`` is what was first asked, ``sentences`` are the reviewer's that apply the criterion, ``statements`` the places that
    state it, the likeliest first; ``rules`` are other sentences of the guideline, read where the statements name no number. The
    upper end of a range is the limit, the lower end what has to be reached. Where the reviewer counts what was had already, the
    quantity is named "... in all" and ``asked`` is the sum.
    """
    said = [(role(text, start, one), one) for start, end in sentences for one in amounts(text, start, end)]
    stated = [one for place in statements for one in amounts(text, *place)]
    if is_minimum(kind):
        return _minimums(kind, said, stated)
    asks = {one.quantity: one for one in asked_in(text, title)}
    course = _Course(
        goes_on=any(_title_pattern("goes_on").search(text, *place) for place in (title, *sentences)),
        first=any(_title_pattern("asked_as_first").search(text, *place) for place in sentences),
        parts=_parts(text, *title),
    )
    found = []
    for quantity in quantities(kind):
        own = [(whose, one) for whose, one in said if one.quantity == quantity]
        pool = [one for one in stated if one.quantity == quantity]
        if quantity in asks or quantity == "duration":
            others = (one for place in rules for one in amounts(text, *place) if one.quantity == quantity)
            pool += [one for one in others if quantity == "visits" or _is_bound(text, one)]
        limit = _compared(quantity, own, asks.get(quantity), _allowed(text, own, pool, course))
        if limit is not None:
            found.append(limit)
    return sorted(found, key=lambda one: (one.allowed is None, one.asked is None))[:1]


class _Course(NamedTuple):
    """What decides between a guideline's numbers: whether a course goes on or is a first one, and the parts it treats."""

    goes_on: bool
    first: bool
    parts: frozenset[str]


def _minimums(kind: str, said: list[tuple[str | None, Amount]], stated: list[Amount]) -> list[Limit]:
    source = [one for one in stated if one.quantity in quantities(kind)] or [one for whose, one in said if whose == "allowed"]
    firsts = {one.quantity: one for one in reversed(source)}
    return [
        Limit(quantity, None, firsts[quantity].low, firsts[quantity].unit) for quantity in quantities(kind) if quantity in firsts
    ]


def _allowed(text: str, said: list[tuple[str | None, Amount]], pool: list[Amount], course: _Course) -> tuple[str, Amount] | None:
    """Return what is allowed, and whether it is on top of what was had: as the reviewer says, else as the guideline states."""
    for wanted in ("remaining", "allowed"):
        for whose, one in said:
            if whose == wanted:
                return wanted, one
    if len(pool) < 2:
        return ("allowed", pool[0]) if pool else None

    def unfit(one: Amount) -> tuple[bool, bool]:
        trial = _of_first_course(text, one, pool)
        wrong_course = not trial if course.first else trial and course.goes_on
        return wrong_course, bool(course.parts) and not course.parts & _parts(text, *_around(text, one))

    return "allowed", min(pool, key=unfit)


def _of_first_course(text: str, one: Amount, pool: list[Amount]) -> bool:
    pattern = _title_pattern("first_course")
    begin = max([0, one.start - 40, *(other.end for other in pool if other.end <= one.start)])
    return bool(pattern.search(text, begin, one.start) or pattern.search(text, one.end, one.end + 18))


def _around(text: str, one: Amount) -> Offsets:
    """Return the words around a number that say what it is a limit for, as far as the sentence goes."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text, max(0, one.start - 120), one.start)]
    stop = _SENTENCE_END.search(text, one.end, one.end + 60)
    return max([0, one.start - 120, *ends]), stop.start() if stop else min(len(text), one.end + 60)


def _is_bound(text: str, one: Amount) -> bool:
    """Tell whether the words before a number make a limit of it ("longer than 3 weeks")."""
    return _title_pattern("bound").search(text[max(0, one.start - 40) : one.start]) is not None


@cache
def _part_names() -> tuple[re.Pattern[str], dict[str, str]]:
    parts = load_yaml("anatomy.yaml")["body_parts"]
    names = {name.lower(): one["canonical"] for one in parts for name in [one["canonical"], *one.get("terms", ())]}
    return re.compile(rf"\b(?:{any_of(names)})\b", re.I), names


def _parts(text: str, start: int, end: int) -> frozenset[str]:
    """Return the parts of the body that ``text[start:end]`` names."""
    pattern, names = _part_names()
    return frozenset(names[match[0].lower()] for match in pattern.finditer(text, start, end) if match[0].lower() in names)


def _compared(
    quantity: str, said: list[tuple[str | None, Amount]], title: Amount | None, allowed: tuple[str, Amount] | None
) -> Limit | None:
    limit = allowed[1] if allowed else None
    by_role = {whose: [one for role_, one in said if role_ == whose] for whose in ("asked", "done", "total")}
    asked = [*by_role["asked"], *([title] if title else [])]
    if limit is None and (not asked or quantity == "frequency"):
        return None  # how often says nothing without the limit that it is held to
    unit = limit.unit if limit else asked[0].unit
    value, had, total = (_most(found, unit) for found in (asked, by_role["done"], by_role["total"]))
    name = quantity
    if total is not None:
        name, value = f"{quantity} in all", total
    elif had is not None and value is not None and quantity in _COUNTED_IN_ALL and not (allowed and allowed[0] == "remaining"):
        name, value = f"{quantity} in all", value + had
    elif had is not None and quantity in _ALREADY_HAD:
        name, value = f"{quantity} in all", had
    return Limit(name, value, limit.high if limit else None, unit)


def _most(found: list[Amount], unit: str) -> float | None:
    """Return the largest of the amounts that can be told in ``unit``, None for none."""
    return max((value for one in found if (value := _in_unit(one, unit)) is not None), default=None)


def _in_unit(amount: Amount, unit: str) -> float | None:
    """Return the upper end of ``amount`` in ``unit``, None where the two units cannot be compared."""
    if amount.unit == unit:
        return amount.high
    days: dict[str, int] = load_yaml("limits.yaml")["days"]
    if amount.unit in days and unit in days:
        return round(amount.high * days[amount.unit] / days[unit], 1)
    return None
