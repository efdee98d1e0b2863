"""Questions to a file of results: each with a cursor and a thread of its own, and a limit of time."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from unmet.errors import UnmetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import duckdb

_THREADS = 4
_SECONDS = 20.0

Answer = TypeVar("Answer")


class StoreError(UnmetError):
    """A question could not be answered; the text is one line."""


class Facets(NamedTuple):
    """What there is to choose from: codes with how often they occur, guidelines by how often they are cited."""

    letters: int
    requests: int
    families: dict[str, int]
    criteria: dict[str, int]
    guidelines: list[str]
    first: str | None
    last: str | None


class _Given:
    """The cursor that a question was given, once it was."""

    cursor: duckdb.DuckDBPyConnection | None = None

    def interrupt(self) -> None:
        if self.cursor is not None:
            self.cursor.interrupt()


class Store:
    """A file of results, open for reading."""

    def __init__(self, name: str, connection: duckdb.DuckDBPyConnection) -> None:
        """``name`` is what the file is called on pages; ``connection`` is that of :func:`unmet.results.read.open_store`."""
        self.name = name
        self._connection = connection
        self._lock = Lock()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="unmet-store")

    async def ask(self, question: Callable[[duckdb.DuckDBPyConnection], Answer]) -> Answer:
        """Have ``question`` asked with a cursor in a thread; raises :class:`StoreError`."""
        import duckdb

        asked = self._threads.submit(self._asked, question, given := _Given())
        answer = asyncio.wrap_future(asked)
        done, _ = await asyncio.wait([answer], timeout=_SECONDS)
        answer.add_done_callback(lambda given_up: given_up.cancelled() or given_up.exception())  # else asyncio logs it
        if not done and not asked.cancel():
            while not asked.done():  # one that comes before the question is under way does nothing
                given.interrupt()
                await asyncio.sleep(0.05)
        if not done:
            raise StoreError(f"the search took longer than {_SECONDS:g} seconds; narrow it")
        try:
            return answer.result()
        except duckdb.Error as error:
            raise StoreError(f"the results could not be asked ({type(error).__name__})") from error

    def _asked(self, question: Callable[[duckdb.DuckDBPyConnection], Answer], given: _Given) -> Answer:
        with self._cursor() as given.cursor:
            return question(given.cursor)

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:  # a connection that is busy refuses
            return self._connection.cursor()

    @cached_property
    def facets(self) -> Facets:
        """What there is to choose from. Asked once: results that are being served do not change."""
        with self._cursor() as cursor:
            counts = cursor.execute(
                "SELECT (SELECT count(DISTINCT letter_id) FROM letters), count(DISTINCT (letter_id, request_index)) FROM requests"
            ).fetchall()[0]
            dates = cursor.execute(
                "SELECT CAST(min(decision_date) AS VARCHAR), CAST(max(decision_date) AS VARCHAR) FROM letters"
            ).fetchall()[0]
            guidelines = cursor.execute(
                "SELECT guideline FROM (SELECT unnest(guidelines) AS guideline FROM requests) "
                "GROUP BY guideline ORDER BY count(*) DESC, guideline LIMIT 300"
            ).fetchall()
            return Facets(
                letters=counts[0],
                requests=counts[1],
                families=_counted(cursor, "SELECT family, count(*) FROM requests GROUP BY family ORDER BY family"),
                criteria=_counted(cursor, "SELECT type, count(*) FROM criteria GROUP BY type ORDER BY type"),
                guidelines=[name for (name,) in guidelines],
                first=dates[0],
                last=dates[1],
            )

    def record(self, letter_id: str) -> Callable[[duckdb.DuckDBPyConnection], bytes | None]:
        """Return the question for the whole record of a letter, as JSON."""

        def question(cursor: duckdb.DuckDBPyConnection) -> bytes | None:
            found = cursor.execute("SELECT record FROM records WHERE letter_id = ? LIMIT 1", [letter_id]).fetchone()
            return None if found is None else str(found[0]).encode()

        return question

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(cancel_futures=True)


def rows(cursor: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Ask, and return the rows by column name."""
    cursor.execute(sql, dict(parameters))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _counted(cursor: duckdb.DuckDBPyConnection, sql: str) -> dict[str, int]:
    return dict(cursor.execute(sql).fetchall())
