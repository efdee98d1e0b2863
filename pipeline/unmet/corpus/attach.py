"""Brings rows and letters together: finds each letter's file, checks its text, maps offsets between the two."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unmet.corpus.rows import CorpusError, Offsets, Row
from unmet.errors import UnreadableLetterError
from unmet.ingest import LetterText, read_letter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class CollapsedText:
    """A source text with every whitespace run as one blank, and the way back: ``origin[i]`` is a source offset."""

    text: str
    origin: Sequence[int]

    @classmethod
    def of(cls, source_text: str) -> CollapsedText:
        """Collapse ``source_text``."""
        characters: list[str] = []
        origin: list[int] = []
        blank = True
        for offset, character in enumerate(source_text):
            if character.isspace():
                if not blank:
                    characters.append(" ")
                    origin.append(offset)
                blank = True
            else:
                characters.append(character)
                origin.append(offset)
                blank = False
        if characters and characters[-1] == " ":
            characters.pop()
            origin.pop()
        return cls("".join(characters), origin)

    @property
    def sha256(self) -> str:
        """The checksum that a row carries."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def from_source(self, start: int, end: int) -> Offsets:
        """Map a span of the source, without blanks at its edges, into this text."""
        return bisect_left(self.origin, start), bisect_right(self.origin, end - 1)

    def to_source(self, start: int, end: int) -> Offsets:
        """Map a span of this text into the source."""
        return self.origin[start], self.origin[end - 1] + 1


@dataclass(frozen=True, slots=True)
class AnnotatedLetter:
    """A row beside its letter."""

    row: Row
    letter: LetterText
    collapsed: CollapsedText

    def to_text(self, start: int, end: int) -> Offsets:
        """Map a span of the row into ``letter.text``, which the pipeline reads."""
        source_start, source_end = self.collapsed.to_source(start, end)
        return bisect_left(self.letter.origin, source_start), bisect_right(self.letter.origin, source_end - 1)

    def from_text(self, start: int, end: int) -> Offsets:
        """Map a span of ``letter.text`` to the offsets that a row uses."""
        return self.collapsed.from_source(*self.letter.to_source(start, end))


def letter_files(folders: Iterable[Path]) -> dict[str, Path]:
    """Return the letters under ``folders`` by id, the file's name without its ending."""
    found: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise CorpusError(f"{folder}: is no folder of letters")
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix.lower() in (".pdf", ".txt", ".md", ".html", ".htm", ".docx"):
                found.setdefault(path.stem, path)
    return found


def attach(rows: Iterable[Row], folders: Iterable[Path]) -> Iterator[AnnotatedLetter]:
    """Yield each row with its letter from ``folders``, in the order of the rows.

    Raises :class:`~unmet.corpus.rows.CorpusError` naming the letter where its file is missing or unreadable, or where
    its text is not the one that was annotated.
    """
    files = letter_files(folders)
    for row in rows:
        path = files.get(row.letter)
        if path is None:
            raise CorpusError(f"{row.letter}: no such letter in the folders given; add its folder with --letters")
        try:
            letter = read_letter(path)
        except UnreadableLetterError as error:
            raise CorpusError(str(error)) from error
        collapsed = CollapsedText.of(letter.source_text)
        if collapsed.sha256 != row.sha256 or len(collapsed.text) != row.characters:
            raise CorpusError(f"{path}: is not the text that was annotated as {row.letter} (checksum differs)")
        yield AnnotatedLetter(row, letter, collapsed)
