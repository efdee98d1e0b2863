"""The reviewer's credentials and the worker's age and sex, in the wordings of letters."""

from __future__ import annotations

from pathlib import Path

import pytest
from layout_letters import SUMMARY, block, read, whole
from unmet.ingest import read_letter
from unmet.layout import parse_layout
from unmet.layout.model import Patient, Reviewer
from unmet.layout.people import parse_patient, parse_reviewer


def reviewer(text: str) -> Reviewer:
    return parse_reviewer(text, 0, len(text))


def patient(text: str) -> Patient:
    return parse_patient(text, 0, len(text))


@pytest.mark.parametrize(
    ("text", "licensure", "specialties"),
    [
        (
            "State(s) of Licensure: California, Iowa\nCertification(s)/Specialty: Sleep Medicine, Psychiatry",
            ("California", "Iowa"),
            ("Sleep Medicine", "Psychiatry"),
        ),
        (
            "State(s) of Licensure: Texas,California Certification(s)/Specialty: Physical Medicine & "
            "Rehabilitation, Pain Management",
            ("Texas", "California"),
            ("Physical Medicine & Rehabilitation", "Pain Management"),
        ),
        (
            "State of Licensure :\nNew York\nCertification / Specialty :\nOrthopedic\nSurgery",
            ("New York",),
            ("Orthopedic Surgery",),
        ),
        ("State(s) of Licensure: Utah", ("Utah",), ()),
        ("Certification(s)/Specialty: Neurology", (), ("Neurology",)),
    ],
)
def test_people_credentials_block(text: str, licensure: tuple[str, ...], specialties: tuple[str, ...]) -> None:
    assert reviewer(text) == Reviewer(licensure=licensure, specialties=specialties)


@pytest.mark.parametrize(
    ("text", "licensure", "specialties"),
    [
        (
            "The reviewer is Board Certified in Neurology and licensed in California. He/she sees patients.",
            ("California",),
            ("Neurology",),
        ),
        (
            "The expert reviewer is Board Certified in Anesthesiology, has a subspecialty in Pain Management and is licensed to "
            "practice in California and Nevada. He/she sees patients.",
            ("California", "Nevada"),
            ("Anesthesiology", "Pain Management"),
        ),
        (
            "The doctor is board-certified in Physical Medicine and Rehabilitation and is licensed to practice medicine in Iowa, "
            "Ohio and Utah. More follows.",
            ("Iowa", "Ohio", "Utah"),
            ("Physical Medicine and Rehabilitation",),
        ),
        (
            "The reviewer is Board Certified in Neurology and Psychiatry, and is licensed in Texas. More follows.",
            ("Texas",),
            ("Neurology", "Psychiatry"),
        ),
        (
            "The reviewer is Board Certified in Neurology, is licensed to practice in California, has no tie to a party, "
            "and is paid.",
            ("California",),
            ("Neurology",),
        ),
        (
            "The reviewer is licensed in California and Illinois and Board Certified in Chiropractic Orthopedics, and is tied "
            "to no party.",
            ("California", "Illinois"),
            ("Chiropractic Orthopedics",),
        ),
        ("A doctor looked at the file.", (), ()),
        ("", (), ()),
    ],
)
def test_people_credentials_in_prose(text: str, licensure: tuple[str, ...], specialties: tuple[str, ...]) -> None:
    assert reviewer(text) == Reviewer(licensure=licensure, specialties=specialties)


@pytest.mark.parametrize(
    ("name", "licensure", "specialties"),
    [
        ("issue-dispute-mri.txt", ("California",), ("Neurology",)),
        ("issue-dispute-transport.txt", ("California", "Arizona"), ("Occupational Medicine",)),
        ("notice-2013-opioid.txt", ("California",), ("Internal Medicine",)),
        ("notice-2013-therapy.txt", ("California", "Illinois"), ("Chiropractic Orthopedics",)),
        ("emg-5.txt", ("California", "Texas"), ("Neurology", "Clinical Neurophysiology")),
        ("stimulator-trial-3.txt", ("Texas", "California"), ("Anesthesiology", "Pain Medicine")),
        ("hwave-7.md", ("California", "Texas", "Florida"), ("Occupational Medicine",)),
    ],
)
def test_people_credentials_of_project_letters(
    samples: Path, name: str, licensure: tuple[str, ...], specialties: tuple[str, ...]
) -> None:
    layout = parse_layout(read_letter(samples / name).text)
    assert layout.reviewer == Reviewer(licensure=licensure, specialties=specialties)


def test_people_credentials_end_where_the_next_heading_begins() -> None:
    _, layout = read(whole(block("Walnut oil")))
    assert layout.reviewer == Reviewer(licensure=("California", "Iowa"), specialties=("Sleep Medicine", "Psychiatry"))


@pytest.mark.parametrize(
    ("text", "age", "sex"),
    [
        ("The patient is a 37 year old female who fell.", 37, "female"),
        ("The patient is a 37-year-old man who fell.", 37, "male"),
        ("This 61 year-old male worker fell.", 61, "male"),
        ("Claimant: 51-year-old woman, picker.", 51, "female"),
        ("The patient is a 49 YO female whose knee aches.", 49, "female"),
        ("The worker is a 33 y/o male.", 33, "male"),
        ("The worker is a 33 y.o. lady.", 33, "female"),
        ("The employee, a custodian aged 58 (female), slipped.", 58, "female"),
        ("The worker, 44 years of age, is a gentleman.", 44, "male"),
        ("A 52\nyear\nold\nfemale baker.", 52, "female"),
        ("The worker is a 40 year old. She fell. Her knee aches and she limps.", 40, "female"),
        ("The worker is a 40 year old. He fell. His knee aches and he limps.", 40, "male"),
        ("The worker has a 19 year history of pain. He is a 45 year old male.", 45, "male"),
        ("The knee has ached for 12 years. No age is given.", None, None),
        ("The pain is 7/10 and 3 years old. A 28 year old male fell.", 28, "male"),
        ("", None, None),
    ],
)
def test_people_age_and_sex(text: str, age: int | None, sex: str | None) -> None:
    assert patient(text) == Patient(age=age, sex=sex)  # type: ignore[arg-type]


def test_people_patient_is_read_from_the_case_summary_alone() -> None:
    summary = "CLINICAL CASE SUMMARY\n\nThe knee aches.\n\n"
    rationale = "Studies looked at a 70 year old man. The request is not medically necessary."
    _, layout = read(whole(block("Walnut oil", rationale=rationale), summary=summary))
    assert layout.patient == Patient()
    _, layout = read(whole(block("Walnut oil", rationale=rationale), summary=SUMMARY))
    assert layout.patient == Patient(age=37, sex="female")
