"""Reads letters on a cluster of nodes with addresses of their own, takes one away in the middle, compares with one machine.

    python benchmarks/cluster.py LETTERS... --how unplug

The nodes (a scheduler, two workers) are network namespaces joined by a bridge, with Dask's own commands in each; that
needs root and iproute2, otherwise the nodes are processes on loopback. "kill" ends all that runs on a node, as when a
spot machine is taken away; "unplug" cuts its network, so that nobody hears from it and it hears from nobody. Prints
letters per second, the processor time that the cluster takes for each letter beside reading it, and what was taken away
when; exit status 1 where the results are not the same bytes.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

PORT, CLIENT = 8786, "10.86.0.1"


class Node:
    """A network namespace with an address on the bridge, or a group of processes where there are no namespaces."""

    def __init__(self, number: int, *, isolated: bool) -> None:
        self.name = f"unmet{number}"
        self.address = f"10.86.0.{10 + number}" if isolated else "127.0.0.1"
        self.isolated = isolated
        self.process: subprocess.Popen[bytes] | None = None
        if isolated:
            ip("netns", "add", self.name)
            ip("link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.name)
            ip("link", "set", self.name, "master", "unmetbr", "up")
            ip("-n", self.name, "addr", "add", f"{self.address}/24", "dev", "eth0")
            ip("-n", self.name, "link", "set", "eth0", "up")
            ip("-n", self.name, "link", "set", "lo", "up")

    def start(self, command: str, *options: str, log: Path) -> None:
        inside = ["ip", "netns", "exec", self.name] if self.isolated else []
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [*inside, sys.executable, "-m", f"distributed.cli.{command}", *options, "--host", self.address, "--no-dashboard"],
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )

    def cpu(self) -> float:
        """Processor seconds that Dask's own processes on this node have taken, the reading processes left out."""
        assert self.process is not None
        ticks = 0
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.process.pid and b"unmet.batch.worker" not in (folder / "cmdline").read_bytes():
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def unplug(self) -> None:
        ip("link", "set", self.name, "down")

    def remove(self) -> None:
        self.kill()
        if self.isolated:
            subprocess.run(["ip", "netns", "delete", self.name], check=False)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def bridged() -> bool:
    """Make the bridge that joins the nodes and this process; False where that is not possible."""
    try:
        ip("link", "add", "unmetbr", "type", "bridge")
        ip("addr", "add", f"{CLIENT}/24", "dev", "unmetbr")
        ip("link", "set", "unmetbr", "up")
        ip("netns", "add", "unmet-try")
        ip("netns", "delete", "unmet-try")
    except (OSError, subprocess.CalledProcessError):
        subprocess.run("ip link delete unmetbr 2>/dev/null", shell=True, check=False)
        return False
    return True


def command(letters: list[str], output: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "unmet.cli", "batch", *letters, "-o", str(output), *options]


def committed(output: Path) -> int:
    """How many letters a run has in its parts."""
    import gzip

    count = 0
    for part in sorted(output.with_name(output.name + ".run").glob("parts/*.gz")):
        with suppress(OSError, EOFError):
            count += gzip.decompress(part.read_bytes()).count(b"\n")
    return count


def timed(letters: list[str], output: Path, *options: str) -> tuple[float, float]:
    """Run to the end; return the seconds it took, and the processor seconds of the run and the processes it started."""
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command(letters, output, *options), check=False, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - started, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("letters", nargs="+")
    parser.add_argument("--how", choices=("kill", "unplug"), default="kill")
    parser.add_argument("--model", default=None)
    arguments = parser.parse_args()
    letters = [str(Path(letter).absolute()) for letter in arguments.letters]
    model = ["--model", arguments.model] if arguments.model else []
    isolated = bridged()
    print("three nodes, each a network namespace" if isolated else "no network namespaces here: three nodes on loopback")
    nodes: list[Node] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            nodes = [Node(number, isolated=isolated) for number in range(3)]
            scheduler = f"tcp://{nodes[0].address}:{PORT}"
            nodes[0].start("dask_scheduler", "--port", str(PORT), "--no-show", log=folder / "scheduler.log")
            for node in nodes[1:]:
                options = ("--nthreads", "1", "--local-directory", str(folder / node.name))
                node.start("dask_worker", scheduler, *options, log=folder / f"{node.name}.log")
            while (folder / "scheduler.log").read_text().count("Register worker") < 2:
                time.sleep(0.1)
            differs = compare(letters, folder, scheduler, nodes, arguments.how if isolated else "kill", model)
        finally:
            for node in nodes:
                node.remove()
            if isolated:
                subprocess.run(["ip", "link", "delete", "unmetbr"], check=False)
    sys.exit(1 if differs else 0)


def compare(letters: list[str], folder: Path, scheduler: str, nodes: list[Node], how: str, model: list[str]) -> bool:
    on_cluster = ("--engine", "dask", "--scheduler", scheduler, *model)
    alone, whole, broken = (folder / f"{name}.jsonl" for name in ("alone", "whole", "broken"))
    seconds, cpu = timed(letters, alone, "--workers", "2", *model)
    count = alone.read_bytes().count(b"\n")
    print(f"two processes here: {count} records in {seconds:.1f} s, {count / seconds:.2f} letters/s; ", end="")
    print(f"{cpu:.1f} s of processor time, the start of the processes included", flush=True)
    before = sum(node.cpu() for node in nodes)
    on_both, own = timed(letters, whole, *on_cluster)
    same = whole.read_bytes() == alone.read_bytes()
    beside = sum(node.cpu() for node in nodes) - before
    print(f"two nodes: {on_both:.1f} s, {count / on_both:.2f} letters/s, {'the same bytes' if same else 'DIFFERENT'}; ", end="")
    print(f"beside reading, {1000 * own / count:.0f} ms of processor time a letter in the run, its start included, ", end="")
    print(f"and {1000 * beside / count:.0f} ms on the nodes", flush=True)
    started = time.monotonic()
    with subprocess.Popen(command(letters, broken, *on_cluster), stderr=subprocess.DEVNULL) as running:
        while (done := committed(broken)) < count // 3 and running.poll() is None:
            time.sleep(0.1)
        taken = time.monotonic() - started
        if running.poll() is not None:
            print("the run had ended before a node could be taken away; give it more letters")
            return True
        getattr(nodes[-1], how)()
        running.wait()
    last = time.monotonic() - started
    same_again = broken.read_bytes() == alone.read_bytes()
    names = len({line.split(b'"path":"', 1)[1].split(b'"', 1)[0] for line in broken.read_bytes().splitlines()})
    print(f"{how} of a node ({nodes[-1].address}) after {taken:.1f} s, when {done} records had been committed")
    print(f"one node left: end after {last:.1f} s, {names} letters in {count} records, ", end="")
    print("the same bytes" if same_again else "DIFFERENT")
    return not (same and same_again)


if __name__ == "__main__":
    main()
