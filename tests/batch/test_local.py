"""Reading in processes: order, bounded look-ahead, and that what happens to one letter happens to no other."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.batch.engine import in_order
from unmet.batch.jobs import Job, Outcome
from unmet.batch.local import LocalEngine
from unmet.batch.worker import Settings
from unmet.batch.worker_process import WorkerProcess, WorkerStartError, _groups
from unmet.loading import RULES
from unmet.record import Determination

SETTINGS = Settings(RULES, with_text=False, max_seconds=60)


def job(name: str, data: bytes) -> Job:
    return Job(name, data, hashlib.sha256(data).hexdigest())


def one(worker: WorkerProcess, letter: Job) -> Outcome:
    (outcome,) = worker.read([letter])
    return outcome


@pytest.fixture
def letter(samples: Path) -> bytes:
    return (samples / "sample-2013-notice.txt").read_bytes()


@pytest.fixture
def worker() -> Iterator[WorkerProcess]:
    process = WorkerProcess(SETTINGS)
    yield process
    process.close()


def test_worker_process_reads_a_letter_to_one_line_of_json(worker: WorkerProcess, letter: bytes) -> None:
    outcome = one(worker, job("a.txt", letter))
    assert (outcome.name, outcome.state, outcome.reason) == ("a.txt", "read", None)
    assert b"\n" not in outcome.record
    record = Determination.from_json(outcome.record)
    assert (record.source.path, record.source.sha256) == ("a.txt", outcome.sha256)
    assert outcome.tally["requests"] == len(record.requests) > 0


def test_worker_process_an_unreadable_letter_fails_with_its_reason(worker: WorkerProcess) -> None:
    outcome = one(worker, job("a.txt", b"  "))
    assert (outcome.state, outcome.reason, outcome.record) == ("failed", "is empty", b"")


@pytest.mark.usefixtures("traps")
def test_worker_process_a_letter_that_crashes_it_is_quarantined_and_the_next_is_read(letter: bytes) -> None:
    worker = WorkerProcess(SETTINGS)
    crashed = one(worker, job("bad.txt", letter + b"[abort]"))
    assert crashed.state == "quarantined"
    assert crashed.sha256 == hashlib.sha256(letter + b"[abort]").hexdigest()
    assert "SIGABRT" in str(crashed.reason)
    assert one(worker, job("good.txt", letter)).state == "read"
    worker.close()


@pytest.mark.usefixtures("traps")
@pytest.mark.parametrize("trap", [b"[hang in C]", b"[sleep]"])
def test_worker_process_a_letter_that_takes_too_long_is_quarantined(letter: bytes, trap: bytes) -> None:
    worker = WorkerProcess(Settings(RULES, max_seconds=10))
    hung = one(worker, job("bad.txt", letter + trap))
    assert (hung.state, hung.reason) == ("quarantined", "took longer than 10 seconds; raise --max-seconds to read it")
    assert one(worker, job("good.txt", letter)).state == "read"
    worker.close()


@pytest.mark.usefixtures("traps")
def test_worker_process_that_is_killed_once_is_not_held_against_the_letter(letter: bytes) -> None:
    worker = WorkerProcess(SETTINGS)
    assert one(worker, job("innocent.txt", letter + b"[once]")).state == "read"
    worker.close()


@pytest.mark.usefixtures("traps")
@pytest.mark.parametrize("trap", [b"[abort]", b"[hang in C]", b"[once]"])
def test_worker_process_what_happens_to_one_letter_happens_to_none_that_is_read_with_it(letter: bytes, trap: bytes) -> None:
    worker = WorkerProcess(Settings(RULES, max_seconds=10))
    names = ["a.txt", "bad.txt", "empty.txt", "z.txt"]
    together = [job("a.txt", letter), job("bad.txt", letter + trap), job("empty.txt", b" "), job("z.txt", letter)]
    outcomes = worker.read(together)
    assert [outcome.name for outcome in outcomes] == names
    bad = "read" if trap == b"[once]" else "quarantined"
    assert [outcome.state for outcome in outcomes] == ["read", bad, "failed", "read"]
    assert outcomes[0].record == one(worker, together[0]).record
    worker.close()


@pytest.mark.usefixtures("traps")
def test_worker_process_what_a_library_prints_of_a_letter_reaches_no_log(
    letter: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    worker = WorkerProcess(SETTINGS)
    assert one(worker, job("a.txt", letter + b"[print]")).state == "read"
    worker.close()
    assert "words" not in "".join(capfd.readouterr())


def test_worker_process_begins_anew_so_that_what_it_learns_does_not_add_up(
    worker: WorkerProcess, letter: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unmet.batch.worker_process._LETTERS", 2)
    processes, records = [], []
    for _ in range(3):
        records.append(one(worker, job("a.txt", letter)).record)
        assert worker._process is not None
        processes.append(worker._process.pid)
    assert processes[0] == processes[1] != processes[2]
    assert len(set(records)) == 1


@given(st.lists(st.integers(0, 12), max_size=20))
def test_worker_process_letters_read_together_keep_their_order_and_have_few_bytes(sizes: list[int]) -> None:
    jobs = [Job(str(number), b"x" * size, "") for number, size in enumerate(sizes)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("unmet.batch.worker_process._TOGETHER", 10)
        groups = list(_groups(jobs))
    assert [one for group in groups for one in group] == jobs
    assert all(len(group) == 1 or sum(len(one.data) for one in group) <= 10 for group in groups)


def test_worker_process_a_pipeline_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(WorkerStartError, match="holds no trained pipeline") as caught:
        one(WorkerProcess(Settings(str(tmp_path))), job("a.txt", b"text"))
    assert "\n" not in str(caught.value)


class Echo:
    """An engine that does the work when the result is asked for, and counts the letters under way."""

    fetches = False

    def __init__(self, chunk: int, capacity: int) -> None:
        self.chunk, self.capacity = chunk, capacity
        self.under_way = self.most = 0

    class Answer:
        def __init__(self, engine: Echo, letters: list[Job]) -> None:
            self.engine, self.letters = engine, letters

        def result(self) -> list[Outcome]:
            self.engine.under_way -= len(self.letters)
            return [Outcome(letter.name, letter.sha256, "read") for letter in self.letters]

    def submit(self, letters: list[Job]) -> Answer:
        self.under_way += len(letters)
        self.most = max(self.most, self.under_way)
        return self.Answer(self, letters)

    def close(self) -> None:
        """There is nothing to end."""


@pytest.mark.parametrize("chunk", [1, 7])
def test_in_order_look_ahead_is_bounded_whatever_the_input(chunk: int) -> None:
    taken = 0

    def endless() -> Iterator[Job | str]:
        nonlocal taken
        for number in count():
            taken += 1
            yield f"passes {number}" if number % 3 == 1 else job(str(number), b"")

    engine = Echo(chunk, capacity=48)
    found = list(islice(in_order(endless(), engine), 100))
    expected = [f"passes {number}" if number % 3 == 1 else str(number) for number in range(100)]
    assert [one if isinstance(one, str) else one and one.name for one in found] == expected
    assert 0 < engine.most <= 48 + chunk
    assert taken <= 100 + 48 + 2 * chunk


@pytest.mark.usefixtures("traps")
def test_local_engine_keeps_order_when_processes_die(letter: bytes) -> None:
    letters = [job(f"{n}.txt", letter + str(n).encode() + (b"[abort]" if n in (1, 2, 6) else b"")) for n in range(9)]
    engine = LocalEngine(2, SETTINGS)
    outcomes = list(in_order(letters, engine))
    engine.close()
    assert [outcome and (outcome.name, outcome.state) for outcome in outcomes] == [
        (f"{n}.txt", "quarantined" if n in (1, 2, 6) else "read") for n in range(9)
    ]


@pytest.mark.usefixtures("traps")
def test_local_engine_close_does_not_wait_for_a_letter_that_hangs(letter: bytes) -> None:
    engine = LocalEngine(1, SETTINGS)
    engine.submit([job("a.txt", letter)]).result()
    hanging = engine.submit([job("b.txt", letter + b"[sleep]")])
    time.sleep(0.5)
    engine.close()
    assert isinstance(hanging.exception(0), RuntimeError)
