"""Results as a DuckDB store: the flat tables with comments, the records as JSON text, and the views of ``views.sql``.

The same store can be had over Parquet files, as views.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from importlib.resources import files as package_files
from typing import TYPE_CHECKING

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from unmet.record import Determination
from unmet.results.errors import ResultsError
from unmet.results.parquet import table_path
from unmet.results.schemas import RECORD, RECORD_TEXT, TABLE_SCHEMAS, as_table
from unmet.results.tables import TABLES, columns, file_row, letter_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from unmet.results.files import FileRow

RECORDS = "records"
RECORDS_SAY = "One row per letter: the whole record, to open a letter from the store."
RECORD_COLUMNS: Mapping[str, str] = {
    "letter_id": columns(TABLES["letters"])["letter_id"],
    "record": "The record as JSON text",
}

# Small row groups, since DuckDB holds one in memory until it is full and a record has some 40 kB; storage that DuckDB 1.2
# and all later ones read. No extension is ever fetched.
_ROW_GROUP = 2048
_ATTACH = f"ATTACH {{path}} AS results (STORAGE_VERSION 'v1.2.0', ROW_GROUP_SIZE {_ROW_GROUP})"
# Megabytes for the database: enough for a row group of records, and more where records are larger than any letter's.
_LEAST_MEMORY = 128
_MEMORY_FOR_RECORDS = 1.5
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "memory_limit": f"{_LEAST_MEMORY}MB",
    "threads": 1,
}

_READING: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": False}
_WRITE_AGAIN = "write the results again with this version of unmet"

# The JSON text of a nested record; attributes are JSON text already.
_RECORD_TEXT = """
SELECT source.sha256 AS letter_id, CAST(to_json(struct_update(one, mentions :=
  list_transform(mentions, lambda mention: struct_update(mention, attributes := CAST(mention.attributes AS JSON)))
)) AS VARCHAR) AS record
FROM read_parquet({file}) AS one
"""

_decode = msgspec.json.Decoder(Determination).decode


class DuckDBSink:
    """Loads the tables batch by batch, in one transaction."""

    holds_files = True

    def __init__(self, path: Path) -> None:
        self._connection = duckdb.connect(config={**_CONFIG, "temp_directory": str(path.with_name("spill"))})
        self._connection.execute(_ATTACH.format(path=quoted(str(path))))
        self._connection.execute("USE results")
        self._memory = _LEAST_MEMORY
        self._connection.begin()
        for name, schema in {**TABLE_SCHEMAS, RECORDS: RECORD_TEXT}.items():
            empty = schema.empty_table()
            self._connection.execute(f"CREATE TABLE {name} AS FROM empty")
            del empty

    def add(self, lines: Sequence[bytes]) -> None:
        """Append the records and their rows."""
        self._make_room(lines)
        determinations = [_decode(line) for line in lines]
        tables = letter_tables(determinations)
        for name in tables.__struct_fields__:
            self._insert(name, as_table(getattr(tables, name), TABLE_SCHEMAS[name]))
        texts = [pa.array([row.letter_id for row in tables.letters]), pa.array([line.decode() for line in lines], pa.string())]
        self._insert(RECORDS, pa.Table.from_arrays(texts, schema=RECORD_TEXT))

    def add_files(self, files: Sequence[FileRow]) -> None:
        """Append the rows of the files."""
        self._insert("files", as_table([file_row(file) for file in files], TABLE_SCHEMAS["files"]))

    def finish(self) -> None:
        """Add the comments and views and close the file."""
        describe(self._connection, "TABLE")
        self._connection.execute(views_sql())
        self._connection.commit()
        self._connection.execute("USE memory")
        self._connection.execute("DETACH results")
        self._connection.close()

    def abandon(self) -> None:
        """Close the file as it is."""
        self._connection.close()

    def _make_room(self, lines: Sequence[bytes]) -> None:
        needed = int(_MEMORY_FOR_RECORDS * _ROW_GROUP * sum(map(len, lines)) / len(lines) / 1_000_000)
        if needed > self._memory:
            self._memory = needed
            self._connection.execute(f"SET memory_limit = '{needed}MB'")

    def _insert(self, table: str, rows: pa.Table) -> None:
        # Read by name from this frame: a registered batch would be kept until the transaction ends.
        self._connection.execute(f"INSERT INTO {table} FROM rows")


@contextmanager
def open_duckdb(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a store that :class:`DuckDBSink` wrote, for reading."""
    try:
        connection = duckdb.connect(path.resolve(), read_only=True, config=_READING)
    except (duckdb.Error, OSError) as error:
        reason = "cannot be opened: damaged, no DuckDB file, in use by another program, or of a newer DuckDB"
        raise ResultsError(path, f"{reason}; {_WRITE_AGAIN}") from error
    with connection:
        connection.execute("SET enable_external_access = false")
        found: dict[str, list[str]] = {}
        for table, column in connection.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'main' ORDER BY column_index"
        ).fetchall():
            found.setdefault(table, []).append(column)
        expected = {name: list(columns(row)) for name, row in TABLES.items()} | {RECORDS: list(RECORD_COLUMNS)}
        if any(found.get(name) != own for name, own in expected.items()):
            raise ResultsError(path, f"is no store of results of this version of unmet; {_WRITE_AGAIN}")
        yield connection


@contextmanager
def open_parquet(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the files that :class:`~unmet.results.parquet.ParquetSink` wrote as one store, for reading."""
    made = {name: table_path(path, name) for name in TABLES}
    for name, file in {RECORDS: path, **made}.items():
        if not file.is_file():
            raise ResultsError(file, f"is missing; the tables of {path.name} must stand beside it")
        try:
            schema = pq.read_schema(file)
        except (pa.ArrowException, OSError) as error:
            raise ResultsError(file, f"is damaged or no Parquet file; {_WRITE_AGAIN}") from error
        if not schema.equals({RECORDS: RECORD, **TABLE_SCHEMAS}[name]):
            raise ResultsError(file, f"does not hold the {name} of results of this version of unmet; {_WRITE_AGAIN}")
    allowed = ", ".join(_file(file) for file in (path, *made.values()))
    with duckdb.connect(config=_READING) as connection:
        connection.execute(f"SET allowed_paths = [{allowed}]")
        connection.execute("SET enable_external_access = false")
        for name, file in made.items():
            connection.execute(f"CREATE VIEW {name} AS FROM read_parquet({_file(file)})")
        connection.execute(f"CREATE VIEW {RECORDS} AS {_RECORD_TEXT.format(file=_file(path))}")
        describe(connection, "VIEW")
        connection.execute(views_sql())
        yield connection


def describe(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    """Comment every table (or, in a store over Parquet files, view) and its columns."""
    says = {name: (_first_line(row), columns(row)) for name, row in TABLES.items()} | {RECORDS: (RECORDS_SAY, RECORD_COLUMNS)}
    for name, (what, own) in says.items():
        connection.execute(f"COMMENT ON {kind} {name} IS {quoted(what)}")
        for column, comment in own.items():
            connection.execute(f"COMMENT ON COLUMN {name}.{column} IS {quoted(comment)}")


@cache
def views_sql() -> str:
    """Return the SQL that makes and describes the views."""
    return package_files("unmet.results").joinpath("views.sql").read_text(encoding="utf-8")


def quoted(text: str) -> str:
    """Return text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _file(path: Path) -> str:
    return quoted(str(path.resolve()))


def _first_line(row: type) -> str:
    return (row.__doc__ or "").splitlines()[0]
