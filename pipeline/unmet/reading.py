"""Files in, records out: :func:`read` for one letter, :func:`read_many` for a stream of them."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from unmet import record
from unmet.errors import UnreadableLetterError
from unmet.ingest.read import file_bytes, letter_from_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from spacy.language import Language

    from unmet.ingest import LetterText


@cache
def loaded(model: str | None = None) -> Language:
    """Return the pipeline ``model`` (:func:`unmet.loading.load`), loaded once per process."""
    from unmet.loading import load

    return load(model)


def read(path: str | Path, *, with_text: bool = False, model: str | None = None) -> record.Determination:
    """Read the letter at ``path`` with the pipeline ``model``; ``with_text`` adds its source text to the record.

    Raises :class:`~unmet.errors.UnreadableLetterError` where the file holds no text. A readable file that is no
    determination gives a record with ``is_determination`` false and a warning that says why.
    """
    return determine_bytes(file_bytes(path), str(path), with_text=with_text, nlp=loaded(model))


def determine_bytes(data: bytes, name: str, *, with_text: bool = False, nlp: Language) -> record.Determination:
    """Read a letter whose bytes are at hand; ``name`` is what errors and the record call it.

    Raises :class:`~unmet.errors.UnreadableLetterError`, whatever it is that goes wrong: one letter must not end a night's
    run, and its words must not reach a log.
    """
    letter = letter_from_bytes(data, name)
    try:
        return determine(letter, with_text=with_text, nlp=nlp)
    except Exception as error:
        reason = f"could not be processed ({type(error).__name__}); please report it"
        raise UnreadableLetterError(name, reason) from error


def determine(letter: LetterText, *, with_text: bool = False, nlp: Language | None = None) -> record.Determination:
    """Read a letter whose text is at hand already."""
    from unmet.assemble import assemble

    nlp = nlp or loaded()
    name = record.Model(name=str(nlp.meta["name"]), version=str(nlp.meta["version"]))
    return assemble(letter, nlp(letter.text), name, with_text=with_text)


def read_many(
    paths: Iterable[str | Path],
    *,
    workers: int = 1,
    with_text: bool = False,
    model: str | None = None,
    on_error: Callable[[UnreadableLetterError], None] | None = None,
) -> Iterator[record.Determination]:
    """Yield a record per readable file, in input order.

    A file that cannot be read is given to ``on_error`` and the rest goes on; without ``on_error`` its error is
    raised when its turn comes. With more than one worker, letters are read in processes of their own.
    """
    if workers < 1:
        raise ValueError("workers must be at least 1")
    for found in _read_here(paths, with_text, model) if workers == 1 else _read_in_processes(paths, workers, with_text, model):
        if isinstance(found, record.Determination):
            yield found
        elif on_error is None:
            raise found
        else:
            on_error(found)


_Found = record.Determination | UnreadableLetterError


def _read_here(paths: Iterable[str | Path], with_text: bool, model: str | None) -> Iterator[_Found]:
    for path in paths:
        try:
            yield read(path, with_text=with_text, model=model)
        except UnreadableLetterError as error:
            yield error


def _read_in_processes(paths: Iterable[str | Path], workers: int, with_text: bool, model: str | None) -> Iterator[_Found]:
    from unmet.batch.engine import in_order
    from unmet.batch.jobs import Job
    from unmet.batch.local import LocalEngine
    from unmet.batch.worker import Settings

    def jobs() -> Iterator[Job | UnreadableLetterError]:
        for path in paths:
            try:
                data = file_bytes(path)
            except UnreadableLetterError as error:
                yield error
            else:
                yield Job(str(path), data, sha256(data).hexdigest())

    engine = LocalEngine(workers, Settings(model, with_text))
    try:
        for found in in_order(jobs(), engine):
            assert found is not None
            if isinstance(found, UnreadableLetterError):
                yield found
            elif found.state == "read":
                yield record.Determination.from_json(found.record)
            else:
                yield UnreadableLetterError(found.name, found.reason or "")
    finally:
        engine.close()
