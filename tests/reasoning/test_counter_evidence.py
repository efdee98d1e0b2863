"""Counter-evidence: what the summary tells against a finding of missing proof, and all that it must not be."""

from __future__ import annotations

import pytest
from short_letters import determination
from unmet.reasoning.counter_evidence import asked

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


IMPROVED = "There is no documentation of objective functional improvement."
SIX_VISITS = "Physical therapy for the right knee, 6 visits"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("After physical therapy he is feeling better overall.", "better in general"),
        ("After physical therapy on 01/12/2016 he was able to walk 30 minutes.", "a date and one value are no comparison"),
        ("After physical therapy his pain was 3/10 and he was able to walk.", "a lone pain score"),
        ("He reported that after physical therapy he is able to walk 30 minutes instead of 10.", "the patient's own report"),
        (
            "After physical therapy he is able to walk 30 minutes instead of 10. Objective measurements were not documented.",
            "doubted by the next sentence",
        ),
        ("After acupuncture he is able to walk 30 minutes instead of 10.", "another treatment"),
    ],
)
def test_objective_function_is_not_answered_by_comfort_reports_or_lone_numbers(told: str, why: str) -> None:
    assert shown(SIX_VISITS, told, IMPROVED) == [], why


@pytest.mark.parametrize(
    "told",
    [
        "After physical therapy he is able to walk 30 minutes instead of 10",
        "After physical therapy flexion improved from 80 to 110 degrees",
    ],
)
def test_objective_function_is_answered_by_a_comparison(told: str) -> None:
    assert shown(SIX_VISITS, f"{told}.", IMPROVED) == [told]


def test_a_gain_is_of_the_treatment_that_the_reviewer_says_was_had() -> None:
    title = "Infrared therapy for the right knee, 4 sessions"
    told = "After physical therapy he is able to walk 30 minutes instead of 10"
    assert shown(title, f"{told}.", IMPROVED) == []
    assert shown(title, f"{told}.", f"The patient has completed physical therapy. {IMPROVED}") == [told]


NO_COMPROMISE = "The file lacks documentation of a specific nerve deficit."
NECK = "MRI of the cervical spine"


@pytest.mark.parametrize(
    ("title", "told", "why"),
    [
        (NECK, "Motor strength of the arms was 4+/5.", "4+ alone"),
        (NECK, "Motor strength of the right arm was 4/5.", "one grade of strength, against a specific question"),
        (NECK, "The Neer test of the right shoulder was positive and abduction strength was 4/5.", "a joint"),
        ("MRI of the right shoulder", "There was decreased sensation in the right thumb.", "far from the joint in dispute"),
    ],
)
def test_a_weak_joint_is_no_nerve_root(title: str, told: str, why: str) -> None:
    assert shown(title, told, NO_COMPROMISE) == [], why


def test_two_signs_of_one_visit_or_a_myotome_answer_a_specific_question() -> None:
    assert shown(NECK, "Strength in the right C6 myotome was 4/5.", NO_COMPROMISE) == ["Strength in the right C6 myotome was 4/5"]
    both = (
        "On 01/12/2016 the right arm was examined. There was decreased sensation over the right thumb. "
        "Motor strength of the right arm was 4/5."
    )
    assert shown(NECK, both, NO_COMPROMISE) == [
        "There was decreased sensation over the right thumb",
        "Motor strength of the right arm was 4/5",
    ]


def test_of_two_clauses_the_one_that_answers_is_shown() -> None:
    told = "The gait was slow and sensation was decreased over the right C6 dermatome."
    assert shown(NECK, told, NO_COMPROMISE) == ["sensation was decreased over the right C6 dermatome"]


def test_a_date_named_once_holds_for_what_else_is_said_of_the_finding() -> None:
    told = "On 06/02/2015 examination of the lumbar spine revealed spasm."
    title = "Flexeril 10mg #30"
    silent = "There is no documentation of muscle spasm."
    assert shown(title, told, silent)
    assert shown(title, told, f"The note of 01/12/2016 did not document muscle spasm. {silent}") == []


