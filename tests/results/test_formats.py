"""Every format gives back what was written, and nothing half-written is ever seen under its name."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
import unmet
from hypothesis import given, settings
from hypothesis import strategies as st
from results.build import criterion, letter, mention, request, span, warning
from unmet.record import Determination, Value
from unmet.results import write
from unmet.results.errors import ResultsError
from unmet.results.files import FileRow
from unmet.results.read import open_store, read_results
from unmet.results.tables import TABLES
from unmet.results.write import check_output, write_results

pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

WHOLE = [".jsonl", ".parquet", ".duckdb"]
ALL = [*WHOLE, ".csv"]
HOSTILE = [
    "=1+1",
    "a\0b",
    "'",
    '"',
    "'; DROP TABLE letters; --",
    "two\nlines\r\n",
    "🦴🧑🏽‍⚕️",
    "\u2028",
    "x" * 100_000,
    "\\",
    "{}",
    "NULL",
    "",
]


def written(tmp_path: Path, suffix: str, records: list[Determination], files: list[FileRow] | None = None) -> Path:
    output = tmp_path / f"out{suffix}"
    write_results((record.to_json() for record in records), files or [], output)
    return output


@pytest.fixture(scope="module")
def sample_records(samples: Path) -> list[Determination]:
    return [unmet.read(path, with_text=True) for path in sorted(samples.glob("sample-*"))]


@pytest.mark.parametrize("suffix", WHOLE)
def test_sample_letters_come_back_as_they_were(tmp_path: Path, suffix: str, sample_records: list[Determination]) -> None:
    assert list(read_results(written(tmp_path, suffix, sample_records))) == sample_records


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(HOSTILE)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
RECORDS = st.builds(
    lambda text, attributes, asked, confidence, age, date, page: letter(
        1,
        request(
            1,
            criterion(1, values=[Value(quantity=text, asked=asked)], confidence=confidence, statement=span(text)),
            criterion(2, evidence=[], counter_evidence=[span(text, 7), span("b")]),
            title=span(text),
        ),
        request(2, family=text),
        text=text,
        mentions=[mention(1, **attributes), mention(2)],
        warnings=[warning(text)],
        case=unmet.record.Case(case_number=text, decision_date=date),
        patient=unmet.record.PatientInfo(age=age),
        sections=[unmet.record.SectionSpan(start=0, end=1, text=text, page=page, kind="rationale")],
    ),
    TEXTS,
    st.dictionaries(st.text("abcdefgh'\"", min_size=1), JSON, max_size=3).filter(lambda keys: "number" not in keys),
    NUMBERS,
    st.floats(0, 1),
    st.none() | st.integers(0, 2**31),
    st.none() | st.just("2017-02-30") | st.dates().map(str),
    st.none() | st.integers(1, 900),
)


@pytest.mark.parametrize("suffix", WHOLE)
@settings(max_examples=15)
@given(records=st.lists(RECORDS, max_size=3))
def test_any_record_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, records: list[Determination]
) -> None:
    output = written(tmp_path_factory.mktemp("any"), suffix, records)
    assert [record.to_json() for record in read_results(output)] == [record.to_json() for record in records]


def test_csv_has_no_formula_and_a_row_for_every_hostile_criterion(tmp_path: Path) -> None:
    records = [letter(n, request(1, criterion(1, evidence=[span(text)])), request(2)) for n, text in enumerate(HOSTILE)]
    records.append(letter(99))
    with written(tmp_path, ".csv", records).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * len(HOSTILE) + 1
    assert rows[0]["evidence"] == "'=1+1"
    assert rows[0]["confidence"] == "0.9"
    assert rows[0]["evidence_offsets"] == "0..4"
    assert rows[-1]["letter_id"].endswith("63")
    assert rows[-1]["request_index"] == ""
    assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") or "\0" in cell for row in rows for cell in row.values())


@pytest.mark.parametrize("suffix", WHOLE)
def test_the_tables_add_up(tmp_path: Path, suffix: str, sample_records: list[Determination]) -> None:
    failed = FileRow(path="odd-\udcff.pdf", sha256=None, state="failed", reason="is damaged")
    read = [FileRow(path=one.source.path, sha256=one.source.sha256, state="read") for one in sample_records]
    with open_store(written(tmp_path, suffix, sample_records, [*read, failed])) as store:
        counts = {name: store.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in [*TABLES, "records"]}
        orphans = store.execute(
            "SELECT count(*) FROM criteria ANTI JOIN requests USING (letter_id, request_index)"
            " UNION ALL SELECT count(*) FROM requests ANTI JOIN letters USING (letter_id)"
        ).fetchall()
        record = store.execute("SELECT record FROM records WHERE letter_id = ?", [sample_records[0].source.sha256]).fetchall()
    assert counts == {
        "letters": len(sample_records),
        "records": len(sample_records),
        "requests": sum(len(one.requests) for one in sample_records),
        "criteria": sum(len(own.criteria) for one in sample_records for own in one.requests),
        "mentions": sum(len(one.mentions) for one in sample_records),
        "medications": sum(len(one.medications) for one in sample_records),
        "files": len(sample_records) + (suffix != ".jsonl"),
    }
    assert orphans == [(0,), (0,)]
    assert Determination.from_json(record[0][0]) == sample_records[0]


@pytest.mark.parametrize("suffix", WHOLE)
def test_every_format_answers_alike(tmp_path: Path, suffix: str, sample_records: list[Determination]) -> None:
    files = [FileRow(path=one.source.path, sha256=one.source.sha256, state="read") for one in sample_records]
    answers = []
    for folder, one in (("a", suffix), ("b", ".duckdb")):
        (tmp_path / folder).mkdir()
        with open_store(written(tmp_path / folder, one, sample_records, files)) as store:
            answers.append(
                {name: store.execute(f"FROM {name}").fetchall() for name in [*TABLES, "cure_checklist", "data_quality"]}
            )
    assert answers[0] == answers[1]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_the_same_records_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    records = [letter(n, request(1, criterion(1))) for n in range(300)]
    first = written(tmp_path, suffix, records).read_bytes()
    assert written(tmp_path, suffix, records).read_bytes() == first


@pytest.mark.parametrize("suffix", ALL)
def test_a_run_that_ends_early_leaves_what_was_there(tmp_path: Path, suffix: str) -> None:
    output = written(tmp_path, suffix, [letter(1)])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def records() -> object:
        yield letter(2).to_json()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_results(records(), [], output)  # type: ignore[arg-type]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files")
@pytest.mark.parametrize("suffix", ALL)
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    import resource

    records = [letter(n, text=os.urandom(200_000).hex()).to_json() for n in range(4)]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(ResultsError, match=r"out\.\w+: could not be written") as caught:
            write_results(records * 300 if suffix == ".csv" else records, [], tmp_path / f"out{suffix}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", WHOLE)
def test_odd_file_names_are_only_names(tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"it's [a-b]*? {suffix}"
    write_results([letter(1).to_json()], [], output)
    assert list(read_results(output)) == [letter(1)]


def test_outputs_that_cannot_be_written_are_known_before_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.csv").mkdir()
    for output, reason in [
        (tmp_path / "out.xlsx", "end the name in one of these"),
        (tmp_path / "out", "end the name in one of these"),
        (tmp_path / "folder.csv", "is a folder"),
        (tmp_path / "none" / "out.csv", "there is no folder"),
    ]:
        with pytest.raises(ResultsError, match=reason) as caught:
            check_output(output)
        assert str(output) in str(caught.value)
    check_output(tmp_path / "OUT.CSV")
    monkeypatch.setattr(write, "find_spec", lambda _: None)
    with pytest.raises(ResultsError, match=r"needs pyarrow; install with: python -m pip install 'unmet\[results\]'"):
        check_output(tmp_path / "out.parquet")


def test_a_line_that_is_no_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(letter(1).to_json() + b"\n\n" + letter(2).to_json()[:-20] + b"\n")
    with pytest.raises(ResultsError, match=r"out\.jsonl: line 3 is no record"):
        list(read_results(path))
    with pytest.raises(ResultsError, match=r"out\.jsonl: line 3 is no record"), open_store(path):
        pass


@pytest.mark.parametrize("suffix", [".parquet", ".duckdb"])
@pytest.mark.parametrize("content", [b"", b"nothing of the sort", b"PAR1PAR1" * 1000])
def test_a_foreign_or_damaged_file_is_named(tmp_path: Path, suffix: str, content: bytes) -> None:
    output = written(tmp_path, suffix, [letter(1)])
    output.write_bytes(content)
    with pytest.raises(ResultsError, match=rf"out{suffix}: ") as caught:
        list(read_results(output))
    assert "\n" not in str(caught.value)


def test_other_databases_and_lone_parquet_files_are_refused(tmp_path: Path) -> None:
    import duckdb

    with duckdb.connect(tmp_path / "other.duckdb") as other:
        other.execute("CREATE TABLE letters (a INTEGER)")
    parquet = written(tmp_path, ".parquet", [letter(1)])
    (tmp_path / "out.criteria.parquet").unlink()
    for path, reason in [
        (tmp_path / "other.duckdb", "is no store of results"),
        (parquet, r"out\.criteria\.parquet: is missing"),
        (tmp_path / "none.jsonl", "is no file"),
        (tmp_path, "end the name"),
        (written(tmp_path, ".csv", [letter(1)]), "holds no whole records"),
    ]:
        with pytest.raises(ResultsError, match=reason):
            list(read_results(path))


@pytest.mark.parametrize("suffix", WHOLE)
def test_a_store_reaches_no_other_file_and_changes_nothing(tmp_path: Path, suffix: str) -> None:
    import duckdb

    (tmp_path / "other.csv").write_text("a\n1\n")
    with open_store(written(tmp_path, suffix, [letter(1)])) as store:
        for statement in [
            f"FROM read_csv('{tmp_path / 'other.csv'}')",
            f"COPY letters TO '{tmp_path / 'copy.csv'}'",
            "DELETE FROM letters",
            "SET enable_external_access = true",
        ]:
            with pytest.raises(duckdb.Error):
                store.execute(statement)
