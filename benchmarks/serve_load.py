"""How long the explorer takes to answer, and whether many users at once are all answered.

    python benchmarks/serve_load.py [--letters 40] [--users 20]

Starts ``unmet serve`` on a free port over results of the project's letters. In the same run and on the same letter of some
900 words: ``unmet.read`` in this process, then ``POST /api/read`` one after the other (both warm), so that the difference is
what the service adds. Then as many users as ``--users`` at once, each reading and searching. Ends with status 1 where
anybody was not answered.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# As the reading processes have it, and before anything imports NumPy.
os.environ["OMP_NUM_THREADS"] = "1"

import httpx
from unmet.reading import read
from unmet.results.write import write_results

LETTERS = Path(__file__).resolve().parent.parent / "annotations" / "letters"
WORDS = 900


def near(count: int) -> Path:
    """The letter of the project whose number of words is nearest to ``count``."""
    texts = [path for path in sorted(LETTERS.iterdir()) if path.suffix in (".txt", ".md") and path.name != "README.md"]
    return min(texts, key=lambda path: abs(len(path.read_text(encoding="utf-8").split()) - count))


def row(name: str, seconds: list[float]) -> str:
    """One line of the table, in milliseconds."""
    ordered = sorted(seconds)
    late = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"{name:<44}{1000 * statistics.median(ordered):>9.0f}{1000 * late:>9.0f}{len(ordered):>7}"


async def timed(client: httpx.AsyncClient, method: str, path: str, content: bytes | None = None) -> tuple[float, int]:
    """Return how long an answer took, and its status."""
    started = time.perf_counter()
    answer = await client.request(method, path, content=content)
    return time.perf_counter() - started, answer.status_code


async def measure(address: str, letter: Path, letters: int, users: int) -> bool:
    """Print the times of the service; return whether every request was answered with 200."""
    data = letter.read_bytes()
    post = ("POST", f"/api/read?name={letter.name}", data)
    searches = [
        "/api/letters?words=therapy&status=unmet",
        "/api/letters?basis=undocumented",
        "/letters?words=mri",
        "/consistency",
    ]
    limits = httpx.Limits(max_connections=2 * users)
    async with httpx.AsyncClient(base_url=address, timeout=300, limits=limits) as client:
        for _ in range(10):
            await timed(client, *post)
        alone = [await timed(client, *post) for _ in range(letters)]
        print(row("POST /api/read, one after the other", [seconds for seconds, _ in alone]))
        found = [await timed(client, "GET", path) for path in searches * 10]
        print(row("searches and pages, one after the other", [seconds for seconds, _ in found]))

        async def user(number: int) -> list[tuple[float, int]]:
            return [await timed(client, *post) for _ in range(letters // 4)]

        async def searcher() -> list[tuple[float, int]]:
            times = []
            while not reading.done():
                times += [await timed(client, "GET", path) for path in searches]
                await asyncio.sleep(0.5)  # who reads what was found
            return times

        started = time.perf_counter()
        reading = asyncio.gather(*map(user, range(users)))
        meanwhile = await searcher()
        together = [one for times in await reading for one in times]
        elapsed = time.perf_counter() - started
        print(row(f"POST /api/read, {users} users at once", [seconds for seconds, _ in together]))
        print(row("searches and pages meanwhile", [seconds for seconds, _ in meanwhile]))
        print(f"{users} users: {len(together) / elapsed:.1f} letters/s together")
    everything = [*alone, *found, *together, *meanwhile]
    wrong = sum(status != 200 for _, status in everything)
    print(f"requests: {len(everything)}, not answered with 200: {wrong}")
    return wrong == 0


def main() -> None:
    """Run all of it."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--letters", type=int, default=40)
    arguments.add_argument("--users", type=int, default=20)
    given = arguments.parse_args()
    letter = near(WORDS)
    print(f"letter: {letter.name}, {len(letter.read_text(encoding='utf-8').split())} words")
    print(f"{'':<44}{'median ms':>9}{'95% ms':>9}{'times':>7}")
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.duckdb"
        paths = [path for path in sorted(LETTERS.iterdir()) if path.name != "README.md"]
        write_results([read(path, with_text=True).to_json() for path in paths], (), results)
        here = []
        for _ in range(given.letters):
            started = time.perf_counter()
            read(letter)
            here.append(time.perf_counter() - started)
        print(row("unmet.read in one process", here))
        server = subprocess.Popen(
            [sys.executable, "-m", "unmet.cli", "serve", str(results), "--port", "0"], stderr=subprocess.PIPE, text=True
        )
        try:
            assert server.stderr is not None
            address = next(found[1] for line in server.stderr if (found := re.search(r"(http://\S+)/", line)))
            answered = asyncio.run(measure(address, letter, given.letters, given.users))
        finally:
            server.terminate()
            server.wait()
    sys.exit(not answered)


if __name__ == "__main__":
    main()
