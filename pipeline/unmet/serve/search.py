"""Search in results: letters by what their requests and criteria say, each with the requests and criteria that fit."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import msgspec

from unmet.knowledge import load_yaml
from unmet.record import Decision, Span, Status, UnmetBasis
from unmet.serve.store import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import duckdb

Sort = Literal["newest", "oldest", "file", "uncertain"]

_Struct = TypeVar("_Struct", bound=msgspec.Struct)

PER_PAGE: Final = 20
_MOST_TERMS = 12

# What is searched for words: of a request and one of its criteria, with line ends made spaces.
_WORDS = r"""regexp_replace(concat_ws(' ', requests.title, criteria.statement,
  array_to_string(list_transform(criteria.evidence, lambda span: span.text), ' '),
  letters.case_number, parse_filename(letters.path)), '\s+', ' ', 'g')"""
_FROM = """FROM letters
LEFT JOIN requests ON requests.letter_id = letters.letter_id
LEFT JOIN criteria ON criteria.letter_id = requests.letter_id AND criteria.request_index = requests.request_index"""
_ORDER: Final[dict[Sort, str]] = {
    "newest": "max(letters.decision_date) DESC NULLS LAST",
    "oldest": "min(letters.decision_date) ASC NULLS LAST",
    "file": "min(letters.path)",
    "uncertain": "min(criteria.confidence) ASC NULLS LAST",
}


class Filters(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """What to search for; all of it must fit. Codes are those of the taxonomy.

    ``words`` are looked for in the title of a request, in one criterion's statement and evidence, in the case number and
    the file's name; each word must begin there so, words in double quotes must stand together. ``guideline`` is a part of
    the name of a guideline that the reviewer cites.
    """

    words: str | None = None
    family: str | None = None
    criterion: str | None = None
    status: Status | None = None
    basis: UnmetBasis | None = None
    decision: Decision | None = None
    guideline: str | None = None
    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        check_codes(self.family, self.criterion)
        if len(terms(self.words)) > _MOST_TERMS or len(self.words or "") > 400:
            raise ValueError(f"Search for {_MOST_TERMS} words at most")


class FoundCriterion(msgspec.Struct, frozen=True, kw_only=True):
    """A criterion that fits."""

    id: str
    type: str
    status: Status
    unmet_basis: UnmetBasis | None
    decisive: bool
    confidence: float
    statement: str | None
    evidence: list[Span]


class FoundRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that fits, with those of its criteria that do."""

    index: int
    item: str
    family: str
    decision: Decision
    inherited: bool
    guidelines: list[str]
    criteria: list[FoundCriterion] = []


class FoundLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that fits, with those of its requests that do."""

    letter_id: str
    path: str
    case_number: str | None
    decision_date: date | None
    outcome: str | None
    specialties: list[str]
    requests: list[FoundRequest] = []


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One page of what was found, and how much there is in all."""

    letters_total: int
    requests_total: int
    criteria_total: int
    page: int
    pages: int
    letters: list[FoundLetter]


def check_codes(family: str | None, criterion: str | None) -> None:
    """Raise ``ValueError`` where a code is none of the taxonomy."""
    taxonomy = load_yaml("taxonomy.yaml")
    if family is not None and family not in taxonomy["treatment_family"]:
        raise ValueError("There is no such treatment family")
    if criterion is not None and criterion not in taxonomy["criterion_type"]:
        raise ValueError("There is no such criterion type")


def terms(words: str | None) -> list[str]:
    """Return what is searched for: the words, and as one each what stands in double quotes."""
    found = re.findall(r'"([^"]*)"|([^\s"]+)', words or "")
    return [term for term in (" ".join((quoted or word).split()) for quoted, word in found) if term]


def pattern(term: str) -> str:
    """Return the regular expression of a term: where a word begins with it."""
    return (r"\b" if term[0].isascii() and term[0].isalnum() else "") + re.escape(term)


