"""The text of one letter: as its source has it, as the pipeline reads it, and the map between the two."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of where a letter came from. Document metadata (author, title) is never read."""

    path: str
    sha256: str
    media_type: str
    pages: int | None
    ocr: bool = False


@dataclass(frozen=True, slots=True)
class LetterText:
    """A letter's text twice over, with the way back.

    ``source_text`` is the text of the source, unchanged: a text file as decoded, or what was extracted from
    PDF, DOCX or HTML. ``text`` is what the pipeline reads: every whitespace run one space, mark-up, page
    footers and line-end hyphen breaks repaired. What ``text[i]`` stands for begins at ``origin[i]`` of the source text
    and ends at ``ends[i]`` (an entity is several characters). All offsets are 0-based, end-exclusive, in Unicode code
    points.
    """

    source: Source
    source_text: str
    text: str
    origin: Sequence[int]
    ends: Sequence[int]
    page_starts: Sequence[int] = field(default=())

    def to_source(self, start: int, end: int) -> tuple[int, int]:
        """Map the span ``[start, end)`` of ``text`` to the span of ``source_text`` with the same words.

        Raises ``ValueError`` for an empty span or one outside the text.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"no such span in the letter: {start}-{end} of {len(self.text)}")
        return self.origin[start], self.ends[end - 1]

    def page(self, source_offset: int) -> int | None:
        """Return the 1-based page on which the source character stands, or None where there are no pages."""
        if not self.page_starts:
            return None
        return bisect_right(self.page_starts, source_offset)
