"""Regimens beside drugs, what is no drug, and the medications that a record counts."""

from __future__ import annotations

from typing import Any

import pytest
import unmet
from unmet.components.medications import drug_named, lexicon, regimen_after, regimen_before
from unmet.ingest.read import letter_from_bytes
from unmet.reading import determine
from unmet.record import Determination, Medication

LETTER = (
    "IMR DECISION(S) AND RATIONALE(S)\n1. Acupuncture, six visits: Upheld.\nDecision rationale: {} "
    "The request is not medically necessary.\n"
)
FIELDS = ("strength", "form", "route", "frequency", "quantity", "duration", "refills", "prn")


def read(sentence: str) -> Determination:
    return determine(letter_from_bytes(LETTER.format(sentence).encode(), "letter.txt"))


def regimens(sentence: str) -> list[tuple[str, dict[str, Any]]]:
    drugs = [one for one in read(sentence).mentions if one.label == "MEDICATION" and not one.attributes.get("class")]
    return [(one.span.text, {field: one.attributes[field] for field in FIELDS if field in one.attributes}) for one in drugs]


@pytest.mark.parametrize(
    ("words", "regimen"),
    [
        (
            " 10/325mg one tab po q6h prn #120 with 2 refills",
            {
                **{"strength": "10/325mg", "form": "tab", "route": "po", "frequency": "q6h", "prn": True, "quantity": "#120"},
                "refills": "2 refills",
            },
        ),
        (" ER 12.5 mg, qty: 30", {"form": "ER", "strength": "12.5 mg", "quantity": "30"}),
        (" ER 50 mg tablets", {"form": "tablets", "strength": "50 mg"}),
        (" 500 mg, 60 tablets", {"strength": "500 mg", "quantity": "60 tablets"}),
        (" 20 mcg/hr patch every 7 days", {"strength": "20 mcg/hr", "form": "patch", "frequency": "every 7 days"}),
        (" 2 mg b.i.d.", {"strength": "2 mg", "frequency": "b.i.d."}),
        (" 2 mg tid.", {"strength": "2 mg", "frequency": "tid"}),
        (" sodium 275 mg twice daily", {"strength": "275 mg", "frequency": "twice daily"}),
        (" 25 mg as needed for muscle spasm #40", {"strength": "25 mg", "prn": True, "quantity": "#40"}),
        (" gel 2%, 50 grams", {"form": "gel", "strength": "2%", "quantity": "50 grams"}),
        (" 17 g daily", {"strength": "17 g", "frequency": "daily"}),
        (" #15 refills x 3", {"quantity": "#15", "refills": "x 3"}),
        (" 40 mg for 14 days", {"strength": "40 mg", "duration": "for 14 days"}),
        (" cream apply to affected area nightly", {"form": "cream", "route": "apply to affected area", "frequency": "nightly"}),
        (" with pain of 6/10", {}),
        (" 150 mg for nerve pain twice daily", {"strength": "150 mg", "frequency": "twice daily"}),
        (" gave 60% relief", {}),
        (" since 11/2013", {}),
    ],
)
def test_medications_regimen_is_copied_as_printed(words: str, regimen: dict[str, Any]) -> None:
    assert regimen_after(words, 0, len(words))[0] == regimen


def test_medications_regimen_ends_at_the_first_word_that_is_none() -> None:
    words = " 10 mg was stopped and 20 mg begun"
    assert regimen_after(words, 0, len(words)) == ({"strength": "10 mg"}, len(" 10 mg"))


