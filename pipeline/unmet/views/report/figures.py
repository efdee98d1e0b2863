"""What the corpus report counts, asked of a store of results in SQL (``figures.sql`` and the queries here)."""

from __future__ import annotations

from collections import defaultdict
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from unmet.views.report.proportions import Share

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb

ANY: Final = "any"
# Of a request: every reason that sank it is that something is not documented.
ONLY: Final = "only"
OVERTURNED, INHERITED, OWN = "overturned", "inherited", "own"
NO_DATE: Final = "no date"

_ROWS_AT_A_TIME = 2048
# Up to four years are told by month.
_MONTHS = 48

# Requests by group: what a table has a row for. A request that cites two guidelines counts under both.
_FROM_MONTHS: Final = "AS grp, letter, request, own, decision, inherited FROM report_requests JOIN report_months USING (letter)"
_BASES: Final = {
    "all": "SELECT 'all' AS grp, letter, request, own, decision, inherited FROM report_requests",
    "family": "SELECT family AS grp, letter, request, own, decision, inherited FROM report_requests",
    "guideline": "SELECT grp, letter, request, r.own, r.decision, inherited FROM report_guidelines"
    " JOIN report_requests AS r USING (request, letter)",
    "specialty": "SELECT grp, letter, request, own, decision, inherited FROM report_requests"
    " JOIN report_specialties USING (letter)",
    "month": f"SELECT month {_FROM_MONTHS}",
    "year": f"SELECT year {_FROM_MONTHS}",
}
_REASONS = """
WITH base AS (SELECT grp, letter, request FROM ({base}) WHERE own),
reasons AS (
  SELECT request, letter, unnest([type, 'any']) AS type, basis
  FROM report_reasons
  UNION ALL SELECT request, letter, 'only', 'undocumented' FROM report_curable
),
hits AS (
  SELECT DISTINCT grp, letter, request, type, unnest(CASE WHEN type = 'only' THEN [basis] ELSE [basis, 'any'] END) AS basis
  FROM base JOIN reasons USING (request, letter)
),
"""
_DECISIONS = """
WITH base AS (SELECT grp, letter, request, own, decision, inherited FROM ({base})),
hits AS (
  SELECT grp, letter, request,
         CASE WHEN own THEN 'own' WHEN inherited THEN 'inherited' ELSE decision END AS type, '' AS basis
  FROM base
),
"""
_SHARES = """
sizes AS (SELECT grp, letter, count(*) AS size FROM base GROUP BY grp, letter),
totals AS (SELECT grp, sum(size) AS requests, count(*) AS letters, sum(size * size) AS squared FROM sizes GROUP BY grp),
found AS (SELECT grp, letter, type, basis, count(*) AS hits FROM hits GROUP BY grp, letter, type, basis)
SELECT grp, type, basis, CAST(sum(hits) AS BIGINT), CAST(any_value(requests) AS BIGINT), any_value(letters),
       CAST(sum(hits * hits) AS BIGINT), CAST(sum(hits * size) AS BIGINT), CAST(any_value(squared) AS BIGINT)
FROM found JOIN sizes USING (grp, letter) JOIN totals USING (grp)
GROUP BY grp, type, basis
UNION ALL
SELECT grp, '', '', 0, CAST(requests AS BIGINT), letters, 0, 0, CAST(squared AS BIGINT) FROM totals
ORDER BY ALL
"""

_CURES = """
WITH missing AS (
  SELECT r.family, type, criterion_id, catalogue_id, letter_id, request, request_index, confidence,
         regexp_replace(trim(evidence[1].text), '\\s+', ' ', 'g') AS words
  FROM criteria JOIN report_requests AS r USING (letter_id, request_index)
  WHERE own AND decisive AND status = 'unmet' AND unmet_basis = 'undocumented'
),
worded AS (
  SELECT * FROM missing WHERE words <> ''
  QUALIFY row_number() OVER (PARTITION BY family, type, lower(words) ORDER BY confidence DESC, letter_id, request_index) = 1
),
lettered AS (
  SELECT * FROM worded
  QUALIFY row_number() OVER (PARTITION BY family, type, letter_id ORDER BY confidence DESC, request_index, criterion_id) = 1
),
samples AS (
  SELECT family, type, row_number() OVER (PARTITION BY family, type ORDER BY confidence DESC, letter_id) AS place,
         {'words': words, 'case_number': case_number, 'path': path, 'letter_id': letter_id} AS sample
  FROM lettered JOIN report_letters USING (letter_id)
),
linked AS (
  SELECT family, type, catalogue_id, count(DISTINCT request) AS requests
  FROM missing WHERE catalogue_id IS NOT NULL GROUP BY family, type, catalogue_id
),
entries AS (
  SELECT family, type, list({'id': catalogue_id, 'requests': requests} ORDER BY requests DESC, catalogue_id) AS entries
  FROM linked GROUP BY family, type
)
SELECT family, type, list(sample ORDER BY place), any_value(entries)
FROM samples LEFT JOIN entries USING (family, type)
WHERE place <= 3
GROUP BY family, type
"""

