"""The letter view: every character of the letter, every finding linked to its words, nothing from elsewhere, nothing run."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import TEXT, Page, record, therapy, with_text
from unmet.ingest.read import letter_from_bytes
from unmet.knowledge import codes
from unmet.reading import determine
from unmet.record import Determination, LetterWarning, Medication, Mention, SectionSpan, SentenceSpan, Span
from unmet.views.letter_page import behaviour, render_letter, render_letter_body, stylesheet
from unmet.views.letter_text import SECTIONS, VOICES

HOSTILE = '</q></div><script>document.title="run"</script><img src="https://evil.example/x" onerror="document.title=\'run\'">'


@pytest.fixture(scope="module")
def records(samples: Path) -> dict[str, Determination]:
    return {path.name: with_text(path) for path in sorted(samples.glob("sample-*"))}


def words(page: str) -> str:
    return " ".join(Page(page).words.split())


def test_letter_page_holds_the_letter_character_for_character(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        assert Page(render_letter(determination)).letter == determination.text, name


# Offsets of a record read from a file need not make sense: what is drawn includes spans beyond the text, empty ones, and
# ones that begin after they end.
_SPANS = st.tuples(st.integers(-3, 60), st.integers(-3, 60), st.one_of(st.none(), st.integers(1, 3)))
_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)
_LABELS = st.sampled_from(["MEDICATION", "PROCEDURE", "CRITERION", "FUNCTION", "CITATION", "CONDITION"])


def _span(drawn: tuple[int, int, int | None]) -> dict[str, object]:
    return {"start": drawn[0], "end": drawn[1], "text": "x", "page": drawn[2]}


@given(
    text=st.one_of(_TEXTS, st.text("ab <&>\"'\r\n", max_size=50)),
    mentions=st.lists(st.tuples(_LABELS, _SPANS), max_size=8),
    sentences=st.lists(st.tuples(st.sampled_from(sorted(VOICES)), _SPANS), max_size=5),
    sections=st.lists(st.tuples(st.sampled_from(sorted(SECTIONS)), _SPANS), max_size=5),
    evidence=st.lists(_SPANS, max_size=4),
)
def test_letter_page_text_is_the_source_whatever_overlaps(
    text: str,
    mentions: list[tuple[str, tuple[int, int, int | None]]],
    sentences: list[tuple[str, tuple[int, int, int | None]]],
    sections: list[tuple[str, tuple[int, int, int | None]]],
    evidence: list[tuple[int, int, int | None]],
) -> None:
    determination = therapy()
    determination.text = text
    determination.sections = [SectionSpan(kind=kind, **_span(drawn)) for kind, drawn in sections]
    determination.sentences = [SentenceSpan(voice=voice, section="other", **_span(drawn)) for voice, drawn in sentences]
    determination.mentions = [
        Mention(
            id="m",
            label=label,
            span=Span(**_span(drawn)),
            section="other",
            voice="record",
            attributes={},
            source="rule",
            rule="x",
            confidence=1,
        )
        for label, drawn in mentions
    ]
    determination.requests[0].criteria[0].evidence = [Span(**_span(drawn)) for drawn in evidence]
    page = Page(render_letter(determination))
    assert page.letter == text
    assert len(set(page.ids)) == len(page.ids)
    assert {link[1:] for link in page.links} <= set(page.ids)


def test_letter_page_links_resolve_and_ids_are_unique(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        page = Page(render_letter(determination))
        assert page.links, name
        assert all(link.startswith("#") for link in page.links), name
        assert {link[1:] for link in page.links} <= set(page.ids), name
        assert len(set(page.ids)) == len(page.ids), name


def test_letter_page_links_every_finding_to_its_words_and_back(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        html = render_letter(determination)
        page = Page(html)
        found = [
            (role, span)
            for request in determination.requests
            for criterion in request.criteria
            for role, spans in (("ev", criterion.evidence), ("cx", criterion.counter_evidence), ("st", [criterion.statement]))
            for span in spans
            if span
        ]
        references = [given for tag, given in page.tags if tag == "a" and "ref" in given.get("class", "").split()]
        criteria = [given for given in references if given["data-group"].startswith("c-")]
        assert len(criteria) == len(found), name
        for reference in references:
            assert f"#{reference['id']}" in page.links, (name, reference["id"])
            assert reference["href"][1:] in page.ids


def test_letter_page_marks_exactly_the_words_of_a_finding() -> None:
    assert Page(render_letter(therapy())).marked == {
        ("evidence", "c-1-1"): "There is no documentation of therapy.",
        ("counter-evidence", "c-1-1"): "Six visits of physical therapy in 2015 did not help his back",
        ("statement", "c-1-1"): "up to 10 visits where function improves",
        ("warning", "warning-1"): "12 visits",
    }


def test_letter_page_says_each_status_and_basis_in_words() -> None:
    seen = set()
    for basis in sorted(codes("unmet_basis")):
        determination = therapy()
        determination.requests[0].criteria[0].unmet_basis = basis  # type: ignore[assignment]
        shown = words(render_letter(determination))
        seen.add(shown)
        assert "✗" in shown
        assert "unmet" in shown
    assert len(seen) == len(codes("unmet_basis"))
    shown = words(render_letter(therapy()))
    assert "Proof missing: can be cured by a better report" in shown
    assert "The next request must document" in shown
    determination = therapy()
    determination.requests[0].criteria[0].unmet_basis = "contradicted"
    shown = words(render_letter(determination))
    assert "Proof contrary" in shown
    assert "must document" not in shown


def test_letter_page_says_what_a_request_falls_with_both_ways(records: dict[str, Determination]) -> None:
    determination = records["sample-multi-request.md"]
    page = render_letter(determination)
    assert re.search(r'Falls with</dt><dd><a href="#req-2">request 3</a>', page)
    assert re.search(r'Carries with it</dt><dd><a href="#req-3">request 4</a>', page)
    assert re.search(r'Falls with another request: <a href="#req-2">request 3</a>', page)


def test_letter_page_uncertain_below_seven_tenths() -> None:
    determination = therapy()
    for confidence, uncertain in ((0.69, True), (0.7, False), (0.2, True), (1.0, False)):
        determination.requests[0].criteria[0].confidence = confidence
        page = render_letter(determination)
        assert ("uncertain, " in words(page).split("Asks for")[0]) == uncertain
        assert ('class="item unmet uncertain"' in page) == uncertain
    assert "99%" in words(page)
    determination.requests[0].criteria[0].confidence = 0.46
    assert "uncertain, 46%" in words(render_letter(determination))


def test_letter_page_numbers_of_a_criterion(records: dict[str, Determination]) -> None:
    shown = words(render_letter(records["sample-multi-request.md"]))
    assert "Numbers asked 2 levels, allowed 2" in shown


def test_letter_page_shows_medications_with_their_places(records: dict[str, Determination]) -> None:
    determination = records["sample-intrathecal-pump.txt"]
    page = render_letter(determination)
    assert determination.medications
    for medication in determination.medications:
        assert f'<th scope="row">{medication.name}</th>' in page
        assert f'aria-label="{medication.name}, mention 1"' in page


def test_letter_page_headings_in_order(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        headings = Page(render_letter(determination)).headings
        assert headings.count(1) == 1, name
        assert headings[0] == 1, name
        assert all(later - earlier <= 1 for earlier, later in pairwise(headings)), name


def test_letter_page_marks_pages(records: dict[str, Determination]) -> None:
    assert re.findall(r">Page (\d)<", render_letter(records["sample-early-2014.pdf"])) == ["1", "2", "3"]
    assert ">Page " not in render_letter(records["sample-multi-request.md"])


def test_letter_page_voices_are_named_in_words(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        page = render_letter(determination)
        for voice in {sentence.voice for sentence in determination.sentences}:
            assert f'<span class="voice note">{VOICES[voice].word}' in page, (name, voice)


@pytest.mark.parametrize("voice", sorted(codes("voice")))
def test_letter_page_knows_every_voice(voice: str) -> None:
    assert voice in VOICES


@pytest.mark.parametrize("kind", sorted(codes("section_kind")))
def test_letter_page_knows_every_section(kind: str) -> None:
    assert kind in SECTIONS


def hostile() -> Determination:
    """A record with mark-up wherever words come from a letter or a file name."""
    text = TEXT.replace("his back", f"his back {HOSTILE}").replace("no documentation", f"no {HOSTILE} documentation")
    text = text.replace("12 visits", f"12 {HOSTILE} visits")
    determination = therapy()
    determination.text = text
    determination.case.case_number = f"CM{HOSTILE}"
    determination.case.priority = HOSTILE
    determination.reviewer.specialties = [HOSTILE]
    determination.reviewer.licensure = [HOSTILE]
    determination.source.path = f"/tmp/{HOSTILE}.txt"
    determination.model.name = HOSTILE
    request = determination.requests[0]
    request.item.text = request.title.text = HOSTILE
    request.title.text += "2"
    criterion = request.criteria[0]
    criterion.catalogue_id = HOSTILE
    criterion.id = HOSTILE
    criterion.evidence[0].text = HOSTILE
    criterion.counter_evidence[0].text = HOSTILE
    determination.mentions[0].attributes = {"name": HOSTILE}
    determination.mentions[0].id = HOSTILE
    determination.medications = [
        Medication(name=HOSTILE, ingredient=[], drug_class=HOSTILE, strength=HOSTILE, mentions=[HOSTILE])
    ]
    determination.warnings.append(LetterWarning(code="x", message=HOSTILE))
    return determination


def test_letter_page_escapes_everything_of_a_letter() -> None:
    determination = hostile()
    html = render_letter(determination)
    page = Page(html)
    assert page.letter == determination.text
    assert html.count("<script>") == 1
    assert "<img" not in html
    assert all(not name.startswith("on") for _, given in page.tags for name in given)
    assert HOSTILE in page.words.split("Findings")[0]


def test_letter_page_loads_nothing_and_allows_its_own_code_only(records: dict[str, Determination]) -> None:
    for html in (*map(render_letter, records.values()), render_letter(hostile())):
        page = Page(html)
        assert not {tag for tag, _ in page.tags} & {"link", "img", "iframe", "object", "embed", "base", "video", "audio", "form"}
        assert not [given for _, given in page.tags if {"src", "srcset", "style", "action"} & set(given)]
        policy = next(given["content"] for tag, given in page.tags if given.get("http-equiv") == "Content-Security-Policy")
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        for content, kind in ((stylesheet(), "style"), (behaviour(), "script")):
            assert f"<{kind}>{content}</{kind}>" in html
            digest = b64encode(sha256(content.encode()).digest()).decode()
            assert f"{kind}-src 'sha256-{digest}'" in policy
    assert not re.search(r"https?:|url\(|@import|fetch\(|innerHTML|eval\(", stylesheet() + behaviour())


def test_letter_page_needs_the_text() -> None:
    determination = therapy()
    determination.text = None
    with pytest.raises(ValueError, match="no text"):
        render_letter(determination)


def test_letter_page_of_a_letter_that_is_no_determination_says_so() -> None:
    determination = determine(letter_from_bytes(b"The picnic is on Sunday.", "picnic.txt"), with_text=True)
    page = Page(render_letter(determination))
    assert "not a determination" in page.words
    assert "No disputed request" in page.words
    assert page.letter == "The picnic is on Sunday."


def test_letter_page_of_an_empty_record() -> None:
    assert Page(render_letter(record(""))).letter == ""


def test_letter_page_body_alone_is_no_whole_page() -> None:
    body = render_letter_body(therapy())
    assert "<html" not in body
    assert "<style" not in body
    assert '<main class="desk">' in body
    assert str(body) in render_letter(therapy())


def test_letter_page_of_a_record_read_back_is_the_same(records: dict[str, Determination]) -> None:
    for determination in records.values():
        assert render_letter(Determination.from_json(determination.to_json())) == render_letter(determination)


def test_letter_page_with_requests_of_one_number_still_links() -> None:
    determination = therapy()
    twin = msgspec.structs.replace(determination.requests[0])
    determination.requests = [determination.requests[0], twin]
    page = Page(render_letter(determination))
    assert len(set(page.ids)) == len(page.ids)
    assert {link[1:] for link in page.links} <= set(page.ids)
