"""Which annotated letters are trained on, and which show how training goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from unmet.corpus.attach import attach, letter_files
from unmet.corpus.rows import read_rows
from unmet.training.errors import TrainingError
from unmet.training.evaluate import rows_of_split
from unmet.training.rationales import Rationale, read_rationales
from unmet.training.train import TrainingLetter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

REAL, WRITTEN, RATIONALES = "real.jsonl", "project.jsonl", "rationales.jsonl"
# Without real letters every eighth of the written ones is kept from training, to show how it goes.
_KEPT = 8


class TrainingLetters(NamedTuple):
    """Letters to train on, and letters that only show the progress of training."""

    letters: list[TrainingLetter]
    development: list[TrainingLetter]


def training_letters(annotations: Path, folders: Sequence[Path], splits: Sequence[str], develop: str) -> TrainingLetters:
    """Return the letters of ``splits`` and all that were written for the project; those of ``develop`` for the progress.

    Raises :class:`TrainingError` where there is nothing to train on, :class:`~unmet.corpus.rows.CorpusError` for rows
    without their letters.
    """
    own = annotations / "letters"
    written_path, real_path = annotations / WRITTEN, annotations / REAL
    written = (
        [TrainingLetter(one, written=True) for one in attach(read_rows(written_path), [own])] if written_path.is_file() else []
    )
    if not folders or not real_path.is_file():
        if len(written) < _KEPT:
            raise TrainingError(f"{annotations}: holds no annotated letters whose text is here; name their folder with --letters")
        kept = written[::_KEPT]
        return TrainingLetters([one for one in written if one not in kept], kept)
    known = letter_files(folders)
    missing = next((row.letter for row in read_rows(real_path) if row.letter not in known), None)
    if missing is not None:
        raise TrainingError(f"{missing}: no such letter in the folders given; name the folder of the letters with --letters")
    chosen = [row for split in splits for row in rows_of_split(annotations, REAL, split)]
    real = [TrainingLetter(one, written=False) for one in attach(chosen, folders)]
    shown = [] if develop in splits else rows_of_split(annotations, REAL, develop)
    return TrainingLetters([*real, *written], [TrainingLetter(one, written=False) for one in attach(shown, folders)])


def training_rationales(annotations: Path) -> list[Rationale]:
    """Return the rationales that were written for the project without a letter; none where the file is missing."""
    path = annotations / RATIONALES
    return read_rationales(path) if path.is_file() else []