_COUNTER = """
SELECT letter_id, path, case_number, decision_date, request, request_index, item, r.family, decision, criterion_id, type,
       unmet_basis, decisive, confidence, evidence[1].text, list_transform(counter_evidence, lambda span: span.text),
       list_transform(counter_evidence, lambda span: span.page)
FROM criteria JOIN report_requests AS r USING (letter_id, request_index) JOIN report_letters USING (letter, letter_id)
WHERE status = 'unmet' AND len(counter_evidence) > 0
QUALIFY row_number() OVER (PARTITION BY letter_id, criterion_id) = 1
ORDER BY decision DESC, decisive DESC, confidence DESC, letter_id, request_index, criterion_id
"""

# The words of a warning stand in the record alone.
_WARNINGS = """
WITH warned AS (
  SELECT letter, letter_id, path, case_number, first_request, last_request
  FROM report_letters LEFT JOIN (
    SELECT letter, min(request) AS first_request, max(request) AS last_request FROM report_requests GROUP BY letter
  ) USING (letter)
  WHERE list_contains(warning_codes, 'guideline.silence_disputed')
     OR len(list_filter(warning_codes, lambda code: starts_with(code, 'disagreement.'))) > 0
),
told AS (
  SELECT letter_id, unnest(from_json(record -> '$.warnings',
    '[{"code":"VARCHAR","message":"VARCHAR","span":{"text":"VARCHAR","page":"BIGINT"}}]')) AS one
  FROM records WHERE letter_id IN (SELECT letter_id FROM warned)
)
SELECT DISTINCT first_request, last_request, letter_id, path, case_number, one.code, one.message, one.span.text, one.span.page
FROM told JOIN warned USING (letter_id)
WHERE one.code = 'guideline.silence_disputed' OR starts_with(one.code, 'disagreement.')
ORDER BY one.code <> 'guideline.silence_disputed', one.code = 'disagreement.date', one.code, letter_id, one.message, one.span.text
"""

_CONFIDENCE = """
SELECT type, source, count(*), count(*) FILTER (confidence < 0.5), count(*) FILTER (confidence >= 0.5 AND confidence < 0.7),
       avg(confidence)
FROM report_criteria WHERE decisive GROUP BY type, source ORDER BY count(*) DESC, type, source
"""


class Group(NamedTuple):
    """A row of a table: ``decisions`` by what became of the requests, ``reasons`` by criterion type and basis."""

    decisions: Mapping[str, Share]
    reasons: Mapping[tuple[str, str], Share]


class Sample(NamedTuple):
    """A sentence of a reviewer and its letter."""

    words: str
    case_number: str | None
    path: str
    letter_id: str


class Cure(NamedTuple):
    """What was not documented; ``entries`` are catalogue ids with how many requests were linked to each."""

    family: str
    type: str
    share: Share
    samples: list[Sample]
    entries: list[tuple[str, int]]


class Counter(NamedTuple):
    """A finding that something is missing (or flatly denied), and the passages of the summary that speak against it."""

    letter_id: str
    path: str
    case_number: str | None
    decision_date: object
    request: int
    request_index: int
    item: str
    family: str
    decision: str
    criterion_id: str
    type: str
    basis: str
    decisive: bool
    confidence: float
    finding: str | None
    passages: list[str]
    pages: list[int | None]


class Warned(NamedTuple):
    """A warning that may matter to an appeal; the places are those of the letter's requests."""

    first_request: int | None
    last_request: int | None
    letter_id: str
    path: str
    case_number: str | None
    code: str
    message: str
    words: str | None
    page: int | None


