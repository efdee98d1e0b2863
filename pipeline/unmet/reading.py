"""Files in, records out: :func:`read` for one letter, :func:`read_many` for a stream of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from unmet import record
from unmet.errors import UnreadableLetterError
from unmet.ingest import LetterText, read_letter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from spacy.language import Language


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
    return determine(read_letter(path), with_text=with_text, nlp=loaded(model))


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
    from unmet.batch.pool import read_ordered

    for result in read_ordered(paths, workers=workers, with_text=with_text, model=model):
        if isinstance(result, UnreadableLetterError):
            if on_error is None:
                raise result
            on_error(result)
        else:
            yield record.Determination.from_json(result)
