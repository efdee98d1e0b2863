"""Disputed requests: titles, items, decisions, partial approvals and rationales in every form of request block."""

from __future__ import annotations

from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layout_letters import block, in_words, on_one_line, read, titles, whole
from unmet.ingest.repair import repair
from unmet.layout import parse_layout

TITLES = [
    "MRI of the left knee without contrast",
    "Norco 10/325mg #120",
    "12 sessions of acupuncture for the neck",
    "1 pair of crutches",
    "Tylenol no. 3, 1 tab. p.o. b.i.d., #60",
    "Ultram 50mg. #60",
    "Left L4-L5 and L5-S1 facet injections",
    "Associated surgical service: Cold therapy unit, 7-day rental",
    "Retrospective request for a urine drug screen (DOS 1/2/2016)",
    "Physical therapy (2x6), right wrist",
    "Consult with Dr. of choice",
    "H-wave unit, purchase/rental",
    "EMG/NCV of the bilateral lower extremities",
    "Compound cream: Flurbiprofen 20%/Baclofen 4%, 180 gm",
]
ENDS = [
    "is not medically necessary.",
    "is not medically necessary",
    "is not medically necessary and appropriate",
    "was medically necessary",
    "is not certified",
    "is not supported",
    "is not recommended",
    "is not warranted",
    "is denied",
    "is upheld.",
    "is not medically necessary at this time",
]


@pytest.mark.parametrize("title", TITLES)
def test_requests_title_of_a_single_request(title: str) -> None:
    source = whole(block(title))
    assert titles(source) == [title]
    assert titles(on_one_line(source)) == [title]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("end", ENDS)
def test_requests_title_behind_a_rationale_with_or_without_full_stop(title: str, end: str) -> None:
    rationale = f"There was no trial of exercise first. Hence the request {end}"
    source = whole(block("Walnut oil", rationale=rationale), block(title, "Overturned"))
    assert titles(source) == ["Walnut oil", title]
    assert titles(on_one_line(source)) == ["Walnut oil", title]
    text, layout = read(source)
    first, second = layout.requests
    assert first.rationale is not None
    assert text[slice(*first.rationale)] == rationale
    assert (first.decision, second.decision) == ("upheld", "overturned")


@given(
    st.lists(st.tuples(st.sampled_from(TITLES), st.sampled_from(["Upheld", "Overturned"]), st.sampled_from(ENDS)), max_size=21)
)
def test_requests_every_block_of_a_long_letter(asked: list[tuple[str, str, str]]) -> None:
    source = whole(*(block(title, decision, f"No trial was made. The request {end}") for title, decision, end in asked))
    text, layout = read(source)
    assert [text[slice(*request.title)] for request in layout.requests] == [title for title, _, _ in asked]
    assert [request.decision for request in layout.requests] == [decision.lower() for _, decision, _ in asked]
    assert [request.index for request in layout.requests] == list(range(1, len(asked) + 1))
    assert layout.is_determination is bool(asked)
    for before, after in pairwise(layout.requests):
        assert before.rationale is not None
        assert before.title[1] <= before.rationale[0] < before.rationale[1] <= after.title[0]


@pytest.mark.parametrize(
    ("printed", "decision"),
    [
        ("Upheld", "upheld"),
        ("UPHELD", "upheld"),
        ("Uphold", "upheld"),
        ("Overturned", "overturned"),
        ("OVERTURNED", "overturned"),
        ("Overturn.", "overturned"),
    ],
)
def test_requests_decision_words(printed: str, decision: str) -> None:
    text, layout = read(whole(block("Walnut oil", printed)))
    (request,) = layout.requests
    assert request.decision == decision
    assert text[slice(*request.decision_span)] == printed.rstrip(".")