def test_a_summary_that_tells_the_same_silence_shows_nothing() -> None:
    told = "On 06/02/2015 there was decreased sensation in the left L5 dermatome."
    title, denied = "MRI of the lumbar spine", "There is no documentation of neurological deficits."
    assert shown(title, told, denied)
    assert shown(title, f"{told} On 01/12/2016 there were no neurological deficits in the legs.", denied) == []


LOW_BACK = "MRI of the lumbar spine"
NONE_FOUND = "The clinic found the low back stiff, with no nerve deficit."


def test_a_finding_said_not_to_be_there_is_answered_by_the_flat_opposite() -> None:
    told = "There was decreased sensation in the left L5 dermatome"
    read = determination(
        LOW_BACK, f"{OPENING} {told}.", "He was examined, and there was no nerve deficit. The request is denied."
    )
    assert [(one.unmet_basis, [span.text for span in one.counter_evidence]) for one in read.requests[0].criteria][:1] == [
        ("contradicted", [told])
    ]
    assert shown(LOW_BACK, f"{told}.", NONE_FOUND) == [told]


@pytest.mark.parametrize(
    ("told", "denied", "why"),
    [
        ("There was decreased sensation in the right thumb.", NONE_FOUND, "another body part"),
        (
            "On 06/02/2015 there was decreased sensation in the left L5 dermatome.",
            "On 01/12/2016 he was examined, and there was no nerve deficit.",
            "another date",
        ),
        (
            "There was decreased sensation in the left L5 dermatome.",
            "He had decreased sensation of the toes. He was examined, and there was no significant nerve deficit.",
            "the reviewer has weighed it",
        ),
        (
            "There was decreased sensation in the left L5 dermatome.",
            "The MRI did not show any nerve compression.",
            "a study, not an examination",
        ),
        (
            "Treatment has included physical therapy.",
            "The patient has not tried physical therapy.",
            "no finding of an examination",
        ),
    ],
)
def test_what_is_not_the_flat_opposite_of_a_finding_is_not_shown(told: str, denied: str, why: str) -> None:
    assert shown(LOW_BACK, told, denied) == [], why


def test_a_red_flag_answers_of_its_own_region_only() -> None:
    told = "Examination revealed a foot drop on the left"
    denied = "He was examined, and there were no red flags."
    assert shown(LOW_BACK, f"{told}.", denied) == [told]
    assert shown("MRI of the left shoulder", f"{told}.", denied) == []


def test_no_tenderness_answers_where_findings_are_to_be_significant() -> None:
    told = "There was tenderness of the left shoulder."
    title = "MRI of the left shoulder"
    assert shown(title, told, "There is a lack of physical examination findings.")
    assert shown(title, told, "There is a lack of significant physical examination findings.") == []


def test_a_reviewer_who_notes_a_lack_of_motion_misses_no_motion() -> None:
    denied = "Despite a lack of range of motion on examination, there is no documentation of instability."
    assert shown("MRI of the left shoulder", "The left shoulder had limited range of motion.", denied) == []


def test_limits_and_refusals_have_no_counter_evidence() -> None:
    read = determination(
        KNEE,
        f"{OPENING} Treatment has included physical therapy.",
        "The patient has had physical therapy. The guidelines do not recommend imaging for a sprain. "
        "The request is not medically necessary.",
    )
    assert read.requests[0].criteria
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


def test_what_is_longer_than_any_sentence_asks_for_nothing() -> None:
    unit = "There is no documentation of physical therapy and no "
    assert asked(unit, 0, len(unit), "conservative_care_failed", "advanced_imaging")
    long = unit * 200
    assert asked(long, 0, len(long), "conservative_care_failed", "advanced_imaging") == []
