"""A real scheduler and real workers, started by Dask's own commands; a node that dies is killed, and so is all it runs."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner
from unmet.cli import app
from unmet.together import LETTERS

pytest.importorskip("distributed")

# Words of a letter that no log may show; one that ends the process which reads it; one at which it waits.
SECRET, CRASH, GATE = "Wilhelmina Oosterhuis", "[abort]", "[gate]"

# Python imports this at its start, in the reading processes too.
_TRAPS = f"""
import os, time
from pathlib import Path
import unmet.reading as reading

whole = reading.letter_from_bytes
folder = Path(__file__).parent

def letter_from_bytes(data, name):
    if b"{CRASH}" in data:
        os.abort()
    if b"{GATE}" in data:
        (folder / "reached").touch()
        while not (folder.parent / "open").exists():
            time.sleep(0.05)
    return whole(data, name)

reading.letter_from_bytes = letter_from_bytes
"""
_OTHER_VERSION = """
import unmet

unmet.__version__ = "0.0.9"
"""


def wait_until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 240
    while not done():
        assert time.monotonic() < until, "this takes too long"
        time.sleep(0.05)


class Cluster:
    """A scheduler and workers on this machine, each in a process group of its own, as on nodes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.scheduler = self._start("dask_scheduler", "--port", str(port), "--no-show", log="scheduler")

    def add_worker(self, sitecustomize: str = _TRAPS) -> None:
        site = self.folder / f"site-{len(self.workers)}"
        site.mkdir()
        (site / "sitecustomize.py").write_text(sitecustomize)
        options = [self.address, "--nthreads", "1", "--local-directory", str(site)]
        self.workers.append(self._start("dask_worker", *options, log=f"worker-{len(self.workers)}", site=site))

    def kill_node_at_gate(self) -> None:
        """The nanny, the worker that it looks after, and the process that reads the letter."""
        wait_until(lambda: any(self.folder.glob("*/reached")))
        number = int(next(self.folder.glob("*/reached")).parent.name.removeprefix("site-"))
        os.killpg(self.workers[number].pid, signal.SIGKILL)

    def wait_for_workers(self, count: int) -> None:
        """Wait until they have registered."""
        wait_until(lambda: self.log("scheduler").count("Register worker") >= count)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def logs(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*.log"))

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _start(self, command: str, *options: str, log: str, site: Path | None = None) -> subprocess.Popen[bytes]:
        path = [str(site)] if site else []
        with (self.folder / f"{log}.log").open("wb") as out:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{command}", *options, "--host", "127.0.0.1", "--no-dashboard"],
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([*path, os.environ.get("PYTHONPATH", "")])},
                start_new_session=True,
            )


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    running = Cluster(folder)
    yield running
    running.close()


@pytest.fixture
def letters(samples: Path, tmp_path: Path) -> Path:
    """Sample letters, one of them twice, one of them unreadable."""
    folder = tmp_path / "letters"
    folder.mkdir()
    for number, path in enumerate(sorted(samples.glob("drugs-*.txt"))[:10]):
        (folder / f"{number:02}.txt").write_bytes(path.read_bytes())
    (folder / "05-again.txt").write_bytes((folder / "05.txt").read_bytes())
    (folder / "07-empty.txt").write_bytes(b" ")
    return folder


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "unmet.cli", "batch", *map(str, arguments), "--model", "rules"]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=240)


@contextmanager
def started(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command(*arguments), stderr=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def on(cluster: Cluster) -> tuple[str, str, str, str]:
    return "--engine", "dask", "--scheduler", cluster.address


def at_gate(letter: Path) -> None:
    letter.write_text(letter.read_text() + GATE)


def one_line(message: str) -> str:
    lines = [line for line in message.splitlines() if line.strip()]
    assert len(lines) == 1, message
    return lines[0]


def test_cluster_a_node_that_dies_changes_nothing(cluster: Cluster, letters: Path, tmp_path: Path) -> None:
    """One worker is killed with all it runs when some letters have been read."""
    at_gate(letters / "08.txt")
    cluster.add_worker()
    cluster.add_worker()
    cluster.wait_for_workers(2)
    output = tmp_path / "cluster.jsonl"
    with started(letters, "-o", output, *on(cluster)) as running:
        cluster.kill_node_at_gate()
        (cluster.folder / "open").touch()
        said = running.communicate(timeout=240)[1]
    assert running.returncode == 1  # for the empty letter
    assert "Remove worker" in cluster.log("scheduler")
    alone = run(letters, "-o", tmp_path / "alone.jsonl", "--workers", "2")
    assert output.read_bytes() == (tmp_path / "alone.jsonl").read_bytes()
    assert said.replace("cluster.jsonl", "alone.jsonl") == alone.stderr
    paths = [json.loads(line)["source"]["path"] for line in output.read_text().splitlines()]
    assert len(paths) == len(set(paths)) == 10
    assert "duplicate: 1" in said


def test_cluster_a_letter_that_crashes_is_quarantined_and_no_log_has_its_words(
    cluster: Cluster, letters: Path, tmp_path: Path
) -> None:
    """Letters with an address are fetched there, the bytes of an archive are sent; neither is shown by Dask."""
    bad = letters / "03.txt"
    bad.write_text(f"{bad.read_text()} {SECRET} {CRASH}")
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "sent", "text": f"{(letters / '04.txt').read_text()} {SECRET}"}))
    cluster.add_worker()
    cluster.wait_for_workers(1)
    output = tmp_path / "out.jsonl"
    result = run(letters.as_uri(), rows, "-o", output, *on(cluster))
    assert result.returncode == 1
    assert "quarantined: 1" in result.stderr
    assert "07-empty.txt: is empty" in result.stderr
    assert "03.txt: ended the process that read it (SIGABRT" in result.stderr
    assert "Traceback" not in result.stderr
    paths = [json.loads(line)["source"]["path"] for line in output.read_text().splitlines()]
    assert paths[0] == f"{letters.as_uri()}/00.txt"
    assert paths[-1] == f"{rows}#sent"
    # Gone on with: what was read is fetched, and not read again.
    again = run(letters.as_uri(), rows, "-o", output, *on(cluster), "--resume")
    assert "of these read before: 13" in again.stderr
    assert SECRET.split()[0] not in cluster.logs() + result.stderr