@pytest.mark.parametrize("colon", [": ", " : ", ":", ":  ", " - ", " \u2013 "])
def test_requests_punctuation_before_the_decision(colon: str) -> None:
    source = whole(block("Walnut oil")).replace("Walnut oil: Upheld", f"Walnut oil{colon}Upheld")
    assert titles(source) == ["Walnut oil"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Claims Administrator guideline:", "Claims\nAdministrator\n guideline:"),
        ("Claims Administrator guideline:", "Claims Administrator guidelines:"),
        ("MAXIMUS guideline:", "MAXIMUS\n\nguideline:"),
        ("Decision rationale:", "Decision\nrationale:"),
        ("Decision rationale:", "Decision rationale :"),
        ("Decision rationale:", "DECISION RATIONALE:"),
        ("Decision rationale:", "The Expert Reviewer's decision rationale:"),
        ("Decision rationale:", "The Physician Reviewer\u2019s decision\nrationale:"),
    ],
)
def test_requests_labels_broken_over_lines_or_spelled_otherwise(before: str, after: str) -> None:
    usual = whole(block("Walnut oil"), block("Norco #60", "Overturned"))
    changed = usual.replace(before, after)
    assert changed != usual
    assert in_words(*read(changed))["requests"] == in_words(*read(usual))["requests"]


def test_requests_labels_and_values_on_separate_lines() -> None:
    usual = whole(block("Walnut oil"), block("Norco #60", "Overturned"))
    apart = usual.replace(": ", ":\n\n")
    assert in_words(*read(apart)) == in_words(*read(usual))


def test_requests_parts_are_what_stands_behind_their_labels() -> None:
    text, layout = read(
        whole(block("Walnut oil", claims="The claims line.", maximus="The reviewer's line.", rationale="Why not."))
    )
    (request,) = layout.requests
    assert (request.claims_administrator, request.maximus, request.rationale) != (None, None, None)
    assert text[slice(*request.claims_administrator or (0, 0))] == "The claims line."
    assert text[slice(*request.maximus or (0, 0))] == "The reviewer's line."
    assert text[slice(*request.rationale or (0, 0))] == "Why not."


def test_requests_missing_part_is_null() -> None:
    source = whole("Walnut oil: Upheld\n\nDecision rationale: Not needed.\n")
    _, layout = read(source)
    (request,) = layout.requests
    assert (request.claims_administrator, request.maximus) == (None, None)
    assert request.rationale is not None


def test_requests_words_of_the_form_inside_a_rationale_open_no_request() -> None:
    rationale = (
        "An earlier review read thus: the walnut was Overturned. Its decision rationale: none was given. "
        "The denial should be Upheld. It is not medically necessary."
    )
    source = whole(block("Walnut oil", rationale=rationale), block("Norco #60"))
    text, layout = read(source)
    assert titles(source) == ["Walnut oil", "Norco #60"]
    assert text[slice(*layout.requests[0].rationale or (0, 0))] == rationale


# --- partial approvals ----------------------------------------------------------------------------------------------

LEAVING = (
    "Walnut oil, 6 bottles was the original request. The Claims Administrator authorized 2 bottles, leaving the original "
    "request IMR eligible. The original request, Walnut oil, 6 bottles is"
)
REMAINING = (
    "Walnut oil, 6 bottles was the original request. Walnut oil, 2 bottles was authorized by the Claims Administrator. "
    "The remaining IMR eligible portion of the original request, Walnut oil, 4 bottles is"
)


@pytest.mark.parametrize("comma", ["", ","])
@pytest.mark.parametrize(
    ("title", "authorized", "item"),
    [(REMAINING, "Walnut oil, 2 bottles", "Walnut oil, 4 bottles"), (LEAVING, "2 bottles", "Walnut oil, 6 bottles")],
)
@pytest.mark.parametrize("second", [False, True])
def test_requests_partial_approval(title: str, authorized: str, item: str, comma: str, second: bool) -> None:
    title = title.removesuffix(" is") + comma + " is"
    blocks = [block(title, "Overturned")]
    if second:
        blocks.insert(0, block("Norco #60", rationale="It was not tried. The request is not medically necessary"))
    for source in (whole(*blocks), on_one_line(whole(*blocks))):
        text, layout = read(source)
        request = layout.requests[-1]
        assert len(layout.requests) == len(blocks)
        assert text[slice(*request.title)] == title
        assert text[slice(*request.item)] == item
        assert text[slice(*request.original or (0, 0))] == "Walnut oil, 6 bottles"
        assert text[slice(*request.authorized or (0, 0))] == authorized
        assert request.decision == "overturned"


