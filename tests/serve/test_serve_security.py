"""Whom the explorer answers, what a foreign page cannot do, and what browsers are told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from serving import awaited
from unmet.batch.jobs import Outcome
from unmet.serve.guard import is_loopback
from unmet.serve.intake import TooSlowError, letters_of, plain_name
from unmet.serve.pool import Pool
from unmet.serve.server import token_for
from unmet.serve.settings import MAX_FILES, MAX_LETTER_BYTES, ServeError

TOKEN = "a-token-that-is-long-enough"
HTML = {"Accept": "text/html"}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8350", "localhost:1", "[::1]:8350", "127.1.2.3"])
def test_security_own_names_are_answered(start: Callable, host: str) -> None:
    assert start().get("/api/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8350", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.1.5", ""]
)
def test_security_other_names_are_not(start: Callable, host: str) -> None:
    """DNS rebinding: a foreign page under its own name that now points here."""
    client = start()
    for path in ("/", "/api/health", "/static/letter.css"):
        assert client.get(path, headers={"Host": host}).status_code == 421


def test_security_bound_elsewhere_answers_to_addresses_and_given_names(start: Callable) -> None:
    client = start(host="0.0.0.0", token=TOKEN, names=("review.example",))
    assert client.get("/api/health", headers={"Host": "192.168.1.5:8350"}).status_code == 200
    assert client.get("/api/health", headers={"Host": "review.example"}).status_code == 200
    assert client.get("/api/health", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "https://127.0.0.1:8350"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:8350"},
    ],
)
@pytest.mark.parametrize("path", ["/letters", "/api/read", "/login", "/logout"])
def test_security_foreign_pages_cannot_post(start: Callable, headers: dict[str, str], path: str) -> None:
    assert start().post(path, content=b"x", headers=headers).status_code == 403


def test_security_own_pages_and_programs_can_post(start: Callable, read_sample: Callable[..., Outcome]) -> None:
    client = start(answers=read_sample)
    for headers in ({}, {"Origin": "http://127.0.0.1:8350", "Sec-Fetch-Site": "same-origin"}):
        assert client.post("/api/read", content=b"x", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/letters", "/nothing", "/api/health", "/static/explorer.js", "/static/nothing"])
def test_security_every_answer_has_its_headers(start: Callable, path: str) -> None:
    headers = start().get(path, headers=HTML).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert headers["x-frame-options"] == "DENY"
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


def test_security_refusals_have_them_too(start: Callable) -> None:
    assert start().get("/", headers={"Host": "evil.example"}).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/letters",
        "/letters/x",
        "/consistency",
        "/read/x",
        "/api",
        "/api/letters",
        "/api/openapi/openapi.json",
        "/static/explorer.js",
    ],
)
def test_security_token_is_asked_for(start: Callable, path: str) -> None:
    client = start(host="0.0.0.0", token=TOKEN)
    shown = client.get(path, headers=HTML, follow_redirects=False)
    assert shown.status_code == (401 if path.startswith("/api") else 303)
    assert client.get(path).status_code == 401
    assert client.get(path, headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401
    assert client.get(path, headers={"Cookie": f"unmet_session={TOKEN}"}).status_code == 401
    assert client.get(path, headers={"Authorization": f"Bearer {TOKEN}"}).status_code in (200, 404)


def test_security_browser_signs_in_and_out(start: Callable) -> None:
    client = start(host="0.0.0.0", token=TOKEN)
    assert client.get("/login").status_code == 200
    wrong = client.post("/login", data={"token": "guess"}, headers=HTML, follow_redirects=False)
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    right = client.post("/login", data={"token": TOKEN}, follow_redirects=False)
    cookie = right.headers["set-cookie"]
    assert right.status_code == 303
    assert TOKEN not in cookie
    assert {"httponly", "samesite=strict"} <= {part.strip().lower() for part in cookie.split(";")}
    assert client.get("/", headers=HTML).status_code == 200
    client.post("/logout", follow_redirects=False)
    assert client.get("/", headers=HTML, follow_redirects=False).status_code == 303


def test_security_cookie_is_only_for_https_where_that_is_served(start: Callable) -> None:
    client = start(host="0.0.0.0", token=TOKEN, secure=True, base="https://127.0.0.1:8350")
    assert "secure" in client.post("/login", data={"token": TOKEN}, follow_redirects=False).headers["set-cookie"].lower()


def test_security_a_token_is_made_where_others_can_reach_it() -> None:
    assert token_for("127.0.0.1", None) is None
    assert token_for("127.0.0.1", TOKEN) == TOKEN
    assert len(token_for("0.0.0.0", None) or "") > 40
    assert token_for("0.0.0.0", None) != token_for("0.0.0.0", None)
    for weak in ("short", "with a space in it, long", "ü" * 20):
        with pytest.raises(ServeError):
            token_for("0.0.0.0", weak)


def test_security_loopback_is_told_from_the_rest() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "localhost", "::1", "127.9.9.9")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.5", "review.example", "")))


def test_security_limits_of_what_is_sent(start: Callable, read_sample: Callable[..., Outcome]) -> None:
    client = start(answers=read_sample)
    large = b"x" * (MAX_LETTER_BYTES + 1)
    assert client.post("/api/read", content=large).status_code == 413
    assert client.post("/letters", files={"letter": ("a.txt", large)}).status_code == 413
    assert client.post("/api/read", headers={"Content-Length": str(10**12)}, content=b"x").status_code == 413
    many = [("letter", (f"{place}.txt", b"x")) for place in range(MAX_FILES + 1)]
    assert client.post("/letters", files=many).status_code == 413
    assert client.post("/letters", files=many[:-1], follow_redirects=False).status_code == 303
    assert client.post("/login", content=b"token=" + b"x" * 100_000).status_code == 413


@pytest.mark.parametrize(
    "form", ["", "no boundary", "--b\r\nContent-Disposition: form-data; name=letter; filename=a\r\n\r\ncut off"]
)
def test_security_broken_forms_are_refused_in_one_line(start: Callable, form: str) -> None:
    answer = start().post("/api/read", content=form.encode(), headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../etc/passwd",
        "/static/..%2f..%2fguard.py",
        "/static/%2e%2e/explorer.css",
        "/static/home.html",
        "/read/..%2f..%2fetc%2fpasswd",
        "/letters/..%2f..%2fetc%2fpasswd/record.json",
        "/api/letters/..%2f..%2fetc%2fpasswd",
        "/api/letters/' OR 1=1 --",
    ],
)
def test_security_no_path_leads_to_a_file(start: Callable, results: Path, path: str) -> None:
    answer = start(results).get(path)
    assert answer.status_code == 404
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\letters\\a.pdf", "a.pdf"),
        ("a\nb\x1b[31m.pdf", "a b[31m.pdf"),
        ("", "letter"),
        ("..", ".."),
        (None, "letter"),
    ],
)
def test_security_file_names_are_labels(given: str | None, shown: str) -> None:
    assert plain_name(given) == shown


def test_security_long_names_keep_their_ending() -> None:
    assert len(plain_name("x" * 5000 + ".pdf")) == 200
    assert plain_name("x" * 5000 + ".pdf").endswith(".pdf")


def test_security_no_words_of_a_letter_reach_the_log(start: Callable, caplog: pytest.LogCaptureFixture) -> None:
    def breaks(name: str, data: bytes) -> Outcome:
        raise RuntimeError(data.decode())

    caplog.set_level(logging.DEBUG)
    answer = start(answers=breaks).post("/api/read?name=secretname.txt", content=b"secretword of a letter")
    assert answer.status_code == 500
    assert "secretword" not in answer.text
    mine = [record.getMessage() for record in caplog.records if record.name.startswith(("unmet", "litestar", "uvicorn"))]
    assert not any("secret" in message for message in mine)
    assert not any(record.exc_info for record in caplog.records if record.name.startswith(("unmet", "litestar")))


def test_security_memory_for_letters_under_way_is_bounded(
    start: Callable, read_sample: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unmet.serve.pool.MAX_BYTES_UNDER_WAY", 1000)
    client = start(answers=read_sample)
    for _ in range(3):  # what was refused is given back
        assert client.post("/api/read", content=b"x" * 2000).status_code == 503
        assert client.post("/api/read", content=b"x" * 900).status_code == 200


def test_security_a_letter_that_trickles_in_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        headers: dict[str, str] = {}
        query_params: dict[str, str] = {}

        async def stream(self) -> AsyncIterator[bytes]:
            while True:
                yield b"x"
                await asyncio.sleep(0.01)

    monkeypatch.setattr("unmet.serve.intake.RECEIVE_SECONDS", 0.1)
    pool = Pool(1)
    with pool.memory() as reserved, pytest.raises(TooSlowError):
        awaited(letters_of(Slow(), reserved))  # type: ignore[arg-type]
    assert pool.bytes_under_way == 0
    pool.close()
