"""Reads results back: as records, one by one, or as a store that answers SQL."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from unmet.record import Determination
from unmet.results.errors import ResultsError
from unmet.results.files import FileRow
from unmet.results.write import check_format, write_results

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    import duckdb

# Records fetched from a store at a time.
_FETCHED = 64
_WRITE_AGAIN = "write the results again with this version of unmet"

_decode = msgspec.json.Decoder(Determination).decode


def read_results(path: Path) -> Iterator[Determination]:
    """Yield the records of ``path`` (.jsonl, .parquet or .duckdb) in the order in which they were written.

    Memory does not grow with their number. Raises :class:`~unmet.results.errors.ResultsError` where the file is missing,
    damaged or none of results: for JSON Lines with the line.
    """
    _check(path)
    if path.suffix.lower() == ".jsonl":
        for _, determination in _json_lines(path):
            yield determination
        return
    import duckdb

    with _opened(path) as store:
        try:
            store.execute("SET threads = 1")  # several would read ahead
            found = store.execute("SELECT record FROM records")
            while rows := found.fetchmany(_FETCHED):
                for (record,) in rows:
                    yield _decode(record)
        except (duckdb.Error, msgspec.MsgspecError) as error:
            raise ResultsError(path, f"holds records that cannot be read; {_WRITE_AGAIN}") from error


@contextmanager
def open_store(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open ``path`` for SQL over the tables and views of docs/results.md, nothing of which can be changed.

    A .duckdb file is opened as it is, Parquet files are read where they stand, and JSON Lines are first loaded into a
    temporary store, which takes as long as writing a .duckdb file (their table ``files`` knows only the letters that
    have a record). A whole record is ``SELECT record FROM records WHERE letter_id = ?``. The connection reaches no other
    file and no network. Raises :class:`~unmet.results.errors.ResultsError`.
    """
    _check(path)
    if path.suffix.lower() == ".jsonl":
        check_format(Path("store.duckdb"))
        with tempfile.TemporaryDirectory(prefix="unmet-") as folder:
            loaded = Path(folder, "store.duckdb")
            write_results((line for line, _ in _json_lines(path)), map(_file_of, _json_lines(path)), loaded)
            with open_store(loaded) as store:
                yield store
        return
    with _opened(path) as store:
        store.execute("SET lock_configuration = true")
        yield store


def _opened(path: Path) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    check_format(Path("store.duckdb"))
    from unmet.results.store import open_duckdb, open_parquet

    return open_duckdb(path) if path.suffix.lower() == ".duckdb" else open_parquet(path)


def _check(path: Path) -> None:
    check_format(path)
    if path.suffix.lower() == ".csv":
        raise ResultsError(path, "a flat CSV holds no whole records; give the .jsonl, .parquet or .duckdb file of the run")
    if not path.is_file():
        raise ResultsError(path, "is no file; name a file that unmet batch wrote")


def _json_lines(path: Path) -> Iterator[tuple[bytes, Determination]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):  # noqa: B007 (an error names it)
                if record := line.strip():
                    yield record, _decode(record)
    except OSError as error:
        raise ResultsError(path, f"cannot be read ({error.strerror or type(error).__name__})") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ResultsError(
            path, f"line {number} is no record of this version of unmet; remove it, or read the letters again"
        ) from error


def _file_of(read: tuple[bytes, Determination]) -> FileRow:
    source = read[1].source
    return FileRow(path=source.path, sha256=source.sha256, state="read")
