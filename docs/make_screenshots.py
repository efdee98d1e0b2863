"""Make the pictures of the views in docs/images/ from the project's sample letters; needs the ``dev`` extra and Chromium.

    python docs/make_screenshots.py

Sample letters only: pictures of real letters must not be committed.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from unmet import read
from unmet.views.letter_page import render_letter

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "annotations" / "letters" / "sample-early-2014.pdf"
IMAGES = ROOT / "docs" / "images"
WIDE = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 780}, "device_scale_factor": 1.5, "is_mobile": True}
PICTURES: dict[str, dict[str, Any]] = {
    "letter-view.png": WIDE,
    "letter-view-phone.png": PHONE,
}
# Of the sample letter: the criterion whose finding its own case summary speaks against.
CHOICE = ".item:has(.counter)"


def choose(page: Page) -> None:
    """Choose the criterion, so that its words are marked, and bring it into view beside them."""
    card = page.locator(CHOICE).first
    card.scroll_into_view_if_needed()
    card.locator("a.choose").click()


def main() -> None:
    """Write every picture; ends with a message where there is no Chromium."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no Chromium found (Debian: apt-get install chromium)")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "letter.html"
        file.write_text(render_letter(read(SAMPLE, with_text=True)), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-sync"])
        for name, settings in PICTURES.items():
            page = browser.new_context(reduced_motion="reduce", **settings).new_page()
            page.goto(file.as_uri())
            choose(page)
            # A palette is enough for a page of text, and a third of the bytes.
            Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(192).save(IMAGES / name, optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
