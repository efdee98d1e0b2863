"""Reads letters in one or several processes and hands their records back in input order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
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


def read_to_json(path: str, with_text: bool) -> Result:
    """Read one letter to one line of JSON; an unreadable one gives its error. Records, never Docs, leave a worker."""
    try:
        return read(path, with_text=with_text).to_json()
    except UnreadableLetterError as error:
        return error
    except Exception as error:  # one letter must not end a night's run; its words must not reach a log
        return UnreadableLetterError(path, f"could not be processed ({type(error).__name__}); please report it")


def read_ordered(paths: Iterable[str | Path], *, workers: int, with_text: bool) -> Iterator[Result]:
    """Yield each file's record (JSON) or error, in input order; memory does not grow with the number of files."""
    if workers < 1:
        raise ValueError("workers must be at least 1")
    if workers == 1:
        for path in paths:
            yield read_to_json(str(path), with_text)
        return
    under_way: deque[tuple[str, Future[Result]]] = deque()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for path in paths:
            under_way.append((str(path), pool.submit(read_to_json, str(path), with_text)))
            if len(under_way) >= workers * _AHEAD:
                yield under_way.popleft()[1].result()
        while under_way:
            yield under_way.popleft()[1].result()
