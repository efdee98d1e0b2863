"""Whole letters: era, header, people, sections and requests, whatever the line breaks."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from layout_letters import SUMMARY, block, in_words, on_one_line, read, titles, whole, wrapped
from unmet.ingest import read_letter
from unmet.layout import Layout, parse_layout
from unmet.layout.model import Header, Patient, Reviewer

# The samples read by hand; their facts are invented.
SAMPLES: dict[str, dict[str, Any]] = {
    "sample-2013-notice.txt": {
        "era": "A",
        "header": ("IMR 99-000004", "2012-11-05", "2013-10-21", "2013-08-16", "2013-08-29", None),
        "reviewer": Reviewer(("California",), ("Neurology",)),
        "patient": Patient(38, "male"),
        "requests": [
            ("cyclobenzaprine 7.5 mg #45", None, "upheld"),
            ("EMG of the bilateral upper extremities", None, "overturned"),
            ("twelve acupuncture sessions for the cervical spine", None, "upheld"),
        ],
    },
    "sample-early-2014.pdf": {
        "era": "B",
        "header": ("CM99-0000006", "2011-07-22", "2014-03-26", "2014-01-17", "2014-01-29", "STANDARD"),
        "reviewer": Reviewer(("California",), ("Physical Medicine and Rehabilitation",)),
        "patient": Patient(46, "male"),
        "requests": [
            ("Functional restoration program, 160 hours", None, "upheld"),
            ("Compounded topical cream (flurbiprofen 20%, cyclobenzaprine 4%, gabapentin 10%), 180 grams", None, "upheld"),
        ],
    },
    "sample-intrathecal-pump.txt": {
        "era": "D",
        "header": ("CM99-0000001", "2006-03-14", "2014-04-28", "2014-02-03", "2014-02-12", "Standard"),
        "reviewer": Reviewer(("California", "Nevada"), ("Anesthesiology", "Pain Management")),
        "patient": Patient(49, "female"),
        "requests": [("PERMANENT IMPLANTATION OF INTRATHECAL PAIN PUMP PER RFA 1-23-14", None, "upheld")],
    },
    "sample-multi-request.md": {
        "era": "F",
        "header": ("CM99-0000002", "2016-04-18", "2016-12-29", "2016-11-14", "2016-11-21", "Standard"),
        "reviewer": Reviewer(("California", "Oregon"), ("Orthopedic Surgery", "Sports Medicine")),
        "patient": Patient(51, "female"),
        "requests": [
            ("Norco (hydrocodone/APAP) 10/325 mg #120", None, "upheld"),
            ("Left L4-L5 and L5-S1 transforaminal epidural steroid injection under fluoroscopy", None, "upheld"),
            ("Right shoulder arthroscopy with subacromial decompression and distal clavicle resection", None, "upheld"),
            (
                "Associated surgical service: Cold therapy unit, right shoulder, 14-day rental",
                "Cold therapy unit, right shoulder, 14-day rental",
                "upheld",
            ),
        ],
    },
    "sample-overturned.html": {
        "era": "F",
        "header": ("CM99-0000003", "2016-10-27", "2016-12-19", "2016-12-12", "2016-12-14", "Expedited"),
        "reviewer": Reviewer(("Texas", "California"), ("Family Practice", "Occupational Medicine")),
        "patient": Patient(34, "male"),
        "requests": [
            ("MRI of the left knee without contrast", None, "overturned"),
            ("Interferential unit, 60-day rental with supplies", None, "upheld"),
        ],
    },
    "sample-partial-approval.docx": {
        "era": "F",
        "header": ("CM99-0000005", "2016-10-20", "2017-02-14", "2017-01-06", "2017-01-13", "Standard"),
        "reviewer": Reviewer(("California", "Washington", "Arizona"), ("Physical Medicine & Rehabilitation",)),
        "patient": Patient(42, "female"),
        "requests": [
            (
                "Physical therapy, 3 times a week for 6 weeks (18 visits), lumbar spine was the original request. Physical "
                "therapy, 6 visits, lumbar spine was authorized by the Claims Administrator. The remaining IMR eligible "
                "portion of the original request, physical therapy, 12 visits, lumbar spine is",
                "physical therapy, 12 visits, lumbar spine",
                "upheld",
            ),
            (
                "Psychological evaluation with psychometric testing (4 hours) was the original request. The Claims Administrator "
                "authorized a psychological evaluation, leaving the original request IMR eligible. The original request, "
                "psychological evaluation with psychometric testing (4 hours) is",
                "psychological evaluation with psychometric testing (4 hours)",
                "overturned",
            ),
        ],
    },
}
ASSIGNED = {
    "sample-early-2014.pdf": "2014-02-07",
    "sample-intrathecal-pump.txt": "2014-02-21",
    "sample-multi-request.md": "2016-11-28",
    "sample-overturned.html": "2016-12-15",
    "sample-partial-approval.docx": "2017-01-20",
}
ERAS = {
    "notice-2013-opioid.txt": "A",
    "notice-2013-therapy.txt": "A",
    "early-2013-b-injections.txt": "B",
    "early-2013-b-knee.txt": "B",
    "issue-dispute-mri.txt": "C",
    "issue-dispute-transport.txt": "C",
    "issue-dispute-weightloss.txt": "C",
    "emg-5.txt": "D",
    "psych-care-6.txt": "D",
    "compound-topicals-3.md": "E",
    "fce-7.txt": "E",
    "hwave-7.md": "E",
    "restoration-1.txt": "E",
    "gabapentin-5.txt": "F",
    "fusion-6.md": "F",
    "consult-1.txt": "F",
}
# Of every format era, what the letter gave; the partial approvals among them with their item.
FIRST_ITEMS = {
    "issue-dispute-mri.txt": "repeat MRI of the lumbar spine without contrast",
    "early-2013-b-knee.txt": "Right total knee arthroplasty",
    "notice-2013-therapy.txt": "post-operative physical therapy, 12 visits, left knee",
    "pump-refill-2.txt": "intrathecal pump refill and reprogramming x 4",
    "medication-panel-6.txt": "naproxen sodium 550mg, 5 refills",
    "stimulator-trial-3.txt": "SPINAL CORD STIMUALTOR TRIAL, PERCUTANEOUS, 2 LEADS",
    "stimulator-permanent-4.txt": "Permanent implantation of spinal cord stimulator",
    "hwave-7.md": "Home H-wave device, purchase",
}


def layout_of(path: Path) -> tuple[str, Layout]:
    text = read_letter(path).text
    return text, parse_layout(text)


@pytest.mark.parametrize("name", SAMPLES)
def test_layout_sample_era(samples: Path, name: str) -> None:
    assert layout_of(samples / name)[1].era == SAMPLES[name]["era"]


@pytest.mark.parametrize("name", SAMPLES)
def test_layout_sample_header(samples: Path, name: str) -> None:
    _, layout = layout_of(samples / name)
    header = layout.header
    assert layout.header_found
    assert (
        header.case_number,
        header.date_of_injury,
        header.decision_date,
        header.ur_denial_date,
        header.application_received,
        header.priority,
    ) == SAMPLES[name]["header"]
    if name in ASSIGNED:  # the 2013 notice has this date in prose only
        assert header.date_assigned == ASSIGNED[name]


@pytest.mark.parametrize("name", SAMPLES)
def test_layout_sample_people(samples: Path, name: str) -> None:
    _, layout = layout_of(samples / name)
    assert layout.reviewer == SAMPLES[name]["reviewer"]
    assert layout.patient == SAMPLES[name]["patient"]


@pytest.mark.parametrize("name", SAMPLES)
def test_layout_sample_requests(samples: Path, name: str) -> None:
    text, layout = layout_of(samples / name)
    assert layout.is_determination
    assert layout.reason is None
    assert [(text[slice(*request.title)], text[slice(*request.item)], request.decision) for request in layout.requests] == [
        (title, item or title, decision) for title, item, decision in SAMPLES[name]["requests"]
    ]


def test_layout_sample_partial_approvals(samples: Path) -> None:
    text, layout = layout_of(samples / "sample-partial-approval.docx")
    assert [
        (text[slice(*request.original or (0, 0))], text[slice(*request.authorized or (0, 0))]) for request in layout.requests
    ] == [
        ("Physical therapy, 3 times a week for 6 weeks (18 visits), lumbar spine", "Physical therapy, 6 visits, lumbar spine"),
        ("Psychological evaluation with psychometric testing (4 hours)", "a psychological evaluation"),
    ]


@pytest.mark.parametrize(
    ("name", "index", "opening", "close"),
    [
        ("sample-2013-notice.txt", 1, "The MTUS accepts cyclobenzaprine", "is not medically necessary and appropriate."),
        ("sample-2013-notice.txt", 3, "Under the acupuncture guidelines,", "is not medically necessary and appropriate."),
        ("sample-early-2014.pdf", 1, "Programs of this kind are open,", "is not medically necessary and appropriate."),
        ("sample-intrathecal-pump.txt", 1, "This patient has burning leg", "Recommendation is for denial."),
        ("sample-multi-request.md", 3, "ACOEM and ODG reserve surgery", "of the arthroscopy is not established."),
        ("sample-multi-request.md", 4, "This unit was meant for", "the unit falls with it."),
        ("sample-overturned.html", 1, "Yes, the left knee MRI", "the request was medically necessary."),
        ("sample-partial-approval.docx", 1, "For a lumbar sprain, ODG", "are therefore not medically necessary."),
    ],
)
def test_layout_sample_rationales(samples: Path, name: str, index: int, opening: str, close: str) -> None:
    text, layout = layout_of(samples / name)
    rationale = text[slice(*layout.requests[index - 1].rationale or (0, 0))]
    assert rationale.startswith(opening)
    assert rationale.endswith(close)


@pytest.mark.parametrize("name", ERAS)
def test_layout_project_letter_era(samples: Path, name: str) -> None:
    assert layout_of(samples / name)[1].era == ERAS[name]


@pytest.mark.parametrize("name", FIRST_ITEMS)
def test_layout_project_letter_first_item(samples: Path, name: str) -> None:
    text, layout = layout_of(samples / name)
    assert text[slice(*layout.requests[0].item)] == FIRST_ITEMS[name]


def test_layout_sections_of_a_sample(samples: Path) -> None:
    text, layout = layout_of(samples / "sample-multi-request.md")
    block_kinds = ["request_title", "claims_administrator_guideline", "maximus_guideline", "rationale"]
    assert [(section.kind, section.request) for section in layout.sections] == [
        *((kind, None) for kind in ("header", "how_made", "credentials", "case_summary", "issues")),
        *((kind, number) for number in (1, 2, 3, 4) for kind in block_kinds),
    ]
    by_kind = {section.kind: text[section.start : section.end] for section in layout.sections}
    assert by_kind["credentials"].startswith("State(s) of Licensure:")
    assert by_kind["header"].startswith("Case Number:")
    for words in by_kind.values():  # headings are outside
        assert "CLINICAL CASE SUMMARY" not in words
        assert "HOW THE IMR FINAL DETERMINATION" not in words


def test_layout_case_summary_of_a_2013_notice_ends_before_the_documents(samples: Path) -> None:
    text, layout = layout_of(samples / "sample-2013-notice.txt")
    (summary,) = [text[section.start : section.end] for section in layout.sections if section.kind == "case_summary"]
    assert summary.endswith('the requests are non-certified."')
    (documents,) = [text[section.start : section.end] for section in layout.sections if section.kind == "documents_reviewed"]
    assert documents.startswith("The reviewer had the following papers")
    assert documents.endswith("Medical Treatment Utilization Schedule")


def test_layout_sections_of_every_project_letter_are_sound(samples: Path) -> None:
    for path in letters(samples):
        text, layout = layout_of(path)
        assert layout.sections, path.name
        starts = [section.start for section in layout.sections]
        assert starts == sorted(starts), path.name
        for section in layout.sections:
            words = text[section.start : section.end]
            assert words, path.name
            assert words == words.strip(), path.name
        rationales = [section for section in layout.sections if section.kind == "rationale"]
        assert [section.request for section in rationales] == [request.index for request in layout.requests], path.name
        ends = [0, *(section.end for section in rationales)]
        assert all(section.start >= end for section, end in zip(rationales, ends, strict=False)), path.name


# --- line breaks have no say ----------------------------------------------------------------------------------------


def letters(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.suffix in (".txt", ".md", ".pdf", ".html", ".docx") and path.name != "README.md"
    )


def test_layout_of_every_project_letter_on_one_line_is_the_same(samples: Path) -> None:
    for path in letters(samples):
        letter = read_letter(path)
        assert in_words(*read(on_one_line(letter.source_text))) == in_words(letter.text, parse_layout(letter.text)), path.name


def test_layout_of_every_project_letter_wrapped_anew_is_the_same(samples: Path) -> None:
    generator = random.Random(20240)
    for path in letters(samples):
        letter = read_letter(path)
        expected = in_words(letter.text, parse_layout(letter.text))
        for _ in range(3):
            assert in_words(*read(wrapped(letter.source_text, generator))) == expected, path.name


def test_layout_of_marked_up_text_is_that_of_the_plain_text() -> None:
    plain = whole(block("Walnut oil"), block("Norco #60", "Overturned"))
    bold = plain.replace("Walnut oil: Upheld", "**Walnut oil: Upheld**").replace("MAXIMUS guideline:", "**MAXIMUS guideline:**")
    bold = bold.replace("Decision rationale:", "**Decision rationale:**").replace("CLINICAL CASE", "### CLINICAL CASE")
    assert in_words(*read(bold, "letter.md")) == in_words(*read(plain))


def test_layout_footers_change_nothing() -> None:
    plain = whole(block("Walnut oil"), block("Norco #60", "Overturned"))
    footer = "Final Determination Letter for IMR Case Number CM99-0000077"
    paged = plain.replace("Her knee", f"\n{footer} 2\nHer knee").replace("None is on file.", f"None is\n{footer} 3\non file.", 1)
    assert in_words(*read(paged)) == in_words(*read(plain))
    assert in_words(*read(on_one_line(paged))) == in_words(*read(plain))


# --- parts missing --------------------------------------------------------------------------------------------------


def test_layout_without_header() -> None:
    text, layout = read(whole(block("Walnut oil"), header=""))
    assert layout.is_determination
    assert not layout.header_found
    assert layout.header == Header()
    assert titles(whole(block("Walnut oil"), header="")) == ["Walnut oil"]
    assert "header" not in [section.kind for section in layout.sections]
    assert text.startswith("HOW THE IMR")


def test_layout_without_headings() -> None:
    source = "The worker is a 40 year old man.\n\n" + block("Walnut oil") + block("Norco #60")
    _, layout = read(source)
    assert layout.is_determination
    assert [request.decision for request in layout.requests] == ["upheld", "upheld"]
    assert not layout.header_found


def test_layout_of_a_request_block_alone() -> None:
    assert titles(block("Walnut oil")) == ["Walnut oil"]


def test_layout_without_case_summary_knows_no_patient() -> None:
    _, layout = read(whole(block("Walnut oil"), summary=""))
    assert layout.patient == Patient()


@pytest.mark.parametrize(
    "lead_in",
    [
        "The decisions follow:",
        "Each item in dispute is taken up in turn:",
        "The final decisions on the disputed items are set forth below:",
        "",
    ],
)
def test_layout_words_of_the_issues_lead_in_are_no_title(lead_in: str) -> None:
    issues = f"IMR ISSUES, DECISIONS AND RATIONALES\n\n{lead_in}\n\n"
    assert titles(whole(block("Walnut oil"), issues=issues)) == ["Walnut oil"]


# --- no determination -----------------------------------------------------------------------------------------------

UTILIZATION_REVIEW = (
    "UTILIZATION REVIEW DETERMINATION\n\nDate of Injury: 05/06/2009\n\nDear provider: utilization review of your "
    "request for walnut oil is complete. The request is non-certified since no trial of exercise is on file. The "
    "worker is 37 and may appeal within 30 days by the form enclosed.\n"
)
RECIPE = (
    "Walnut bread\n\nIngredients:\n1. 500 g flour\n2. 100 g walnuts\n\nKnead it. Let it rest for 2 hours. Bake it until brown.\n"
)
LOREM = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore. " * 30
FORM = "APPLICATION FOR INDEPENDENT MEDICAL REVIEW\n\nEmployee name:\nDate of Injury: 05/06/2009\n\nSign here and send it in.\n"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (UTILIZATION_REVIEW, "utilization review"),
        (RECIPE, "nothing in it reads like a determination"),
        (LOREM, "nothing in it reads like a determination"),
        (FORM, "decides no disputed request"),
        (whole(), "decides no disputed request"),
        (SUMMARY, "nothing in it reads like a determination"),
    ],
)
def test_layout_of_no_determination_gives_the_reason(source: str, words: str) -> None:
    for laid_out in (source, on_one_line(source)):
        _, layout = read(laid_out)
        assert not layout.is_determination
        assert layout.era == "unknown"
        assert words in (layout.reason or "")
        assert layout.requests == ()


# --- real letters ---------------------------------------------------------------------------------------------------


def real_pdfs(folder: Path) -> list[Path]:
    return sorted((folder / "real").glob("*.pdf"))


def test_layout_real_letters_have_a_full_header(real_letters: Path) -> None:
    for path in real_pdfs(real_letters):
        _, layout = layout_of(path)
        assert layout.header.case_number == path.stem
        assert all(getattr(layout.header, name) for name in Header.__struct_fields__), path.name
        assert layout.header_found


def test_layout_real_letters_decide_requests_with_a_rationale(real_letters: Path) -> None:
    for path in real_pdfs(real_letters):
        text, layout = layout_of(path)
        assert layout.is_determination, path.name
        assert layout.era == "F", path.name
        assert layout.requests, path.name
        for request in layout.requests:
            assert request.rationale is not None, (path.name, request.index)
            assert len(text[slice(*request.rationale)]) > 20, (path.name, request.index)
            assert len(text[slice(*request.title)]) > 3, (path.name, request.index)
        assert layout.reviewer.licensure, path.name
        assert layout.reviewer.specialties, path.name


def test_layout_real_letters_on_one_line_are_the_same(real_letters: Path) -> None:
    for path in real_pdfs(real_letters):
        letter = read_letter(path)
        assert in_words(*read(on_one_line(letter.source_text))) == in_words(letter.text, parse_layout(letter.text)), path.name


def test_layout_real_letters_wrapped_anew_are_the_same(real_letters: Path) -> None:
    generator = random.Random(1017)
    for path in real_pdfs(real_letters):
        letter = read_letter(path)
        expected = in_words(letter.text, parse_layout(letter.text))
        assert in_words(*read(wrapped(letter.source_text, generator))) == expected, path.name


def test_layout_example_letters(real_letters: Path) -> None:
    paths = sorted((real_letters / "examples").glob("*.txt"))
    if not paths:
        pytest.skip(f"no examples at {real_letters}")
    generator = random.Random(3)
    for path in paths:
        letter = read_letter(path)
        layout = parse_layout(letter.text)
        assert layout.is_determination
        assert layout.era in ("D", "E")
        assert all(request.rationale for request in layout.requests)
        expected = in_words(letter.text, layout)
        assert in_words(*read(on_one_line(letter.source_text))) == expected
        assert in_words(*read(wrapped(letter.source_text, generator))) == expected
