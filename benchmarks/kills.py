"""Kills a batch run at random moments, goes on with it, and compares its results with those of an undisturbed run.

    python benchmarks/kills.py LETTERS... --kills 100

A run is killed (SIGKILL, to the run or to one of its reading processes) again and again until it has come to its end; then
the next one is begun, until there have been as many kills as were asked for. Each end must give the very bytes of the
undisturbed run. Prints what was killed when; exit status 1 where anything differs.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path


def command(letters: list[str], output: Path, model: str | None, workers: int) -> list[str]:
    options = ["--workers", str(workers), *(["--model", model] if model else [])]
    return [sys.executable, "-m", "unmet.cli", "batch", *letters, "-o", str(output), "--resume", *options]


def children_of(process: int) -> list[int]:
    """The reading processes of a run, on Linux."""
    path = Path(f"/proc/{process}/task/{process}/children")
    try:
        found = [int(number) for task in path.parent.parent.iterdir() for number in (task / "children").read_text().split()]
    except (OSError, ValueError):
        return []
    return found


def run_with_kills(
    letters: list[str], output: Path, *, model: str | None, workers: int, longest: float, chance: random.Random
) -> Counter[str]:
    """Run to the end with kills on the way; return how many kills there were, of a run and of a reading process.

    Raises ``RuntimeError`` where a run ends in another way than with its results written.
    """
    kills: Counter[str] = Counter()
    said = output.with_suffix(".stderr")
    while True:
        with said.open("wb") as errors, subprocess.Popen(command(letters, output, model, workers), stderr=errors) as running:
            try:
                running.wait(chance.uniform(0, longest))
            except subprocess.TimeoutExpired:
                reading = children_of(running.pid)
                if reading and chance.random() < 0.25:
                    kills["reading process"] += 1
                    try:
                        os.kill(chance.choice(reading), signal.SIGKILL)
                    except ProcessLookupError:
                        kills["reading process"] -= 1
                    with suppress(subprocess.TimeoutExpired):
                        running.wait(chance.uniform(0, longest))
                if running.poll() is None:
                    running.kill()
                    kills["run"] += 1
        if running.returncode in (0, 1) and output.exists():
            return kills
        if running.returncode != -signal.SIGKILL:
            raise RuntimeError(f"a run ended with status {running.returncode}: {said.read_text()[-500:]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("letters", nargs="+")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--model")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    kills: Counter[str] = Counter()
    ends = differing = 0
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "undisturbed.jsonl"
        started = time.monotonic()
        subprocess.run(command(arguments.letters, whole, arguments.model, arguments.workers), check=False)
        longest = time.monotonic() - started
        expected = whole.read_bytes()
        while kills.total() < arguments.kills:
            output = Path(folder) / "killed.jsonl"
            kills += run_with_kills(
                arguments.letters,
                output,
                model=arguments.model,
                workers=arguments.workers,
                longest=longest,
                chance=chance,
            )
            ends += 1
            differing += output.read_bytes() != expected
            output.unlink()
            shutil.rmtree(output.with_name(output.name + ".run"))
            print(f"{kills.total()} kills ({dict(kills)}), {ends} runs brought to their end, {differing} differ", flush=True)
    print(f"{expected.count(b'%c' % 10)} records each; killed within {longest:.1f} s of each start")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
