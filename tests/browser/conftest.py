"""A real browser for the pages: Debian's Chromium, driven by Playwright; skipped, and said so, where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright
from unmet.reading import read
from unmet.record import Determination
from unmet.views.letter_page import render_letter

# No sandbox: the tests run as root in containers. The rest keeps the browser from talking to anybody.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Open = Callable[..., Page]


def _chromium() -> str | None:
    return next(filter(None, (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if os.environ.get("UNMET_SKIP_BROWSER"):
        pytest.skip("UNMET_SKIP_BROWSER is set")
    path = _chromium()
    if path is None:
        pytest.skip("no Chromium found (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        except Error as error:
            pytest.skip(f"{path} does not start: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def records(samples: Path) -> dict[str, Determination]:
    """The sample letters and one with a warning, read with their text."""
    paths = [*sorted(samples.glob("sample-*")), samples / "opioids-postop-2.txt"]
    return {path.name: read(path, with_text=True) for path in paths}


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open the page of a record from a file; what it asks of other hosts, and every error it reports, fails the test."""
    contexts: list[BrowserContext] = []
    trouble: list[str] = []

    def open_page(determination: Determination, *, anchor: str = "", watched: bool = True, **settings: object) -> Page:
        file = tmp_path / "letter.html"
        file.write_text(render_letter(determination), encoding="utf-8")
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **settings})
        contexts.append(context)
        page = context.new_page()
        if watched:
            page.on("request", lambda asked: None if asked.url.split("#")[0] == file.as_uri() else trouble.append(asked.url))
            page.on("pageerror", lambda error: trouble.append(str(error)))
            page.on("console", lambda said: trouble.append(said.text) if said.type in ("error", "warning") else None)
        page.goto(file.as_uri() + anchor)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []
