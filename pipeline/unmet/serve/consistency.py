"""Consistency: the same treatment family and criterion, opposite outcomes, side by side, and what tells the sides apart."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from functools import cache
from math import log, sqrt
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from unmet.knowledge import load_yaml
from unmet.record import Decision, Span, Status, UnmetBasis
from unmet.serve.search import check_codes, guideline_condition
from unmet.serve.store import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import duckdb

By = Literal["status", "decision"]
SIDES: Final[dict[By, tuple[str, str]]] = {"status": ("unmet", "met"), "decision": ("upheld", "overturned")}

PER_PAGE: Final = 10
# Findings of a side that are compared and paged through, the newest; more would tell no more.
_COMPARED: Final = 3000
# Differences are shown where chance alone makes them in one case of twenty, and no more of a kind than these.
_NOTABLE: Final = 1.96
_FEW: Final = 5
_MOST_OF_A_KIND: Final = 6

_COLUMN: Final[dict[By, str]] = {"status": "criteria.status", "decision": "requests.decision"}
# A request that falls with another one has no reason of its own.
_FROM = """FROM criteria
JOIN requests ON requests.letter_id = criteria.letter_id AND requests.request_index = criteria.request_index
JOIN letters ON letters.letter_id = criteria.letter_id
WHERE NOT requests.inherited"""


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A criterion of a family with findings on both sides."""

    family: str
    criterion: str
    left: int
    right: int


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a reviewer found of a criterion of a request, in the reviewer's own sentences."""

    letter_id: str
    path: str
    case_number: str | None
    decision_date: date | None
    specialties: list[str]
    request_index: int
    item: str
    decision: Decision
    guidelines: list[str]
    criterion_id: str
    status: Status
    unmet_basis: UnmetBasis | None
    decisive: bool
    confidence: float
    catalogue_id: str | None
    statement: str | None
    evidence: list[Span]


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """The findings with one outcome: how many, and one page of them."""

    outcome: str
    total: int
    findings: list[Finding]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Something that holds of more findings on one side than chance explains: of so many on the left, so many on the right."""

    about: Literal["criterion", "guideline", "specialty", "words"]
    value: str
    left: int
    left_of: int
    right: int
    right_of: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two sides and what tells them apart; a page shows as many of each."""

    family: str
    criterion: str
    left: Side
    right: Side
    differences: list[Difference]
    page: int
    pages: int


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What to compare: by the status of the criterion, or by the decision on the request.

    ``letter`` and ``request`` (the id of a letter and the index of a request) put first what is most like that one.
    """

    family: str | None = None
    criterion: str | None = None
    guideline: str | None = None
    by: By = "status"
    letter: str | None = None
    request: int | None = None

    def __post_init__(self) -> None:
        check_codes(self.family, self.criterion)


def topics(choice: Choice) -> Callable[[duckdb.DuckDBPyConnection], list[Topic]]:
    """Return the question for what can be compared: the most findings on the smaller side first."""
    left, right = SIDES[choice.by]

    def question(cursor: duckdb.DuckDBPyConnection) -> list[Topic]:
        conditions, parameters = _where(choice)
        column = _COLUMN[choice.by]
        found = rows(
            cursor,
            f"""SELECT requests.family AS family, criteria.type AS criterion,
            count(DISTINCT (criteria.letter_id, criteria.request_index)) FILTER ({column} = $left) AS "left",
            count(DISTINCT (criteria.letter_id, criteria.request_index)) FILTER ({column} = $right) AS "right"
            {_FROM} AND {conditions} GROUP BY ALL HAVING "left" > 0 AND "right" > 0
            ORDER BY least("left", "right") DESC, "left" + "right" DESC, family, criterion LIMIT 200""",
            {**parameters, "left": left, "right": right},
        )
        return msgspec.convert(found, list[Topic])

    return question


def compare(choice: Choice, *, page: int = 1) -> Callable[[duckdb.DuckDBPyConnection], Comparison]:
    """Return the question for the two sides; ``choice`` has a family and a criterion."""
    assert choice.family is not None
    assert choice.criterion is not None
    family, criterion = choice.family, choice.criterion

    def question(cursor: duckdb.DuckDBPyConnection) -> Comparison:
        sides = [_findings(cursor, choice, outcome) for outcome in SIDES[choice.by]]
        wanted = (choice.letter, choice.request)
        like = next((one for side in sides for one in side if (one.letter_id, one.request_index) == wanted), None)
        if like is not None:
            for side in sides:
                side.sort(key=lambda one: -_likeness(one, like))
        pages = max(1, -(-max(len(side) for side in sides) // PER_PAGE))
        shown = min(max(page, 1), pages)
        part = slice((shown - 1) * PER_PAGE, shown * PER_PAGE)
        left, right = (
            Side(outcome=outcome, total=_total(cursor, choice, outcome), findings=side[part])
            for outcome, side in zip(SIDES[choice.by], sides, strict=True)
        )
        return Comparison(
            family=family,
            criterion=criterion,
            left=left,
            right=right,
            differences=_differences(cursor, choice, sides),
            page=shown,
            pages=pages,
        )

    return question


def _where(choice: Choice) -> tuple[str, dict[str, Any]]:
    parts, parameters = ["true"], dict[str, Any]()
    for condition, name, value in (
        ("requests.family = $family", "family", choice.family),
        ("criteria.type = $criterion", "criterion", choice.criterion),
        (guideline_condition("requests.guidelines"), "guideline", choice.guideline),
    ):
        if value is not None:
            parts.append(condition)
            parameters[name] = value
    return " AND ".join(parts), parameters


def _total(cursor: duckdb.DuckDBPyConnection, choice: Choice, outcome: str) -> int:
    conditions, parameters = _where(choice)
    sql = f"""SELECT count(DISTINCT (criteria.letter_id, criteria.request_index)) AS total
    {_FROM} AND {conditions} AND {_COLUMN[choice.by]} = $outcome"""
    return int(rows(cursor, sql, {**parameters, "outcome": outcome})[0]["total"])


def _findings(cursor: duckdb.DuckDBPyConnection, choice: Choice, outcome: str) -> list[Finding]:
    conditions, parameters = _where(choice)
    found = rows(
        cursor,
        f"""SELECT criteria.letter_id, letters.path, letters.case_number, letters.decision_date, letters.specialties,
        requests.request_index, requests.item, requests.decision, requests.guidelines, criteria.criterion_id, criteria.status,
        criteria.unmet_basis, criteria.decisive, criteria.confidence, criteria.catalogue_id, criteria.statement, criteria.evidence
        {_FROM} AND {conditions} AND {_COLUMN[choice.by]} = $outcome
        ORDER BY letters.decision_date DESC NULLS LAST, letters.path, letters.letter_id, criteria.decisive DESC,
        criteria.criterion_id
        LIMIT {_COMPARED}""",
        {**parameters, "outcome": outcome},
    )
    findings: dict[tuple[str, int], Finding] = {}
    for one in msgspec.convert(found, list[Finding]):
        first = findings.setdefault((one.letter_id, one.request_index), one)
        # A request may have several criteria of a type: what the reviewer says of the others belongs to it too.
        first.evidence.extend(span for span in one.evidence if span not in first.evidence)
    return list(findings.values())


def _likeness(one: Finding, like: Finding) -> float:
    """Say how near a finding is to another: itself, then the same item of the same catalogue entry under the same guideline."""
    if (one.letter_id, one.request_index) == (like.letter_id, like.request_index):
        return 10.0
    mine, other = set(_words(one.item)), set(_words(like.item))
    shared = len(mine & other) / (len(mine | other) or 1)
    same_entry = one.catalogue_id is not None and one.catalogue_id == like.catalogue_id
    return 2 * shared + same_entry + 0.5 * bool(set(one.guidelines) & set(like.guidelines))


def _differences(cursor: duckdb.DuckDBPyConnection, choice: Choice, sides: Sequence[Sequence[Finding]]) -> list[Difference]:
    if min(len(side) for side in sides) < _FEW:
        return []
    others = _other_criteria(cursor, choice)
    kinds: dict[Literal["criterion", "guideline", "specialty", "words"], Callable[[Finding], Iterable[str]]] = {
        "criterion": lambda one: others.get((one.letter_id, one.request_index), ()),
        "guideline": lambda one: one.guidelines,
        "specialty": lambda one: one.specialties,
        "words": lambda one: _words(" ".join(span.text for span in one.evidence)),
    }
    found = []
    for about, values in kinds.items():
        left, right = (Counter(value for one in side for value in set(values(one))) for side in sides)
        of = [len(side) for side in sides]
        scored = sorted(
            ((_score(left[value], of[0], right[value], of[1]), value) for value in left.keys() | right.keys()),
            key=lambda pair: (-abs(pair[0]), pair[1]),
        )
        found += [
            Difference(about=about, value=value, left=left[value], left_of=of[0], right=right[value], right_of=of[1])
            for score, value in scored[: _MOST_OF_A_KIND * (2 if about == "words" else 1)]
            if abs(score) >= _NOTABLE
        ]
    return found


def _score(left: int, left_of: int, right: int, right_of: int) -> float:
    """Return the log odds ratio of two shares in standard errors, with half a case added everywhere (Haldane, Anscombe)."""
    cells = (left + 0.5, left_of - left + 0.5, right + 0.5, right_of - right + 0.5)
    return log(cells[0] * cells[3] / (cells[1] * cells[2])) / sqrt(sum(1 / cell for cell in cells))


def _other_criteria(cursor: duckdb.DuckDBPyConnection, choice: Choice) -> dict[tuple[str, int], list[str]]:
    """The other criteria of the requests of a family, each as "type status"."""
    found = rows(
        cursor,
        f"""SELECT DISTINCT criteria.letter_id, criteria.request_index, criteria.type || ' ' || criteria.status AS finding
        {_FROM} AND requests.family = $family AND criteria.type <> $criterion AND criteria.status <> 'not_addressed'""",
        {"family": choice.family, "criterion": choice.criterion},
    )
    others: dict[tuple[str, int], list[str]] = {}
    for row in found:
        others.setdefault((row["letter_id"], row["request_index"]), []).append(row["finding"])
    return others


def _words(text: str) -> list[str]:
    """The words of a text that can tell something."""
    empty = _function_words()
    return [word for word in re.findall(r"[a-z][a-z-]+[a-z]|no", text.lower()) if word not in empty]


@cache
def _function_words() -> frozenset[str]:
    return frozenset(str(load_yaml("function_words.yaml")["words"]).split())
