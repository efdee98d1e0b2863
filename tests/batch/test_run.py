"""A run from inputs to results, by the command that users have: nothing lost, nothing twice, whatever happens."""

from __future__ import annotations

import io
import json
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from functools import partial
from pathlib import Path

import pytest
from unmet.batch.ledger import run_folder
from unmet.batch.sources import walk
from unmet.record import Determination

COMMAND = [sys.executable, "-m", "unmet.cli", "batch", "--model", "rules"]


def batch(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=300, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def records(output: Path) -> list[Determination]:
    return [Determination.from_json(line) for line in output.read_bytes().splitlines()]


def paths(output: Path) -> list[str]:
    return [record.source.path for record in records(output)]


@pytest.fixture
def letters(samples: Path, tmp_path: Path) -> Path:
    """A folder of seven letters that can be read, one of them twice, and an empty one."""
    folder = tmp_path / "letters"
    folder.mkdir()
    for path in sorted(samples.glob("*.txt"))[:6]:
        shutil.copy(path, folder)
    first = min(folder.iterdir())
    shutil.copy(first, folder / "zz-copy.txt")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "one-more.txt").write_bytes(first.read_bytes() + b"\n\nOne more line.\n")
    return folder


def test_run_reads_every_letter_once_and_says_what_became_of_it(letters: Path, tmp_path: Path) -> None:
    output = tmp_path / "results.jsonl"
    done = batch(letters, "-o", output)
    assert done.returncode == 1  # one letter is empty
    names = sorted(path.name for path in letters.iterdir())
    assert [Path(path).name for path in paths(output)] == [n for n in names if n not in ("empty.txt", "zz-copy.txt")]
    assert f"{letters / 'empty.txt'}: is empty" in done.stderr
    for line in ("read: 7", "failed: 1", "duplicate: 1", "not a determination: 0"):
        assert line in done.stderr.splitlines()
    assert done.stdout == ""


def test_run_the_same_whatever_the_number_of_workers(letters: Path, tmp_path: Path) -> None:
    one, three = tmp_path / "one.jsonl", tmp_path / "three.jsonl"
    batch(letters, "-o", one, "--workers", 1)
    batch(letters, "-o", three, "--workers", 3)
    assert one.read_bytes() == three.read_bytes() != b""


def test_run_the_same_from_a_folder_and_from_archives(letters: Path, tmp_path: Path) -> None:
    files = sorted(letters.iterdir())
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in files:
            archive.write(path, path.name)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        for path in files:
            tar.add(path, path.name)
    rows = [{"text": path.read_text(encoding="utf-8"), "id": path.name} for path in files]
    lines = "\n".join(json.dumps(row) for row in rows).encode()
    (tmp_path / "a.jsonl").write_bytes(lines)
    whole = tmp_path / "whole.jsonl"
    batch(letters, "-o", whole)
    expected = [record.requests for record in records(whole)]
    for given in (tmp_path / "a.zip", tmp_path / "a.tar.gz", tmp_path / "a.jsonl"):
        output = tmp_path / f"of-{given.name}.jsonl"
        done = batch(given, "-o", output)
        assert "read: 7" in done.stderr
        assert [record.requests for record in records(output)] == expected
        assert all(path.startswith(str(given)) for path in paths(output))
    for stdin in (lines, "\n".join(map(str, files)).encode()):
        done = batch("-", "-o", tmp_path / "stdin.jsonl", stdin=stdin)
        assert [record.requests for record in records(tmp_path / "stdin.jsonl")] == expected


def test_run_resumed_reads_only_what_is_new(letters: Path, tmp_path: Path, samples: Path) -> None:
    output = tmp_path / "results.jsonl"
    batch(letters, "-o", output)
    before = output.read_bytes()
    again = batch(letters, "-o", output, "--resume")
    assert output.read_bytes() == before
    assert "of these read before: 9" in again.stderr
    shutil.copy(samples / "sample-2013-notice.txt", letters / "000.txt")
    (letters / "000.txt").write_bytes((letters / "000.txt").read_bytes() + b"\nA new line.\n")
    more = batch(letters, "-o", output, "--resume")
    assert "read: 8" in more.stderr
    assert output.read_bytes().startswith(before)
    assert paths(output)[-1].endswith("000.txt")


def test_run_anew_replaces_what_a_finished_run_left(letters: Path, tmp_path: Path) -> None:
    output = tmp_path / "results.jsonl"
    batch(letters, "-o", output)
    for path in sorted(letters.iterdir())[1:]:
        path.unlink()
    assert batch(letters, "-o", output).returncode == 0
    assert len(paths(output)) == 1


def test_run_that_was_not_finished_is_neither_overwritten_nor_mixed(letters: Path, tmp_path: Path) -> None:
    output = tmp_path / "results.jsonl"
    batch(letters, "-o", output)
    (run_folder(output) / "finished").unlink()
    anew = batch(letters, "-o", output)
    assert anew.returncode == 1
    assert "--resume" in anew.stderr
    assert str(run_folder(output)) in anew.stderr
    other = batch(letters, "-o", output, "--resume", "--with-text")
    assert other.returncode == 1
    assert "another --with-text" in other.stderr
    assert len(other.stderr.splitlines()) == 1


