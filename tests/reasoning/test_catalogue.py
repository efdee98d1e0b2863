"""The guideline catalogue: data that hold together, links of criteria to it, and statements of silence that it disputes."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from unmet import load
from unmet.assemble import assemble
from unmet.errors import KnowledgeError
from unmet.ingest.read import letter_from_bytes
from unmet.knowledge import codes, load_yaml
from unmet.layout.guideline_line import Citation
from unmet.reading import determine
from unmet.reasoning.catalogue import Asked, Edition, Entry, Family, Governing, checked, link, load_catalogue, named_editions
from unmet.reasoning.silence import SILENCE_DISPUTED
from unmet.record import Determination, Model

if TYPE_CHECKING:
    from spacy.language import Language

DAY = dt.date(2017, 2, 14)
CHRONIC_PAIN = Citation(body="MTUS", chapter="Chronic Pain Medical Treatment", edition="2016")
LOW_BACK = Citation(body="MTUS", chapter="Low Back Complaints", edition="2004")
ALL_ENTRIES = [entry for family in load_catalogue().families.values() for entry in family.criteria]


# --- the data ------------------------------------------------------------------------------------------------------


def test_catalogue_covers_nearly_all_families() -> None:
    families = load_catalogue().families
    assert len(families) >= 30
    assert families.keys() <= codes("treatment_family")
    assert all(family.guidelines and family.criteria for family in families.values())


def test_catalogue_ids_are_unique_and_name_their_family() -> None:
    ids = [entry.id for entry in ALL_ENTRIES]
    assert len(set(ids)) == len(ids)
    for name, family in load_catalogue().families.items():
        assert all(re.fullmatch(rf"{name}\.[a-z0-9_]+", entry.id) for entry in family.criteria)


def test_catalogue_criteria_have_codes_of_the_taxonomy() -> None:
    assert {entry.type for entry in ALL_ENTRIES} <= codes("criterion_type")


def test_catalogue_texts_are_short_sentences() -> None:
    for entry in ALL_ENTRIES:
        assert 10 <= len(entry.text) <= 200, entry.id
        assert entry.text.endswith("."), entry.id


def test_catalogue_says_of_all_it_holds_how_it_was_verified() -> None:
    catalogue = load_catalogue()
    held = [*catalogue.editions.values(), *ALL_ENTRIES]
    for family in catalogue.families.values():
        held += family.guidelines
    assert {one.verified for one in held} == {"letters", "general"}
    assert all((one.letters > 0) == (one.verified == "letters") for one in held)


def test_catalogue_pages_seen_in_letters_are_among_the_pages() -> None:
    for family in load_catalogue().families.values():
        for guideline in family.guidelines:
            ranges = [tuple(map(int, (pages.split("-") * 2)[:2])) for pages in guideline.pages]
            for page in guideline.pages_seen:
                assert any(first <= int(page.split("-")[0]) <= last for first, last in ranges), (family.family, page)


def test_catalogue_editions_of_a_chapter_do_not_overlap() -> None:
    by_chapter: dict[tuple[str, str], list[Edition]] = {}
    for edition in load_catalogue().editions.values():
        assert edition.first is None or edition.last is None or edition.first < edition.last
        by_chapter.setdefault((edition.body, edition.chapter), []).append(edition)
    for editions in by_chapter.values():
        days = sorted((edition.first or dt.date.min, edition.last or dt.date.max) for edition in editions)
        assert all(before[1] < after[0] for before, after in pairwise(days))


def test_catalogue_regions_are_body_parts_of_the_lexicon() -> None:
    known = {part["canonical"] for part in load_yaml("anatomy.yaml")["body_parts"]}
    catalogue = load_catalogue()
    regions = {part for edition in catalogue.editions.values() for part in edition.regions}
    regions |= {part for family in catalogue.families.values() for one in family.guidelines for part in one.regions}
    assert regions <= known


def test_catalogue_mtus_chapters_are_those_that_citations_name() -> None:
    known = {chapter["name"] for chapter in load_yaml("guidelines.yaml")["chapters"]} | {"Drug Formulary"}
    assert {edition.chapter for edition in load_catalogue().editions.values() if edition.body == "MTUS"} <= known


def family_of(**changes: Any) -> Family:
    entry = {
        "id": "massage.visits",
        "type": "quantity_limit",
        "text": "A few visits.",
        "logic": "all",
        "under": {"one": ()},
        "verified": "general",
    }
    governing = Governing(id="one", verified="general")
    return Family(family=changes.pop("family", "massage"), guidelines=(governing,), criteria=(Entry(**(entry | changes)),))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"type": "wishes"}, "unknown criterion type"),
        ({"family": "magic"}, "unknown treatment family"),
        ({"under": {"two": ()}}, "stands under no guideline of the family"),
        ({"under": {}}, "stands under no guideline of the family"),
        ({"verified": "letters"}, "verified in letters"),
        ({"letters": 3}, "verified in letters"),
    ],
)
def test_catalogue_refuses_what_does_not_hold_together(changes: dict[str, Any], problem: str) -> None:
    edition = Edition(id="one", body="MTUS", chapter="Low Back Complaints", verified="general")
    assert checked([edition], {"massage.yaml": family_of()})
    with pytest.raises(KnowledgeError, match=problem):
        checked([edition], {"massage.yaml": family_of(**changes)})


def test_catalogue_refuses_an_id_given_twice() -> None:
    edition = Edition(id="one", body="MTUS", chapter="Low Back Complaints", verified="general")
    with pytest.raises(KnowledgeError, match="given twice"):
        checked([edition], {"a.yaml": family_of(), "b.yaml": family_of()})
    with pytest.raises(KnowledgeError, match="given twice"):
        checked([edition, edition], {})


# --- editions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edition", "day", "expected"),
    [
        (None, dt.date(2015, 5, 1), ["mtus.chronic_pain.2009"]),
        (None, dt.date(2017, 2, 14), ["mtus.chronic_pain.2016"]),
        ("2009", dt.date(2017, 2, 14), ["mtus.chronic_pain.2009"]),
        (None, None, ["mtus.chronic_pain.2009", "mtus.chronic_pain.2016"]),
    ],
)
def test_catalogue_edition_is_the_one_printed_else_that_of_the_day(
    edition: str | None, day: dt.date | None, expected: list[str]
) -> None:
    citation = Citation(body="MTUS", chapter="Chronic Pain Medical Treatment", edition=edition)
    assert [one.id for one in named_editions(citation, day)] == expected


@pytest.mark.parametrize(
    ("citation", "expected"),
    [
        (Citation(body="ODG", chapter="Knee & Leg (Acute & Chronic)"), "odg.knee"),
        (Citation(body="ODG", chapter="Low Back - Lumbar & Thoracic"), "odg.low_back"),
        (Citation(body="ACOEM", chapter="Low Back Complaints"), "mtus.low_back.2004"),
        (Citation(body="ACOEM", chapter="Hip and Groin"), "acoem.hip"),
    ],
)
def test_catalogue_knows_chapters_by_their_spellings(citation: Citation, expected: str) -> None:
    assert [one.id for one in named_editions(citation, DAY)] == [expected]


def test_catalogue_does_not_guess_a_guideline() -> None:
    assert named_editions(Citation(body="journal", sections=("Spine 2011; 36: 320",)), DAY) == []
    assert named_editions(Citation(body="MTUS"), DAY) == []


# --- links ---------------------------------------------------------------------------------------------------------


def asked(family: str, name: str, words: str, **fields: Any) -> Asked:
    return Asked(family=family, type=name, words=words, **({"stated": True, "decided": DAY} | fields))


def test_catalogue_link_tells_criteria_of_one_type_apart() -> None:
    def visits(words: str) -> str | None:
        return link(asked("physical_therapy", "quantity_limit", words, reviewer=(CHRONIC_PAIN,))).entry

    assert visits("nine to ten visits for myositis") == "physical_therapy.visits_myalgia"
    assert visits("eight to ten visits for radiculitis") == "physical_therapy.visits_neuralgia"


def test_catalogue_link_needs_a_guideline_that_has_the_criterion() -> None:
    words = "must be corroborated by imaging"
    assert link(asked("epidural_injection", "diagnostic_corroboration", words, reviewer=(LOW_BACK,))).entry
    stress = Citation(body="MTUS", chapter="Stress-Related Conditions", edition="2004")
    assert link(asked("epidural_injection", "diagnostic_corroboration", words, reviewer=(stress,))) == (None, stress)
    assert link(asked("epidural_injection", "diagnostic_corroboration", words)) == (None, None)


def test_catalogue_link_stands_under_the_citation_before_the_statement() -> None:
    odg = Citation(body="ODG", chapter="Low Back")
    found = link(asked("epidural_injection", "exam_findings", "radicular signs", near=(odg,), reviewer=(LOW_BACK, odg)))
    assert found.citation == odg
    assert found.entry == "epidural_injection.radiculopathy_on_exam"


def test_catalogue_link_by_the_name_of_a_body_alone_takes_what_the_line_cites_of_it() -> None:
    bare = Citation(body="ACOEM")
    found = link(asked("advanced_imaging", "red_flags", "a red flag", near=(bare,), reviewer=(CHRONIC_PAIN, LOW_BACK)))
    assert found == ("advanced_imaging.red_flag", LOW_BACK)


def test_catalogue_link_follows_the_administrator_only_where_the_reviewer_names_nothing() -> None:
    question = asked("advanced_imaging", "red_flags", "no red flag", stated=False, administrator=(LOW_BACK,))
    assert link(question).entry == "advanced_imaging.red_flag"
    assert link(question._replace(reviewer=(Citation(body="journal", sections=("x",)),))).entry is None


def test_catalogue_link_fills_in_the_edition_of_the_day() -> None:
    undated = Citation(body="MTUS", chapter="Chronic Pain Medical Treatment", pages=("46",))
    question = asked("epidural_injection", "quantity_limit", "two nerve root levels", reviewer=(undated,))
    before = link(question._replace(decided=dt.date(2014, 6, 2)))
    assert before.entry == "epidural_injection.levels"
    assert before.citation is not None
    assert before.citation.edition == "2009"
    # The edition of 2016 leaves these injections to another chapter.
    assert link(question).entry is None


# --- whole letters -------------------------------------------------------------------------------------------------

LETTER = """MAXIMUS FEDERAL SERVICES, INC.
Independent Medical Review
P.O. Box 138009

