"""A run: from what was named to a file of results, with a ledger, so that it can be stopped at any moment and gone on with."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from unmet.batch.engine import in_order
from unmet.batch.jobs import Job, Outcome, Pointer
from unmet.batch.ledger import Ledger, LedgerError, discard, has_unfinished_run, run_folder
from unmet.batch.sources import fetch, sources
from unmet.errors import UnreadableLetterError
from unmet.results.files import FileRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from unmet.batch.engine import Engine
    from unmet.batch.sources import Source
    from unmet.batch.worker import Settings

# A part is committed when it holds so many letters, or so many bytes of records, or when so many seconds have gone:
# few at first, so that a run that is stopped soon has something to show.
_LETTERS, _BYTES, _FIRST_PAUSE, _LONGEST_PAUSE = 512, 64 << 20, 1.0, 16.0


class _Twin(msgspec.Struct, frozen=True):
    """A letter whose content is under way or in the ledger already."""

    name: str
    data: bytes
    sha256: str


# What is to be read, the twin of another, what cannot be had as a failed outcome, None for what is in the ledger.
_Letter = Job | Pointer | _Twin | Outcome | None


def begin(output: Path, settings: Settings, *, resume: bool) -> Ledger:
    """Open the ledger of a run that writes to ``output``: anew, or with ``resume`` where an earlier one stopped or ended.

    Raises :class:`~unmet.batch.ledger.LedgerError` where there is an unfinished run that was not asked to be gone on with.
    """
    if not resume:
        if has_unfinished_run(output):
            raise LedgerError(
                f"{run_folder(output)}: holds a run that was not finished; "
                "go on with it by --resume, or delete the folder to begin anew"
            )
        discard(output)
    return Ledger(output, what_makes_records_differ(settings))


def read_all(
    inputs: Iterable[str],
    ledger: Ledger,
    engine: Engine,
    *,
    max_bytes: int,
    on_outcome: Callable[[Outcome | None], None],
) -> None:
    """Read every letter that ``inputs`` name and is not in the ledger; ``on_outcome`` is told of each (None: known).

    What has been read is committed when it ends, and when it is ended by an exception. Raises
    :class:`~unmet.batch.ledger.LedgerError`, :class:`~unmet.batch.sources.SourceError` and what the engine raises.
    """
    part = _Part(ledger)
    letters = _letters(sources(inputs, max_bytes), part, max_bytes, fetches=engine.fetches)
    try:
        for found in in_order(letters, engine):
            on_outcome(part.add(part.twin(found, engine) if isinstance(found, _Twin) else found) if found else None)
    except LedgerError:
        raise
    except BaseException:
        part.commit()
        raise
    part.commit()


class _Part:
    """The outcomes that are not committed yet, in order, and what is known of their contents."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.under_way: set[str] = set()  # contents that are being read
        self._outcomes: list[Outcome] = []
        self._entered: set[tuple[str, str | None]] = set()
        self._first: dict[str, FileRow] = {}
        self._bytes = 0
        self._pause = _FIRST_PAUSE
        self._due = time.monotonic() + self._pause

    def settled(self, sha256: str) -> FileRow | None:
        """The letter that was first read, or quarantined, with this content."""
        return self._first.get(sha256) or self.ledger.settled(sha256)

    def twin(self, letter: _Twin, engine: Engine) -> Outcome:
        """What becomes of a letter that has another's content."""
        if self.settled(letter.sha256):
            return Outcome(letter.name, letter.sha256, "duplicate")
        # The other could not be read, perhaps for its name's ending: this one has to be tried by itself.
        outcome = engine.submit([Job(letter.name, letter.data, letter.sha256)]).result()[0]
        assert outcome is not None
        return outcome

    def add(self, outcome: Outcome) -> Outcome | None:
        """Enter an outcome, as that of a duplicate where its content is there already; commit when a part is full.

        Returns what was entered: None where the same letter is there already.
        """
        if (outcome.name, outcome.sha256) in self._entered:
            return None
        sha256 = outcome.sha256
        if sha256 is not None and self.ledger.is_known(outcome.name, sha256):
            return None
        self._entered.add((outcome.name, sha256))
        if sha256 is not None:
            self.under_way.discard(sha256)
            first = self.settled(sha256)
            if first is not None and first.state == "read":
                outcome = Outcome(outcome.name, sha256, "duplicate", reason=first.path)
            elif first is not None:
                outcome = Outcome(outcome.name, sha256, "quarantined", reason=first.reason)
            elif outcome.state in ("read", "quarantined"):
                self._first[sha256] = FileRow(path=outcome.name, sha256=sha256, state=outcome.state, reason=outcome.reason)
        self._outcomes.append(outcome)
        self._bytes += len(outcome.record)
        if len(self._outcomes) >= _LETTERS or self._bytes >= _BYTES or time.monotonic() >= self._due:
            self.commit()
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        return outcome

    def commit(self) -> None:
        """Have what there is committed."""
        if self._outcomes:
            self.ledger.commit(self._outcomes)
        self._outcomes, self._entered, self._first, self._bytes = [], set(), {}, 0
        self._due = time.monotonic() + self._pause


def _letters(found: Iterable[Source], part: _Part, max_bytes: int, *, fetches: bool) -> Iterator[_Letter]:
    for source in found:
        if source.error is not None:
            yield Outcome(source.name, None, "failed", reason=source.error)
            continue
        if source.url is not None and fetches:
            yield Pointer(source.name, _anywhere(source.url), part.ledger.content_of(source.name))
            continue
        try:
            data = source.data if source.url is None else fetch(source.url, max_bytes)
        except UnreadableLetterError as error:
            yield Outcome(source.name, None, "failed", reason=error.reason)
            continue
        assert data is not None
        sha256 = hashlib.sha256(data).hexdigest()
        if part.ledger.is_known(source.name, sha256):
            yield None
        elif sha256 in part.under_way or part.settled(sha256):
            yield _Twin(source.name, data, sha256)
        else:
            part.under_way.add(sha256)
            yield Job(source.name, data, sha256)


def _anywhere(url: str) -> str:
    """An address as it is; a path as one that does not depend on the folder a process runs in."""
    return url if "://" in url else str(Path(url).absolute())


def what_makes_records_differ(settings: Settings) -> dict[str, str]:
    """Return, by name, what two runs must have in common for their records to be the same."""
    from unmet import __version__
    from unmet.loading import RULES, pipeline_folder

    content = hashlib.sha256()
    if settings.model != RULES:
        folder = pipeline_folder(settings.model)
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            content.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return {"version of unmet": __version__, "model": content.hexdigest(), "--with-text": str(settings.with_text)}
