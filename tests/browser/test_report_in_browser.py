"""The corpus report in a browser: plots, filters, keyboard, a phone, the dark, access, and results with script in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("duckdb", reason="needs unmet[report]")
pytest.importorskip("vl_convert", reason="needs unmet[report]")

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from report_records import criterion, few, letter, request, span, write
from unmet.record import Determination
from unmet.views.report.write import write_report

Open = Callable[..., Page]

PHONE = {"width": 375, "height": 740}
SCRIPT = "<script>window.run = 1</script><img src=x onerror='window.run = 1'>"
ROWS = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"


def many() -> list[Determination]:
    """Enough letters for intervals that know of letters, of several requests each."""
    found = few()
    for number in range(30):
        function = criterion("functional_improvement", "undocumented", f"Nothing tells of function, {number}.")
        limit = criterion("quantity_limit", "exceeded", "More is asked than is allowed.")
        requests = [request("physical_therapy", *([function] if number % 3 else [limit])) for _ in range(1 + number % 4)]
        if number % 5 == 0:
            requests.append(request("opioid", decision="overturned", guidelines=["Opioids"]))
        found.append(letter(f"many-{number}", *requests, date=f"2016-{1 + number % 12:02}-01"))
    return found


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    return write_report(write(many(), folder / "results.duckdb"), folder / "out").page


@pytest.fixture
def show(browser: Browser) -> Iterator[Open]:
    """Open a page from its file; what it asks of others, and every error it reports, fails the test."""
    contexts: list[BrowserContext] = []
    trouble: list[str] = []

    def open_page(file: Path, **settings: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **settings})
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda asked: None if asked.url.split("#")[0] == file.as_uri() else trouble.append(asked.url))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda said: trouble.append(said.text) if said.type in ("error", "warning") else None)
        page.goto(file.as_uri())
        if settings.get("java_script_enabled", True):
            expect(page.locator("#filters")).to_be_visible()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []


def choose(page: Page, name: str, words: str) -> None:
    page.get_by_role("combobox", name=name, exact=True).select_option(words)
    drawn(page)


def drawn(page: Page) -> None:
    """Wait until what was last chosen has been counted and drawn."""
    page.wait_for_function("() => document.documentElement.dataset.drawn")
    page.evaluate("() => delete document.documentElement.dataset.drawn")


def table(page: Page, name: str) -> list[list[str]]:
    return page.locator(f"#rows-{name} tr").evaluate_all(ROWS)


def words(page: Page, name: str) -> list[str]:
    """The words of a plot, in no order."""
    return sorted(page.locator(f"#plot-{name} text").all_text_contents())


TABLES = ("types", "bases", "heat", "family", "guideline", "specialty", "period")


def test_browser_report_shows_every_plot_without_script(show: Open, page_file: Path) -> None:
    page = show(page_file, java_script_enabled=False)
    assert page.locator("#filters").is_hidden()
    for name in TABLES:
        assert page.locator(f"#plot-{name} svg text").count() > 1
    assert "Functional improvement" in page.locator("#plot-types").inner_text()


def test_browser_report_counts_everything_as_the_page_was_made(show: Open, page_file: Path) -> None:
    """The script's own count of all requests is that of the tables it found."""
    page = show(page_file)
    made = {name: table(page, name) for name in TABLES}
    glance, cures = page.locator(".glance").inner_text(), page.locator("#cure").inner_text()
    plots = {name: words(page, name) for name in TABLES}
    choose(page, "Treatment family", "Opioid")
    assert page.locator(".glance").inner_text() != glance
    page.get_by_role("button", name="Show all").click()
    drawn(page)
    assert {name: table(page, name) for name in TABLES} == made
    assert page.locator(".glance").inner_text() == glance
    assert page.locator("#cure").inner_text() == cures
    assert {name: words(page, name) for name in TABLES} == plots


