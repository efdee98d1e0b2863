"""The explorer in a browser: drop, search, open, compare; by mouse and keyboard, on a phone, in the dark, without a script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from serving import Served
from unmet.reading import read
from unmet.results.write import write_results

pytest.importorskip("litestar")
pytest.importorskip("duckdb")

PHONE = {"width": 375, "height": 740}
LETTERS = (
    "sample-multi-request.md",
    "sample-overturned.html",
    "sample-early-2014.pdf",
    "sample-partial-approval.docx",
    "sample-2013-notice.txt",
    "mixed-09.txt",
    "surgery-11.txt",
)
READ = 120_000  # milliseconds: letters are read by real processes that have to start first

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def results(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("results") / "results.jsonl"
    write_results((read(samples / name, with_text=True).to_json() for name in LETTERS), (), path)
    return path


@pytest.fixture(scope="module")
def server(browser: Browser, results: Path) -> Iterator[Served]:
    served = Served(str(results))
    yield served
    served.stop()


@pytest.fixture
def visit(browser: Browser, server: Served) -> Iterator[Visit]:
    """Open a page; what it asks of other hosts, and every error it reports (the policy's too), fails the test."""
    contexts: list[BrowserContext] = []
    trouble: list[str] = []

    def open_page(path: str = "/", *, at: Served | None = None, **settings: object) -> Page:
        address = (at or server).url
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **settings})
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda asked: None if asked.url.startswith(address) else trouble.append(asked.url))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda said: trouble.append(said.text) if said.type in ("error", "warning") else None)
        page.goto(address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []


def drop(page: Page, *files: tuple[str, bytes]) -> None:
    """Drop files onto the page as a mouse does."""
    page.wait_for_load_state()  # the page's script listens from then on
    page.evaluate(
        """(files) => {
          const carried = new DataTransfer();
          for (const [name, data] of files) carried.items.add(new File([new Uint8Array(data)], name));
          const form = document.getElementById("drop");
          for (const kind of ["dragenter", "dragover", "drop"])
            form.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
        }""",
        [[name, list(data)] for name, data in files],
    )


def test_explorer_drop_letters_and_open_one(visit: Visit, samples: Path) -> None:
    page = visit()
    name = "sample-multi-request.md"
    drop(page, (name, (samples / name).read_bytes()), ("empty.txt", b""), ("<img src=x onerror=alert(1)>.txt", b"No letter."))
    expect(page.get_by_role("status")).to_have_text("2 of 3 read, 1 could not be", timeout=READ)
    rows = page.locator("#uploads li")
    expect(rows.nth(0)).to_contain_text("CM99-0000002")
    expect(rows.nth(0)).to_contain_text("4 requests, 4 denied")
    expect(rows.nth(1)).to_contain_text("empty.txt could not be read: ")
    expect(rows.nth(2)).to_contain_text("<img src=x onerror=alert(1)>.txt")
    expect(rows.nth(2)).to_contain_text("not a determination")
    page.reload()
    expect(page.locator("#uploads li")).to_have_count(3)
    page.get_by_role("link", name="CM99-0000002").click()
    expect(page.get_by_role("heading", name="Findings", exact=True)).to_be_visible()
    page.locator("a.choose").first.click()
    expect(page.locator(".ref.on").first).to_be_in_viewport()
    page.get_by_role("link", name="Back to the letters read").click()
    expect(page.get_by_role("heading", name="What sank each request?")).to_be_visible()


def test_explorer_choose_many_letters(visit: Visit, samples: Path) -> None:
    page = visit()
    page.set_input_files("#files", [samples / name for name in LETTERS] * 3)
    expect(page.get_by_role("status")).to_have_text("21 of 21 read", timeout=READ)
    expect(page.locator("#uploads a.name")).to_have_count(21)


def test_explorer_without_script(visit: Visit, samples: Path) -> None:
    page = visit(java_script_enabled=False)
    page.set_input_files("#files", [samples / "sample-multi-request.md", samples / "sample-overturned.html"])
    page.get_by_role("button", name="Read").click()
    expect(page.locator("#uploads li")).to_have_count(2, timeout=READ)
    page.locator("#uploads a").first.click()
    expect(page.get_by_role("heading", name="Findings", exact=True)).to_be_visible()
    page.goto(page.url.split("/read")[0] + "/letters")
    page.get_by_label("Status").select_option("met")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".hit").first).to_be_visible()


def test_explorer_search_open_and_back(visit: Visit) -> None:
    page = visit()
    page.get_by_label("Search letters").fill("norco")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="1 letter")).to_be_visible()
    expect(page.locator("mark").first).to_have_text(re.compile("norco", re.IGNORECASE))
    page.locator(".hit h3 a").click()
    expect(page.get_by_role("heading", name="The letter", exact=True)).to_be_visible()
    page.get_by_role("link", name="Back to the search").click()
    expect(page.get_by_label("Words")).to_have_value("norco")
    page.get_by_role("link", name="Clear").click()
    expect(page.get_by_role("heading", name="7 letters")).to_be_visible()


