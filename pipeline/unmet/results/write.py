"""Writes the results of a batch in the format that the name of the output asks for."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from unmet.results.errors import ResultsError
from unmet.results.sink import batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from unmet.results.files import FileRow
    from unmet.results.sink import Sink

# What a format needs beyond the package itself.
_NEEDS: dict[str, tuple[str, ...]] = {
    ".jsonl": (),
    ".csv": (),
    ".parquet": ("pyarrow",),
    ".duckdb": ("duckdb", "pyarrow"),
}
_FILES_AT_A_TIME = 4096
_FREE = "free space or memory, or write elsewhere"


def check_output(output: Path) -> None:
    """Say before a run whether results can be written to ``output``; raises :class:`~unmet.results.errors.ResultsError`."""
    check_format(output)
    if output.is_dir():
        raise ResultsError(output, "is a folder; name a file in it")
    folder = output.parent
    if not folder.is_dir():
        raise ResultsError(output, f"there is no folder {folder}; make it first, or write elsewhere")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ResultsError(output, f"nothing can be written to the folder {folder}; change its permissions, or write elsewhere")


def check_format(path: Path) -> None:
    """Check that the suffix of ``path`` is known and that what its format needs is installed."""
    if path.suffix.lower() not in _NEEDS:
        raise ResultsError(path, f"results are {', '.join(_NEEDS)}; end the name in one of these")
    if missing := [name for name in _NEEDS[path.suffix.lower()] if find_spec(name) is None]:
        raise ResultsError(path, f"needs {' and '.join(missing)}; install with: python -m pip install 'unmet[results]'")


def write_results(records: Iterable[bytes], files: Iterable[FileRow], output: Path) -> None:
    """Write ``records`` (a line of JSON each, in the order wanted), then what became of each file.

    JSONL and CSV have no place for ``files`` and do not iterate over them. Memory does not grow with the number of either.
    Nothing appears under the name of the output before all of it is complete; what stood there is then replaced. Raises
    :class:`~unmet.results.errors.ResultsError`.
    """
    check_output(output)
    # A name of its own, not a random one: what a killed process left of it is taken away by the next. Not the output's,
    # which may hold what means something in a path to the writer of its format.
    folder = output.with_name(f".unmet-{sha256(os.fsencode(output.name)).hexdigest()[:16]}")
    with _naming(output):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    try:
        with _naming(output):
            sink = _sink(folder / output.name)
        try:
            for lines in batches(records):
                with _naming(output):
                    sink.add(lines)
            given = iter(files) if sink.holds_files else iter(())
            while rows := list(islice(given, _FILES_AT_A_TIME)):
                with _naming(output):
                    sink.add_files(rows)
            with _naming(output):
                sink.finish()
                _publish(folder, output)
        except BaseException:
            with suppress(Exception):  # a full disk lets nothing be closed either; the first error is the one to tell
                sink.abandon()
            raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sink(path: Path) -> Sink:
    match path.suffix.lower():
        case ".jsonl":
            from unmet.results.jsonl import JsonLinesSink

            return JsonLinesSink(path)
        case ".csv":
            from unmet.results.flat import CsvSink

            return CsvSink(path)
        case ".parquet":
            from unmet.results.parquet import ParquetSink

            return ParquetSink(path)
        case _:
            from unmet.results.store import DuckDBSink

            return DuckDBSink(path)


def _publish(folder: Path, output: Path) -> None:
    """Move what was written beside the output to its name: the file of that name last, on disk before it is seen."""
    for made in sorted(folder.iterdir(), key=lambda path: (path.name == output.name, path.name)):
        if made.is_file():
            _to_disk(made)
            made.replace(output.with_name(made.name))
    if os.name == "posix":
        _to_disk(output.parent)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _naming(output: Path) -> Iterator[None]:
    """Turn what goes wrong with the output into an error of one line that names it."""
    try:
        yield
    except OSError as error:
        raise ResultsError(output, f"could not be written ({error.strerror or type(error).__name__}); {_FREE}") from error
    except msgspec.MsgspecError as error:
        raise ResultsError(output, "was given a line that is no record; read the letters again") from error
    except Exception as error:
        duckdb = sys.modules.get("duckdb")
        if duckdb is None or not isinstance(error, duckdb.Error) or isinstance(error, duckdb.ProgrammingError):
            raise
        raise ResultsError(output, f"could not be written ({type(error).__name__}); {_FREE}") from error