Case Number: CM99-0000417 Date Assigned: 01/05/2017
Date of Injury: 03/02/2015 Decision Date: {date}
Priority: Standard UR Denial Date: 12/01/2016
Application Received: 12/12/2016

HOW THE IMR FINAL DETERMINATION WAS MADE

MAXIMUS Federal Services sent the case to a physician reviewer.

CLINICAL CASE SUMMARY

The patient is a 44 year old female florist who hurt herself when a shelf gave way. She has had six therapy visits and naproxen.

IMR ISSUES, DECISIONS AND RATIONALES

The Final Determination was based on decisions for the disputed items/services set forth below:

1. {title}: Upheld

Claims Administrator guideline: The Claims Administrator did not cite any medical evidence for its decision.

MAXIMUS guideline: {line}

Decision rationale: {rationale}
"""


@cache
def rules() -> Language:
    return load("rules")


def read(title: str, line: str, rationale: str, date: str = "02/14/2017") -> Determination:
    letter = LETTER.format(title=title, line=line, rationale=rationale, date=date)
    return determine(letter_from_bytes(letter.encode(), "letter.txt"), nlp=rules())


MTUS_LINE = "Decision based on MTUS Low Back Complaints 2004, Section(s): Special Studies."
ODG_LINE = (
    "The Expert Reviewer based their decision on recommendation(s) outside of the MTUS Guidelines. "
    "Decision based on Non-MTUS Citation ODG, {chapter}."
)


def test_catalogue_record_names_entry_and_guideline_of_a_criterion() -> None:
    rationale = (
        "The MTUS reserves imaging of the spine for patients with unequivocal findings that identify specific nerve compromise "
        "on the neurologic examination. There is no documentation of a neurological deficit. The request is not "
        "medically necessary."
    )
    (request,) = read("MRI of the lumbar spine", MTUS_LINE, rationale).requests
    criterion = next(one for one in request.criteria if one.type == "exam_findings")
    assert criterion.catalogue_id == "advanced_imaging.nerve_compromise"
    assert criterion.guideline is not None
    assert (criterion.guideline.chapter, criterion.guideline.edition) == ("Low Back Complaints", "2004")


def test_catalogue_record_of_a_letter_without_guideline_has_no_link() -> None:
    rationale = "She has no neurological deficit on examination. The request is not medically necessary."
    line = "The Expert Reviewer did not cite any medical evidence for its decision."
    (request,) = read("MRI of the lumbar spine", line, rationale).requests
    assert request.criteria
    assert all(one.catalogue_id is None and one.guideline is None for one in request.criteria)


def test_catalogue_links_survive_a_saved_doc() -> None:
    rationale = "The MTUS is silent on lumbar X-rays. There is no documentation of a red flag. Not medically necessary."
    letter = letter_from_bytes(
        LETTER.format(title="X-rays of the lumbar spine", line=MTUS_LINE, rationale=rationale, date="02/14/2017").encode(),
        "l.txt",
    )
    nlp = rules()
    doc = nlp(letter.text)
    again = type(doc)(nlp.vocab).from_bytes(doc.to_bytes())
    model = Model(name="rules", version="0")
    assert msgspec.to_builtins(assemble(letter, again, model)) == msgspec.to_builtins(assemble(letter, doc, model))


def silences(title: str, rationale: str, *, chapter: str = "Pain", date: str = "02/14/2017") -> list[str]:
    warnings = read(
        title, ODG_LINE.format(chapter=chapter), f"{rationale} The request is not medically necessary.", date
    ).warnings
    return [one.span.text for one in warnings if one.code == SILENCE_DISPUTED and one.span is not None]


@pytest.mark.parametrize(
    ("title", "rationale"),
    [
        ("X-rays of the lumbar spine", "The MTUS is silent on lumbar X-rays, so the ODG was consulted."),
        ("MRI of the left shoulder", "MTUS and ACOEM are silent with regard to this request."),
        ("MRI of the lumbar spine", "The California MTUS/ACOEM Guidelines do not address this request."),
        ("MRI of the cervical spine", "ACOEM does not specifically discuss MRI of the cervical spine."),
        ("Lidocaine 5% ointment, one tube", "The MTUS does not address the requested medication."),
        ("Acupuncture, 6 visits", "Acupuncture is not addressed by the MTUS."),
        ("Norco 10/325 mg #60", "The MTUS has no recommendations regarding Norco. The ODG does."),
    ],
)
def test_silence_is_disputed_where_letters_cite_a_chapter(title: str, rationale: str) -> None:
    (span,) = silences(title, rationale)
    assert re.search("MTUS|ACOEM", span)


@pytest.mark.parametrize(
    ("title", "rationale"),
    [
        # Chapters about other parts of the body, other treatments, another body of guidelines.
        ("MRI of the right hip", "The MTUS is silent on MRI of the hip."),
        ("X-rays of the pelvis", "The California MTUS and ACOEM Guidelines do not address this request."),
        ("Platelet rich plasma injection, right knee", "The MTUS does not address this request."),
        ("Standard wheelchair, two month rental", "The California MTUS/ACOEM Guidelines do not address."),
        ("Right total knee arthroplasty", "The MTUS is silent on this request."),
        ("MRI of the lumbar spine", "The ODG is silent on this request."),
        ("MRI of the lumbar spine", "The MTUS is silent on weight loss programs."),
        # No statement of silence on the treatment.
        ("MRI of the lumbar spine", "The claims administrator did not cite the MTUS."),
        ("MRI of the lumbar spine", "The decision is based on recommendations outside of the MTUS."),
        ("MRI of the lumbar spine", "The MTUS does not recommend routine MRI of the lumbar spine."),
        ("MRI of the lumbar spine", "The provider is silent on red flags. The MTUS asks for them."),
        ("MRI of the lumbar spine", "The MTUS asks for red flags, which the report does not discuss."),
        # Details, and cases that the chapter leaves out.
        ("Physical therapy, 8 visits", "The MTUS does not address the number of visits after a fracture."),
        ("Diazepam 5 mg #10", "The MTUS does not address benzodiazepines for acute pain."),
        ("Urine drug test", "The MTUS does not specifically discuss the frequency of testing."),
        # Somebody else says it.
        ("MRI of the lumbar spine", "Utilization review denied the request because the MTUS is silent on MRI."),
    ],
)
def test_silence_is_left_alone_where_it_cannot_be_disputed(title: str, rationale: str) -> None:
    assert silences(title, rationale) == []


def test_silence_in_a_guideline_line_is_disputed() -> None:
    line = "The MTUS is silent on this request. Decision based on Non-MTUS Citation ODG, Low Back, Radiography."
    rationale = "There is no documentation of a red flag. The request is not medically necessary."
    warnings = read("X-rays of the lumbar spine", line, rationale).warnings
    assert [one.code for one in warnings] == [SILENCE_DISPUTED]
    assert "Low Back Complaints" in warnings[0].message


def test_silence_is_measured_by_the_editions_of_the_day() -> None:
    rationale = "The MTUS is silent on lumbar X-rays, so the ODG was consulted."
    assert silences("X-rays of the lumbar spine", rationale, date="02/14/2017")
    # The chapter of 2004 went out of force at the end of November 2017.
    assert silences("X-rays of the lumbar spine", rationale, date="02/14/2018") == []


def test_silence_of_a_guideline_does_not_make_criteria_stand_under_it() -> None:
    rationale = (
        "The MTUS is silent on hip films. X-rays are indicated for patients who sustained a severe injury. "
        "There is no documentation of a severe injury. The request is not medically necessary."
    )
    (request,) = read("X-rays of the right hip", ODG_LINE.format(chapter="Hip & Pelvis, X-Ray"), rationale).requests
    assert {one.guideline.body for one in request.criteria if one.guideline} == {"ODG"}
