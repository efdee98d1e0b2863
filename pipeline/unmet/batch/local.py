"""Reads letters in processes of this machine."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from queue import LifoQueue
from typing import TYPE_CHECKING

from unmet.batch.jobs import Job, Pointer
from unmet.batch.worker_process import WorkerProcess
from unmet.together import LETTERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from unmet.batch.jobs import Outcome
    from unmet.batch.worker import Settings

# Letters under way per worker: enough that none waits while others take long, few enough to be held in memory.
_AHEAD = 2 * LETTERS


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalEngine:
    """As many processes as ``workers``, each with a thread here that hands it letters and waits."""

    fetches = False
    chunk = LETTERS

    def __init__(self, workers: int, settings: Settings) -> None:
        """Take note of how to read; a process is started when there is a letter for it. ``workers`` is at least 1."""
        self.capacity = workers * _AHEAD
        self._threads = ThreadPoolExecutor(workers)
        self._workers = [WorkerProcess(settings) for _ in range(workers)]
        # The last one used comes first, so that a few letters start a few processes.
        self._idle: LifoQueue[WorkerProcess] = LifoQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def submit(self, letters: Sequence[Job | Pointer]) -> Future[list[Outcome]]:
        """Have these letters, with their bytes, read by the next process that is idle."""
        return self._threads.submit(self._read, [letter for letter in letters if isinstance(letter, Job)])

    def close(self) -> None:
        """End the processes."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.close()
        self._threads.shutdown()

    def _read(self, jobs: list[Job]) -> list[Outcome]:
        worker = self._idle.get()
        try:
            return worker.read(jobs)
        finally:
            self._idle.put(worker)
