"""The letter view in a browser: choosing a criterion and going back, by mouse and keyboard, with and without script; access."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from unmet.record import Determination, LetterWarning

Open = Callable[..., Page]
Records = dict[str, Determination]

PHONE = {"width": 375, "height": 740}
SAMPLES = ("sample-multi-request.md", "sample-early-2014.pdf", "sample-2013-notice.txt", "sample-partial-approval.docx")
# The letter as the browser has it, without what the view adds to it.
LETTER = """() => {
  const letter = document.querySelector(".text").cloneNode(true);
  letter.querySelectorAll(".note").forEach((note) => note.remove());
  return letter.textContent;
}"""
FOCUSED = "() => document.activeElement.id || document.activeElement.className"


def criterion_with(records: Records, role: str) -> tuple[Determination, str]:
    """A letter with a criterion that has spans of ``role``, and the criterion's id on the page."""
    for determination in records.values():
        for request in determination.requests:
            for criterion in request.criteria:
                if criterion.counter_evidence if role == "counter-evidence" else criterion.evidence:
                    words = (criterion.counter_evidence if role == "counter-evidence" else criterion.evidence)[0].text
                    return determination, " ".join(words.split())
    raise AssertionError(f"no sample letter has {role}")


@pytest.mark.parametrize("name", SAMPLES)
def test_browser_has_the_letter_character_for_character(show: Open, records: Records, name: str) -> None:
    assert show(records[name]).evaluate(LETTER) == records[name].text


def test_browser_keeps_carriage_returns(show: Open, records: Records) -> None:
    determination = Determination.from_json(records["sample-2013-notice.txt"].to_json())
    determination.text = (determination.text or "").replace("\n", "\r\n") + "\r"
    assert show(determination).evaluate(LETTER) == determination.text


def test_browser_choosing_a_criterion_shows_its_evidence_and_leads_back(show: Open, records: Records) -> None:
    page = show(records["sample-multi-request.md"])
    evidence = page.locator("#ev-c-3-1-1")
    expect(evidence).not_to_be_in_viewport()
    page.locator("#c-3-1 a.choose").click()
    expect(evidence).to_be_in_viewport()
    expect(evidence).to_be_focused()
    expect(evidence).to_have_text(re.compile("evidence"))
    assert page.locator(".rel.evidence.on").first.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    expect(page.get_by_role("status")).to_contain_text("evidence")
    page.get_by_role("link", name=re.compile("^← Back to 3.1")).click()
    expect(page.locator("#c-3-1")).to_be_focused()
    expect(page.locator("#c-3-1")).to_be_in_viewport()


def test_browser_escape_leads_back_to_the_criterion(show: Open, records: Records) -> None:
    page = show(records["sample-multi-request.md"])
    page.locator("#c-3-2 a.choose").click()
    expect(page.locator(".rel.on")).not_to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#c-3-2 a.choose")).to_be_focused()
    expect(page.locator("#c-3-2 a.choose")).to_be_in_viewport()
    expect(page.locator(".on")).to_have_count(0)
    expect(page.locator("#bar")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("#ev-c-3-2-1")).to_be_focused()


def test_browser_evidence_in_the_letter_leads_to_its_criterion(show: Open, records: Records) -> None:
    page = show(records["sample-multi-request.md"])
    page.locator("#ev-c-2-1-1").click()
    expect(page.locator("#c-2-1")).to_be_focused()
    expect(page.locator("#c-2-1")).to_be_in_viewport()


def test_browser_choice_marks_all_that_belongs_to_a_criterion_each_in_its_way(show: Open, records: Records) -> None:
    determination, words = criterion_with(records, "counter-evidence")
    page = show(determination)
    card = page.locator(".item", has=page.locator(".counter q", has_text=words[:40])).first
    card.locator("a.choose").click()
    styles = {}
    for role in ("statement", "evidence", "counter-evidence"):
        marked = page.locator(f".rel.{role}.on")
        if marked.count():
            styles[role] = marked.first.evaluate("e => getComputedStyle(e).outlineStyle")
            expect(page.locator(f".ref.{role}.on .word").first).to_be_visible()
    assert styles["evidence"] != styles["counter-evidence"]
    assert len(set(styles.values())) == len(styles)
    page.locator("#bar").get_by_role("link", name="counter-evidence").first.click()
    expect(page.locator(".ref.counter-evidence.on").first).to_be_in_viewport()


def test_browser_by_keyboard_alone(show: Open, records: Records) -> None:
    page = show(records["sample-intrathecal-pump.txt"])
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the findings")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the findings")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#findings")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == "choose":
            break
    else:
        raise AssertionError("no criterion within twenty steps")
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    expect(page.locator(".ref.evidence.on").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".item.unmet").first).to_be_focused()
    page.wait_for_timeout(300)  # the browser moves the focus first and tells the page of it afterwards
    page.keyboard.press("Escape")
    expect(page.locator("a.choose").first).to_be_focused()


def test_browser_a_link_to_a_finding_opens_on_it(show: Open, records: Records) -> None:
    page = show(records["sample-multi-request.md"], anchor="#ev-c-2-1-1")
    expect(page.locator("#ev-c-2-1-1")).to_be_in_viewport()
    expect(page.locator(".rel.evidence.on")).not_to_have_count(0)


