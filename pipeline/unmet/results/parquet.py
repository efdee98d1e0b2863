"""Results as Parquet: the nested records in one file, the flat tables beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from unmet.record import Determination
from unmet.results.schemas import RECORD, TABLE_SCHEMAS, as_table, records_as_table
from unmet.results.tables import TABLES, file_row, letter_tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from unmet.results.files import FileRow

# A row group ends with the first batch that brings it to so many rows or bytes: few enough for memory, enough for a scan.
_RECORD_ROWS, _TABLE_ROWS = 512, 32_768
_BYTES = 16_000_000
_RECORDS = "records"

_decode = msgspec.json.Decoder(Determination).decode


def table_path(output: Path, table: str) -> Path:
    """Return where a flat table of the results ``output`` stands: ``out.letters.parquet`` beside ``out.parquet``."""
    return output.with_name(f"{output.stem}.{table}{output.suffix}")


class ParquetSink:
    """Writes the records and every flat table, row group by row group."""

    holds_files = True

    def __init__(self, path: Path) -> None:
        self._groups = {_RECORDS: _RowGroups(path, RECORD, _RECORD_ROWS)}
        self._groups |= {name: _RowGroups(table_path(path, name), TABLE_SCHEMAS[name], _TABLE_ROWS) for name in TABLES}

    def add(self, lines: Sequence[bytes]) -> None:
        """Append the records and their rows."""
        determinations = [_decode(line) for line in lines]
        tables = letter_tables(determinations)
        for name in tables.__struct_fields__:
            self._groups[name].add(as_table(getattr(tables, name), TABLE_SCHEMAS[name]))
        self._groups[_RECORDS].add(records_as_table(determinations))

    def add_files(self, files: Sequence[FileRow]) -> None:
        """Append the rows of the files."""
        self._groups["files"].add(as_table([file_row(file) for file in files], TABLE_SCHEMAS["files"]))

    def finish(self) -> None:
        """Write the last row groups and close the files."""
        for group in self._groups.values():
            group.finish()

    def abandon(self) -> None:
        """Close the files as they are."""
        for group in self._groups.values():
            group.close()


class _RowGroups:
    """One Parquet file, to which batches are added until they make a row group."""

    def __init__(self, path: Path, schema: pa.Schema, rows: int) -> None:
        self._schema, self._most = schema, rows
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._held: list[pa.Table] = []
        self._rows = self._bytes = 0

    def add(self, batch: pa.Table) -> None:
        self._held.append(batch)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._rows >= self._most or self._bytes >= _BYTES:
            self._write()

    def finish(self) -> None:
        if self._rows:
            self._write()
        self.close()

    def close(self) -> None:
        self._writer.close()

    def _write(self) -> None:
        self._writer.write_table(pa.concat_tables(self._held), row_group_size=self._rows)
        self._held, self._rows, self._bytes = [], 0, 0
