"""The table for the terminal: every request, its decision, a mark per status, the deciding sentence, what is to be documented."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len
from unmet.ingest.read import letter_from_bytes
from unmet.knowledge import codes
from unmet.reading import determine, read
from unmet.record import Citation, Determination, LetterWarning, Partial, Value
from unmet.views.table import render
from unmet.views.wording import label, meaning

CURE = "next request must document"
WIDE = 2000


@pytest.fixture(scope="module")
def records(samples: Path) -> dict[str, Determination]:
    return {path.name: read(path) for path in sorted(samples.glob("sample-*"))}


@pytest.fixture
def one(records: dict[str, Determination]) -> Determination:
    """A record of a test's own, to be changed at will."""
    return Determination.from_json(records["sample-multi-request.md"].to_json())


def only(determination: Determination, number: int) -> Determination:
    """The record with one of its requests."""
    return msgspec.structs.replace(determination, requests=[determination.requests[number - 1]])


def words(text: str) -> str:
    """A rendered table without its frame."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", text).split())


def test_views_table_shows_each_request_and_its_decision(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        shown = words(render(determination, color=False, width=WIDE))
        for request in determination.requests:
            assert f"{request.index}. {' '.join(request.item.text.split())}" in shown, (name, request.index)
        upheld = sum(request.decision == "upheld" for request in determination.requests)
        assert shown.count("UPHELD") == upheld, name
        assert shown.count("OVERTURNED") == len(determination.requests) - upheld, name


def test_views_table_quotes_the_deciding_sentences(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        shown = render(determination, color=False, width=WIDE)
        for request in determination.requests:
            for criterion in request.criteria:
                assert all(word in shown for word in label(criterion.type).split())
                for span in criterion.evidence:
                    assert f"“{' '.join(span.text.split())}”" in shown, (name, criterion.id)


def test_views_table_names_the_page_of_a_sentence(records: dict[str, Determination]) -> None:
    assert re.search(r"” \[p\. [1-9]\]", render(records["sample-early-2014.pdf"], color=False, width=WIDE))
    assert "[p. " not in render(records["sample-multi-request.md"], color=False, width=WIDE)


@pytest.mark.parametrize(
    ("status", "mark", "word"), [("unmet", "✗", "unmet"), ("met", "✓", "met"), ("not_addressed", "–", "not addressed")]
)
def test_views_table_has_a_mark_and_a_word_per_status(one: Determination, status: str, mark: str, word: str) -> None:
    request = one.requests[0]
    criterion = msgspec.structs.replace(request.criteria[0], status=status, unmet_basis=None, decisive=False)
    request.criteria = [criterion]
    shown = render(only(one, 1), color=False, width=WIDE)
    assert [line for line in shown.splitlines() if re.match(rf"│ {mark} {label(criterion.type)}\b", line)]
    assert word in words(shown)
    assert not any(other in shown for other in {"✗", "✓"} - {mark})


@pytest.mark.parametrize("basis", sorted(codes("unmet_basis")))
def test_views_table_says_every_basis_in_words(one: Determination, basis: str) -> None:
    request = one.requests[0]
    request.criteria = [msgspec.structs.replace(request.criteria[0], status="unmet", unmet_basis=basis)]
    shown = words(render(only(one, 1), color=False, width=WIDE))
    assert "_" not in shown
    others = {words(render(only(changed(one, other), 1), color=False, width=WIDE)) for other in codes("unmet_basis") - {basis}}
    assert shown not in others


def changed(determination: Determination, basis: str) -> Determination:
    copy = Determination.from_json(determination.to_json())
    copy.requests[0].criteria[0].unmet_basis = basis  # type: ignore[assignment]
    return copy


def test_views_table_unmet_stands_before_met_and_met_before_not_addressed(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        for number in range(1, len(determination.requests) + 1):
            shown = render(only(determination, number), color=False, width=WIDE)
            marks = "".join(re.findall(r"(?m)^│ ([✗✓–]) ", shown))
            assert re.fullmatch("✗*✓*–*", marks), (name, number)
            assert len(marks) == len(determination.requests[number - 1].criteria), (name, number)


def test_views_table_cure_only_for_upheld_requests_with_something_undocumented(records: dict[str, Determination]) -> None:
    shown_once = False
    for name, determination in records.items():
        for number, request in enumerate(determination.requests, 1):
            shown = words(render(only(determination, number), color=False, width=WIDE))
            curable = [criterion for criterion in request.criteria if criterion.unmet_basis == "undocumented"]
            wanted = request.decision == "upheld" and bool(curable)
            assert (CURE in shown.lower()) == wanted, (name, number)
            if wanted:
                shown_once = True
                cure = shown[shown.lower().index(CURE) :]
                assert all(f"{label(one.type)}: {' '.join(meaning(one.type).split())}" in cure for one in curable), (name, number)
                assert cure.count("•") == len(curable), (name, number)
    assert shown_once


def test_views_table_no_cure_under_an_overturned_request(one: Determination) -> None:
    request = one.requests[0]
    request.criteria = [msgspec.structs.replace(request.criteria[0], status="unmet", unmet_basis="undocumented")]
    assert CURE in render(only(one, 1), color=False).lower()
    request.decision = "overturned"
    assert CURE not in render(only(one, 1), color=False).lower()


@pytest.mark.parametrize("basis", sorted(codes("unmet_basis") - {"undocumented"}))
def test_views_table_no_cure_for_what_no_report_can_cure(one: Determination, basis: str) -> None:
    one.requests[0].criteria = [msgspec.structs.replace(one.requests[0].criteria[0], status="unmet", unmet_basis=basis)]
    assert CURE not in render(only(one, 1), color=False).lower()


def test_views_table_says_where_a_request_falls_with_another(one: Determination) -> None:
    one.requests[3].inherits_from = 3
    assert "falls with: request 3" in words(render(only(one, 4), color=False))


def test_views_table_marks_what_is_uncertain(one: Determination) -> None:
    one.requests[0].criteria[0].confidence = 0.2
    assert "uncertain" in render(only(one, 1), color=False)
    for criterion in one.requests[0].criteria:
        criterion.confidence = 0.95
    assert "uncertain" not in render(only(one, 1), color=False)


def test_views_table_shows_the_numbers_of_a_criterion(one: Determination) -> None:
    one.requests[0].criteria[0].values = [Value(quantity="visits", asked=18, allowed=10, unit="visits")]
    assert "numbers: asked 18 visits, allowed 10" in words(render(only(one, 1), color=False, width=WIDE))


def test_views_table_shows_counter_evidence_beside_the_finding(records: dict[str, Determination]) -> None:
    determination = records["sample-early-2014.pdf"]
    against = [span for request in determination.requests for one in request.criteria for span in one.counter_evidence]
    shown = words(render(determination, color=False, width=WIDE))
    assert against
    assert shown.count("but the case summary says") == len(against)
    assert all(f"“{' '.join(span.text.split())}”" in shown for span in against)


def test_views_table_shows_what_a_warning_is_about(one: Determination) -> None:
    title = one.requests[0].title
    one.warnings = [LetterWarning(code="x", message="Two dates differ", span=title), LetterWarning(code="y", message="No header")]
    shown = words(render(one, color=False, width=WIDE))
    assert f"! Two dates differ — “{' '.join(title.text.split())}”" in shown
    assert "! No header" in shown


@pytest.mark.parametrize("color", [False, True])
def test_views_table_lets_no_terminal_codes_of_a_record_through(one: Determination, color: bool) -> None:
    code = "\x1b]0;title\x07"
    one.case.case_number = one.source.path = f"CM{code}"
    one.reviewer.specialties = [code]
    one.requests[0].partial = Partial(original=code, authorized=code)
    one.requests[0].maximus.citations = [Citation(body="MTUS", chapter=code)]
    one.warnings = [LetterWarning(code="x", message=code)]
    shown = render(one, color=color, width=WIDE)
    assert "\x07" not in shown
    assert "\x1b]" not in shown


@pytest.mark.parametrize("width", [60, 40, 100])
def test_views_table_keeps_to_its_width(records: dict[str, Determination], width: int) -> None:
    for name, determination in records.items():
        shown = render(determination, color=False, width=width)
        assert all(cell_len(line) <= width for line in shown.splitlines()), name
        assert "UPHELD" in shown or "OVERTURNED" in shown, name


def test_views_table_narrow_still_quotes_whole_sentences(one: Determination) -> None:
    shown = render(one, color=False, width=60)
    for request in one.requests:
        for criterion in request.criteria:
            for span in criterion.evidence:
                assert all(word in shown for word in re.findall(r"\w{4,12}", span.text))


def test_views_table_without_colour_has_no_escape_codes(records: dict[str, Determination]) -> None:
    assert all("\x1b" not in render(determination, color=False) for determination in records.values())


def test_views_table_in_colour_says_the_same(one: Determination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = render(one, color=True, width=100)
    assert "\x1b[" in coloured
    assert words(re.sub(r"\x1b\[[\d;]*m", "", coloured)) == words(render(one, color=False, width=100))


def test_views_table_of_a_letter_that_is_no_determination_says_so() -> None:
    determination = determine(letter_from_bytes(b"The picnic is on Sunday.", "picnic.txt"))
    shown = render(determination, color=False)
    assert "picnic.txt" in shown
    assert "not a determination" in shown


MARKUP = (
    "[bold]",
    "[/bold]",
    "[/]",
    "[red on blue]",
    "[link=https://example.org]",
    "<b>",
    "</script>",
    "&amp;",
    "[[x]]",
    "\\[",
    ":smile:",
)


@pytest.mark.parametrize("markup", MARKUP)
@pytest.mark.parametrize("color", [False, True])
def test_views_table_takes_markup_for_words(one: Determination, markup: str, color: bool) -> None:
    one.case.case_number = f"{markup}1"
    one.reviewer.specialties = [f"{markup}2"]
    one.requests[0].item.text = f"{markup}3 tablets"
    one.requests[0].criteria[0].evidence[0].text = f"No {markup}4 is documented."
    one.warnings = [LetterWarning(code="layout.x", message=f"{markup}5")]
    shown = render(only(one, 1), color=color, width=WIDE)
    for number in "12345":
        assert f"{markup}{number}" in shown


def test_views_table_of_a_letter_with_markup(samples: Path) -> None:
    text = (samples / "sample-multi-request.md").read_text(encoding="utf-8")
    marked = text.replace("no documented improvement", "no documented [bold]improvement[/red]")
    shown = words(render(determine(letter_from_bytes(marked.encode(), "x.md")), color=False, width=WIDE))
    assert "no documented [bold]improvement[/red]" in shown


def test_views_table_lets_no_terminal_codes_of_a_letter_through(samples: Path) -> None:
    """A letter is not to be trusted: what it says must not reach the terminal as a command."""
    text = (samples / "sample-multi-request.md").read_text(encoding="utf-8")
    assert "no documented improvement" in text
    marked = text.replace("no documented improvement", "no documented \x1b[2J\x1b]0;title\x07 improvement")
    shown = render(determine(letter_from_bytes(marked.encode(), "x.md")), color=False, width=WIDE)
    assert "no documented" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


@pytest.mark.parametrize("criterion_type", sorted(codes("criterion_type")))
def test_views_table_says_what_every_criterion_type_asks_for(criterion_type: str) -> None:
    said = meaning(criterion_type)
    assert said.strip()
    assert "(" not in said
    assert "_" not in label(criterion_type)
