"""What passes between a run and the processes that read for it: a job in, an outcome out, as MessagePack frames."""

from __future__ import annotations

import struct
from typing import IO

import msgspec

from unmet.results.files import FileState  # noqa: TC001 - msgspec reads annotations

_LENGTH = struct.Struct(">Q")


class Job(msgspec.Struct, frozen=True):
    """One letter to read: what the results call it, its bytes and their SHA-256."""

    name: str
    data: bytes
    sha256: str


class Pointer(msgspec.Struct, frozen=True):
    """One letter to fetch from ``url`` and to read. ``known`` is its content as it was read before: that is not read again."""

    name: str
    url: str
    known: str | None


class Outcome(msgspec.Struct, frozen=True):
    """What became of one letter; quarantined is one that ended the process that read it, or took too long.

    ``record`` is its Determination as one line of JSON (without the line feed) where ``state`` is "read", else empty;
    ``reason`` says why there is none, for a duplicate the name of the letter with the same content. ``sha256`` is None
    where the bytes could not be had. ``tally`` counts what a summary shows: requests, warnings by code and so on.
    """

    name: str
    sha256: str | None
    state: FileState
    record: bytes = b""
    reason: str | None = None
    tally: dict[str, int] = {}


def write_frame(stream: IO[bytes], payload: bytes) -> None:
    """Write one message: its length as eight bytes, then its bytes."""
    stream.write(_LENGTH.pack(len(payload)) + payload)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """Read the next message; None where the other side has gone, even in the middle of one."""
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        return None
    length: int = _LENGTH.unpack(header)[0]
    payload = stream.read(length)
    return payload if len(payload) == length else None
