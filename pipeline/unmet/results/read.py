"""Reads results back: as records, one by one, or as a store that answers SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import duckdb

    from unmet.record import Determination


def read_results(path: Path) -> Iterator[Determination]:
    """Yield the records of ``path`` (.jsonl, .parquet or .duckdb) in the order in which they were written."""
    raise NotImplementedError


def open_store(path: Path) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """Open ``path`` for SQL over the tables and views of docs/results.md: ``with open_store(path) as store``."""
    raise NotImplementedError
