"""Puts the application together: handlers, errors in one line, the guard before all."""

from __future__ import annotations

import logging
from typing import Any

from litestar import Litestar, Request, Response
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin

from unmet import __version__
from unmet.serve.api import API
from unmet.serve.guard import Guard
from unmet.serve.pages import PAGES, failure
from unmet.serve.pool import BusyError
from unmet.serve.service import Service
from unmet.serve.settings import MAX_FORM_BYTES
from unmet.serve.store import StoreError

_log = logging.getLogger("unmet.serve")


def create_app(service: Service) -> Litestar:
    """Return the application around ``service``, which ends with it."""
    app = Litestar(
        route_handlers=[*PAGES, *API],
        dependencies={"service": Provide(lambda: service, sync_to_thread=False)},
        exception_handlers={
            HTTPException: _told,
            BusyError: lambda request, error: failure(request, 503, str(error)),
            StoreError: lambda request, error: failure(request, 503, str(error)),
            Exception: _unexpected,
        },
        on_startup=[service.pool.warm],
        on_shutdown=[service.close],
        openapi_config=OpenAPIConfig(
            title="unmet",
            version=__version__,
            summary="Which guideline criterion sank each request of an Independent Medical Review letter.",
            path="/api/openapi",
            # Pages of viewers come from other hosts: /api is our own.
            render_plugins=[JsonRenderPlugin(path="/openapi.json"), YamlRenderPlugin(path="/openapi.yaml")],
            use_handler_docstrings=True,
        ),
        logging_config=None,
        request_max_body_size=MAX_FORM_BYTES,
    )
    app.asgi_handler = Guard(app.asgi_handler, service.settings)
    return app


def _told(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    extra = error.extra if isinstance(error.extra, list) else []
    wrong = "; ".join(f"{one.get('key', '')}: {one.get('message', '')}" for one in extra if isinstance(one, dict))
    return failure(request, error.status_code, wrong or error.detail)


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    # Its message and its frames may hold words of a letter: only what it was and where is told.
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "?"
    _log.error("%s at %s", type(error).__name__, where)
    return failure(request, 500, f"something went wrong here ({type(error).__name__}); please report it")
