"""Where letters come from: files, folders, globs, archives, JSON Lines, standard input, addresses of an object store.

Everything is yielded one by one and in a fixed order, so that a run can be gone on with and memory does not grow with
the number of letters (the names in one folder are sorted, and held while it is walked through).
"""

from __future__ import annotations

import glob
import gzip
import os
import sys
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from unmet.errors import UnmetError, UnreadableLetterError
from unmet.ingest.read import file_bytes, too_large

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What a folder or an archive is searched for; a file that is named is read whatever its name.
LETTER_SUFFIXES = frozenset([".pdf", ".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".docx"])

STANDARD_INPUT = "-"
_TAR = (".tar", ".tar.gz", ".tgz")
_JSON_LINES = (".jsonl", ".jsonl.gz")


class SourceError(UnmetError):
    """What was named holds no letters, or is not there; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """One letter to be had: its bytes, or the path or address that they are fetched from, or why there is nothing."""

    name: str
    data: bytes | None = None
    url: str | None = None
    error: str | None = None


class _Row(msgspec.Struct):
    """A line of JSON Lines: a letter's text, and what to call it. A record with its text is such a line too."""

    text: str
    id: str | int | None = None


def sources(inputs: Iterable[str], max_bytes: int) -> Iterator[Source]:
    """Yield the letters that ``inputs`` name, in order. Nothing larger than ``max_bytes`` is taken into memory.

    An input is a file, a folder (searched through, in sorted order), a glob, a ``.zip``, ``.tar``, ``.tar.gz`` or
    ``.tgz`` archive, a ``.jsonl`` (or ``.jsonl.gz``) file with ``text`` and perhaps ``id`` on each line, an address such as
    ``s3://bucket/folder`` (through fsspec), or ``-``: standard input with such lines, or with the names of inputs.

    What cannot be opened is yielded with its error; an archive without letters too. Raises :class:`SourceError` for an
    address that cannot be listed.
    """
    for given in inputs:
        yield from _standard_input(max_bytes) if given == STANDARD_INPUT else _named(given, max_bytes)


def count_of(inputs: Iterable[str]) -> int | None:
    """Return how many letters ``inputs`` name, or None where that is not known before they have been read.

    Raises :class:`SourceError` for a folder that holds no letters and a glob that matches nothing.
    """
    counts = [_count(given) for given in inputs]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _count(given: str) -> int | None:
    if given == STANDARD_INPUT or "://" in given:
        return None
    count = 0
    for path in _globbed(given):
        if Path(path).is_dir():
            inside = sum(1 for _ in walk(Path(path)))
            if not inside:
                raise SourceError(f"{path}: holds no letters ({', '.join(sorted(LETTER_SUFFIXES))})")
            count += inside
        elif _has_ending(path, (".zip", *_TAR, *_JSON_LINES)):
            return None
        else:
            count += 1
    return count


def walk(folder: Path) -> Iterator[Path]:
    """Yield the letters under ``folder``, sorted by name in each folder; hidden files and README.md are passed over."""
    with os.scandir(folder) as entries:
        inside = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    for name, is_folder in inside:
        path = folder / name
        if name.startswith("."):
            continue
        if is_folder:
            yield from walk(path)
        elif _is_letter(name) and path.is_file():
            yield path


def fetch(url: str, max_bytes: int) -> bytes:
    """Return the bytes at a path or an address (through fsspec).

    Raises :class:`~unmet.errors.UnreadableLetterError` where they cannot be had or are more than ``max_bytes``.
    """
    if "://" not in url:
        return file_bytes(url, max_bytes)
    try:
        with _filesystem(url).open(url, "rb") as file:
            data: bytes = file.read(max_bytes + 1)
    except SourceError:
        raise
    except Exception as error:  # each store has errors of its own
        raise UnreadableLetterError(url, f"cannot be opened ({_words(error)})") from error
    if len(data) > max_bytes:
        raise UnreadableLetterError(url, too_large(max_bytes))
    return data


def _named(given: str, max_bytes: int) -> Iterator[Source]:
    if "://" in given:
        yield from _remote(given)
        return
    for path in _globbed(given):
        if Path(path).is_dir():
            yield from (Source(str(file), url=str(file)) for file in walk(Path(path)))
        elif _has_ending(path, (".zip",)):
            yield from _some(_zip(path, max_bytes), path)
        elif _has_ending(path, _TAR):
            yield from _some(_tar(path, max_bytes), path)
        elif _has_ending(path, _JSON_LINES):
            yield from _json_lines_file(path, max_bytes)
        else:
            yield Source(path, url=path)


def _globbed(given: str) -> list[str]:
    if not glob.has_magic(given) or os.path.lexists(given):
        return [given]
    found = sorted(glob.glob(given, recursive=True))  # noqa: PTH207 - Path.glob knows no absolute patterns
    if not found:
        raise SourceError(f"{given}: matches no file")
    return found


def _remote(address: str) -> Iterator[Source]:
    filesystem = _filesystem(address)
    try:
        if glob.has_magic(address):
            found = filesystem.glob(address)
        elif filesystem.isdir(address):
            found = [path for path in filesystem.find(address) if _is_letter(path.rsplit("/", 1)[-1])]
        else:
            found = [address]
    except Exception as error:  # each store has errors of its own
        raise SourceError(f"{address}: cannot be listed ({_words(error)})") from None
    if not found:
        raise SourceError(f"{address}: holds no letters ({', '.join(sorted(LETTER_SUFFIXES))})")
    for path in sorted(found):
        name = filesystem.unstrip_protocol(path)
        yield Source(name, url=name)


def _filesystem(address: str) -> Any:
    try:
        import fsspec
    except ImportError:
        raise SourceError(f"{address}: fsspec is missing; install it with: pip install 'unmet[cluster]'") from None
    try:
        return fsspec.core.url_to_fs(address)[0]
    except (ImportError, ValueError) as error:  # no such protocol, or its package is not installed
        raise SourceError(f"{address}: {' '.join(str(error).split())}") from None


def _zip(path: str, max_bytes: int) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if not _is_letter(member.filename):
                    continue
                name = f"{path}/{member.filename}"
                try:
                    with archive.open(member) as file:
                        yield _limited(name, file, max_bytes)
                except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError):
                    yield Source(name, error="cannot be unpacked (damaged, encrypted or packed in a way not known)")
    except (OSError, zipfile.BadZipFile) as error:
        yield Source(path, error=_archive_error(error))


def _tar(path: str, max_bytes: int) -> Iterator[Source]:
    try:
        # Unpacked here: tarfile takes the end of a file that was cut for the end of its archive.
        packed = not _has_ending(path, (".tar",))
        with gzip.open(path) if packed else Path(path).open("rb") as file, tarfile.open(fileobj=file, mode="r|") as archive:
            for member in archive:
                inside = archive.extractfile(member) if member.isfile() and _is_letter(member.name) else None
                if inside is not None:
                    yield _limited(f"{path}/{member.name}", inside, max_bytes)
    except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
        yield Source(path, error=_archive_error(error))


def _json_lines_file(path: str, max_bytes: int) -> Iterator[Source]:
    try:
        with gzip.open(path) if path.lower().endswith(".gz") else Path(path).open("rb") as file:
            yield from _json_lines(_lines(file, max_bytes), path, max_bytes)
    except (OSError, EOFError, zlib.error) as error:
        yield Source(path, error=_archive_error(error))


def _json_lines(lines: Iterable[bytes], path: str, max_bytes: int) -> Iterator[Source]:
    decoder = msgspec.json.Decoder(_Row)
    for number, line in enumerate(lines, 1):
        name = f"{path}:{number}"
        if not line.strip():
            continue
        if len(line) > max_bytes:
            yield Source(name, error=too_large(max_bytes))
            continue
        try:
            row = decoder.decode(line)
        except msgspec.DecodeError:
            yield Source(name, error='is no line of JSON with "text" (and perhaps "id")')
            continue
        yield Source(name if row.id is None else f"{path}#{row.id}", data=row.text.encode("utf-8", "surrogatepass"))


def _standard_input(max_bytes: int) -> Iterator[Source]:
    lines = _lines(sys.stdin.buffer, max_bytes)
    first = next((line for line in lines if line.strip()), b"")
    if first.lstrip().startswith(b"{"):
        yield from _json_lines(chain([first], lines), "stdin", max_bytes)
        return
    for line in chain([first], lines):
        if given := os.fsdecode(line.rstrip(b"\r\n")):
            yield from _named(given, max_bytes)


def _lines(file: IO[bytes] | gzip.GzipFile, max_bytes: int) -> Iterator[bytes]:
    """The lines of a file; of one longer than a letter may be, only so much that it is seen to be too long."""
    while line := file.readline(max_bytes + 1):
        yield line
        while line and not line.endswith(b"\n"):
            line = file.readline(max_bytes + 1)


def _limited(name: str, file: IO[bytes], max_bytes: int) -> Source:
    data = file.read(max_bytes + 1)
    return Source(name, error=too_large(max_bytes)) if len(data) > max_bytes else Source(name, data=data)


def _some(members: Iterator[Source], path: str) -> Iterator[Source]:
    first = next(members, Source(path, error="holds no letters"))
    yield from chain([first], members)


def _is_letter(name: str) -> bool:
    path = Path(name)
    return (
        path.suffix.lower() in LETTER_SUFFIXES
        and path.name.lower() != "readme.md"
        and not any(part.startswith((".", "__MACOSX")) for part in path.parts)
    )


def _has_ending(path: str, endings: tuple[str, ...]) -> bool:
    return path.lower().endswith(endings)


def _archive_error(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be opened ({_words(error)})"
    return "is damaged or no archive of its kind; what it holds from there on is not read"


def _words(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__
