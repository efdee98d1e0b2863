"""Appends the records of dropped letters to a JSON Lines file, where the user asked for that."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING

from unmet.results.errors import ResultsError
from unmet.results.read import read_results

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO


class Keeper:
    """The file that records are added to; a letter that is in it already is not added again."""

    def __init__(self, path: Path) -> None:
        """Check the file, or make it. Raises :class:`~unmet.results.errors.ResultsError`."""
        if path.suffix.lower() != ".jsonl":
            raise ResultsError(path, "letters are kept as JSON Lines; end the name in .jsonl")
        self._path, self._lock = path, Lock()
        known = set()
        if path.exists():
            known = {one.source.sha256 for one in read_results(path)}
            if not _ends_with_line(path):
                raise ResultsError(path, "does not end with a whole line; add a line feed, or remove the last line")
        self._known = known
        self._open().close()

    def add(self, sha256: str, record: bytes) -> None:
        """Add one record, on disk when this returns."""
        with self._lock:
            if sha256 in self._known:
                return
            with self._open() as file:
                file.write(record + b"\n")
                file.flush()
                os.fsync(file.fileno())
            self._known.add(sha256)

    def _open(self) -> IO[bytes]:
        """Open the file for adding to it; where it is made, its owner alone may read it."""
        try:
            return os.fdopen(os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
        except OSError as error:
            raise ResultsError(self._path, f"cannot be written ({(error.strerror or 'error').lower()})") from error


def _ends_with_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"
