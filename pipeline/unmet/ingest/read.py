"""Reads one file, whatever its format, into a :class:`~unmet.ingest.letter_text.LetterText`."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from unmet.errors import UnreadableLetterError
from unmet.ingest.letter_text import LetterText, Source
from unmet.ingest.repair import repair

# The longest letters known have twenty pages and 60,000 characters. Far beyond that it is something else, and
# reading it would only keep the letters behind it waiting.
MAX_BYTES = 32 * 1024 * 1024
MAX_CHARACTERS = 1_000_000

_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)


def read_letter(path: str | Path) -> LetterText:
    """Read the file at ``path``: PDF, DOCX, HTML, Markdown or plain text, told by content before name.

    Raises :class:`~unmet.errors.UnreadableLetterError`, naming the file and the reason.
    """
    return letter_from_bytes(file_bytes(path), str(path))


def file_bytes(path: str | Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Return what the file at ``path`` holds.

    Raises :class:`~unmet.errors.UnreadableLetterError` where it cannot be opened or holds more than ``max_bytes``.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise UnreadableLetterError(str(path), "is a directory; name the letters in it")
        if path.stat().st_size > max_bytes:
            raise UnreadableLetterError(str(path), too_large(max_bytes))
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UnreadableLetterError(str(path), f"cannot be opened ({reason})") from error


def too_large(max_bytes: int) -> str:
    """Return the reason why a source of more than ``max_bytes`` is not read."""
    return f"is larger than {max_bytes / (1 << 20):g} MB; a letter is far smaller"


def letter_from_bytes(data: bytes, name: str) -> LetterText:
    """Read a letter from memory; ``name`` is what errors and the record call it, its ending a hint of the format.

    Raises :class:`~unmet.errors.UnreadableLetterError`, naming the source and the reason.
    """
    try:
        return _read(data, name)
    except ValueError as error:
        raise UnreadableLetterError(name, str(error)) from error


def _read(data: bytes, name: str) -> LetterText:
    if not data.strip():
        raise ValueError("is empty")
    if len(data) > MAX_BYTES:
        raise ValueError(too_large(MAX_BYTES))
    page_starts: list[int] = []
    pages: int | None = None
    if b"%PDF-" in data[:1024]:
        from unmet.ingest.pdf import pdf_pages

        texts = pdf_pages(data)
        if not any(text.strip() for text in texts):
            raise ValueError("the PDF has no text layer (a scan?); run it through text recognition first")
        pages = len(texts)
        source_text = ""
        for text in texts:
            page_starts.append(len(source_text))
            source_text += text if text.endswith("\n") else text + "\n"
        media_type = "application/pdf"
    elif data.startswith(b"PK\x03\x04"):
        from unmet.ingest.docx import docx_text

        source_text = docx_text(data)
        media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    elif _HTML.match(data) or name.lower().endswith((".html", ".htm", ".xhtml")):
        from unmet.ingest.html import html_text

        source_text = html_text(data)
        media_type = "text/html"
    else:
        from unmet.ingest.plain import decode

        if name.lower().endswith(".pdf"):
            raise ValueError("is named .pdf and is no PDF; fetch it again")
        source_text = decode(data)
        media_type = "text/markdown" if name.lower().endswith((".md", ".markdown")) else "text/plain"
    if len(source_text) > MAX_CHARACTERS:
        raise ValueError(f"holds more than {MAX_CHARACTERS:,} characters; a letter is far shorter")
    text, origin, ends = repair(source_text)
    if not text:
        raise ValueError("holds no text")
    return LetterText(
        source=Source(path=name, sha256=hashlib.sha256(data).hexdigest(), media_type=media_type, pages=pages),
        source_text=source_text,
        text=text,
        origin=origin,
        ends=ends,
        page_starts=page_starts,
    )
