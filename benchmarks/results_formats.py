"""Measures the formats of results: records a second, bytes a record, peak memory, for a few records and for many.

    python benchmarks/results_formats.py RECORDS.jsonl

The records of the file (``unmet read LETTERS --format jsonl -o RECORDS.jsonl``) are repeated under new ``letter_id``s
to the numbers asked for. Repeated records compress better than any real ones, so the bytes a record are those of the file
as it is. Rates are of processor time, which other programs on the machine disturb less; every figure has a process of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from unmet.record import Determination
from unmet.results.files import FileRow
from unmet.results.read import open_store, read_results
from unmet.results.tables import TABLES
from unmet.results.write import write_results

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS = ("jsonl", "csv", "parquet", "duckdb")


def lines(source: Path) -> list[tuple[bytes, bytes]]:
    return [(line, Determination.from_json(line).source.sha256.encode()) for line in source.read_bytes().splitlines()]


def repeated(source: Path, count: int) -> Iterator[bytes]:
    for place, (line, letter_id) in enumerate(islice(cycle(lines(source)), count)):
        yield line.replace(letter_id, hashlib.sha256(str(place).encode()).hexdigest().encode(), 1)


def write(source: Path, count: int, output: Path) -> None:
    files = (FileRow(path=f"{place}.pdf", sha256=None, state="read") for place in range(count))
    write_results(repeated(source, count), files, output)


def read(_: Path, count: int, output: Path) -> None:
    assert sum(1 for _ in read_results(output)) == count


def ask(_: Path, count: int, output: Path) -> None:
    with open_store(output) as store:
        own = "SELECT view_name FROM duckdb_views() WHERE NOT internal AND comment IS NOT NULL"
        for (view,) in store.execute(own).fetchall():
            if view not in (*TABLES, "records"):
                store.execute(f"FROM {view}").fetchall()


WORK = {"write": write, "read": read, "views": ask}


def measured(work: str, source: Path, count: int, output: Path) -> None:
    started = time.process_time()
    WORK[work](source, count, output)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{output.suffix[1:]:8} {work:6} {count:7} records {count / seconds:8.0f} records/s {peak:7.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("--counts", nargs="+", type=int, default=[1000, 10_000])
    parser.add_argument("--only", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        work, count, output = arguments.only
        measured(work, arguments.records, int(count), Path(output))
        return
    with tempfile.TemporaryDirectory() as folder:
        with arguments.records.open("rb") as file:
            distinct = sum(1 for _ in file)
        for name in FORMATS:
            for count in (distinct, *arguments.counts):
                output = Path(folder, f"{count}.{name}")
                for work in ("write",) if name == "csv" else ("write", "read") if name == "jsonl" else WORK:
                    command = [sys.executable, __file__, str(arguments.records), "--only", work, str(count), str(output)]
                    subprocess.run(command, check=True)
                total = sum(path.stat().st_size for path in Path(folder).glob(f"{count}.*"))
                print(f"{name:8} {total / count:13.0f} bytes/record", "" if count == distinct else "(repeated)", flush=True)
                for path in Path(folder).iterdir():
                    path.unlink()


if __name__ == "__main__":
    main()
