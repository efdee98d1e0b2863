"""Procedures: which words are a mention, and the one name that all wordings of a service come out as."""

from __future__ import annotations

import pytest
from component_docs import found, words

COMPONENT = "unmet_procedures"


def names(text: str) -> list[str]:
    return [one["attributes"]["name"] for one in found(COMPONENT, text)]


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("MRI L-spine", "MRI of the lumbar spine"),
        ("lumbar MRI", "MRI of the lumbar spine"),
        ("magnetic resonance imaging of the lumbar spine", "MRI of the lumbar spine"),
        ("MRI scan of the low back", "MRI of the lumbar spine"),
        ("MRI of the right knee without contrast", "MRI of the right knee without contrast"),
        ("right knee MRI w/o contrast", "MRI of the right knee without contrast"),
        ("MRI, right knee", "MRI of the right knee"),
        ("X-rays of both feet", "x-ray of both feet"),
        ("x-ray of the left ankle and right elbow", "x-ray of the right elbow and the left ankle"),
        ("EMG/NCV BLE", "EMG/NCS of both lower extremities"),
        ("EMG/NCS of the bilateral lower extremities", "EMG/NCS of both lower extremities"),
        ("EMG/NCV RUE", "EMG/NCS of the right upper extremity"),
        ("L5/S1 lumbar epidural steroid injection", "epidural steroid injection L5-S1"),
        ("LESI at L5 - S1", "epidural steroid injection L5-S1"),
        ("left TFESI at L4-5 and L5/S1", "transforaminal epidural steroid injection left L4-L5, L5-S1"),
        ("MBB bilateral L3, L4 and L5", "medial branch block bilateral L3, L4, L5"),
        ("cervical fusion C7-1", "spinal fusion C7-T1"),
        ("right hinged knee brace", "knee brace, right"),
        ("left carpal tunnel release of the wrist", "carpal tunnel release, left"),
        ("CMT", "chiropractic treatment"),
        ("HEP", "home exercise program"),
        ("UDS", "urine drug test"),
        ("FCE", "functional capacity evaluation"),
        ("DME", "durable medical equipment"),
        ("ROM/strength testing", "range of motion testing"),
    ],
)
def test_procedures_have_one_name_whatever_the_wording(printed: str, name: str) -> None:
    assert names(f"The plan is {printed}.") == [name]


def test_procedures_keep_the_service_and_its_places_apart() -> None:
    (one,) = found(COMPONENT, "A repeat left TFESI at L4-5 was planned.")
    attributes = one["attributes"]
    assert attributes["canonical"] == "transforaminal epidural steroid injection"
    assert (attributes["laterality"], attributes["level"]) == ("left", ["L4-L5"])


@pytest.mark.parametrize(
    "text", ["The RFA of 3/4/16 was late.", "An RFA form came in.", "Per RFA dated Monday it was asked for."]
)
def test_procedures_rfa_is_a_request_for_authorization(text: str) -> None:
    assert words(COMPONENT, text) == []


@pytest.mark.parametrize(
    ("text", "span"),
    [("He underwent RFA in May.", "RFA"), ("We plan RFA at L4-5 next.", "RFA at L4-5"), ("A left RFA helped.", "left RFA")],
)
def test_procedures_rfa_is_radiofrequency_where_a_place_or_treatment_says_so(text: str, span: str) -> None:
    assert words(COMPONENT, text) == [span]
    assert names(text)[0].startswith("radiofrequency ablation")


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("Left ESI under fluoroscopic guidance", ["Left ESI", "fluoroscopic guidance"]),
        ("She went to physical therapy (PT) in spring.", ["physical therapy", "PT"]),
        ("Get an MRI (magnetic resonance imaging) of the neck.", ["MRI (magnetic resonance imaging) of the neck"]),
        ("EMG and NCS of the left arm were done.", ["EMG", "NCS of the left arm"]),
        ("We order physical therapy for the left wrist.", ["physical therapy for the left wrist"]),
        ("We order physical therapy for left wrist pain.", ["physical therapy"]),
        ("Six acupuncture visits to the neck were used.", ["acupuncture visits to the neck"]),
        ("They used ice and heat.", ["ice", "heat"]),
        ("Aqua therapy, knee injections and rest failed.", ["Aqua therapy", "knee injections", "rest"]),
        ("Consultation with a hand surgeon", ["Consultation with a hand surgeon"]),
    ],
)  # fmt: skip
def test_procedures_spans(text: str, spans: list[str]) -> None:
    assert words(COMPONENT, text) == spans


@pytest.mark.parametrize(
    "text",
    [
        "The diagnosis is failed back surgery syndrome.",
        "Associated surgical service: none.",
        "It eases with rest.",
        "BDI was 30.",
        "The drug caused sedation.",
        "There is fat in the epidural space.",
        "The screen was broken.",
    ],
)
def test_procedures_words_in_another_sense(text: str) -> None:
    assert words(COMPONENT, text) == []


def test_procedures_short_name_stands_for_the_full_one() -> None:
    text = "A urine drug screen was clean, and the last screen was too."
    assert names(text) == ["urine drug test", "urine drug test"]


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("EMG and NCS of the arm", ["EMG of the arm", "nerve conduction study of the arm"]),
        ("MRI, CT of the left knee", ["MRI of the left knee", "CT of the left knee"]),
        ("MRI and right knee CT", ["MRI", "CT of the right knee"]),
        ("MRI of the neck and CT of the arm", ["MRI of the cervical spine", "CT of the arm"]),
        ("Acupuncture and massage of the neck", ["acupuncture", "massage therapy of the cervical spine"]),
        (
            "Medical clearance, postoperative shoulder brace",
            ["preoperative medical clearance", "postoperative brace of the shoulder"],
        ),
    ],
)
def test_procedures_that_are_joined_share_the_place_behind_the_last(text: str, both: list[str]) -> None:
    assert names(text) == both


def test_procedures_a_venous_line_is_no_operation_on_the_heart() -> None:
    (line,) = found(COMPONENT, "PICC line placement")
    assert (line["attributes"]["canonical"], line["attributes"]["family"]) == ("central venous catheter", "other")
