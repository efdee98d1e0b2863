"""Files in, records out: :func:`read` for one letter, :func:`read_many` for a stream of them."""

from __future__ import annotations

from functools import cache, partial
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any

from unmet import record
from unmet.errors import UnreadableLetterError
from unmet.ingest.read import file_bytes, letter_from_bytes
from unmet.together import LETTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
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
    (found,) = read_files([(str(path), file_bytes(path))], with_text=with_text, nlp=loaded(model))
    if isinstance(found, UnreadableLetterError):
        raise found
    return found


def read_files(
    files: Sequence[tuple[str, bytes]], *, with_text: bool = False, nlp: Language
) -> list[record.Determination | UnreadableLetterError]:
    """Read letters together, each given by what errors and the record call it and by its bytes.

    Whatever it is that goes wrong with a letter, its error stands in its place: one letter must not end a night's run, and
    its words must not reach a log.
    """
    letters = [_tried(lambda file: letter_from_bytes(file[1], file[0]), file) for file in files]
    found = iter(determine_all([one for one in letters if not isinstance(one, Exception)], with_text=with_text, nlp=nlp))
    return [
        _said(name, letter if isinstance(letter, Exception) else next(found))
        for (name, _), letter in zip(files, letters, strict=True)
    ]


def _said(name: str, found: record.Determination | Exception) -> record.Determination | UnreadableLetterError:
    """Return ``found``; what is raised unforeseen becomes an error that names the file and not its words."""
    if isinstance(found, record.Determination | UnreadableLetterError):
        return found
    error = UnreadableLetterError(name, f"could not be processed ({type(found).__name__}); please report it")
    error.__cause__ = found
    return error


def determine(letter: LetterText, *, with_text: bool = False, nlp: Language | None = None) -> record.Determination:
    """Read a letter whose text is at hand already."""
    (found,) = determine_all([letter], with_text=with_text, nlp=nlp)
    if isinstance(found, Exception):
        raise found
    return found


def determine_all(
    letters: Sequence[LetterText], *, with_text: bool = False, nlp: Language | None = None
) -> list[record.Determination | Exception]:
    """Read letters whose texts are at hand, together: each component reads all of them before the next one begins.

    They are held in memory, so give it some dozens at a time (:data:`unmet.together.LETTERS` is best). What is raised over
    a letter stands in its place.
    """
    from unmet.assemble import assemble

    nlp = nlp or loaded()
    model = record.Model(name=str(nlp.meta["name"]), version=str(nlp.meta["version"]))
    docs: list[Any] = [letter.text for letter in letters]
    steps: list[Callable[[Any], Any]] = [nlp.make_doc, *(component for _, component in nlp.pipeline)]
    for step in steps:
        docs = [_tried(step, doc) for doc in docs]
    read = zip(letters, docs, strict=True)
    return [_tried(partial(assemble, letter, model=model, with_text=with_text), doc) for letter, doc in read]


def _tried(step: Callable[[Any], Any], value: Any) -> Any:
    """Return what ``step`` makes of ``value``, or the exception that it raises; an exception stays what it is."""
    if isinstance(value, Exception):
        return value
    try:
        return step(value)
    except Exception as error:
        return error


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
    todo = iter(paths)
    while together := [_bytes_of(path) for path in islice(todo, LETTERS)]:
        found = iter(read_files([one for one in together if isinstance(one, tuple)], with_text=with_text, nlp=loaded(model)))
        yield from [next(found) if isinstance(one, tuple) else one for one in together]


def _bytes_of(path: str | Path) -> tuple[str, bytes] | UnreadableLetterError:
    try:
        return str(path), file_bytes(path)
    except UnreadableLetterError as error:
        return error


def _read_in_processes(paths: Iterable[str | Path], workers: int, with_text: bool, model: str | None) -> Iterator[_Found]:
    from unmet.batch.engine import in_order
    from unmet.batch.jobs import Job
    from unmet.batch.local import LocalEngine
    from unmet.batch.worker import Settings

    def jobs() -> Iterator[Job | UnreadableLetterError]:
        for path in paths:
            found = _bytes_of(path)
            yield found if isinstance(found, UnreadableLetterError) else Job(*found, sha256(found[1]).hexdigest())

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