def test_explorer_filters_are_kept(visit: Visit) -> None:
    page = visit("/letters")
    page.get_by_label("Status").select_option("unmet")
    page.get_by_label("Why unmet").select_option("undocumented")
    page.get_by_label("Decision").select_option("upheld")
    page.get_by_label("Order").select_option("oldest")
    page.get_by_label("Decided from").fill("2014-01-01")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_label("Why unmet")).to_have_value("undocumented")
    expect(page.get_by_label("Decided from")).to_have_value("2014-01-01")
    assert set(page.locator(".hit .why").all_inner_texts()) == {"not documented"}


def test_explorer_consistency_side_by_side(visit: Visit) -> None:
    page = visit("/consistency")
    topic = page.locator(".topics tbody tr").first
    counts = topic.locator(".num").all_inner_texts()
    topic.get_by_role("link").click()
    for place, (name, count) in enumerate(zip(("Unmet", "Met"), counts, strict=True)):
        side = page.locator(".sides section").nth(place)
        expect(side.get_by_role("heading", level=3)).to_contain_text(f"{name}: {count} request")
        expect(side.locator("q").first).to_be_visible()
    left, right = (page.locator(".sides section").nth(place).bounding_box() for place in (0, 1))
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    page.locator(".sides .item .small a").first.click()
    expect(page.get_by_role("heading", name="The letter", exact=True)).to_be_visible()


def test_explorer_from_a_finding_to_its_opposites(visit: Visit) -> None:
    page = visit("/letters?status=unmet")
    page.get_by_role("link", name=re.compile("Opposite outcomes")).first.click()
    expect(page.get_by_text("Most like your letter first.")).to_be_visible()
    expect(page.locator(".item.mine")).to_have_count(1)


def test_explorer_by_keyboard_alone(visit: Visit, samples: Path) -> None:
    page = visit()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#files")).to_be_focused()
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Tab")
    expect(page.get_by_label("Search letters")).to_be_focused()
    page.keyboard.type("norco")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="1 letter")).to_be_visible()
    page.locator(".hit h3 a").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Findings", exact=True)).to_be_visible()


def test_explorer_page_of_a_letter_fills_the_window(visit: Visit) -> None:
    page = visit("/letters")
    page.locator(".hit h3 a").first.click()
    page.wait_for_load_state("load")
    assert page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
    for pane in ("#findings", "#letter"):
        assert page.locator(pane).evaluate("e => e.clientHeight > innerHeight / 2 && e.scrollHeight > e.clientHeight")


@pytest.mark.parametrize("path", ["/", "/letters", "/consistency", "topic", "letter", "/api"])
def test_explorer_on_a_phone_nothing_is_beyond_the_side(visit: Visit, path: str) -> None:
    page = visit_any(visit, path, viewport=PHONE, has_touch=True, is_mobile=True)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]


def test_explorer_dark_is_dark(visit: Visit) -> None:
    lightness = "() => getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).map(Number)"
    assert max(visit(color_scheme="dark").evaluate(lightness)) < 64
    assert min(visit().evaluate(lightness)) > 200


def test_explorer_asks_for_the_token(visit: Visit) -> None:
    server = Served("--host", "0.0.0.0", UNMET_SERVE_TOKEN="a-token-that-is-long-enough")
    try:
        server.url = f"http://127.0.0.1:{server.port}"
        page = visit(at=server)
        page.get_by_label("Token").fill("a-token-that-is-long-enough")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="What sank each request?")).to_be_visible()
        drop(page, ("empty.txt", b""))
        expect(page.get_by_role("status")).to_have_text("0 of 1 read, 1 could not be", timeout=READ)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Token")).to_be_visible()
    finally:
        server.stop()


def test_explorer_a_page_elsewhere_can_neither_send_nor_read(browser: Browser, server: Served, tmp_path: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    (tmp_path / "evil.html").write_text("<title>evil</title>")
    page.goto((tmp_path / "evil.html").as_uri())
    told = page.evaluate(
        """async (address) => {
          const tried = [];
          for (const options of [{}, { method: "POST", body: "x", mode: "no-cors" }, { method: "POST", body: "x" }])
            tried.push(await fetch(address + "/api/read", options).then((answer) => answer.type, () => "refused"));
          return tried;
        }""",
        server.url,
    )
    assert set(told) <= {"refused", "opaque"}
    context.close()


def visit_any(visit: Visit, path: str, **settings: object) -> Page:
    """Visit a path, or the first letter, or the first topic of the consistency page."""
    if path == "letter":
        page = visit("/letters", **settings)
        page.locator(".hit h3 a").first.click()
    elif path == "topic":
        page = visit("/consistency", **settings)
        page.locator(".topics a").first.click()
    else:
        page = visit(path, **settings)
    page.wait_for_load_state("load")
    return page


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 800}, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_explorer_accessible(visit: Visit, viewport: dict[str, int], color_scheme: str) -> None:
    for path in ("/", "/letters", "/consistency", "topic", "letter", "/api"):
        page = visit_any(visit, path, viewport=viewport, color_scheme=color_scheme, bypass_csp=True)
        found = Axe().run(page).response["violations"]
        grave = [
            (one["id"], [node["target"] for node in one["nodes"]][:3])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert grave == [], path
        assert not [one["id"] for one in found if one["id"] in ("heading-order", "region", "landmark-unique")], path
