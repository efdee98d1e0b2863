"""Takes letters out of a request: a form with files, or one letter as the body. They stay in memory; nothing is written."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from litestar.exceptions import ClientException, HTTPException
from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser, parse_options_header

from unmet.ingest.read import too_large
from unmet.serve.settings import MAX_FILES, MAX_LETTER_BYTES, MAX_REQUEST_BYTES, RECEIVE_SECONDS
from unmet.views.wording import one_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from litestar import Request

    from unmet.serve.pool import Reserved

_LONGEST_NAME = 200


class Letter(NamedTuple):
    """A letter as it came: what its sender calls it, and its bytes."""

    name: str
    data: bytes


class TooLargeError(HTTPException):
    """More was sent than is taken."""

    status_code = 413


class TooSlowError(HTTPException):
    """The request did not arrive in time."""

    status_code = 408


def plain_name(name: str | None) -> str:
    """Return a file name fit to be shown and recorded: without folders and control characters, and not too long.

    It is a label: nothing is ever opened by it.
    """
    last = one_line((name or "").replace("\\", "/").rsplit("/", 1)[-1])
    return last[-_LONGEST_NAME:] or "letter"


async def letters_of(request: Request[Any, Any, Any], reserved: Reserved) -> list[Letter]:
    """Return the letters that ``request`` brings, at least one; a body that is no form is a letter named by ``?name=``.

    Raises Litestar's exceptions: 400 for none or a broken form, 408, 413.
    """
    if int(request.headers.get("content-length") or 0) > MAX_REQUEST_BYTES:
        raise TooLargeError(_limits())
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    try:
        async with asyncio.timeout(RECEIVE_SECONDS):
            if kind == "multipart/form-data":
                return await _form(_chunks(request, reserved), options.get("boundary", ""))
            return [await _body(_chunks(request, reserved), request.query_params.get("name"))]
    except TimeoutError:
        raise TooSlowError(f"the letter did not arrive within {RECEIVE_SECONDS:g} seconds") from None


async def _chunks(request: Request[Any, Any, Any], reserved: Reserved) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        reserved.grow(len(chunk))
        if reserved.taken > MAX_REQUEST_BYTES:
            raise TooLargeError(_limits())
        yield chunk


async def _body(chunks: AsyncIterator[bytes], name: str | None) -> Letter:
    data = bytearray()
    async for chunk in chunks:
        data += chunk
        if len(data) > MAX_LETTER_BYTES:
            raise TooLargeError(f"the letter {too_large(MAX_LETTER_BYTES)}")
    if not data:
        raise ClientException("no letter was sent; send its bytes as the body, or a form with a file")
    return Letter(plain_name(name), bytes(data))


async def _form(chunks: AsyncIterator[bytes], boundary: str) -> list[Letter]:
    letters: list[Letter] = []
    name: str | None = None
    data: bytearray | None = None
    try:
        with PushMultipartParser(boundary, max_segment_size=MAX_LETTER_BYTES, max_segment_count=MAX_FILES) as parser:
            async for chunk in chunks:
                for event in parser.parse(chunk):
                    if isinstance(event, MultipartSegment):
                        name, data = event.filename, bytearray() if event.filename else None
                    elif event is None:
                        if data is not None:
                            letters.append(Letter(plain_name(name), bytes(data)))
                        data = None
                    elif data is not None:
                        data += event
    except ParserLimitReached:
        raise TooLargeError(_limits()) from None
    except MultipartError:
        raise ClientException("the form is damaged; send it again") from None
    if not letters:
        raise ClientException("no letter was sent; choose at least one file")
    return letters


def _limits() -> str:
    return (
        f"too much at once: a letter may have {MAX_LETTER_BYTES >> 20} MB, "
        f"a request {MAX_FILES} letters and {MAX_REQUEST_BYTES >> 20} MB"
    )
