"""What runs on the workers of a Dask cluster: letters are fetched there, and read by processes of their own.

A worker's thread only waits for such a process, so that a letter that crashes or hangs ends neither worker nor run, and
is quarantined as on one machine. Since a process reads from a pipe of its worker, it ends when the worker is killed.
"""

from __future__ import annotations

import hashlib
import time
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from unmet.batch.jobs import Job, Outcome, Pointer
from unmet.batch.run import what_makes_records_differ
from unmet.batch.sources import fetch
from unmet.batch.worker import Settings  # noqa: TC001 - msgspec reads annotations
from unmet.batch.worker_process import WorkerProcess
from unmet.errors import UnmetError, UnreadableLetterError

if TYPE_CHECKING:
    from collections.abc import Sequence

Thing = TypeVar("Thing")

# A process that has waited so long belonged to a run that was killed, and could not end it.
_LONGEST_REST = 600.0


class ClusterError(UnmetError):
    """The cluster is gone, or a worker of it cannot read letters as this run does; the text says what to do."""


class Parcel(Generic[Thing]):
    """What travels through the cluster. Dask logs how an argument is shown, and letters must not get into a log."""

    __slots__ = ("content",)

    def __init__(self, content: Sequence[Thing]) -> None:
        self.content = content


class Run(msgspec.Struct, frozen=True):
    """What the workers have to know of a run: ``expected`` is what makes records differ, as the client has it."""

    id: str
    settings: Settings
    max_bytes: int
    expected: tuple[tuple[str, str], ...]


_lock = Lock()
_idle: list[tuple[float, Settings, WorkerProcess]] = []  # and since when
_ended: set[str] = set()


def read_letters(letters: Parcel[Job | Pointer], run: Run) -> Parcel[Outcome | None]:
    """Fetch and read letters: an outcome for each, None where its content is known. Of a run that has ended, nothing.

    Raises :class:`ClusterError`, which names the worker, where it would not read them as the client does.
    """
    from distributed import get_worker

    try:
        if problem := _difference(run.settings, run.expected):
            raise ClusterError(problem)
        process = _take(run.settings)
        try:
            if run.id in _ended:
                return Parcel([])
            fetched = [_fetched(letter, run.max_bytes) for letter in letters.content]
            read = iter(process.read([one for one in fetched if isinstance(one, Job)]))
            outcomes = [next(read) if isinstance(one, Job) else one for one in fetched]
        finally:
            _give_back(process, run)
    except UnmetError as error:
        raise ClusterError(f"worker {get_worker().address}: {error}") from None
    return Parcel(outcomes)


def end_run(run: Run) -> None:
    """End the processes that wait for letters of a run; those that are reading end after their letters."""
    with _lock:
        _ended.add(run.id)
        over = [process for _, settings, process in _idle if settings == run.settings]
        _idle[:] = [entry for entry in _idle if entry[1] != run.settings]
    for process in over:
        process.close()


def _fetched(letter: Job | Pointer, max_bytes: int) -> Job | Outcome | None:
    """Return a letter with its bytes, what became of it where these cannot be had, or None where its content is known."""
    if isinstance(letter, Job):
        return letter
    try:
        data = fetch(letter.url, max_bytes)
    except UnreadableLetterError as error:
        return Outcome(letter.name, None, "failed", reason=error.reason)
    sha256 = hashlib.sha256(data).hexdigest()
    return None if sha256 == letter.known else Job(letter.name, data, sha256)


@cache
def _difference(settings: Settings, expected: tuple[tuple[str, str], ...]) -> str | None:
    """What differs here from the client; asked of each worker once in a run."""
    here = what_makes_records_differ(settings)
    for name, there in expected:
        if here[name] != there:
            return f"has another {name}, {here[name]:.12} and not {there:.12}; install the same on every node and restart it"
    return None


def _take(settings: Settings) -> WorkerProcess:
    with _lock:
        for index, (_, like, process) in enumerate(_idle):
            if like == settings:
                del _idle[index]
                return process
    return WorkerProcess(settings)


def _give_back(process: WorkerProcess, run: Run) -> None:
    now = time.monotonic()
    with _lock:
        over = [rested for since, _, rested in _idle if now - since > _LONGEST_REST]
        _idle[:] = [entry for entry in _idle if now - entry[0] <= _LONGEST_REST]
        if run.id in _ended:
            over.append(process)
        else:
            _idle.append((now, run.settings, process))
    for rested in over:
        rested.close()
