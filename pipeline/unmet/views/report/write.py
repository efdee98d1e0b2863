"""Writes the corpus report of a file of results to a folder."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from unmet.results.errors import ResultsError
from unmet.results.read import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

T = TypeVar("T")

_INSTALL = "install with: python -m pip install 'unmet[report]'"


class Written(NamedTuple):
    """What a report was written of, and its page."""

    page: Path
    letters: int
    requests: int


def write_report(results: Path, folder: Path) -> Written:
    """Write ``index.html`` and ``tables/*.csv`` to ``folder``, which is made where it is not there.

    ``results`` is what ``unmet batch`` or ``unmet read`` wrote (.jsonl, .parquet or .duckdb). The page appears last. Raises
    :class:`~unmet.results.errors.ResultsError` where the results cannot be read or hold no letters, or the folder not be written.
    """
    if find_spec("vl_convert") is None:
        raise ResultsError(results, f"the report needs vl-convert-python; {_INSTALL}")
    from unmet.views.report.figures import Figures
    from unmet.views.report.page import LISTED, render_report
    from unmet.views.report.tables import TableFolder, write_counter_evidence, write_figures, write_warnings

    try:
        with open_store(results) as store:
            figures = Figures(store)
            requests = sum(share.hits for kind, share in figures.all.decisions.items() if kind)
            if not requests:
                raise ResultsError(results, "holds no request of any determination; nothing can be counted")
            tables = _folder(folder, "tables")
            cures = figures.cures()
            write_figures(figures, cures, TableFolder(tables))
            counters, warnings = _First(figures.counter_evidence(), LISTED), _First(figures.warnings(), LISTED)
            write_counter_evidence(counters, TableFolder(tables))
            write_warnings(warnings, TableFolder(tables))
            totals = {"counters": counters.count, "warnings": warnings.count}
            page = render_report(figures, cures, counters.kept, warnings.kept, totals, str(results))
        part = folder / "index.html.part"
        part.write_text(page, encoding="utf-8")
        part.replace(folder / "index.html")
    except OSError as error:
        raise ResultsError(folder, f"the report cannot be written ({error.strerror or type(error).__name__})") from error
    except Exception as error:
        duckdb = sys.modules.get("duckdb")
        if duckdb is None or not isinstance(error, duckdb.Error) or isinstance(error, duckdb.ProgrammingError):
            raise
        raise ResultsError(
            results, f"cannot be counted ({type(error).__name__}); free memory, or write the results again"
        ) from error
    return Written(folder / "index.html", figures.letters, requests)


def _folder(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir(parents=True, exist_ok=True)
    return made


class _First(Generic[T]):
    """Passes things on, keeps the first of them and counts all."""

    def __init__(self, things: Iterable[T], keep: int) -> None:
        self._things = iter(things)
        self._keep = keep
        self.kept: list[T] = []
        self.count = 0

    def __iter__(self) -> Iterator[T]:
        for thing in self._things:
            if self.count < self._keep:
                self.kept.append(thing)
            self.count += 1
            yield thing