@pytest.mark.parametrize("title", ["Walnut oil, 4 bottles", "Original walnut oil, as authorized"])
def test_requests_full_denial_is_no_partial_approval(title: str) -> None:
    _, layout = read(whole(block(title)))
    (request,) = layout.requests
    assert (request.original, request.authorized) == (None, None)
    assert request.item == request.title


@pytest.mark.parametrize(
    ("title", "item"),
    [
        ("Associated surgical service: Cold therapy unit", "Cold therapy unit"),
        ("Associated Surgical Services: Crutches", "Crutches"),
        ("Retrospective request for Norco #60", "Norco #60"),
        ("Norco #60", "Norco #60"),
    ],
)
def test_requests_item_is_the_title_without_its_form_words(title: str, item: str) -> None:
    text, layout = read(whole(block(title)))
    assert text[slice(*layout.requests[0].item)] == item


# --- letters of 2013 ------------------------------------------------------------------------------------------------

VERDICTS = [("walnut oil, 4 bottles", "not "), ("an MRI of the left knee", ""), ("Norco 10/325 mg #60", "not")]


def notice(first_list: str = "is {}medically necessary and appropriate", *, regarding: bool = True, twice: bool = True) -> str:
    def listed(form: str) -> str:
        return "".join(
            f"{number}) MAXIMUS Federal Services, Inc. has determined the request for {item} {form.format(negation)}.\n\n"
            for number, (item, negation) in enumerate(VERDICTS, 1)
        )

    sections = "".join(
        f"{number}) Regarding the request for {item}:\n\nSection of the Medical Treatment Utilization Schedule Relied Upon by "
        "the Expert Reviewer to Make His/Her Decision:\nThe Claims Administrator cited the Knee Complaints Chapter, part of "
        "the MTUS. The Expert Reviewer relied on the same page.\n\n"
        f"Rationale for the Decision:\nThe worker has tried little. The request for {item} is {negation}medically necessary and "
        "appropriate.\n\n"
        for number, (item, negation) in enumerate(VERDICTS, 1)
    )
    return (
        "Notice of Independent Medical Review Determination\n\nDated: 10/21/2013\n\nIMR Case Number: IMR 99-000077\n"
        f"Date of Injury: 11/5/2012\n\n{listed(first_list)}INDEPENDENT MEDICAL REVIEW DECISION AND RATIONALE\n\n"
        f"{listed('is {}medically necessary and appropriate') if twice else ''}"
        "Case Summary:\nThe patient is a 38 year-old male.\n\nDocuments Reviewed for Determination:\nThe application.\n\n"
        f"{sections if regarding else ''}"
    )


@pytest.mark.parametrize("twice", [True, False])
@pytest.mark.parametrize("form", ["is {}medically necessary and appropriate", "is {}medically\n necessary and appropriate"])
@pytest.mark.parametrize("one_line", [True, False])
def test_requests_of_2013_printed_twice_count_once(form: str, twice: bool, one_line: bool) -> None:
    source = notice(form, twice=twice)
    text, layout = read(on_one_line(source) if one_line else source)
    assert layout.era == "A"
    assert [text[slice(*request.title)] for request in layout.requests] == [item for item, _ in VERDICTS]
    assert [request.decision for request in layout.requests] == ["upheld", "overturned", "upheld"]
    assert [request.index for request in layout.requests] == [1, 2, 3]
    for request, (item, _) in zip(layout.requests, VERDICTS, strict=True):
        rationale = text[slice(*request.rationale or (0, 0))]
        assert rationale.startswith("The worker has tried little.")
        assert item in rationale
        assert text[slice(*request.maximus or (0, 0))] == "The Expert Reviewer relied on the same page."


