"""Reads letters in processes of their own, so that one user's letter keeps nobody waiting and none can take the server down."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from unmet.batch.jobs import Job
from unmet.batch.local import LocalEngine
from unmet.batch.worker import Settings
from unmet.errors import UnmetError
from unmet.serve.settings import MAX_BYTES_UNDER_WAY, MAX_LETTERS_UNDER_WAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unmet.batch.jobs import Outcome


class BusyError(UnmetError):
    """So much is waiting to be read that nothing more is taken."""

    def __init__(self) -> None:
        super().__init__("too many letters are waiting to be read; try again in a few seconds")


class Reserved:
    """A part of the memory for letters under way, which grows as they arrive."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.taken = 0

    def grow(self, count: int) -> None:
        """Take ``count`` bytes more; raises :class:`BusyError` where there are no more."""
        if self._pool.bytes_under_way + count > MAX_BYTES_UNDER_WAY:
            raise BusyError
        self.taken += count
        self._pool.bytes_under_way += count


class Pool:
    """As many reading processes as ``workers``, with a bounded queue before them. To be used from one event loop."""

    def __init__(self, workers: int, *, model: str | None = None, max_seconds: float = 60) -> None:
        self.workers = workers
        self.letters_under_way = 0
        self.bytes_under_way = 0
        self._patience = 2 * max_seconds + 60
        self._engine = LocalEngine(workers, Settings(model, with_text=True, max_seconds=max_seconds))

    def warm(self) -> None:
        """Start every process, without waiting for them."""
        for _ in range(self.workers):
            self._engine.submit([Job("", b"The request is not medically necessary.", "")])

    @contextmanager
    def memory(self) -> Iterator[Reserved]:
        """Account for the bytes of a request for as long as it lasts."""
        reserved = Reserved(self)
        try:
            yield reserved
        finally:
            self.bytes_under_way -= reserved.taken

    async def read(self, name: str, data: bytes) -> Outcome:
        """Read one letter; the record, where there is one, has its text.

        Raises :class:`BusyError` where the queue is full or does not move, and
        :class:`~unmet.batch.worker_process.WorkerStartError` where no process can be started.
        """
        if self.letters_under_way >= MAX_LETTERS_UNDER_WAY:
            raise BusyError
        self.letters_under_way += 1
        try:
            job = Job(name, data, sha256(data).hexdigest())
            (outcome,) = await asyncio.wait_for(asyncio.wrap_future(self._engine.submit([job])), self._patience)
        except TimeoutError:
            raise BusyError from None
        finally:
            self.letters_under_way -= 1
        return outcome

    def close(self) -> None:
        """End the processes."""
        self._engine.close()
