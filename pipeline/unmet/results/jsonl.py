"""Results as JSON Lines: the records as they are, one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from unmet.results.files import FileRow


class JsonLinesSink:
    """Writes records as they come."""

    holds_files = False

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def add(self, lines: Sequence[bytes]) -> None:
        """Append the records."""
        self._file.write(b"".join(line + b"\n" for line in lines))

    def add_files(self, files: Sequence[FileRow]) -> None:
        """Do nothing: the format holds records alone."""

    def finish(self) -> None:
        """Close the file."""
        self._file.close()

    abandon = finish