@pytest.mark.usefixtures("traps")
def test_run_goes_on_over_letters_that_crash_or_hang_and_never_tries_them_again(letters: Path, tmp_path: Path) -> None:
    good = (letters / "one-more.txt").read_bytes()
    (letters / "b-crash.txt").write_bytes(good + b"[abort]")
    (letters / "c-hang.txt").write_bytes(good + b"[hang in C]")
    (letters / "d-crash-again.txt").write_bytes(good + b"[abort]")
    output = tmp_path / "results.jsonl"
    done = batch(letters, "-o", output, "--workers", 2, "--max-seconds", 10)
    assert done.returncode == 1
    assert len(paths(output)) == 7
    assert "quarantined: 3" in done.stderr
    assert "b-crash.txt: ended the process that read it" in done.stderr
    assert "c-hang.txt: took longer than 10 seconds" in done.stderr
    assert "d-crash-again.txt: ended the process that read it" in done.stderr
    started = time.monotonic()
    again = batch(letters, "-o", output, "--resume", "--max-seconds", 60)
    assert time.monotonic() - started < 50  # the letter that hangs forever is not waited for
    assert "quarantined: 3" in again.stderr


def test_run_does_not_read_letters_over_the_limit(letters: Path, tmp_path: Path) -> None:
    done = batch(letters, "-o", tmp_path / "results.jsonl", "--max-megabytes", 128 / 2**20)
    assert "failed: 9" in done.stderr
    assert "is larger than 0.00012207 MB" in done.stderr


def test_run_killed_at_any_moment_ends_as_if_it_had_not_been(letters: Path, tmp_path: Path, samples: Path) -> None:
    for path in sorted(samples.glob("*.txt"))[:60]:
        shutil.copy(path, letters)
    whole, output = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    started = time.monotonic()
    batch(letters, "-o", whole)
    usual = time.monotonic() - started
    chance, kills = random.Random(7), 0
    for _ in range(5):
        with subprocess.Popen(
            [*COMMAND, str(letters), "-o", str(output), "--resume", "--workers", "2"], stderr=subprocess.DEVNULL
        ) as running:
            try:
                running.wait(chance.uniform(0.1, usual))
            except subprocess.TimeoutExpired:
                running.kill()
                kills += 1
    assert kills
    done = batch(letters, "-o", output, "--resume")
    assert done.returncode == 1
    assert output.read_bytes() == whole.read_bytes()
    assert not list(tmp_path.glob(".unmet-*"))


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_run_that_is_stopped_keeps_what_it_has_read(samples: Path, tmp_path: Path, signal_: signal.Signals) -> None:
    output = tmp_path / "results.jsonl"
    command = [*COMMAND, str(samples), "-o", str(output), "--workers", "1"]
    # Where tests are run in the background, a shell has them ignore Ctrl-C, and their processes too.
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, preexec_fn=heeding) as running:
        parts = run_folder(output) / "parts"
        until = time.monotonic() + 120
        while not list(parts.glob("*.gz")) and time.monotonic() < until:
            time.sleep(0.05)
        running.send_signal(signal_)
        assert running.stderr is not None
        said = running.stderr.read().decode()
        assert running.wait(60) == 130
    assert "unmet: stopped; go on with --resume" in said
    assert "Traceback" not in said
    assert not output.exists()
    done = batch(samples, "-o", output, "--resume")
    assert done.returncode == 0
    assert len(paths(output)) == len(list(walk(samples)))


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", folder], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("a small disk can be made by root alone")
    yield folder  # type: ignore[misc]
    subprocess.run(["umount", "-l", folder], check=False)


def test_run_on_a_disk_that_is_full_says_so_and_goes_on_when_there_is_space(samples: Path, small_disk: Path) -> None:
    output = small_disk / "results.jsonl"
    full = batch(samples, "-o", output)
    assert full.returncode == 1
    assert str(run_folder(output)) in full.stderr or str(output) in full.stderr
    assert "--resume" in full.stderr
    assert len(full.stderr.splitlines()) == 1
    assert not output.exists()
    subprocess.run(["mount", "-o", "remount,size=200m", small_disk], check=True)
    assert batch(samples, "-o", output, "--resume").returncode == 0
    assert len(paths(output)) == len(list(walk(samples)))


def test_run_where_nothing_can_be_written_reads_nothing(samples: Path) -> None:
    done = batch(samples, "-o", "/proc/results.jsonl")
    assert done.returncode in (1, 2)
    assert "/proc" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_run_of_a_pipe_that_holds_an_archive_of_nothing(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("x.csv"), io.BytesIO())
    done = batch(tmp_path / "a.tgz", "-o", tmp_path / "results.jsonl")
    assert done.returncode == 1
    assert "a.tgz: holds no letters" in done.stderr
    assert (tmp_path / "results.jsonl").read_bytes() == b""


def test_run_logs_no_word_of_a_letter(letters: Path, tmp_path: Path) -> None:
    done = batch(letters, "-o", tmp_path / "results.jsonl", "--with-text")
    said = (done.stdout + done.stderr).lower()
    ours = {"determination"}  # of the summary
    words = {word for record in records(tmp_path / "results.jsonl") for word in str(record.text).split() if len(word) > 9}
    assert words
    assert not [word for word in words if word.lower() in said and word.lower() not in {*ours, str(letters)}]