def test_requests_of_2013_without_sections_of_their_own() -> None:
    text, layout = read(notice(regarding=False))
    assert [text[slice(*request.title)] for request in layout.requests] == [item for item, _ in VERDICTS]
    assert [request.rationale for request in layout.requests] == [None, None, None]


def test_requests_of_late_2013_numbered_conclusions() -> None:
    items = ["Walnut oil, 4 bottles", "MRI of the left knee", "Norco 10/325 mg. #60"]
    blocks = "".join(
        f"{number}. {item} is {'' if number == 2 else 'not '}medically necessary and appropriate.\n\n"
        "The Claims Administrator based its decision on the MTUS.\n\nThe Physician Reviewer based his/her decision on "
        "the MTUS.\n\nThe Physician Reviewer's decision rationale: Three things count: 1. Age. 2. Rest. 3. Both. "
        f"The worker has none. The {item} is {'' if number == 2 else 'not '}medically necessary and appropriate.\n\n"
        for number, item in enumerate(items, 1)
    )
    source = (
        "Case Number: CM99-0000078\n\nDOCUMENTS REVIEWED\n\nThe file.\n\nCLINICAL CASE SUMMARY\n\nThe patient is a man aged "
        f"44.\n\nIMR DECISION(S) AND RATIONALE(S)\n\nThe decisions are as follows:\n\n{blocks}"
    )
    for laid_out in (source, on_one_line(source)):
        text, layout = read(laid_out)
        assert layout.era == "B"
        assert [text[slice(*request.title)] for request in layout.requests] == items
        assert [request.decision for request in layout.requests] == ["upheld", "overturned", "upheld"]
        assert all(text[slice(*request.rationale or (0, 0))].startswith("Three things count") for request in layout.requests)


@pytest.mark.parametrize("heading", ["IS NOT", "IS/WAS NOT", "WAS NOT"])
@pytest.mark.parametrize(("verdict", "decision"), [("is not", "upheld"), ("is", "overturned")])
def test_requests_issue_in_dispute(heading: str, verdict: str, decision: str) -> None:
    source = (
        "IMR Case Number: CM99-0000079\n\nISSUE AT DISPUTE\n\nIs the request for walnut oil, 4 bottles medically necessary?\n\n"
        "CASE SUMMARY\n\nThe worker is 44 years old.\n\nMEDICAL TREATMENT GUIDELINE(S) RELIED UPON BY THE EXPERT REVIEWER TO "
        "MAKE HIS/HER DECISION\n\nThe Low Back Complaints Chapter.\n\n"
        f"RATIONALE FOR WHY THE REQUESTED TREATMENT/SERVICE {heading} MEDICALLY NECESSARY\n\n"
        f"Oil is for salads. The oil {verdict} medically necessary.\n\nMEDICAL REVIEWER QUALIFICATIONS\n\nA doctor.\n"
    )
    for laid_out in (source, on_one_line(source)):
        text, layout = read(laid_out)
        (request,) = layout.requests
        assert layout.era == "C"
        assert text[slice(*request.title)] == "walnut oil, 4 bottles"
        assert request.decision == decision
        assert text[slice(*request.rationale or (0, 0))] == f"Oil is for salads. The oil {verdict} medically necessary."
        assert text[slice(*request.maximus or (0, 0))] == "The Low Back Complaints Chapter."


