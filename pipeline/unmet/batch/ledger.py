"""What a run has done: which letter, by the hash of its content, came to what, and the records in parts.

The folder of a run, ``OUT.run``, holds ``ledger.sqlite`` and ``parts/``. A part is written under another name, brought to
the disk and renamed, and only then entered in the ledger, in one transaction with what became of its letters: whatever
moment a run is killed at, each letter is either in the ledger and in one part, or in neither.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import zlib
from collections import Counter
from typing import TYPE_CHECKING

from unmet.errors import UnmetError
from unmet.results.files import FileRow, FileState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from unmet.batch.jobs import Outcome

_SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS parts (number INTEGER PRIMARY KEY, records INTEGER);
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, count INTEGER);
CREATE TABLE IF NOT EXISTS files (
    position INTEGER PRIMARY KEY, path TEXT NOT NULL, sha256 TEXT, state TEXT NOT NULL, reason TEXT
);
CREATE INDEX IF NOT EXISTS files_by_path ON files (path);
CREATE INDEX IF NOT EXISTS files_by_content ON files (sha256) WHERE sha256 IS NOT NULL;
"""
# Fast and a sixth of the size; the checksum of each part is the format's own.
_LEVEL = 1


class LedgerError(UnmetError):
    """The folder of a run cannot be used as it is; the text says what to do."""


def run_folder(output: Path) -> Path:
    """Return the folder in which a run keeps what it has done, beside its results."""
    return output.with_name(output.name + ".run")


def has_unfinished_run(output: Path) -> bool:
    """Tell whether a run that was stopped before its end has left something that can be gone on with."""
    folder = run_folder(output)
    return (folder / "ledger.sqlite").is_file() and not (folder / "finished").exists()


