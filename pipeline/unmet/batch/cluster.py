"""Reads letters on a Dask cluster, whose workers may come, go and die while it does."""

from __future__ import annotations

import asyncio
import logging
import time
import warnings
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from unmet.batch.cluster_worker import ClusterError, Parcel, Run, end_run, read_letters
from unmet.batch.run import what_makes_records_differ
from unmet.loading import RULES
from unmet.together import LETTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unmet.batch.jobs import Job, Outcome, Pointer
    from unmet.batch.worker import Settings

# Tasks under way for each thread of a worker: enough that none waits while one letter takes long.
_AHEAD = 4
# Dask gives a task to another worker a few times; then its letters are tried so often one by one.
_ATTEMPTS = 3
_TO_CONNECT, _TO_ANSWER, _WITHOUT_WORKERS, _LOOK = 10.0, 30.0, 60.0, 2.0


class ClusterEngine:
    """The workers of a Dask cluster. They fetch what has a path or an address; other letters are sent to them."""

    fetches = True
    chunk = LETTERS

    def __init__(self, scheduler: str, settings: Settings, max_bytes: int) -> None:
        """Connect to the scheduler at an address such as ``tcp://10.0.0.1:8786``.

        Raises :class:`~unmet.batch.cluster_worker.ClusterError` where there is none, and
        :class:`~unmet.loading.ModelError` where this machine does not have the pipeline.
        """
        try:
            from distributed import Client
        except ImportError:
            raise ClusterError("Dask is missing; install it with: pip install 'unmet[cluster]'") from None
        if settings.model not in (None, RULES):
            settings = msgspec.structs.replace(settings, model=str(Path(str(settings.model)).absolute()))
        self._run = Run(uuid4().hex, settings, max_bytes, tuple(what_makes_records_differ(settings).items()))
        self._scheduler = scheduler
        _quiet()
        try:
            asyncio.run(_reach(scheduler))  # a client that cannot connect leaves a traceback behind
            self._client = Client(scheduler, timeout=_TO_CONNECT, set_as_default=False)
        except (OSError, ValueError, TypeError, ImportError, RuntimeError):
            raise ClusterError(f"{scheduler}: no Dask scheduler answers there; start one, or correct --scheduler") from None
        self.capacity = self.chunk
        self._looked = self._worked = time.monotonic()
        self._look()

    def submit(self, letters: Sequence[Job | Pointer]) -> _Answer:
        """Have these letters read by any worker, and by another where that is lost."""
        if time.monotonic() - self._looked > _LOOK:
            self._look()
        return _Answer(self, letters, self._send(letters))

    def close(self) -> None:
        """Take back what is under way; the reading processes end, one that is reading after its letter."""
        try:
            if self._client.status == "running":
                self._client.run(end_run, self._run, on_error="ignore")
            self._client.close(timeout=_TO_CONNECT)
        except (OSError, RuntimeError):
            pass  # the cluster is gone, and its workers with it

    def outcomes_of(self, letters: Sequence[Job | Pointer], future: Any) -> Sequence[Outcome | None]:
        """Wait for a task; try its letters one by one where it is lost with one worker after the other."""
        found = self._wait(future)
        return found if found is not None else [self._alone(letter) for letter in letters]

    def _alone(self, letter: Job | Pointer) -> Outcome | None:
        for _ in range(_ATTEMPTS):
            if (found := self._wait(self._send([letter], priority=1))) is not None:
                return found[0]
        raise ClusterError(f"{letter.name}: each worker that was given it was lost; see their logs")

    def _send(self, letters: Sequence[Job | Pointer], priority: int = 0) -> Any:
        key = f"read_letters-{uuid4().hex}"
        return self._client.submit(read_letters, Parcel(letters), self._run, key=key, pure=False, priority=priority)

    def _wait(self, future: Any) -> Sequence[Outcome | None] | None:
        """What a task gives; None where it is lost, and is to be sent again."""
        from distributed import KilledWorker

        while True:
            try:
                outcomes: Sequence[Outcome | None] = future.result(timeout=_LOOK).content
                self._worked = time.monotonic()
                return outcomes
            except TimeoutError:
                self._look()
            except KilledWorker:
                return None
            except CancelledError:
                raise self._gone() from None
            except ClusterError:
                raise
            except ImportError as error:
                raise ClusterError(f"a worker, or the scheduler, lacks what unmet needs: {error}") from None
            except Exception as error:
                raise ClusterError(f"a worker failed with {type(error).__name__}; see its log") from None

    def _look(self) -> None:
        """Adapt to the workers that there are."""
        try:
            threads = sum(self._client.nthreads(callback_timeout=_TO_ANSWER).values())
        except (OSError, RuntimeError, CancelledError):
            raise self._gone() from None
        now = self._looked = time.monotonic()
        if threads:
            self._worked = now
        elif now - self._worked > _WITHOUT_WORKERS:
            raise ClusterError(f"{self._scheduler}: has had no worker for {_WITHOUT_WORKERS:g} seconds; start some")
        self.capacity = max(1, threads) * _AHEAD * self.chunk

    def _gone(self) -> ClusterError:
        return ClusterError(f"{self._scheduler}: the Dask scheduler is gone")


class _Answer:
    """The outcomes of one task's letters."""

    def __init__(self, engine: ClusterEngine, letters: Sequence[Job | Pointer], future: Any) -> None:
        self._engine, self._letters, self._future = engine, letters, future

    def result(self) -> Sequence[Outcome | None]:
        """Wait for them; raises ClusterError where the cluster is gone, or cannot read these letters."""
        return self._engine.outcomes_of(self._letters, self._future)


async def _reach(scheduler: str) -> None:
    from distributed.comm.core import connect
    from distributed.security import Security

    comm = await connect(scheduler, timeout=_TO_CONNECT, **Security().get_connection_args("client"))
    comm.abort()


def _quiet() -> None:
    """Keep Dask from writing to the terminal: what a user has to know of it, a ClusterError says."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    warnings.filterwarnings("ignore", module="distributed")
    warnings.filterwarnings("ignore", message="Sending large graph")
