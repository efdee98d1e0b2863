"""Guideline lines: which guideline a party relied on, in the style to 2016 and in the one after."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.layout.guideline_line import Citation, GuidelineLine, canonical_chapter, parse_guideline_line

NO_CITATION = GuidelineLine(mtus=None, citations=())
PIECES = st.sampled_from(
    [
        *(
            "Decision based on",
            "MTUS",
            "Non-MTUS Citation",
            "Official Disability Guidelines (ODG)",
            "ACOEM",
            "Low Back Complaints",
        ),
        *("2004", ",", "Section(s):", "and", "Page(s):", "53;", "55", "(", ")", "Chapter", "12", "part of the MTUS", "The", "-"),
        *(
            "Chronic Pain Medical Treatment 2016",
            "Expert Reviewer based",
            "pg.",
            "pp. 3-9",
            ";",
            ":",
            ".",
            "www.example.org/a?b",
            "Ed.",
        ),
        *(
            "did not cite any medical evidence",
            "outside of the MTUS",
            "Other Medical Treatment Guidelines:",
            "et al. J Bone",
            "\u2013",
        ),
    ]
)


def citation(
    body: str, chapter: str | None, edition: str | None, sections: tuple[str, ...] = (), pages: tuple[str, ...] = ()
) -> Citation:
    return Citation(body=body, chapter=chapter, edition=edition, sections=sections, pages=pages)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "Decision based on MTUS Low Back Complaints 2004.",
            [citation("MTUS", "Low Back Complaints", "2004")],
        ),
        (
            "Decision based on MTUS Knee Complaints 2004, Section(s): Orchard Work, Diagnostic Criteria.",
            [citation("MTUS", "Knee Complaints", "2004", ("Orchard Work", "Diagnostic Criteria"))],
        ),
        (
            "Decision based on MTUS Low Back Complaints 2004, Section(s): Ladder Work, and Chronic Pain Medical "
            "Treatment 2016, Section(s): Epidural steroid injections (ESIs).",
            [
                citation("MTUS", "Low Back Complaints", "2004", ("Ladder Work",)),
                citation("MTUS", "Chronic Pain Medical Treatment", "2016", ("Epidural steroid injections (ESIs)",)),
            ],
        ),
        (
            "Decision based on MTUS Chronic Pain Medical Treatment 2016, Section(s): NSAIDs, GI symptoms & cardiovascular risk, "
            "Opioids, criteria for use.",
            [
                citation(
                    "MTUS",
                    "Chronic Pain Medical Treatment",
                    "2016",
                    ("NSAIDs, GI symptoms & cardiovascular risk", "Opioids, criteria for use"),
                )
            ],
        ),
        (
            "Decision based on MTUS Forearm, Wrist, and Hand Complaints 2004, Section(s): Orchard Work.",
            [citation("MTUS", "Forearm, Wrist, and Hand Complaints", "2004", ("Orchard Work",))],
        ),
        (
            "Decision based on MTUS Opioid Treatment 2016, Section(s): 3.3 Starting a Trial, 4.1 Tapering, Stopping.",
            [citation("MTUS", "Opioid Treatment", "2016", ("3.3 Starting a Trial", "4.1 Tapering, Stopping"))],
        ),
    ],
)
def test_guideline_line_with_sections(line: str, expected: list[Citation]) -> None:
    assert parse_guideline_line(line) == GuidelineLine(mtus=True, citations=tuple(expected))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "Decision based on MTUS Chronic Pain Treatment Guidelines Topical Analgesics Page(s): 111-113.",
            [citation("MTUS", "Chronic Pain Medical Treatment", None, ("Topical Analgesics",), ("111-113",))],
        ),
        (
            "Decision based on MTUS Chronic Pain Treatment Guidelines Opioids, criteria for use; "
            "Muscle relaxants Page(s): 76; 63.",
            [
                citation(
                    "MTUS",
                    "Chronic Pain Medical Treatment",
                    None,
                    ("Opioids, criteria for use", "Muscle relaxants"),
                    ("76", "63"),
                )
            ],
        ),
        (
            "Decision based on MTUS ACOEM Chapter 12 Low Back Complaints Page(s): 303-305.",
            [citation("MTUS", "Low Back Complaints", None, (), ("303-305",))],
        ),
        (
            "The Claims Administrator cited the Chronic Pain Medical Treatment Guidelines (2009), pg. 41-42, part of the MTUS.",
            [citation("MTUS", "Chronic Pain Medical Treatment", "2009", (), ("41-42",))],
        ),
    ],
)
def test_guideline_line_with_pages(line: str, expected: list[Citation]) -> None:
    assert parse_guideline_line(line) == GuidelineLine(mtus=True, citations=tuple(expected))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "Decision based on Non-MTUS Citation Official Disability Guidelines (ODG), Low Back, Epidural steroid injections.",
            citation("ODG", "Low Back", None, ("Epidural steroid injections",)),
        ),
        (
            "Decision based on Non-MTUS Citation ODG, Knee & Leg Chapter, Knee joint replacement.",
            citation("ODG", "Knee & Leg", None, ("Knee joint replacement",)),
        ),
        (
            "Decision based on Non-MTUS Citation Official Disability Guidelines (ODG) Pain, "
            "Implantable drug-delivery systems (IDDSs).",
            citation("ODG", "Pain", None, ("Implantable drug-delivery systems (IDDSs)",)),
        ),
    ],
)
def test_guideline_line_outside_of_the_mtus(line: str, expected: Citation) -> None:
    assert parse_guideline_line(line) == GuidelineLine(mtus=False, citations=(expected,))


def test_guideline_line_of_several_bodies() -> None:
    line = (
        "Decision based on MTUS Shoulder Complaints 2004, Section(s): Grafting of Trees. "
        "Decision based on Non-MTUS Citation Official Disability Guidelines (ODG), Shoulder, Surgery for impingement syndrome."
    )
    assert parse_guideline_line(line) == GuidelineLine(
        mtus=True,
        citations=(
            citation("MTUS", "Shoulder Complaints", "2004", ("Grafting of Trees",)),
            citation("ODG", "Shoulder", None, ("Surgery for impingement syndrome",)),
        ),
    )


@pytest.mark.parametrize(
    "line",
    [
        "The Claims Administrator did not cite any medical evidence for its decision.",
        "The Expert Reviewer did not cite any medical evidence for its decision.",
        "The Claims Administrator did not cite any evidence-based criteria.",
        "The Claims Administrator did not cite a guideline.",
        "",
        " \n ",
    ],
)
def test_guideline_line_that_names_none_is_unknown(line: str) -> None:
    assert parse_guideline_line(line) == NO_CITATION


def test_guideline_line_that_denies_the_mtus_and_names_no_other() -> None:
    line = "The Expert Reviewer based their decision on recommendation(s) outside of the MTUS Guidelines."
    assert parse_guideline_line(line) == GuidelineLine(mtus=False, citations=())


def test_guideline_line_not_the_mtus_but_another() -> None:
    line = (
        "The Expert Reviewer did not base their decision on the MTUS. Decision based on Non-MTUS Citation "
        "Official Disability Guidelines (ODG), PAIN CHAPTER, Implantable drug-delivery systems"
    )
    found = parse_guideline_line(line)
    assert found.mtus is False
    assert [(one.body, (one.chapter or "").upper()) for one in found.citations] == [("ODG", "PAIN")]


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("Decision based on Non-MTUS Citation www.example.org/walnuts", "web"),
        ("Decision based on Non-MTUS Citation Official Disability Guidelines", "ODG"),
        ("Decision based on Non-MTUS Citation UpToDate, Walnut allergy", "UpToDate"),
        ("Decision based on Non-MTUS Citation ACOEM Practice Guidelines, 3rd Edition", "ACOEM"),
        ("Decision based on Non-MTUS Citation Apple B, et al. J Walnut Res. 2009", "journal"),
        ("Decision based on Non-MTUS Citation A handbook of orchards", "other"),
    ],
)
def test_guideline_line_names_the_issuing_body(line: str, body: str) -> None:
    found = parse_guideline_line(line)
    assert [one.body for one in found.citations] == [body]
    assert found.mtus is False


@pytest.mark.parametrize(
    ("printed", "canonical"),
    [
        ("Chronic Pain Treatment Guidelines", "Chronic Pain Medical Treatment"),
        ("low  back complaints", "Low Back Complaints"),
        ("Walnut Complaints", "Walnut Complaints"),
    ],
)
def test_guideline_line_chapter_names(printed: str, canonical: str) -> None:
    assert canonical_chapter(printed) == canonical


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=25).map(" ".join)))
def test_guideline_line_any_text_is_read(line: str) -> None:
    found = parse_guideline_line(line)
    for one in found.citations:
        assert one.body
        assert one.chapter is None or one.chapter.strip()
        assert one.edition is None or one.edition.strip()
        assert all(part.strip() for part in (*one.sections, *one.pages))
    assert found.mtus in (None, any(one.body == "MTUS" for one in found.citations))


@given(st.lists(PIECES, max_size=25), st.sampled_from(["\n", "  ", " \n  ", "\t"]))
def test_guideline_line_does_not_depend_on_the_whitespace_layout(pieces: list[str], blank: str) -> None:
    line = " ".join(pieces)
    assert parse_guideline_line(line.replace(" ", blank)) == parse_guideline_line(line)
