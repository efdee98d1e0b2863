"""Times whole runs of ``unmet batch``: more letters, more workers, and the memory of all its processes.

    python benchmarks/scaling.py FOLDER [--counts 1000 20000] [--workers 1 2] [--rounds 1] [--json FILE]

FOLDER holds many letters (``many_letters.py`` makes them); each run reads the first so many of them, in a folder of their
own. The runs take turns: every count and number of workers once per round. What a user waits for is timed, start-up
included, with the environment as it is. Memory is sampled while the run goes on: PSS shares out what processes hold in
common (Linux), RSS counts it for each of them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from measuring import machine, spread, table, write_json
from unmet.cli import letters_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EVERY = 0.2  # seconds between two looks at the memory
COLUMNS = (
    "letters",
    "workers",
    "seconds",
    "least-most",
    "letters/s",
    "x 1 worker",
    "CPU ms/letter",
    "PSS MB",
    "RSS MB",
    "processes",
    "records",
)


class Memory(NamedTuple):
    """What the processes of a run hold at one moment, in MB, and how many they are."""

    pss: float
    rss: float
    processes: int


def tree(root: int) -> list[int]:
    """Return the process ``root`` and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # "pid (name) state ppid": a name may hold anything, parentheses too.
                parent = int((entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def memory(root: int) -> Memory:
    """Return what ``root`` and its descendants hold now; a process that ends meanwhile is not counted."""
    pss = rss = processes = 0
    for process in tree(root):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        sizes = {line.partition(":")[0]: line.split()[1] for line in lines[1:]}
        pss += int(sizes.get("Pss", 0))
        rss += int(sizes.get("Rss", 0))
        processes += 1
    return Memory(pss / 1024, rss / 1024, processes)


def run(folder: Path, output: Path, workers: int, model: str | None) -> dict[str, Any]:
    """Run ``unmet batch`` over ``folder`` and return the seconds, the processor's seconds, the peak of memory and the records.

    Ends the program where the run failed.
    """
    command = [sys.executable, "-m", "unmet.cli", "batch", str(folder), "-o", str(output), "--workers", str(workers)]
    command += ["--model", model] if model else []
    peak = Memory(0, 0, 0)
    before = os.times()
    started = time.perf_counter()
    said = output.with_suffix(".log")
    with said.open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        while True:
            try:
                process.wait(EVERY)
                break
            except subprocess.TimeoutExpired:
                now = memory(process.pid)
                peak = Memory(max(peak.pss, now.pss), max(peak.rss, now.rss), max(peak.processes, now.processes))
    seconds = time.perf_counter() - started
    after = os.times()
    records = output.read_bytes().count(b"\n") if output.is_file() else 0
    # 1: some letter could not be read, which the count of records shows.
    if process.returncode not in (0, 1) or not records:
        last = (said.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        raise SystemExit(f"scaling: unmet batch ended with status {process.returncode} and {records} records: {last}")
    return {
        "seconds": seconds,
        "cpu_seconds": after.children_user + after.children_system - before.children_user - before.children_system,
        "pss_mb": peak.pss or None,
        "rss_mb": peak.rss or None,
        "processes": peak.processes,
        "records": records,
    }


def summarize(results: Mapping[tuple[int, int], Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return the figures of each (letters, workers) over its rounds.

    How many times as fast as one worker a run is, is taken within a round. ``records`` is the fewest of any round:
    fewer than letters means that some could not be read, or were lost.
    """
    summary = []
    for (letters, workers), rounds in results.items():
        seconds = spread([one["seconds"] for one in rounds])
        own: dict[str, Any] = {
            "letters": letters,
            "workers": workers,
            "seconds": seconds,
            "letters_per_s": letters / seconds["median"],
            "cpu_ms_per_letter": 1000 * median(one["cpu_seconds"] for one in rounds) / letters,
            "records": min(one["records"] for one in rounds),
            "processes": max(one["processes"] for one in rounds),
        }
        for kind in ("pss_mb", "rss_mb"):
            known = [one[kind] for one in rounds if one[kind] is not None]
            own[kind] = max(known) if known else None
        alone = results.get((letters, 1))
        if alone:
            times = [one["seconds"] / this["seconds"] for this, one in zip(rounds, alone, strict=True)]
            own["times_one_worker"] = spread(times)
        summary.append(own)
    return summary


def rows_of(summary: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    return [
        [
            f"{own['letters']:,}",
            str(own["workers"]),
            f"{own['seconds']['median']:.1f}",
            f"{own['seconds']['min']:.1f}-{own['seconds']['max']:.1f}",
            f"{own['letters_per_s']:.1f}",
            f"{own['times_one_worker']['median']:.2f}" if "times_one_worker" in own else "-",
            f"{own['cpu_ms_per_letter']:.1f}",
            *(f"{own[kind]:.0f}" if own[kind] is not None else "-" for kind in ("pss_mb", "rss_mb")),
            str(own["processes"] or "-"),
            f"{own['records']:,}",
        ]
        for own in summary
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of many letters")
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 20000], help="letters of a run")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--model", help="'rules' or the folder of a pipeline; default: the one that ships")
    parser.add_argument("--json", type=Path, help="write the figures of all rounds here")
    arguments = parser.parse_args()
    try:
        letters = letters_in([arguments.folder])
    except ValueError as error:
        raise SystemExit(f"scaling: {error}") from None
    if len(letters) < max(arguments.counts):
        raise SystemExit(f"scaling: {arguments.folder}: holds {len(letters)} letters; name smaller --counts, or make more")
    facts = machine()
    results: dict[tuple[int, int], list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folders = {count: Path(scratch) / str(count) for count in sorted(set(arguments.counts))}
        for count, folder in folders.items():
            folder.mkdir()
            for number, letter in enumerate(letters[:count]):
                shutil.copyfile(letter, folder / f"{number:07}{letter.suffix}")
        for number in range(arguments.rounds):
            for count, folder in folders.items():
                for workers in arguments.workers:
                    print(f"round {number + 1}: {count} letters, {workers} workers", file=sys.stderr)
                    one = run(folder, Path(scratch) / f"{number}-{count}-{workers}.jsonl", workers, arguments.model)
                    results.setdefault((count, workers), []).append(one)
    summary = summarize(results)
    print(f"unmet batch, model {arguments.model or 'that ships'}, {arguments.rounds} rounds by turns")
    print(", ".join(f"{name} {value}" for name, value in facts.items()), end="\n\n")
    print(table(COLUMNS, rows_of(summary)))
    if arguments.json:
        each = [{"letters": count, "workers": workers, "rounds": rounds} for (count, workers), rounds in results.items()]
        write_json(arguments.json, {"machine": facts, "runs": summary, "each": each})


if __name__ == "__main__":
    main()
