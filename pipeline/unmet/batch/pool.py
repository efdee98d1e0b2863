"""Reads letters in one or several processes and hands their records back in input order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import TYPE_CHECKING

from unmet.errors import UnreadableLetterError
from unmet.reading import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Result = bytes | UnreadableLetterError

# Letters under way per worker: enough to keep it busy, few enough that memory does not grow with the input.
_AHEAD = 8


def read_to_json(path: str, with_text: bool, model: str | None = None) -> Result:
    """Read one letter to one line of JSON; an unreadable one gives its error. Records, never Docs, leave a worker."""
    try:
        return read(path, with_text=with_text, model=model).to_json()
    except UnreadableLetterError as error:
        return error
    except Exception as error:  # one letter must not end a night's run; its words must not reach a log
        return UnreadableLetterError(path, f"could not be processed ({type(error).__name__}); please report it")


def read_ordered(paths: Iterable[str | Path], *, workers: int, with_text: bool, model: str | None = None) -> Iterator[Result]:
    """Yield each file's record (JSON) or error, in input order; memory does not grow with the number of files."""
    if workers < 1:
        raise ValueError("workers must be at least 1")
    if workers == 1:
        for path in paths:
            yield read_to_json(str(path), with_text, model)
        return
    todo = iter(paths)
    under_way: deque[tuple[str, Future[Result]]] = deque()
    pool = _pool(workers)
    try:
        while True:
            for path in islice(todo, workers * _AHEAD - len(under_way)):
                under_way.append((str(path), _submit(pool, str(path), with_text, model)))
            if not under_way:
                return
            letter, future = under_way.popleft()
            try:
                result = future.result()
            except BrokenProcessPool:
                # Some letter under way took its process down, and the pool with it: this one is read by itself, the
                # others again, until the one that does it is alone and known.
                pool.shutdown()
                pool = _pool(workers)
                result = _alone(letter, with_text, model)
                under_way = deque(
                    (name, one if _has_result(one) else _submit(pool, name, with_text, model)) for name, one in under_way
                )
            yield result
    finally:
        pool.shutdown(cancel_futures=True)


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


def _submit(pool: ProcessPoolExecutor, path: str, with_text: bool, model: str | None) -> Future[Result]:
    try:
        return pool.submit(read_to_json, path, with_text, model)
    except BrokenProcessPool as error:
        broken: Future[Result] = Future()
        broken.set_exception(error)
        return broken


def _has_result(future: Future[Result]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _alone(path: str, with_text: bool, model: str | None) -> Result:
    with _pool(1) as pool:
        try:
            return _submit(pool, path, with_text, model).result()
        except BrokenProcessPool:
            return UnreadableLetterError(path, "ended the process that read it (crash or out of memory); please report it")
