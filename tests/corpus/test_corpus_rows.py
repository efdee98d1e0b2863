"""Rows are checked when read: every damage is refused with the row and the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from unmet.corpus.rows import CorpusError, Row, read_rows, row_faults, write_rows

ANNOTATIONS = Path(__file__).parents[2] / "annotations"


@pytest.fixture
def row() -> Row:
    return next(row for row in read_rows(ANNOTATIONS / "project.jsonl") if row.letter == "sample-multi-request")


def damaged(row: Row, tmp_path: Path, change: Any) -> str:
    """The message that reading a file with a changed row gives."""
    plain = msgspec.to_builtins(row)
    change(plain)
    path = tmp_path / "rows.jsonl"
    path.write_bytes(msgspec.json.encode(row) + b"\n" + msgspec.json.encode(plain | {"letter": "other"}) + b"\n")
    with pytest.raises(CorpusError) as caught:
        read_rows(path)
    return str(caught.value)


@pytest.mark.parametrize("name", ["real.jsonl", "project.jsonl", "first_reading.jsonl", "second_reading.jsonl"])
def test_rows_of_the_project_are_sound(name: str) -> None:
    rows = read_rows(ANNOTATIONS / name)
    assert rows
    assert all(not list(row_faults(row)) for row in rows)


def test_rows_hold_no_word_of_a_letter() -> None:
    for row in read_rows(ANNOTATIONS / "real.jsonl"):
        for mention in row.mentions:
            for value in mention.attributes.values():
                assert not isinstance(value, str) or len(value.split()) <= 8


def test_rows_written_and_read_are_the_same(row: Row, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [row])
    assert read_rows(tmp_path / "rows.jsonl") == [row]


def test_rows_span_outside_the_text_is_refused(row: Row, tmp_path: Path) -> None:
    message = damaged(row, tmp_path, lambda plain: plain["mentions"][0].update(end=10**6))
    assert "row 2" in message
    assert "outside the text" in message


def test_rows_unknown_code_is_refused(row: Row, tmp_path: Path) -> None:
    message = damaged(row, tmp_path, lambda plain: plain["requests"][0]["criteria"][0].update(type="good_looks"))
    assert "good_looks" in message
    message = damaged(row, tmp_path, lambda plain: plain["sentences"][0].update(voice="chorus"))
    assert "chorus" in message


def test_rows_id_that_stands_twice_is_refused(row: Row, tmp_path: Path) -> None:
    message = damaged(row, tmp_path, lambda plain: plain["mentions"][1].update(id=plain["mentions"][0]["id"]))
    assert "twice" in message


def test_rows_basis_without_unmet_is_refused(row: Row, tmp_path: Path) -> None:
    def change(plain: dict[str, Any]) -> None:
        plain["requests"][0]["criteria"][0].update(status="met", unmet_basis="undocumented")

    assert "basis" in damaged(row, tmp_path, change)


def test_rows_letter_that_stands_twice_is_refused(row: Row, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes((msgspec.json.encode(row) + b"\n") * 2)
    with pytest.raises(CorpusError, match=r"row 2 .*earlier row"):
        read_rows(path)


def test_rows_truncated_file_is_refused(row: Row, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(msgspec.json.encode(row)[:-30])
    with pytest.raises(CorpusError, match=r"rows\.jsonl, row 1"):
        read_rows(path)


def test_rows_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"none\.jsonl"):
        read_rows(tmp_path / "none.jsonl")
