"""What can go wrong with a file of results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unmet.errors import UnmetError

if TYPE_CHECKING:
    from pathlib import Path


class ResultsError(UnmetError, ValueError):
    """A file of results cannot be written or read; the text is one line that names it and says what to do.

    ``path`` is the file as the caller gave it. Neither part ever quotes a letter.
    """

    def __init__(self, path: str | Path, reason: str) -> None:
        name = str(path)
        # A file name may hold a line break; the message stays one line.
        shown = name if name.isprintable() else name.encode("unicode_escape").decode()
        super().__init__(f"{shown}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type[ResultsError], tuple[str | Path, str]]:
        return type(self), (self.path, self.reason)