def test_browser_without_script_links_lead_to_marked_words_and_back(show: Open, records: Records) -> None:
    page = show(records["sample-multi-request.md"], java_script_enabled=False)
    page.locator("#c-3-1 a.choose").click()
    evidence = page.locator("#ev-c-3-1-1")
    expect(evidence).to_be_in_viewport()
    expect(evidence.locator(".word")).to_be_visible()
    expect(page.locator(".rel:has(> #ev-c-3-1-1)")).to_have_css("outline-style", "solid")
    evidence.click()
    expect(page.locator("#c-3-1")).to_be_in_viewport()


def test_browser_warning_shows_its_place_and_leads_back(show: Open, records: Records) -> None:
    determination = Determination.from_json(records["sample-multi-request.md"].to_json())
    place = determination.requests[2].title
    determination.warnings = [LetterWarning(code="disagreement.laterality", message="Left and right differ", span=place)]
    page = show(determination)
    page.locator(".warnings a.show").click()
    expect(page.locator(".ref.warning")).to_be_in_viewport()
    expect(page.locator(".ref.warning")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#warning-1")).to_be_focused()


def test_browser_labels_can_be_switched_off(show: Open, records: Records) -> None:
    page = show(records["sample-multi-request.md"])
    mention = page.locator(".text .m.medication").first
    expect(mention).to_have_css("border-bottom-style", "solid")
    page.locator("#show-medication").uncheck()
    expect(mention).to_have_css("border-bottom-style", "none")
    expect(page.locator(".text .voice").first).to_be_visible()
    page.locator("#show-voices").uncheck()
    expect(page.locator(".text .voice").first).to_be_hidden()


def test_browser_wide_columns_scroll_by_themselves(show: Open, records: Records) -> None:
    page = show(records["sample-multi-request.md"])
    assert page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
    for pane in ("#findings", "#letter"):
        assert page.locator(pane).evaluate("e => e.scrollHeight > e.clientHeight && getComputedStyle(e).overflowY == 'auto'")


@pytest.mark.parametrize("name", SAMPLES)
def test_browser_on_a_phone_nothing_is_beyond_the_side(show: Open, records: Records, name: str) -> None:
    page = show(records[name], viewport=PHONE, has_touch=True, is_mobile=True)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("navigation", name="Parts of this page").get_by_role("link", name="Letter").click()
    expect(page.get_by_role("heading", name="The letter", exact=True)).to_be_in_viewport()
    page.get_by_role("navigation", name="Parts of this page").get_by_role("link", name="Findings").click()
    expect(page.get_by_role("heading", name="Findings", exact=True)).to_be_in_viewport()


def test_browser_dark_is_dark(show: Open, records: Records) -> None:
    lightness = "() => getComputedStyle(document.querySelector('.pane')).backgroundColor.match(/\\d+/g).map(Number)"
    assert max(show(records["sample-multi-request.md"], color_scheme="dark").evaluate(lightness)) < 64
    assert min(show(records["sample-multi-request.md"]).evaluate(lightness)) > 224


@pytest.mark.parametrize("name", SAMPLES)
def test_browser_prints(show: Open, records: Records, name: str) -> None:
    page = show(records[name])
    printed = pypdfium2.PdfDocument(io.BytesIO(page.pdf(format="Letter")))
    text = "\n".join(sheet.get_textpage().get_text_range() for sheet in printed)
    words = " ".join(text.split())
    assert words.index("Findings") < words.index("The letter")
    assert "evidence" in words[words.index("The letter") :]
    last = (records[name].text or "").split()[-1]
    assert last in words.split("The letter")[-1]


@pytest.mark.parametrize("script", [True, False])
def test_browser_hostile_letter_runs_nothing(show: Open, records: Records, script: bool) -> None:
    """Also where escaping failed: the policy alone must keep a script and an image out."""
    hostile = "<script>document.title='run'</script><img src='https://evil.example/x' onerror=\"document.title='run'\">"
    determination = Determination.from_json(records["sample-multi-request.md"].to_json())
    determination.text = hostile + (determination.text or "")[len(hostile) :]
    determination.case.case_number = hostile
    determination.source.path = hostile
    determination.requests[0].item.text = hostile
    page = show(determination, java_script_enabled=script)
    assert "what sank each request" in page.title()
    expect(page.locator("h1")).to_have_text(hostile)
    if script:
        assert page.evaluate(LETTER) == determination.text
        assert page.evaluate("() => document.querySelectorAll('img').length") == 0


def test_browser_policy_stops_what_is_injected(show: Open, records: Records) -> None:
    page = show(records["sample-multi-request.md"], watched=False)
    page.evaluate("""() => new Promise((done) => {
      document.addEventListener("securitypolicyviolation", (event) => { window.stopped = event.effectiveDirective; done(); });
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);
      setTimeout(done, 2000);
    })""")
    assert page.evaluate("() => window.stopped").startswith("script-src")
    assert page.evaluate("() => window.ran") is None


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 800}, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("chosen", [False, True], ids=["unchosen", "chosen"])
def test_browser_accessible(show: Open, records: Records, viewport: dict[str, int], color_scheme: str, chosen: bool) -> None:
    every = not chosen and (viewport is PHONE) == (color_scheme == "dark")
    names = SAMPLES if every else ("sample-early-2014.pdf",)
    for name in names:
        page = show(records[name], viewport=viewport, color_scheme=color_scheme, bypass_csp=True)
        if chosen:
            page.locator("a.choose").last.click()
        response = Axe().run(page).response
        assert {"color-contrast", "link-name"} <= {one["id"] for one in response["passes"]}
        found = response["violations"]
        grave = [
            (one["id"], [node["target"] for node in one["nodes"]][:3])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert grave == [], name
        assert not [one["id"] for one in found if one["id"] in ("heading-order", "region", "landmark-unique")], name
