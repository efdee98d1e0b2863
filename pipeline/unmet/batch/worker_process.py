"""The handle of one reading process: start it, give it letters, know what became of each even if it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from unmet.batch.jobs import Outcome, read_frame, write_frame
from unmet.errors import UnmetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unmet.batch.jobs import Job
    from unmet.batch.worker import Settings

# One thread each: as many processes run as there are cores, and sums in another order would be other results.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

# A vocabulary learns each new word for good: after so many letters a new process begins with the one that was shipped, for
# a fiftieth of the time, so that memory does not grow with the number of letters.
_LETTERS = 5000


# Letters are read together while they have no more bytes than this in all: a bound for memory.
_TOGETHER = 16_000_000


class WorkerStartError(UnmetError):
    """The process that reads letters could not be started, or could not load its pipeline."""


class WorkerProcess:
    """A process that reads letters. It is started with the first letter, and again after it has died."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._letters = 0  # that the process has read

    def read(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Read letters, together; where the process dies over them or they take too long, one by one.

        A process that dies over one letter twice, or takes too long, gives a quarantined outcome. Twice, since a process may
        be killed for what it has nothing to do with, such as another's memory.
        Raises :class:`WorkerStartError` where no process can be started that loads the pipeline, and ``RuntimeError`` when it
        is closed, by another thread, while it reads.
        """
        outcomes: list[Outcome] = []
        for group in _groups(jobs):
            found = self._asked(group) if len(group) > 1 else None
            outcomes += found if isinstance(found, list) else [self._alone(job) for job in group]
        return outcomes

    def _alone(self, job: Job) -> Outcome:
        status = 0
        for _ in range(2):
            found = self._asked([job])
            if isinstance(found, list):
                return found[0]
            status = found
            if status == -signal.SIGALRM:
                break
        return Outcome(job.name, job.sha256, "quarantined", reason=self._reason(status))

    def _asked(self, jobs: Sequence[Job]) -> list[Outcome] | int:
        """Return the outcomes of ``jobs``; the status with which the process ended where it did."""
        if self._closed:
            raise RuntimeError("the process was ended")
        if self._process is not None and self._letters >= _LETTERS:
            _end(self._process)
            self._process = None
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            write_frame(process.stdin, msgspec.msgpack.encode(jobs))
            frame = read_frame(process.stdout)
        except BrokenPipeError:
            frame = None
        if frame is None:
            self._process = None
            return _end(process)
        self._letters += len(jobs)
        return msgspec.msgpack.decode(frame, type=list[Outcome])

    def close(self) -> None:
        """End the process for good; a letter that it is reading is given up."""
        self._closed = True
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            _end(process)

    def _start(self) -> subprocess.Popen[bytes]:
        status = 0
        for _ in range(2):  # a process may be killed while it starts, and not for its own fault
            process, status = self._started()
            if process is not None:
                self._letters = 0
                return process
        raise WorkerStartError(f"a process to read letters could not be started (status {status})")

    def _started(self) -> tuple[subprocess.Popen[bytes] | None, int]:
        process = subprocess.Popen(
            [sys.executable, "-m", "unmet.batch.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_ONE_THREAD},
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            write_frame(process.stdin, msgspec.msgpack.encode(self._settings))
            said = read_frame(process.stdout)
        except BrokenPipeError:
            said = None
        if said == b"":
            return process, 0
        status = _end(process)
        if said is None:
            return None, status
        raise WorkerStartError(said.decode())

    def _reason(self, status: int) -> str:
        if status == -signal.SIGALRM:
            return f"took longer than {self._settings.max_seconds:g} seconds; raise --max-seconds to read it"
        how = signal.Signals(-status).name if status < 0 else f"status {status}"
        return f"ended the process that read it ({how}: a crash, or out of memory); please report it"


def _end(process: subprocess.Popen[bytes]) -> int:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(BrokenPipeError):  # what was still to be written to it
                stream.close()
    return process.wait()


def _groups(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Cut ``jobs``, in order, into those that are read together."""
    group: list[Job] = []
    for job in jobs:
        if group and sum(len(one.data) for one in [*group, job]) > _TOGETHER:
            yield group
            group = []
        group.append(job)
    if group:
        yield group