# --- anything at all ------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *(
            "MRI",
            "Norco #60.",
            ": Upheld",
            ": Overturned",
            "Claims Administrator guideline:",
            "MAXIMUS guideline:",
            "CASE SUMMARY",
        ),
        *(
            "Decision rationale:",
            "1)",
            "2.",
            "MAXIMUS Federal Services, Inc. has determined the request for",
            "Regarding the request for",
        ),
        *(
            "is not medically necessary",
            "is medically necessary and appropriate.",
            "was the original request.",
            "DOCUMENTS REVIEWED",
        ),
        *(
            "was authorized by the Claims Administrator.",
            "The original request,",
            "The Physician Reviewer's decision rationale:",
            ":",
        ),
        *("ISSUE AT DISPUTE", "RATIONALE FOR WHY THE REQUESTED TREATMENT IS NOT MEDICALLY NECESSARY", "Priority:", "3/4/2016"),
        *(
            "IMR ISSUES, DECISIONS AND RATIONALES",
            "Rationale for the Decision:",
            "Case Number:",
            "The Claims Administrator based",
        ),
        *(
            "HOW THE IMR FINAL DETERMINATION WAS MADE",
            "The patient is a 40 year old man.",
            "Board Certified in",
            "Effect of the Decision:",
        ),
    ]
)


def check_soundness(source: str) -> None:
    text = repair(source)[0]
    layout = parse_layout(text)
    assert layout.is_determination is bool(layout.requests)
    assert (layout.reason is None) is layout.is_determination
    assert [request.index for request in layout.requests] == list(range(1, len(layout.requests) + 1))
    spans = [(section.start, section.end) for section in layout.sections]
    for request in layout.requests:
        spans += [request.title, request.item, request.decision_span]
        spans += [span for span in (request.original, request.authorized, request.claims_administrator) if span]
        spans += [span for span in (request.maximus, request.rationale) if span]
    assert all(0 <= start < end <= len(text) for start, end in spans)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=40).map(" ".join)))
def test_requests_any_text_gives_a_sound_layout(source: str) -> None:
    check_soundness(source)


@pytest.mark.parametrize(
    "source",
    [
        "ISSUE AT DISPUTE\n\nRATIONALE FOR WHY THE REQUESTED TREATMENT IS NOT MEDICALLY NECESSARY\n\nIt is not.",
        "1) IMR ISSUES, DECISIONS AND RATIONALES\n\n: Upheld\n\nDecision rationale: It is not needed.",
        ", : Upheld\n\nDecision rationale: It is not needed.",
        "was the original request.: Upheld\n\nDecision rationale: It is not needed.",
        ", was authorized by the Claims Administrator.: Upheld\n\nDecision rationale: It is not needed.",
    ],
)
def test_requests_title_that_was_blanked_out_leaves_no_empty_span(source: str) -> None:
    check_soundness(source)


@pytest.mark.parametrize(
    "unit",
    [
        "1. Rest the arm. ",
        "1) Regarding the request for oil ",
        "1) MAXIMUS Federal Services, Inc. has determined the request for oil ",
        "Oil: Upheld Decision rationale: no ",
        "It is not certified Oil ",
        "Oil was the original request. ",
    ],
)
@pytest.mark.parametrize("end", ["", "The Physician Reviewer's decision rationale: none", "Oil: Upheld Decision rationale: none"])
def test_requests_of_hostile_text_take_time_in_proportion(unit: str, end: str) -> None:
    def seconds(characters: int) -> float:
        text = unit * (characters // len(unit)) + end
        began = process_time()
        parse_layout(text)
        return process_time() - began

    # Four times the text: four times the work, or sixteen times where it grows with the square. A pause of the machine
    # may lengthen a run, never shorten it: the fastest of several counts, and runs are added until they tell.
    # The longest letter known has 60,000 characters, the longest text let in a million.
    shorter, longer = [seconds(7_500)], [seconds(30_000)]
    while min(longer) >= 9 * min(shorter) and len(longer) < 25:
        shorter.append(seconds(7_500))
        longer.append(seconds(30_000))
    assert min(longer) < 9 * min(shorter)