def test_browser_report_filters_tables_plots_and_lists(show: Open, page_file: Path) -> None:
    page = show(page_file)
    choose(page, "Treatment family", "Opioid")
    assert page.locator("#n-requests").inner_text() == "10"
    assert page.locator("#n-own").inner_text() == "3"
    expect(page.get_by_role("status")).to_contain_text("10 of")
    assert [row[0] for row in table(page, "family")] == ["Opioid"]
    assert table(page, "types")[0][:3] == ["Functional improvement", "3", "100%"]
    assert "Quantity limit" not in page.locator("#plot-types").inner_text()
    assert page.locator("details.cure:visible h3").all_inner_texts() == ["Opioid"]
    assert page.locator("#counters tr:visible").count() == 1
    assert "against which" in page.locator("#appeal").inner_text()
    choose(page, "Decision", "denial overturned")
    assert page.locator("#n-own").inner_text() == "0"
    assert page.locator("#plot-types").is_hidden()
    assert page.locator("#counters tr:visible").count() == 0
    assert table(page, "family")[0][1:5] == ["7", "7", "7", "100%"]


def test_browser_report_filters_by_guideline_specialty_and_time(show: Open, page_file: Path) -> None:
    page = show(page_file)
    choose(page, "Guideline the reviewer cites", "MTUS, Low Back")
    assert page.locator("#n-requests").inner_text() == "2"
    page.get_by_role("button", name="Show all").click()
    drawn(page)
    choose(page, "Specialty of the reviewer", "Psychiatry")
    assert page.locator("#n-letters").inner_text() == "1"
    page.get_by_role("button", name="Show all").click()
    drawn(page)
    choose(page, "From month", "2015-04")
    choose(page, "To month", "2016-01")
    assert [row[0] for row in table(page, "period")] == ["2015-04", "2016-01"]


def test_browser_report_intervals_are_those_of_the_tables(show: Open, page_file: Path) -> None:
    """Where a filter leaves what a row of the whole had, the script's interval is the one that was computed for the row."""
    page = show(page_file)
    (made,) = [row for row in table(page, "family") if row[0] == "Physical therapy"]
    choose(page, "Treatment family", "Physical therapy")
    assert table(page, "family") == [made]


def test_browser_report_is_used_by_keyboard(show: Open, page_file: Path) -> None:
    page = show(page_file)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.get_by_role("combobox", name="Treatment family").focus()
    page.keyboard.press("ArrowDown")
    drawn(page)
    assert page.evaluate("document.documentElement.classList.contains('filtered')")
    page.get_by_role("button", name="Show all").focus()
    page.keyboard.press("Enter")
    drawn(page)
    assert not page.evaluate("document.documentElement.classList.contains('filtered')")
    page.locator("details.cure summary").first.focus()
    page.keyboard.press("Enter")
    assert not page.locator("details.cure").first.evaluate("box => box.open")


def test_browser_report_fits_a_phone(show: Open, page_file: Path) -> None:
    page = show(page_file, viewport=PHONE)
    page.evaluate("document.querySelectorAll('details').forEach(box => { box.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    choose(page, "Treatment family", "Opioid")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_browser_report_has_no_barriers(show: Open, page_file: Path, scheme: str) -> None:
    page = show(page_file, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(box => { box.open = true; })")
    choose(page, "Decision", "denial upheld for a reason of its own")
    # axe is run by the test, not loaded by the page, whose policy would forbid it.
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []
    background = page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
    assert (background == "rgb(23, 28, 35)") == (scheme == "dark")


def test_browser_report_prints_what_is_folded(show: Open, page_file: Path) -> None:
    page = show(page_file)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.cure").evaluate_all("boxes => boxes.every(box => box.open)")
    page.emulate_media(media="print")
    assert page.locator("#f-family").is_hidden()


def test_browser_report_runs_nothing_of_the_results(show: Open, tmp_path: Path) -> None:
    cruel = criterion("functional_improvement", "undocumented", SCRIPT, counter_evidence=[span(SCRIPT)])
    hostile = letter("h", request("opioid", cruel, guidelines=[SCRIPT]), path=SCRIPT, case_number=None, specialties=[SCRIPT])
    page = show(write_report(write([*few(), hostile], tmp_path / "results.duckdb"), tmp_path / "out").page)
    choose(page, "Specialty of the reviewer", SCRIPT)
    assert page.locator("#n-letters").inner_text() == "1"
    assert SCRIPT in [row[0] for row in table(page, "specialty")]
    assert page.evaluate("window.run") is None
    assert page.locator("img").count() == 0
