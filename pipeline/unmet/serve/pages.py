"""The pages: drop letters and see them, search, compare. Plain links and forms; nothing here needs a script."""

from __future__ import annotations

import asyncio
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException, HTTPException, NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from unmet.record import Determination
from unmet.serve.consistency import Choice, Comparison, Topic, compare, topics
from unmet.serve.guard import COOKIE, same, session_of
from unmet.serve.intake import Letter, letters_of
from unmet.serve.pool import BusyError
from unmet.serve.reassembly import reassembled
from unmet.serve.rendering import page, query, static_files
from unmet.serve.search import Filters, Found, Sort, search
from unmet.serve.service import Service, without_text
from unmet.serve.settings import MAX_FILES, MAX_FORM_BYTES, MAX_LETTER_BYTES, RETRY_SECONDS
from unmet.serve.store import Facets
from unmet.serve.uploads import MOST, Upload
from unmet.views.letter_page import render_letter, render_letter_body

# Letters of one form that are read at a time, so that one form does not fill the queue.
_AT_A_TIME = 4

Asked = Request[Any, Any, Any]


@get("/", include_in_schema=False)
async def home(request: Asked, service: NamedDependency[Service]) -> Response[str]:
    """Show where to drop letters, and those that were dropped."""
    ids = request.query_params.get("read", "").split(".")[:MOST]
    return page(
        "home.html",
        service=service,
        facets=await _facets(service),
        uploads=[found for one in ids if (found := service.uploads.get(one))],
        forgotten=any(one and service.uploads.get(one) is None for one in ids),
        max_bytes=MAX_LETTER_BYTES,
        max_files=MAX_FILES,
    )


@post("/letters", include_in_schema=False, request_max_body_size=None)
async def drop(request: Asked, service: NamedDependency[Service]) -> Response[Any]:
    """Read the letters of a form; to a script tell what became of its one letter, else go to the page that lists them."""
    with service.pool.memory() as reserved:
        letters = await letters_of(request, reserved)
        if "application/json" in request.headers.get("accept", ""):
            if len(letters) != 1:
                raise ClientException("send one letter at a time")
            return Response(_told(await _dropped(letters[0], service)), media_type=MediaType.JSON, status_code=200)
        limit = asyncio.Semaphore(_AT_A_TIME)

        async def one(letter: Letter) -> Upload:
            async with limit:
                try:
                    return await _dropped(letter, service)
                except BusyError as error:
                    return service.uploads.add(letter.name, error=str(error))

        uploads = await asyncio.gather(*map(one, letters))
    ids = ".".join(upload.id for upload in uploads)
    return Redirect(f"/read/{ids}" if len(uploads) == 1 and not uploads[0].error else f"/?read={ids}", status_code=303)


async def _dropped(letter: Letter, service: Service) -> Upload:
    record, error = await service.read(letter)
    return service.uploads.add(letter.name, record=record, error=error)


def _told(upload: Upload) -> dict[str, Any]:
    told = {name: getattr(upload, name) for name in upload.__struct_fields__ if name != "record"}
    return {**told, "outcome": upload.outcome, "url": None if upload.error else f"/read/{upload.id}"}


@get("/read/{upload_id:str}", include_in_schema=False)
async def dropped_letter(upload_id: FromPath[str], service: NamedDependency[Service]) -> Response[str]:
    """Show a letter that was dropped."""
    return await _letter_page(_upload(upload_id, service).determination(), base=f"/read/{upload_id}", back="/")


@get("/read/{upload_id:str}/{form:str}", include_in_schema=False)
async def dropped_letter_file(upload_id: FromPath[str], form: FromPath[str], service: NamedDependency[Service]) -> Response[Any]:
    """Return a letter that was dropped as a file."""
    return await _file(_upload(upload_id, service).record, form)


@get("/letters/{letter_id:str}", include_in_schema=False)
async def found_letter(request: Asked, letter_id: FromPath[str], service: NamedDependency[Service]) -> Response[str]:
    """Show a letter of the results."""
    back = request.query_params.get("back", "")
    return await _letter_page(
        Determination.from_json(await _record(letter_id, service)),
        base=f"/letters/{letter_id}",
        back=f"/letters?{back}" if back else "/letters",
    )


@get("/letters/{letter_id:str}/{form:str}", include_in_schema=False)
async def found_letter_file(letter_id: FromPath[str], form: FromPath[str], service: NamedDependency[Service]) -> Response[Any]:
    """Return a letter of the results as a file."""
    return await _file(await _record(letter_id, service), form)


@get("/letters", include_in_schema=False)
async def letters(request: Asked, service: NamedDependency[Service]) -> Response[str]:
    """Search letters."""
    given = _given(request)
    number, order = _page_number(given), given.pop("sort", "")
    sort: Sort = next((code for code in _SORTS if code == order), "newest")
    error: str | None = None
    found: Found | None = None
    filters = Filters()
    try:
        filters = msgspec.convert(given, Filters, strict=False)
        if service.store:
            found = await service.store.ask(search(filters, sort=sort, page=number))
    except msgspec.ValidationError as wrong:
        error = _plain(wrong)
    known = {name: given.get(name) for name in Filters.__struct_encode_fields__}
    return page(
        "search.html",
        status=400 if error else 200,
        service=service,
        facets=await _facets(service),
        filters=filters,
        given=known,
        sort=sort,
        sorts=_SORTS,
        found=found,
        error=error,
        link=lambda number: query("/letters", {**known, "sort": sort, "page": number}),
        here=query("", {**known, "sort": sort, "page": number}).removeprefix("?"),
    )


_SORTS: Final[dict[Sort, str]] = {
    "newest": "newest decision first",
    "oldest": "oldest decision first",
    "file": "by file name",
    "uncertain": "least certain first",
}


@get("/consistency", include_in_schema=False)
async def consistency(request: Asked, service: NamedDependency[Service]) -> Response[str]:
    """Compare findings with opposite outcomes."""
    given = _given(request)
    number = _page_number(given)
    error: str | None = None
    comparison: Comparison | None = None
    listed: list[Topic] = []
    choice = Choice()
    try:
        choice = msgspec.convert(given, Choice, strict=False)
        if service.store and choice.family and choice.criterion:
            comparison = await service.store.ask(compare(choice, page=number))
        elif service.store:
            listed = await service.store.ask(topics(choice))
    except msgspec.ValidationError as wrong:
        error = _plain(wrong)
    known = {name: given.get(name) for name in Choice.__struct_encode_fields__}
    return page(
        "consistency.html",
        status=400 if error else 200,
        service=service,
        facets=await _facets(service),
        choice=choice,
        given=known,
        comparison=comparison,
        topics=listed,
        error=error,
        link=lambda number: query("/consistency", {**known, "page": number}),
    )


@get("/login", include_in_schema=False)
async def login_page(service: NamedDependency[Service]) -> Response[Any]:
    """Ask for the token."""
    return page("login.html", error=None) if service.settings.token else Redirect("/", status_code=303)


@post("/login", include_in_schema=False, request_max_body_size=MAX_FORM_BYTES)
async def login(request: Asked, service: NamedDependency[Service]) -> Response[Any]:
    """Give a browser that has the token its cookie."""
    token = service.settings.token
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    if token is None or not same(form.get("token", [""])[0].strip(), token):
        await asyncio.sleep(0.5)  # guessing is slow
        return page("login.html", status=401, error="That is not the token.")
    answer = Redirect("/", status_code=303)
    answer.set_cookie(COOKIE, session_of(token), httponly=True, samesite="strict", secure=service.settings.secure, path="/")
    return answer


@post("/logout", include_in_schema=False, request_max_body_size=MAX_FORM_BYTES)
async def logout() -> Response[Any]:
    """Take the cookie away."""
    answer = Redirect("/login", status_code=303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


@get("/static/{name:str}", include_in_schema=False, sync_to_thread=False)
def static(name: FromPath[str]) -> Response[bytes]:
    """Return a style sheet or script."""
    if name not in static_files():
        raise NotFoundException("there is no such file")
    media_type, content = static_files()[name]
    return Response(content, media_type=media_type)


PAGES = [
    home,
    drop,
    dropped_letter,
    dropped_letter_file,
    found_letter,
    found_letter_file,
    letters,
    consistency,
    login_page,
    login,
    logout,
    static,
]


def failure(request: Asked, status: int, reason: str) -> Response[Any]:
    """Return what went wrong, in one line: to a program or a script as JSON, else as a page."""
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
    if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return Response({"error": reason}, status_code=status, media_type=MediaType.JSON, headers=headers)
    return page("error.html", status=status, headers=headers, reason=reason, missing=status == 404)


class _GoneError(HTTPException):
    status_code = 404


def _upload(upload_id: str, service: Service) -> Upload:
    upload = service.uploads.get(upload_id)
    if upload is None or upload.error:
        raise _GoneError("this letter is not in memory any more; drop it again")
    return upload


async def _record(letter_id: str, service: Service) -> bytes:
    record = await service.record(letter_id)
    if record is None:
        raise NotFoundException("there is no such letter in the results")
    return record


async def _letter_page(determination: Determination, *, base: str, back: str) -> Response[str]:
    whole = determination.text is not None
    if not whole:
        determination.text = reassembled(determination)
    body = await asyncio.to_thread(render_letter_body, determination)
    name = determination.case.case_number or PurePath(determination.source.path).name
    # The links that skip to a part come first on a page, so the explorer's own bar goes behind them.
    first = max(body.find("<header"), 0)
    return page("letter.html", name=name, skips=body[:first], body=body[first:], base=base, back=back, whole=whole)


async def _file(record: bytes, form: str) -> Response[Any]:
    determination = Determination.from_json(record)
    stem = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in PurePath(determination.source.path).stem)
    saved = {"Content-Disposition": f'attachment; filename="{stem or "letter"}.{form.rpartition(".")[2]}"'}
    if form == "record.json":
        return Response(without_text(record) + b"\n", media_type=MediaType.JSON, headers=saved)
    if form == "letter.html" and determination.text is not None:
        content = await asyncio.to_thread(render_letter, determination)
        return Response(content, media_type=MediaType.HTML, headers=saved)
    raise NotFoundException("there is no such file of this letter")


async def _facets(service: Service) -> Facets | None:
    store = service.store
    return await asyncio.to_thread(lambda: store.facets) if store else None


def _given(request: Asked) -> dict[str, str]:
    """What a form says: a field left empty says nothing."""
    return {name: value.strip() for name, value in request.query_params.items() if value.strip()}


def _page_number(given: dict[str, str]) -> int:
    number = given.pop("page", "1")
    return int(number) if number.isdecimal() and len(number) < 8 else 1


def _plain(error: msgspec.ValidationError) -> str:
    """Return msgspec's message in words for people: which field, and what it takes."""
    message = str(error)
    if "ISO8601" in message:
        return "A date must be given as 2016-05-31."
    return message.split(" - at ")[0].rstrip(".") + "."
