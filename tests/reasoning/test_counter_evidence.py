"""Counter-evidence: what the summary tells against a finding of missing proof, and all that it must not be."""

from __future__ import annotations

import pytest
from short_letters import determination

OPENING = "The patient is a 44 year old male baker who sustained an industrial injury on 05/06/2015."


def shown(title: str, summary: str, rationale: str) -> list[str]:
    """The words of all counter-evidence, over all criteria of the letter."""
    read = determination(title, f"{OPENING} {summary}", f"{rationale} Therefore, the request is not medically necessary.")
    criteria = read.requests[0].criteria
    assert all(span.start >= read.text.index("CLINICAL CASE SUMMARY") for one in criteria for span in one.counter_evidence)  # type: ignore[union-attr]
    return list(dict.fromkeys(span.text for one in criteria for span in one.counter_evidence))


KNEE = "MRI of the right knee"
NO_THERAPY = "There is no documentation that the patient has tried physical therapy."
NO_FAILED_THERAPY = "There is no documentation that the patient has failed physical therapy."


@pytest.mark.parametrize(
    ("title", "told", "denied"),
    [
        (KNEE, "Treatment to date has included ten visits of physical therapy and ibuprofen.", NO_THERAPY),
        (KNEE, "He completed physical therapy without any relief.", NO_FAILED_THERAPY),
        (
            "MRI of the lumbar spine",
            "There was decreased sensation in the left L5 dermatome.",
            "There is no documentation of neurological deficits.",
        ),
        (
            "Flexeril 10mg #30",
            "Examination revealed palpable spasm of the lumbar paraspinal muscles.",
            "There was a lack of muscle spasm noted on examination.",
        ),
        (
            "MRI of the left shoulder",
            "The left shoulder had limited range of motion and a positive Hawkins test.",
            "There is a lack of positive physical examination findings.",
        ),
        (
            "Lidocaine 5% patch #30",
            "Gabapentin was stopped because it made him drowsy.",
            "There is no evidence that the patient has failed an anticonvulsant.",
        ),
        ("Prilosec 20mg #30", "He has heartburn with naproxen.", "There is no documentation of gastrointestinal complaints."),
        ("Norco 10/325mg #60", "With Norco his pain fell from 8/10 to 4/10.", "There is no documentation of pain relief."),
        (
            "Norco 10/325mg #60",
            "A urine drug screen dated 01/12/2016 was consistent.",
            "There is no documentation of a urine drug screen.",
        ),
        (
            "Spinal cord stimulator trial",
            "A psychological evaluation found him suited to the device.",
            "There is no documentation of a psychological evaluation.",
        ),
    ],
)
def test_what_the_summary_tells_is_shown_against_its_denial(title: str, told: str, denied: str) -> None:
    assert shown(title, told, denied) == [told.removesuffix(".")]


@pytest.mark.parametrize(
    ("summary", "why"),
    [
        ("The treatment plan included physical therapy.", "a plan"),
        ("Physical therapy was requested on 01/12/2016.", "a request"),
        ("He was referred to physical therapy.", "a referral"),
        ("He has not had physical therapy.", "negated"),
        ("He denied physical therapy.", "denied"),
        (
            "Utilization review noted that physical therapy had been tried and denied the request.",
            "the utilization review's words",
        ),
        ("Treatment has included physical therapy of the left shoulder.", "another body part"),
        ("Treatment has included physical therapy of the left knee.", "the other side"),
        ("Treatment has included ibuprofen and rest.", "other treatment"),
        (
            "Treatment has included six physical therapy sessions without documentation of their result.",
            "the summary doubts it too",
        ),
    ],
)
def test_no_plan_request_denial_or_other_place_is_shown(summary: str, why: str) -> None:
    assert shown(KNEE, summary, NO_THERAPY) == [], why


@pytest.mark.parametrize(
    ("told", "denied", "why"),
    [
        ("Treatment has included physical therapy.", NO_FAILED_THERAPY, "tried, but not said to have failed"),
        (
            "He had two weeks of physical therapy.",
            "There is no documentation that the patient has tried six weeks of physical therapy.",
            "too short",
        ),
        (
            "He had physical therapy in June 2015.",
            "There is no documentation that the patient has recently tried physical therapy.",
            "not recent",
        ),
        (
            "Treatment has included physical therapy.",
            "There is no documentation of the response to physical therapy.",
            "the response is missed",
        ),
        ("Treatment has included physical therapy.", "There is no clear rationale for physical therapy.", "the reason is missed"),
        ("Treatment has included physical therapy.", "The patient has completed physical therapy.", "nothing is denied"),
        (
            "Treatment has included physical therapy.",
            "The guidelines ask for documentation of physical therapy.",
            "the guideline's words",
        ),
    ],
)
def test_what_falls_short_of_the_question_is_not_shown(told: str, denied: str, why: str) -> None:
    assert shown(KNEE, told, denied) == [], why


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("Sensation was intact in both legs.", "normal"),
        ("There was no decreased sensation in the legs.", "negated"),
        ("There was decreased sensation in the right thumb.", "another root"),
        ("Motor strength was 5/5 in the lower extremities.", "full strength"),
        ("An MRI was ordered to rule out decreased sensation in the left leg.", "looked for, not found"),
    ],
)
def test_no_normal_finding_and_none_of_another_region_is_shown(told: str, why: str) -> None:
    assert shown("MRI of the lumbar spine", told, "There is no documentation of neurological deficits.") == [], why


def test_a_gain_answers_only_where_the_treatment_in_dispute_is_named() -> None:
    denied = "There is no documentation of objective functional improvement."
    title = "Physical therapy for the right knee, 6 visits"
    assert shown(title, "After physical therapy he is able to walk 30 minutes instead of 10.", denied)
    assert shown(title, "After the injection he is able to walk 30 minutes instead of 10.", denied) == []
    assert shown(title, "Physical therapy was begun. He is able to walk.", denied) == []


def test_a_finding_of_missing_proof_only_has_counter_evidence() -> None:
    read = determination(
        KNEE,
        f"{OPENING} Treatment has included physical therapy.",
        "The patient has had physical therapy. The guidelines do not recommend imaging for a sprain. "
        "The request is not medically necessary.",
    )
    assert [one.counter_evidence for one in read.requests[0].criteria if one.unmet_basis != "undocumented"]
    assert not any(one.counter_evidence for one in read.requests[0].criteria)


def test_of_a_long_sentence_the_part_that_answers_is_shown() -> None:
    told = (
        "Examination of the lumbar spine revealed a slow and guarded gait, tenderness over the spinous processes from L3 to "
        "S1, flexion to 20 degrees with pain at the end of the range, extension to 5 degrees, decreased sensation over the "
        "left L5 dermatome, a calf that measured 38 cm on both sides, and a scar of 4 cm from an operation in childhood"
    )
    spans = shown("MRI of the lumbar spine", f"{told}.", "There is no documentation of neurological deficits.")
    assert spans == ["decreased sensation over the left L5 dermatome"]


def test_a_silence_of_others_that_is_reported_is_not_the_reviewer_s() -> None:
    told = "Treatment has included physical therapy."
    assert (
        shown(KNEE, told, "Utilization review said that there is no documentation that the patient has tried physical therapy.")
        == []
    )
