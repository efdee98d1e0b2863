"""The letters that users dropped: kept in memory, for as long as there is room, under names that cannot be guessed."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Final

import msgspec

from unmet.record import Determination

MOST: Final = 1000
MOST_BYTES: Final = 128 * 1024 * 1024


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """One letter that was dropped: its record with text, or one line that says why there is none."""

    id: str
    name: str
    record: bytes = b""
    error: str | None = None
    case_number: str | None = None
    outcome: str | None = None
    requests: int = 0
    denied: int = 0
    is_determination: bool = True

    def determination(self) -> Determination:
        """Return the record."""
        return Determination.from_json(self.record)


class Uploads:
    """The letters dropped last; the oldest are forgotten."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Upload] = OrderedDict()
        self._bytes = 0

    def add(self, name: str, *, record: bytes = b"", error: str | None = None) -> Upload:
        """Take a letter in."""
        upload = Upload(id=secrets.token_urlsafe(16), name=name, record=record, error=error)
        if record:
            read = Determination.from_json(record)
            upload = msgspec.structs.replace(
                upload,
                case_number=read.case.case_number,
                outcome=read.case.outcome,
                requests=len(read.requests),
                denied=sum(request.decision == "upheld" for request in read.requests),
                is_determination=read.layout.is_determination,
            )
        self._held[upload.id] = upload
        self._bytes += len(record)
        while len(self._held) > MOST or self._bytes > MOST_BYTES:
            _, oldest = self._held.popitem(last=False)
            self._bytes -= len(oldest.record)
        return upload

    def get(self, upload_id: str) -> Upload | None:
        """Return a letter, or None where it is unknown or was forgotten."""
        return self._held.get(upload_id)