def test_cluster_a_node_with_another_version_ends_the_run_and_is_named(cluster: Cluster, letters: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"text": f"{SECRET} {(letters / '04.txt').read_text()}"}))
    cluster.add_worker(_OTHER_VERSION)
    cluster.wait_for_workers(1)
    result = run(rows, "-o", tmp_path / "out.jsonl", *on(cluster))
    assert result.returncode == 1
    message = one_line(result.stderr)
    assert re.search(r"worker tcp://127\.0\.0\.1:\d+: has another version of unmet, 0\.0\.9 and not \d", message)
    assert "--resume" in message
    assert "Compute Failed" in cluster.log("worker-0")
    assert SECRET.split()[0] not in cluster.logs()


def test_cluster_a_scheduler_that_dies_ends_the_run_which_is_gone_on_with(
    cluster: Cluster, letters: Path, tmp_path: Path
) -> None:
    at_gate(letters / "08.txt")
    for number in range(LETTERS):  # as many as are read together, before the others
        (letters / f"00-{number:02}.txt").write_bytes((letters / "00.txt").read_bytes() + b"\n%d\n" % number)
    cluster.add_worker()
    cluster.wait_for_workers(1)
    output = tmp_path / "out.jsonl"
    with started(letters, "-o", output, *on(cluster)) as running:
        wait_until(lambda: any(cluster.folder.glob("*/reached")))
        time.sleep(1)  # what was read before has arrived
        os.killpg(cluster.scheduler.pid, signal.SIGKILL)
        said = running.communicate(timeout=240)[1]
    assert running.returncode == 1
    assert "the Dask scheduler is gone" in said
    assert "Traceback" not in said
    rest = run(letters, "-o", output, "--resume")
    assert f"of these read before: {LETTERS}" in rest.stderr
    paths = [json.loads(line)["source"]["path"] for line in output.read_text().splitlines()]
    assert len(paths) == len(set(paths)) == 10 + LETTERS
    assert paths == sorted(paths)


def test_cluster_a_scheduler_that_is_not_there_is_said_in_one_line(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unmet.batch.cluster._TO_CONNECT", 1.0)
    letter = samples / "drugs-01.txt"
    for number, address in enumerate(("tcp://127.0.0.1:1", "127.0.0.1", "gopher://127.0.0.1:1")):
        arguments = ["batch", str(letter), "-o", str(tmp_path / f"{number}.jsonl"), "--model", "rules"]
        result = CliRunner().invoke(app, [*arguments, "--engine", "dask", "--scheduler", address])
        assert result.exit_code == 1
        assert f"{address}: no Dask scheduler answers there" in one_line(result.stderr)


@pytest.mark.parametrize(
    "wrong", [("--engine", "dask"), ("--scheduler", "a:1"), ("--engine", "dask", "--scheduler", "a:1", "--workers", "2")]
)
def test_cluster_options_that_do_not_go_together_are_wrong_usage(samples: Path, tmp_path: Path, wrong: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, ["batch", str(samples), "-o", str(tmp_path / "out.jsonl"), *wrong])
    assert result.exit_code == 2
    assert "--scheduler" in one_line(result.stderr) or "--workers" in one_line(result.stderr)
    assert not list(tmp_path.iterdir())


def test_sources_addresses_are_read_on_one_machine_too(samples: Path, tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    for number in (1, 2):
        store.pipe(f"/imr/{number}.txt", (samples / f"drugs-0{number}.txt").read_bytes())
    store.pipe("/imr/notes.xyz", b"no letter")
    output = tmp_path / "out.jsonl"
    result = CliRunner().invoke(app, ["batch", "memory://imr", "-o", str(output), "--model", "rules", "--workers", "1"])
    assert result.exit_code == 0, result.stderr
    records = [json.loads(line) for line in output.read_text().splitlines()]
    assert [record["source"]["path"].rsplit("/", 1)[-1] for record in records] == ["1.txt", "2.txt"]
    assert all(record["requests"] for record in records)
    store.rm("/imr", recursive=True)
