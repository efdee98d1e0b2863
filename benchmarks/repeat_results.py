"""Repeats the records of a file of results until there are as many as wanted, to measure what many letters cost.

Every copy has an id, a path and a case number of its own, and the date and reviewer of a letter drawn at random (always the same
draw): copies do not add knowledge, only size.

    python benchmarks/repeat_results.py results.jsonl 100000 many.duckdb
"""

from __future__ import annotations

import argparse
import random
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from unmet.results.files import FileRow
from unmet.results.read import read_results
from unmet.results.write import write_results

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unmet.record import Determination


def repeated(records: list[Determination], count: int) -> Iterator[bytes]:
    """Yield ``count`` lines of JSON."""
    draw = random.Random(0)
    for number in range(count):
        one = records[number % len(records)]
        other = records[draw.randrange(len(records))]
        source = msgspec.structs.replace(one.source, sha256=_id(number), path=_path(number))
        case = msgspec.structs.replace(one.case, case_number=f"CM99-{number:07}", decision_date=other.case.decision_date)
        yield msgspec.structs.replace(one, source=source, case=case, reviewer=other.reviewer).to_json()


def _id(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()


def _path(number: int) -> str:
    return f"letters/{number:07}.txt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    records = list(read_results(arguments.results))
    files = (FileRow(path=_path(number), sha256=_id(number), state="read") for number in range(arguments.count))
    write_results(repeated(records, arguments.count), files, arguments.output)


if __name__ == "__main__":
    main()
