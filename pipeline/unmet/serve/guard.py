"""Stands before the application: whom it answers, what a foreign page may make a browser send, what browsers are told.

The server has patients' letters. It answers only to the names it goes by (a foreign page that points its own name at this
machine is turned away), takes what changes anything only from its own pages or from programs, asks for the token where one is
set, and lets no answer be stored, framed, or run anything but its own script.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Final

import msgspec
from litestar.enums import ScopeType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from litestar.types import ASGIApp, Message, Receive, Scope, Send

    from unmet.serve.settings import ServeSettings

COOKIE: Final = "unmet_session"
_OPEN: Final = frozenset(["/login", "/api/health", "/static/letter.css", "/static/explorer.css", "/static/icon.svg"])
_SAFE: Final = frozenset(["GET", "HEAD", "OPTIONS"])

# Referrer-Policy: a form that is sent under "no-referrer" comes with "Origin: null", which is what a foreign page sends too.
# "same-origin" tells other hosts just as little.
_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}
_RAW_HEADERS: Final = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]


def session_of(token: str) -> str:
    """Return what the cookie of a browser that gave the token holds: it proves the token and does not tell it."""
    return hmac.new(token.encode(), b"unmet explorer session", sha256).hexdigest()


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can reach what is bound to ``host``."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app = app
        self._token = settings.token
        self._scheme = "https" if settings.secure else "http"
        self._reachable = not is_loopback(settings.host)
        self._names = {"localhost", *map(str.lower, settings.names)}
        if self._reachable:
            self._names |= {settings.host.lower(), socket.gethostname().lower(), socket.getfqdn().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] == ScopeType.WEBSOCKET:
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in _RAW_HEADERS if pair[0] not in own)]
            await send(message)

        path = scope["path"]
        if not self._answers_to(headers.get("host", "")):
            await _refuse(send_guarded, 421, "this server does not answer to that name; see --name of unmet serve")
        elif scope["method"] not in _SAFE and not self._from_own_page(headers):
            await _refuse(send_guarded, 403, "only pages of this server may send that")
        elif self._token is not None and path not in _OPEN and not self._is_known(headers):
            if path.startswith("/api") or "text/html" not in headers.get("accept", ""):
                await _refuse(
                    send_guarded, 401, "send the token as 'Authorization: Bearer TOKEN'", {"www-authenticate": "Bearer"}
                )
            else:
                await _refuse(send_guarded, 303, "sign in first", {"location": "/login"})
        else:
            await self._app(scope, receive, send_guarded)

    def _answers_to(self, given: str) -> bool:
        host = given.rsplit(":", 1)[0] if not given.endswith("]") else given
        host = host.strip("[]").lower()
        if host in self._names:
            return True
        try:  # a name that was rebound is a name: an address in the request is never one
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return self._reachable or address.is_loopback

    def _from_own_page(self, headers: Mapping[str, str]) -> bool:
        """Browsers say where a request comes from; programs, which no foreign page can steer, do not."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None and site not in ("same-origin", "none"):
            return False
        return origin is None or origin.lower() == f"{self._scheme}://{headers['host'].lower()}"

    def _is_known(self, headers: Mapping[str, str]) -> bool:
        assert self._token is not None
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and same(bearer.strip(), self._token):
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and same(cookie.value, session_of(self._token))


def same(given: str, secret: str) -> bool:
    """Compare without telling by the time how much was right."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


async def _refuse(send: Send, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
    start: Any = {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (b"content-type", b"application/json"),
            *((name.encode(), value.encode()) for name, value in (headers or {}).items()),
        ],
    }
    await send(start)
    await send({"type": "http.response.body", "body": msgspec.json.encode({"error": reason}), "more_body": False})
