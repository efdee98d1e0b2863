"""What became of every file that a batch was given."""

from __future__ import annotations

from typing import Literal

import msgspec

FileState = Literal["read", "duplicate", "failed", "quarantined"]


class FileRow(msgspec.Struct, kw_only=True, frozen=True):
    """One file of the input.

    ``reason`` says why the file has no record of its own: for a duplicate it is the path of the file that has the
    record; null where the file was read. ``sha256`` is null where the bytes could not be read.
    """

    path: str
    sha256: str | None
    state: FileState
    reason: str | None = None