def search(filters: Filters, *, sort: Sort = "newest", page: int = 1) -> Callable[[duckdb.DuckDBPyConnection], Found]:
    """Return the question; ``page`` is from 1, one beyond the last gives the last."""

    def question(cursor: duckdb.DuckDBPyConnection) -> Found:
        conditions, parameters = _where(filters)
        totals = rows(
            cursor,
            f"""SELECT count(DISTINCT letters.letter_id) AS letters,
            count(DISTINCT (requests.letter_id, requests.request_index)) FILTER (requests.letter_id IS NOT NULL) AS requests,
            count(DISTINCT (criteria.letter_id, criteria.criterion_id)) FILTER (criteria.letter_id IS NOT NULL) AS criteria
            {_FROM} WHERE {conditions}""",
            parameters,
        )[0]
        pages = max(1, -(-totals["letters"] // PER_PAGE))
        shown = min(max(page, 1), pages)
        ids = [
            row["letter_id"]
            for row in rows(
                cursor,
                f"""SELECT letters.letter_id {_FROM} WHERE {conditions} GROUP BY letters.letter_id
                ORDER BY {_ORDER[sort]}, min(letters.path), letters.letter_id LIMIT {PER_PAGE} OFFSET {(shown - 1) * PER_PAGE}""",
                parameters,
            )
        ]
        return Found(
            letters_total=totals["letters"],
            requests_total=totals["requests"],
            criteria_total=totals["criteria"],
            page=shown,
            pages=pages,
            letters=_letters(cursor, ids, conditions, parameters),
        )

    return question


def _where(filters: Filters) -> tuple[str, dict[str, Any]]:
    parts, parameters = ["true"], dict[str, Any]()

    def also(condition: str, name: str, value: object) -> None:
        if value is not None:
            parts.append(condition)
            parameters[name] = value

    also("requests.family = $family", "family", filters.family)
    also("requests.decision = $decision", "decision", filters.decision)
    also("criteria.type = $criterion", "criterion", filters.criterion)
    also("criteria.status = $status", "status", filters.status)
    also("criteria.unmet_basis = $basis", "basis", filters.basis)
    also(guideline_condition("requests.guidelines"), "guideline", filters.guideline)
    also("letters.decision_date >= $since", "since", filters.since)
    also("letters.decision_date <= $until", "until", filters.until)
    for place, term in enumerate(terms(filters.words)):
        also(f"regexp_matches({_WORDS}, $term{place}, 'i')", f"term{place}", pattern(term))
    return " AND ".join(parts), parameters


def guideline_condition(column: str) -> str:
    """Return the condition that a list of guidelines has one whose name contains ``$guideline``."""
    return f"len(list_filter({column}, lambda name: contains(lower(name), lower($guideline)))) > 0"


def _letters(
    cursor: duckdb.DuckDBPyConnection, ids: Sequence[str], conditions: str, parameters: dict[str, Any]
) -> list[FoundLetter]:
    found = rows(
        cursor,
        f"""SELECT letters.letter_id, letters.path, letters.case_number, letters.decision_date, letters.outcome,
        letters.specialties, requests.request_index, requests.item, requests.family, requests.decision, requests.inherited,
        requests.guidelines, criteria.criterion_id, criteria.type, criteria.status, criteria.unmet_basis, criteria.decisive,
        criteria.confidence, criteria.statement, criteria.evidence
        {_FROM} WHERE list_contains($ids, letters.letter_id) AND {conditions}
        ORDER BY requests.request_index, criteria.decisive DESC, criteria.status DESC, criteria.criterion_id""",
        {**parameters, "ids": list(ids)},
    )
    letters: dict[str, FoundLetter] = {}
    requests: dict[tuple[str, int], FoundRequest] = {}
    seen: set[tuple[str, str]] = set()
    for row in found:
        letter_id, index, criterion_id = row["letter_id"], row["request_index"], row["criterion_id"]
        if letter_id not in letters:
            letters[letter_id] = _as(FoundLetter, row)
        if index is None:
            continue
        if (letter_id, index) not in requests:
            requests[letter_id, index] = _as(FoundRequest, {**row, "index": index})
            letters[letter_id].requests.append(requests[letter_id, index])
        if criterion_id is not None and (letter_id, criterion_id) not in seen:
            seen.add((letter_id, criterion_id))
            requests[letter_id, index].criteria.append(_as(FoundCriterion, {**row, "id": criterion_id}))
    return [letters[one] for one in ids]


def _as(kind: type[_Struct], row: dict[str, Any]) -> _Struct:
    return msgspec.convert({name: row[name] for name in kind.__struct_fields__ if name in row}, kind)
