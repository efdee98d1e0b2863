"""What every format of results offers to the writer, and how much it is given at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from unmet.results.files import FileRow

# A batch ends after so many records or bytes, whatever comes first: its size depends on the records alone, so that the
# same records give the same files, and memory does not grow with their number.
_RECORDS = 128
_BYTES = 16_000_000


class Sink(Protocol):
    """A file of results that is being written."""

    holds_files: bool
    """Whether the format has a place for what became of each file."""

    def add(self, lines: Sequence[bytes]) -> None:
        """Take the next records, a line of JSON each."""

    def add_files(self, files: Sequence[FileRow]) -> None:
        """Take what became of the next files."""

    def finish(self) -> None:
        """Write what is still held and close the file."""

    def abandon(self) -> None:
        """Close the file, which will be removed."""


def batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield records in batches."""
    batch: list[bytes] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if len(batch) == _RECORDS or size >= _BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