class Ledger:
    """The ledger of one run, open for it alone."""

    def __init__(self, output: Path, settings: Mapping[str, str]) -> None:
        """Open the ledger beside ``output``, or begin one.

        ``settings`` is what makes records differ: the pipeline, its version, the options.
        Raises :class:`LedgerError` where it cannot be written, where another run has it open, where it is damaged, or where
        it was begun with other settings.
        """
        self.output = output
        self.folder = run_folder(output)
        self._parts = self.folder / "parts"
        try:
            self._parts.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self.folder / "ledger.sqlite", isolation_level=None, timeout=0.5)
        except (OSError, sqlite3.Error) as error:
            raise self._error(error) from None
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(f"BEGIN EXCLUSIVE; {_SCHEMA} COMMIT;")
            self._check(settings)
        except sqlite3.Error as error:
            self.close()
            raise self._error(error) from None
        except LedgerError:
            self.close()
            raise
        (self.folder / "finished").unlink(missing_ok=True)
        committed = {number for (number,) in self._database.execute("SELECT number FROM parts")}
        for path in self._parts.iterdir():
            if not path.name.endswith(".jsonl.gz") or int(path.name.split(".")[0]) not in committed:
                path.unlink()  # of a part that was under way when its run was killed

    def close(self) -> None:
        """Let another run have it."""
        self._database.close()

    def is_known(self, path: str, sha256: str) -> bool:
        """Tell whether the letter at ``path`` has been entered with this content."""
        query = "SELECT 1 FROM files WHERE path = ? AND sha256 = ? LIMIT 1"
        return self._database.execute(query, (_storable(path), sha256)).fetchone() is not None

    def content_of(self, path: str) -> str | None:
        """Return the SHA-256 of the content that was last entered for ``path``."""
        query = "SELECT sha256 FROM files WHERE path = ? ORDER BY position DESC LIMIT 1"
        row = self._database.execute(query, (_storable(path),)).fetchone()
        return row[0] if row else None

    def settled(self, sha256: str) -> FileRow | None:
        """Return the letter that was first read, or quarantined, with this content."""
        found = self._database.execute(
            "SELECT path, sha256, state, reason FROM files"
            " WHERE sha256 = ? AND state IN ('read', 'quarantined') ORDER BY position LIMIT 1",
            (sha256,),
        )
        row = found.fetchone()
        return _file(row) if row else None

    def commit(self, outcomes: Sequence[Outcome]) -> None:
        """Enter what became of the next letters, their records as a part. All of it is kept, or nothing.

        Raises :class:`LedgerError` where the disk is full or cannot be written.
        """
        records = [outcome.record for outcome in outcomes if outcome.state == "read"]
        counts: Counter[str] = Counter()
        for outcome in outcomes:
            counts[outcome.state] += 1
            counts.update(outcome.tally)
        number = self._database.execute("SELECT COALESCE(MAX(number), 0) + 1 FROM parts").fetchone()[0]
        try:
            if records:
                self._write_part(number, records)
            self._database.execute("BEGIN IMMEDIATE")
            if records:
                self._database.execute("INSERT INTO parts VALUES (?, ?)", (number, len(records)))
            counts["failed"] -= self._forget_unopened(outcomes)
            self._database.executemany(
                "INSERT INTO files (path, sha256, state, reason) VALUES (?, ?, ?, ?)",
                ((_storable(outcome.name), outcome.sha256, outcome.state, outcome.reason) for outcome in outcomes),
            )
            self._database.executemany(
                "INSERT INTO counts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = count + excluded.count",
                counts.items(),
            )
            self._database.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            raise self._error(error) from None

    def counts(self) -> Counter[str]:
        """Return what has been entered: letters by state, requests, warnings by code."""
        return Counter(dict(self._database.execute("SELECT name, count FROM counts")))

    def files(self) -> Iterator[FileRow]:
        """Yield every letter that has been entered, in order."""
        for row in self._database.execute("SELECT path, sha256, state, reason FROM files ORDER BY position"):
            yield _file(row)

    def records(self) -> Iterator[bytes]:
        """Yield every record as one line of JSON without its line feed, in order.

        Raises :class:`LedgerError` for a part that is damaged or gone.
        """
        for number, count in self._database.execute("SELECT number, records FROM parts ORDER BY number"):
            path = self._part(number)
            read = 0
            try:
                with gzip.open(path) as part:
                    for line in part:
                        yield line.rstrip(b"\n")
                        read += 1
            except (OSError, EOFError, zlib.error):
                read = -1
            if read != count:
                raise LedgerError(f"{path}: is damaged; delete the folder {self.folder} and run again")

    def finish(self) -> None:
        """Note that the results are written: the next run begins anew, unless it is told to go on."""
        (self.folder / "finished").touch()

    def _check(self, settings: Mapping[str, str]) -> None:
        earlier = dict(self._database.execute("SELECT name, value FROM settings"))
        if not earlier:
            self._database.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
            return
        other = sorted(name for name in settings.keys() | earlier.keys() if settings.get(name) != earlier.get(name))
        if other:
            raise LedgerError(
                f"{self.folder}: was begun with another {' and '.join(other)}; go on with the same, or delete it to begin anew"
            )

    def _forget_unopened(self, outcomes: Sequence[Outcome]) -> int:
        """Take out the letters that could not be opened in an earlier run and have been tried again."""
        names = ((_storable(outcome.name),) for outcome in outcomes)
        return self._database.executemany("DELETE FROM files WHERE path = ? AND sha256 IS NULL", names).rowcount

    def _part(self, number: int) -> Path:
        return self._parts / f"{number:07}.jsonl.gz"

    def _write_part(self, number: int, records: Sequence[bytes]) -> None:
        target = self._part(number)
        partial = target.with_suffix(".partial")
        with partial.open("wb") as file:
            with gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as part:
                for record in records:
                    part.write(record + b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        folder = os.open(self._parts, os.O_RDONLY)
        try:
            os.fsync(folder)  # the new name, too, outlives a loss of power
        finally:
            os.close(folder)

    def _error(self, error: OSError | sqlite3.Error) -> LedgerError:
        words = (error.strerror or type(error).__name__).lower() if isinstance(error, OSError) else str(error)
        if "locked" in words:
            return LedgerError(f"{self.folder}: another run is writing to it; wait for its end")
        if "malformed" in words or "not a database" in words:
            return LedgerError(f"{self.folder}: is damaged; delete it and run again")
        return LedgerError(f"{self.folder}: cannot be written ({words}); what was done is kept, go on with --resume")


def discard(output: Path) -> None:
    """Delete the folder of an earlier run that is finished."""
    shutil.rmtree(run_folder(output), ignore_errors=True)


def _file(row: tuple[str, str | None, FileState, str | None]) -> FileRow:
    path, sha256, state, reason = row
    return FileRow(path=path, sha256=sha256, state=state, reason=reason)


def _storable(path: str) -> str:
    """A file name that is no Unicode, with escapes, as the record has it."""
    return path.encode("utf-8", "backslashreplace").decode()
