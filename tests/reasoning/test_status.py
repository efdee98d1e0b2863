"""From findings to criteria: two requirements of one type, and the order of the criteria."""

from __future__ import annotations

from unmet.loading import load_rules
from unmet.training.rationales import Rationale, RationaleSentence, as_letter


def criteria(*sentences: str, title: str = "Intrathecal pump refill") -> list[tuple[str, str, list[str]]]:
    own = [RationaleSentence(text=one, voice="reviewer") for one in sentences]
    text = as_letter(Rationale(title=title, family="other", decision="upheld", sentences=own)).text
    found = load_rules()(text)._.criteria
    return [(one["type"], one["status"], [text[slice(*place)] for place in one["evidence"]]) for one in found]


def test_two_requirements_of_one_type_are_two_criteria() -> None:
    spoken = (
        "The MTUS recommends the pump only where oral opioids were not tolerated.",
        "There is no documentation of intolerance to oral medication.",
        "The MTUS recommends it after first-line antidepressants have been tried.",
        "No trial of first-line drugs is documented.",
        "Therefore, the request is not medically necessary.",
    )
    found = [evidence for name, status, evidence in criteria(*spoken) if (name, status) == ("step_therapy", "unmet")]
    assert found == [[spoken[1]], [spoken[3]]]


def test_one_requirement_applied_twice_is_one_criterion() -> None:
    spoken = (
        "The MTUS recommends further visits with documented functional improvement.",
        "There is no documentation of functional improvement from the visits so far.",
        "Functional improvement is what the MTUS asks for.",
        "The records show no functional improvement.",
        "The request is not medically necessary.",
    )
    found = [
        evidence for name, _, evidence in criteria(*spoken, title="Acupuncture 6 visits") if name == "functional_improvement"
    ]
    assert len(found) == 1
    assert len(found[0]) == 2
