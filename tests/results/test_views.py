"""The views of a store count what they say, on records whose answers are known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from results.build import criterion, letter, request, span, warning
from unmet.record import Case, LayoutInfo
from unmet.results.files import FileRow
from unmet.results.read import open_store
from unmet.results.tables import TABLES
from unmet.results.write import write_results

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

DOCS = Path(__file__).resolve().parents[2] / "docs" / "results.md"
LIMIT = {"type": "quantity_limit", "unmet_basis": "exceeded"}
SHORT = "The notes do not show what he can lift now."

RECORDS = [
    letter(
        1,
        request(1, criterion(1), criterion(2, **LIMIT), criterion(3, decisive=False, type="pain_level")),
        request(2, criterion(4, type="parent_service", unmet_basis="inherited", evidence=[]), inherits_from=1),
        warnings=[warning("disagreement.date"), warning("disagreement.date")],
    ),
    letter(
        2,
        request(
            1,
            criterion(
                1, evidence=[span("No gain is told."), span(SHORT + "\n", 9)], counter_evidence=[span("He lifts 20 pounds.", 70)]
            ),
            criterion(2, type="other", catalogue_id="acupuncture.a", confidence=0.3),
        ),
        request(2, criterion(3, status="met", unmet_basis=None), family="topical", decision="overturned"),
        case=Case(case_number=None, decision_date="2017-04-01"),
    ),
    letter(3, layout=LayoutInfo(era="unknown", is_determination=False), case=Case()),
]
FILES = [
    FileRow(path="letter-1.txt", sha256=f"{1:064x}", state="read"),
    FileRow(path="copy.txt", sha256=f"{1:064x}", state="duplicate", reason="letter-1.txt"),
    FileRow(path="broken.pdf", sha256=None, state="failed", reason="is damaged"),
]


@pytest.fixture(scope="module", params=[".duckdb", ".parquet"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    output = tmp_path_factory.mktemp("views") / f"out{request.param}"
    write_results((record.to_json() for record in RECORDS), FILES, output)
    with open_store(output) as opened:
        yield opened


def rows(store: Any, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in store.execute(query).fetchall()]


def views(store: Any) -> dict[str, str | None]:
    found = rows(store, "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal")
    return {name: comment for name, comment in found if name not in TABLES and name != "records"}


def test_unmet_by_family_leaves_inherited_denials_apart(store: Any) -> None:
    assert rows(store, "FROM unmet_by_family") == [
        ("acupuncture", "functional_improvement", "undocumented", 2, 2, 2, 1.0, 1),
        ("acupuncture", "other", "undocumented", 1, 1, 2, 0.5, 1),
        ("acupuncture", "quantity_limit", "exceeded", 1, 1, 2, 0.5, 1),
    ]


def test_unmet_by_guideline_counts_a_guideline_cited_twice_once(store: Any) -> None:
    assert rows(store, "FROM unmet_by_guideline WHERE criterion_type = 'functional_improvement'") == [
        ("MTUS, Chronic Pain", "functional_improvement", "undocumented", 2, 2, 2, 1.0, 4)
    ]


def test_decisions(store: Any) -> None:
    assert rows(store, "FROM decisions_by_family") == [("acupuncture", 3, 2, 3, 0, 1, 0.0), ("topical", 1, 1, 0, 1, 0, 1.0)]
    assert rows(store, "FROM decisions_by_month") == [
        (date(2017, 3, 1), 1, 2, 2, 0, 0.0),
        (date(2017, 4, 1), 1, 2, 1, 1, 0.5),
    ]


def test_cure_checklist_has_a_short_sentence_with_its_letter(store: Any) -> None:
    other = "The notes do not show what the worker can do now."
    assert rows(store, "FROM cure_checklist") == [
        ("acupuncture", "functional_improvement", None, 2, 2, 1.0, SHORT, f"{2:064x}"),
        ("acupuncture", "other", "acupuncture.a", 1, 2, 0.5, other, f"{2:064x}"),
    ]


def test_lists_of_what_to_read(store: Any) -> None:
    assert rows(
        store, "SELECT letter_id, criterion_id, unmet_basis, counter_text, start_offset, end_offset FROM counter_evidence"
    ) == [(f"{2:064x}", "c1", "undocumented", "He lifts 20 pounds.", 70, 89)]
    assert rows(store, "SELECT letter_id, request_index, inherits_from, parent_item FROM inherited_denials") == [
        (f"{1:064x}", 2, 1, "Treatment 1")
    ]
    assert rows(store, "SELECT criterion_id, confidence FROM low_confidence") == [("c2", 0.3)]
    assert rows(store, "FROM warnings_by_code") == [("disagreement.date", 2, 1, pytest.approx(1 / 3))]


def test_data_quality(store: Any) -> None:
    found = {measure: (count, out_of) for measure, count, out_of, _ in rows(store, "FROM data_quality")}
    assert found == {
        "files that failed": (1, 3),
        "files quarantined": (0, 3),
        "files that are duplicates": (1, 3),
        "letters that are no determination": (1, 3),
        "letters in an unknown layout": (1, 3),
        "letters read by text recognition": (0, 3),
        "letters without a case number": (2, 3),
        "letters without a decision date": (1, 3),
        "letters without a request": (1, 3),
        "letters with a warning": (1, 3),
        "letters whose letter_id stood before": (0, 3),
        "requests of no known family": (0, 4),
        "requests without a criterion": (0, 4),
        "upheld requests without a decisive unmet criterion": (0, 3),
        "decisive criteria without evidence": (1, 6),
        "decisive criteria with a confidence below 0.5": (1, 6),
    }


def test_views_of_an_empty_store_answer(tmp_path: Path) -> None:
    write_results([], [], tmp_path / "out.duckdb")
    with open_store(tmp_path / "out.duckdb") as store:
        for view in views(store):
            assert rows(store, f"FROM {view}") == [] or view == "data_quality"
        assert {share for *_, share in rows(store, "FROM data_quality")} == {None}


def test_everything_has_a_comment(store: Any) -> None:
    assert len(views(store)) == 10
    assert all(views(store).values())
    uncommented = "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
    names = ", ".join(f"'{name}'" for name in [*TABLES, "records"])
    assert rows(store, f"{uncommented} AND table_name IN ({names})") == []


def test_the_page_on_results_lists_what_there_is(store: Any) -> None:
    page = DOCS.read_text(encoding="utf-8")
    told = {
        name: re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE)
        for name, body in re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    }
    columns: dict[str, list[str]] = {}
    for table, column in rows(
        store, "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal ORDER BY column_index"
    ):
        columns.setdefault(table, []).append(column)
    # A table's columns are told one by one, a view's in its first line.
    assert {name: own for name, own in told.items() if own} == {name: columns[name] for name in [*TABLES, "records"]}
    assert {name for name, own in told.items() if not own} == set(views(store))


def test_the_queries_of_the_page_run(store: Any) -> None:
    queries = re.findall(r"```sql\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(queries) >= 10
    for query in queries:
        store.execute(query).fetchall()