class Figures:
    """The figures of one store. Holds numbers; what is told letter by letter is asked for as it is written."""

    def __init__(self, store: duckdb.DuckDBPyConnection) -> None:
        """Count. The store must stay open while the figures are used; nothing in it is changed."""
        self._store = store
        store.execute(files("unmet.views.report").joinpath("figures.sql").read_text(encoding="utf-8"))
        (months,) = self._one("SELECT count(DISTINCT month) FROM report_months")
        self.period: Final = "month" if months <= _MONTHS else "year"
        self.groups: dict[str, dict[str, Group]] = {dimension: self._groups(dimension) for dimension in _BASES}
        self.models: list[str] = [
            f"{name} {version}"
            for name, version in self.rows("SELECT DISTINCT model_name, model_version FROM letters ORDER BY ALL")
        ]
        self.letters, self.repeated, self.others = self._one(
            "SELECT count(*), (SELECT count(*) FROM letters WHERE is_determination) - count(*),"
            " (SELECT count(*) FROM letters WHERE NOT is_determination) FROM report_letters"
        )
        (self.reasons,) = self._one("SELECT count(*) FROM report_reasons")
        self.unread: list[tuple[str, str | None, int]] = list(
            self.rows(
                "SELECT state, CASE WHEN state = 'duplicate' THEN NULL ELSE reason END AS why, count(*) FROM files"
                " WHERE state <> 'read' GROUP BY state, why ORDER BY count(*) DESC, state, why"
            )
        )

    @property
    def all(self) -> Group:
        """All requests; without any, a group of nothing."""
        return self.groups["all"].get("all", Group({}, {}))

    def decided(self, kind: str) -> int:
        """Return how many requests were overturned, inherited their denial, or were denied for a reason of their own."""
        return share_of(self.all.decisions, kind).hits

    def cures(self) -> list[Cure]:
        """Return what was not documented, by family, the most frequent first."""
        told = {
            (family, kind): ([Sample(**sample) for sample in samples], [(one["id"], one["requests"]) for one in entries or []])
            for family, kind, samples, entries in self.rows(_CURES)
        }
        found = [
            Cure(family, kind, share, *told.get((family, kind), ([], [])))
            for family, group in self.groups["family"].items()
            for (kind, basis), share in group.reasons.items()
            if basis == "undocumented" and kind not in (ANY, ONLY)
        ]
        return sorted(found, key=lambda cure: (-cure.share.requests, cure.family, -cure.share.hits, cure.type))

    def counter_evidence(self) -> Iterator[Counter]:
        """Yield findings with counter-evidence: denials first, decisive before others, then by confidence."""
        return (Counter(*row) for row in self.rows(_COUNTER))

    def warnings(self) -> Iterator[Warned]:
        """Yield the warnings that an appeal may turn on."""
        return (Warned(*row) for row in self.rows(_WARNINGS))

    def confidence(self) -> list[tuple[str, str, int, int, int, float]]:
        """Return, by type and source of decisive criteria: how many, below 0.5, from there to 0.7, and the mean."""
        return list(self.rows(_CONFIDENCE))

    def rows(self, query: str) -> Iterator[Any]:
        """Yield the rows of a query, few at a time; the next query ends it."""
        found = self._store.execute(query)
        while rows := found.fetchmany(_ROWS_AT_A_TIME):
            yield from rows

    def _one(self, query: str) -> Any:
        return self._store.execute(query).fetchone()

    def _groups(self, dimension: str) -> dict[str, Group]:
        decisions: dict[str, dict[str, Share]] = defaultdict(dict)
        reasons: dict[str, dict[tuple[str, str], Share]] = defaultdict(dict)
        base = _BASES[dimension]
        for group, kind, _, *numbers in self._store.execute(_DECISIONS.format(base=base) + _SHARES).fetchall():
            decisions[group][kind] = Share(*numbers)
        for group, kind, basis, *numbers in self._store.execute(_REASONS.format(base=base) + _SHARES).fetchall():
            reasons[group][kind, basis] = Share(*numbers)
        # What stands under no kind is only the size of the group, for those of which there is no request.
        return {
            group: Group(kinds, {key: share for key, share in reasons[group].items() if key[0]})
            for group, kinds in decisions.items()
        }


def share_of(decisions: Mapping[str, Share], kind: str) -> Share:
    """Return the share of a kind, of which there may be none."""
    return decisions.get(kind) or decisions.get("") or Share(0, 0, 0, 0, 0, 0)