@pytest.mark.parametrize(
    ("words", "regimen"),
    [
        ("We deny 45 tablets of ", {"quantity": "45 tablets"}),
        ("Three refills of ", {"refills": "Three refills"}),
        ("a 4% ", {"strength": "4%"}),
        ("an oral ", {"route": "oral"}),
        ("a lotion containing ", {"form": "lotion"}),
        ("six visits and ", {}),
    ],
)
def test_medications_regimen_may_stand_before_the_name(words: str, regimen: dict[str, Any]) -> None:
    assert regimen_before(words, 0, len(words))[0] == regimen


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "Baclofen 5 mg tid #30 and oral Soma were listed.",
            [("Baclofen", {"strength": "5 mg", "frequency": "tid", "quantity": "#30"}), ("Soma", {"route": "oral"})],
        ),
        (
            "Naproxen and 4% lidocaine patches were listed.",
            [("Naproxen", {}), ("lidocaine", {"strength": "4%", "form": "patches"})],
        ),
        (
            "Zanaflex (tizanidine) 2 mg #20 was listed.",
            [("Zanaflex", {"strength": "2 mg", "quantity": "#20"}), ("tizanidine", {"strength": "2 mg", "quantity": "#20"})],
        ),
        (
            "Ketoprofen 12%, lidocaine 3% and menthol 1% in a cream base, 90 gm was listed.",
            [
                ("Ketoprofen", {"strength": "12%", "form": "cream", "quantity": "90 gm"}),
                ("lidocaine", {"strength": "3%", "form": "cream", "quantity": "90 gm"}),
                ("menthol", {"strength": "1%", "form": "cream", "quantity": "90 gm"}),
            ],
        ),
        (
            "Terocin patches (menthol 6%/lidocaine 2%) #12 were listed.",
            [
                ("Terocin", {"form": "patches", "quantity": "#12"}),
                ("menthol", {"strength": "6%", "form": "patches", "quantity": "#12"}),
                ("lidocaine", {"strength": "2%", "form": "patches", "quantity": "#12"}),
            ],
        ),
        ("Menthol topical cream bid was listed.", [("Menthol", {"route": "topical", "form": "cream", "frequency": "bid"})]),
        ("Pantoprazole sodium 40 mg was listed.", [("Pantoprazole", {"strength": "40 mg"})]),
    ],
)
def test_medications_regimen_belongs_to_the_drug_it_stands_beside(sentence: str, expected: list[Any]) -> None:
    assert regimens(sentence) == expected


@pytest.mark.parametrize(
    "words",
    [
        *("baclofen pump", "opioid agreement", "morphine equivalent dose", "opioid contract", "opioid use disorder"),
        *("opioid-induced constipation", "opioid dependence", "NSAID allergy", "opioid risk tool"),
    ],
)
def test_medications_a_name_inside_another_thing_is_no_drug(words: str) -> None:
    assert [one.span.text for one in read(f"The notes speak of the {words}.").mentions if one.label == "MEDICATION"] == []


def medications(sentence: str) -> list[Medication]:
    return read(sentence).medications


def test_medications_one_entry_per_drug_and_regimen() -> None:
    found = medications("Norco 5/325 mg #60 was cut to Norco 5/325 MG #30, and later Norco 5/325mg #60 came back.")
    assert [(one.name, one.strength, one.quantity, len(one.mentions)) for one in found] == [
        ("Norco", "5/325 mg", "#60", 2),
        ("Norco", "5/325 MG", "#30", 1),
    ]


def test_medications_a_bare_name_joins_a_regimen_of_its_drug_wherever_that_stands() -> None:
    found = medications("Soma was asked for. The note lists Soma 250 mg #20 with one refill. Soma was denied.")
    assert [(one.strength, one.quantity, one.refills, len(one.mentions)) for one in found] == [("250 mg", "#20", "one refill", 3)]


def test_medications_a_brand_and_its_generic_are_one_drug() -> None:
    found = medications("Ultram was begun in May. The tramadol helped.")
    assert [(one.name, one.ingredient, len(one.mentions)) for one in found] == [("Ultram", ["tramadol"], 2)]


def test_medications_rxcui_is_of_drugs_with_one_ingredient_only() -> None:
    found = medications("Tylenol and Norco were listed.")
    assert [(one.name, one.rxcui) for one in found] == [("Tylenol", "161"), ("Norco", None)]
    for name, drug in lexicon().items():
        assert drug.rxcui is None or (drug.rxcui.isdigit() and len(drug.ingredients) == 1), name


def test_medications_names_of_one_ingredient_have_the_same_rxcui() -> None:
    seen: dict[tuple[str, ...], str | None] = {}
    for name, drug in lexicon().items():
        if drug.kind != "class":
            assert seen.setdefault(drug.ingredients, drug.rxcui) == drug.rxcui, name
    drug = drug_named("acetaminophen")
    assert drug is not None
    assert drug.rxcui == "161"


def test_medications_component_is_part_of_the_pipeline() -> None:
    assert "unmet_medications" in unmet.load().pipe_names
