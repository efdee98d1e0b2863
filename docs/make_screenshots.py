"""Make the pictures of the views in docs/images/ from letters of the project; needs Chromium and all extras of `make test`.

    python docs/make_screenshots.py

The project's own letters only: pictures of real letters must not be committed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from unmet import read
from unmet.views.letter_page import render_letter

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
LETTERS = ROOT / "annotations" / "letters"
IMAGES = ROOT / "docs" / "images"
WIDE = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 780}, "device_scale_factor": 1.5, "is_mobile": True}
DARK = {**WIDE, "color_scheme": "dark"}
# Of the sample letter: the criterion whose finding its own case summary speaks against.
CHOICE = ".item:has(.counter)"
UNMET = [sys.executable, "-m", "unmet.cli"]


def choose(page: Page) -> None:
    """Choose the criterion, so that its words are marked, and bring it into view beside them."""
    card = page.locator(CHOICE).first
    card.scroll_into_view_if_needed()
    card.locator("a.choose").click()


def picture(browser: Browser, name: str, address: str, settings: dict[str, Any], *, chosen: bool = False) -> None:
    """Write what a page shows at first, or with a criterion chosen."""
    page = browser.new_context(reduced_motion="reduce", **settings).new_page()
    answer = page.goto(address)
    assert answer is None or answer.ok, f"{address}: {answer.status}"
    if chosen:
        choose(page)
    page.wait_for_load_state("networkidle")
    # A palette is enough for a page of text, and a third of the bytes.
    Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(192).save(IMAGES / name, optimize=True)
    page.close()


@contextmanager
def served(results: Path) -> Iterator[str]:
    """Serve results on a free port of this machine; gives the address."""
    with subprocess.Popen([*UNMET, "serve", str(results), "--port", "0"], stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stderr is not None
        yield next(word for line in serving.stderr for word in line.split() if word.startswith("http://"))
        serving.terminate()


def main() -> None:
    """Write every picture; ends with a message where there is no Chromium."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no Chromium found (Debian: apt-get install chromium)")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        folder = Path(made)
        letter, results, report = folder / "letter.html", folder / "results.duckdb", folder / "report"
        letter.write_text(render_letter(read(LETTERS / "sample-early-2014.pdf", with_text=True)), encoding="utf-8")
        # Named from the project's folder, so that no picture shows where that is.
        letters = str(LETTERS.relative_to(ROOT))
        subprocess.run([*UNMET, "batch", letters, "-o", str(results), "--with-text"], check=True, cwd=ROOT)
        subprocess.run([*UNMET, "report", str(results), "-o", str(report)], check=True)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-sync"])
        picture(browser, "letter-view.png", letter.as_uri(), WIDE, chosen=True)
        picture(browser, "letter-view-phone.png", letter.as_uri(), PHONE, chosen=True)
        picture(browser, "report.png", (report / "index.html").as_uri(), WIDE)
        picture(browser, "report-checklist.png", (report / "index.html").as_uri() + "#cure", DARK)
        with served(results) as address:
            picture(browser, "explorer-search.png", f"{address}letters?words=documented", WIDE)
            topic = "family=opioid&criterion=functional_improvement"
            picture(browser, "explorer-consistency.png", f"{address}consistency?{topic}", WIDE)
        browser.close()


if __name__ == "__main__":
    main()
