"""The HTTP API: the same records as the command line, and the searches of the pages, as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, cast

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException, HTTPException, NotFoundException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import PathParameter, QueryParameter

from unmet import __version__
from unmet.record import Decision, Determination, Status, UnmetBasis
from unmet.serve.consistency import By, Choice, Comparison, Topic, compare, topics
from unmet.serve.intake import letters_of
from unmet.serve.rendering import page
from unmet.serve.search import Filters, Found, Sort, search
from unmet.serve.service import Service, without_text
from unmet.serve.store import Store


class Failure(msgspec.Struct):
    """Why there is no answer, in one line."""

    error: str


class Health(msgspec.Struct, kw_only=True):
    """That the server runs, and how busy it is."""

    status: str
    version: str
    readers: int
    letters_under_way: int
    has_results: bool


class UnreadableError(HTTPException):
    """What was sent is no letter that can be read."""

    status_code = 422


@dataclass
class _ReadOperation(Operation):
    """Says what body ``POST /api/read`` takes: it is read from the stream, so no signature tells."""

    def __post_init__(self) -> None:
        binary = Schema(type=OpenAPIType.STRING, format=cast("Any", "binary"))
        form = Schema(type=OpenAPIType.OBJECT, required=["letter"], properties={"letter": binary})
        self.request_body = RequestBody(
            required=True,
            description="The letter: PDF, DOCX, HTML, Markdown or plain text, as the body itself or as the file of a form.",
            content={
                "application/octet-stream": OpenAPIMediaType(schema=binary),
                "multipart/form-data": OpenAPIMediaType(schema=form),
            },
        )


def _failures(*statuses: int) -> dict[int, ResponseSpec]:
    says = {
        400: "The request is wrong.",
        404: "There is no such letter, or the server was started without results.",
        408: "The letter did not arrive in time.",
        413: "The letter is too large.",
        422: "The letter cannot be read; the line says why.",
        503: "The server is busy; try again after the seconds of Retry-After.",
    }
    return {one: ResponseSpec(data_container=Failure, description=says[one], generate_examples=False) for one in statuses}


Words = Annotated[
    str | None, QueryParameter(description='Words in titles, statements, evidence, case number; "in quotes" together.')
]
Family = Annotated[str | None, QueryParameter(description="Treatment family (code of the taxonomy).")]
CriterionType = Annotated[str | None, QueryParameter(description="Criterion type (code of the taxonomy).")]
Guideline = Annotated[str | None, QueryParameter(description="Part of the name of a guideline that the reviewer cites.")]
Page = Annotated[int, QueryParameter(ge=1, description="Page, from 1.")]


@post(
    "/api/read",
    status_code=200,
    request_max_body_size=None,
    operation_class=_ReadOperation,
    summary="Read one letter",
    description="Returns the record of one letter, the same bytes as 'unmet read --format jsonl' prints for a file of that name. "
    "Nothing is kept of it unless the server was started with --store.",
    responses=_failures(400, 408, 413, 422, 503),
    tags=["read"],
)
async def read(
    request: Request[Any, Any, Any],
    service: NamedDependency[Service],
    name: Annotated[str | None, QueryParameter(description="File name of the letter, where it is the body itself.")] = None,
    with_text: Annotated[bool, QueryParameter(description="Add the letter's text to the record.")] = False,
) -> Determination:
    """Read one letter. The name of the body is taken from the query by the intake."""
    with service.pool.memory() as reserved:
        letters = await letters_of(request, reserved)
        if len(letters) != 1:
            raise ClientException("send one letter at a time")
        record, error = await service.read(letters[0])
    if error is not None:
        raise UnreadableError(f"{letters[0].name}: {error}")
    return _as_is(record if with_text else without_text(record))


@get("/api/letters", summary="Search letters", responses=_failures(400, 404, 503), tags=["results"])
async def find_letters(
    service: NamedDependency[Service],
    words: Words = None,
    family: Family = None,
    criterion: CriterionType = None,
    status: Annotated[Status | None, QueryParameter(description="What the reviewer found of the criterion.")] = None,
    basis: Annotated[UnmetBasis | None, QueryParameter(description="Why it is unmet.")] = None,
    decision: Annotated[Decision | None, QueryParameter(description="Upheld: the denial stands.")] = None,
    guideline: Guideline = None,
    since: Annotated[date | None, QueryParameter(name="from", description="Decided on this day or later.")] = None,
    until: Annotated[date | None, QueryParameter(name="to", description="Decided on this day or earlier.")] = None,
    sort: Annotated[Sort, QueryParameter(description="Order of the letters.")] = "newest",
    page: Page = 1,
) -> Found:
    """Return one page of the letters that fit, with the requests and criteria that do."""
    try:
        filters = Filters(
            words=words,
            family=family,
            criterion=criterion,
            status=status,
            basis=basis,
            decision=decision,
            guideline=guideline,
            since=since,
            until=until,
        )
    except ValueError as error:
        raise ClientException(str(error)) from None
    return await _store(service).ask(search(filters, sort=sort, page=page))


@get("/api/letters/{letter_id:str}", summary="One record", responses=_failures(404, 503), tags=["results"])
async def one_letter(
    service: NamedDependency[Service], letter_id: Annotated[str, PathParameter(description="SHA-256 of the letter.")]
) -> Determination:
    """Return the whole record of a letter of the results, as it was written."""
    _store(service)
    record = await service.record(letter_id)
    if record is None:
        raise NotFoundException("there is no such letter in the results")
    return _as_is(record)


@get("/api/consistency", summary="Opposite outcomes", responses=_failures(400, 404, 503), tags=["results"])
async def find_opposites(
    service: NamedDependency[Service],
    family: Family = None,
    criterion: CriterionType = None,
    guideline: Guideline = None,
    by: Annotated[By, QueryParameter(description="What is opposite: the criterion, or the decision on the request.")] = "status",
    letter: Annotated[str | None, QueryParameter(description="With request: put first what is most like this one.")] = None,
    request_index: Annotated[int | None, QueryParameter(name="request", description="Index of a request of that letter.")] = None,
    page: Page = 1,
) -> Comparison | list[Topic]:
    """Compare the findings on one criterion of one family; without both, list what can be compared."""
    try:
        choice = Choice(family=family, criterion=criterion, guideline=guideline, by=by, letter=letter, request=request_index)
    except ValueError as error:
        raise ClientException(str(error)) from None
    if choice.family and choice.criterion:
        return await _store(service).ask(compare(choice, page=page))
    return await _store(service).ask(topics(choice))


@get("/api/health", summary="Is it running", tags=["server"])
async def health(service: NamedDependency[Service]) -> Health:
    """Return how the server is; needs no token."""
    return Health(
        status="ok",
        version=__version__,
        readers=service.pool.workers,
        letters_under_way=service.pool.letters_under_way,
        has_results=service.store is not None,
    )


@get("/api", include_in_schema=False)
async def about(request: Request[Any, Any, Any], service: NamedDependency[Service]) -> Response[str]:
    """Explain the API on a page, from its own description."""
    calls = _calls(request.app.openapi_schema.to_schema())
    return page("api.html", service=service, calls=calls, base=str(request.base_url).rstrip("/"))


API = [read, find_letters, one_letter, find_opposites, health, about]


def _calls(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the calls of an OpenAPI description as the page shows them: a parameter by name, words and values."""
    return [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation["summary"],
            "description": operation.get("description", ""),
            "parameters": [
                (one["name"], one.get("description", ""), _values(one.get("schema", {})))
                for one in operation.get("parameters", [])
            ],
        }
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def _values(schema: dict[str, Any]) -> list[str]:
    kinds = [schema, *schema.get("oneOf", [])]
    return [value for kind in kinds for value in kind.get("enum", []) if value is not None]


def _store(service: Service) -> Store:
    if service.store is None:
        raise NotFoundException("the server was started without results; run: unmet serve RESULTS")
    return service.store


def _as_is(record: bytes) -> Determination:
    """Answer with a record as it stands: the annotation of a handler describes it, nothing is encoded again."""
    return cast("Determination", Response(record + b"\n", media_type=MediaType.JSON))
