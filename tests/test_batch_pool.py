"""The pool: order, bounded look-ahead, and that nothing which happens to one letter happens to the others."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest
from unmet.batch import pool
from unmet.batch.pool import read_ordered, read_to_json
from unmet.errors import UnreadableLetterError
from unmet.record import Determination


class Killer(str):
    """A path that ends the worker process it reaches, as a crash in a C library would."""

    def __str__(self) -> str:
        return self

    def __reduce__(self) -> tuple[Callable[[int], Any], tuple[int]]:
        return os._exit, (3,)


class LaterPool:
    """Stands in for the process pool: does the work when the result is asked for, and counts what is under way."""

    most = 0

    def __init__(self, *_: object, **__: object) -> None:
        self.under_way = 0

    def shutdown(self, **_: object) -> None:
        """There is nothing to end."""

    def submit(self, function: Callable[..., Any], *arguments: Any) -> LaterPool.Later:
        self.under_way += 1
        type(self).most = max(self.most, self.under_way)
        return self.Later(self, function, arguments)

    class Later:
        def __init__(self, owner: LaterPool, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
            self.owner, self.function, self.arguments = owner, function, arguments

        def result(self) -> Any:
            self.owner.under_way -= 1
            return self.function(*self.arguments)


def test_batch_pool_one_letter_to_one_line(samples: Path) -> None:
    path = samples / "sample-2013-notice.txt"
    result = read_to_json(str(path), False)
    assert isinstance(result, bytes)
    assert b"\n" not in result
    assert Determination.from_json(result).source.path == str(path)


def test_batch_pool_an_unreadable_letter_gives_its_error(tmp_path: Path) -> None:
    result = read_to_json(str(tmp_path / "nowhere.txt"), False)
    assert isinstance(result, UnreadableLetterError)


def test_batch_pool_any_exception_becomes_an_error_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(path: str, *, with_text: bool, model: str | None) -> None:
        raise KeyError("the words of a letter")

    monkeypatch.setattr(pool, "read", crash)
    result = read_to_json("a.txt", False)
    assert isinstance(result, UnreadableLetterError)
    assert result.path == "a.txt"
    assert "KeyError" in str(result)
    assert "words" not in str(result)
    assert result.__cause__ is None or "words" not in str(pickle.dumps(result))


def test_batch_pool_errors_can_be_sent_between_processes() -> None:
    error = pickle.loads(pickle.dumps(UnreadableLetterError("a.pdf", "is empty")))
    assert (error.path, error.reason, str(error)) == ("a.pdf", "is empty", "a.pdf: is empty")


@pytest.mark.parametrize("workers", [0, -3])
def test_batch_pool_refuses_less_than_one_worker(workers: int) -> None:
    with pytest.raises(ValueError, match="workers"):
        list(read_ordered([], workers=workers, with_text=False))


def test_batch_pool_look_ahead_is_bounded_whatever_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "ProcessPoolExecutor", LaterPool)
    monkeypatch.setattr(pool, "read_to_json", lambda path, with_text, model: path.encode())
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        for number in count():
            taken += 1
            yield str(number)

    found = list(islice(read_ordered(endless(), workers=3, with_text=False), 100))
    assert found == [str(number).encode() for number in range(100)]
    assert LaterPool.most <= 3 * pool._AHEAD
    assert taken <= 100 + 3 * pool._AHEAD


def test_batch_pool_a_worker_that_dies_costs_its_letter_only(samples: Path) -> None:
    good = str(samples / "sample-2013-notice.txt")
    results = list(read_ordered([good, Killer("killer.txt"), good], workers=2, with_text=False))
    assert [isinstance(result, bytes) for result in results] == [True, False, True]
