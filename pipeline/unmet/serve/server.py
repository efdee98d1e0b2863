"""Runs the explorer: opens the results, binds the address, serves until it is stopped."""

from __future__ import annotations

import secrets
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import uvicorn

from unmet.results.errors import ResultsError
from unmet.results.read import open_store
from unmet.serve.app import create_app
from unmet.serve.guard import is_loopback
from unmet.serve.service import Service
from unmet.serve.settings import ServeError
from unmet.serve.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from unmet.serve.settings import ServeSettings

_SHORTEST_TOKEN: Final = 16
_CONNECTIONS: Final = 512


def token_for(host: str, given: str | None) -> str | None:
    """Return the token to ask for: the one that is set, a new one where other machines can reach ``host``, else none.

    Raises :class:`~unmet.serve.settings.ServeError` for one that is too easily guessed.
    """
    if given:
        if len(given) < _SHORTEST_TOKEN or not given.isascii() or not given.isprintable() or " " in given:
            raise ServeError(f"UNMET_SERVE_TOKEN must be {_SHORTEST_TOKEN} or more plain characters without spaces")
        return given
    return None if is_loopback(host) else secrets.token_urlsafe(32)


def serve(
    settings: ServeSettings,
    results: Path | None,
    port: int,
    certificate: tuple[Path, Path] | None,
    say: Callable[[str], None],
) -> None:
    """Serve until interrupted; ``certificate`` is the files of a certificate and its key. Port 0 takes one that is free.

    Raises :class:`~unmet.errors.UnmetError` where the results, the address or the certificate will not do.
    """
    with ExitStack() as open_things:
        store = None
        if results is not None:
            store = Store(results.name, open_things.enter_context(open_store(results)))
            try:
                letters = store.facets.letters
            except Exception as error:
                raise ResultsError(results, f"cannot be read ({type(error).__name__}); write the results again") from error
            say(f"{results}: {letters:,} letters")
        bound = open_things.enter_context(_bound(settings.host, port))
        config = uvicorn.Config(
            create_app(Service(settings, store)),
            log_level="warning",
            access_log=False,  # addresses hold what was searched for
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=5,
            ws="none",
            ssl_certfile=str(certificate[0]) if certificate else None,
            ssl_keyfile=str(certificate[1]) if certificate else None,
        )
        try:
            config.load()
        except (OSError, ValueError) as error:
            name = certificate[0] if certificate else "certificate"
            raise ServeError(f"{name}: cannot be used, or does not fit its key ({type(error).__name__})") from error
        if settings.token and settings.show_token:
            say(f"token: {settings.token}")
        if not (certificate or is_loopback(settings.host)):
            say("letters and the token go over the network unencrypted; give --certificate and --key, or put a proxy before it")
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        say(f"http{'s' if certificate else ''}://{host}:{bound.getsockname()[1]}/  (Ctrl-C stops it)")
        uvicorn.Server(config).run(sockets=[bound])


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ServeError(f"{host}: is no address of this machine ({(error.strerror or 'error').lower()})") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)  # who connects while the server starts waits
    except OSError as error:
        bound.close()
        reason = (error.strerror or "error").lower()
        raise ServeError(f"{host}:{port}: cannot be served on ({reason}); choose another --port") from error
    return bound
