"""Criteria of a request as the trained pipeline decides them: status, basis, evidence, confidence."""

from __future__ import annotations

from pathlib import Path

import pytest
import unmet
from unmet.loading import load_rules
from unmet.reading import loaded
from unmet.record import Criterion, Determination
from unmet.training.rationales import Rationale, RationaleSentence, as_letter


def letter(title: str, decision: str, *sentences: str) -> str:
    own = [RationaleSentence(text=one, voice="reviewer") for one in sentences]
    return as_letter(Rationale(title=title, family="other", decision=decision, sentences=own)).text  # type: ignore[arg-type]


def criteria(tmp_path: Path, *words: str, title: str = "MRI of the lumbar spine", decision: str = "upheld") -> list[Criterion]:
    path = tmp_path / "letter.txt"
    path.write_text(letter(title, decision, *words))
    (request,) = unmet.read(path).requests
    return request.criteria


def test_a_denial_names_what_is_missing_and_the_sentence_that_says_so(tmp_path: Path) -> None:
    missing = "There is no documentation of a failed course of physical therapy or other conservative care."
    found = criteria(
        tmp_path,
        "ACOEM recommends imaging after failure of conservative treatment.",
        f"In this case, the patient has low back pain. {missing}",
        "Therefore, the request is not medically necessary.",
    )
    own = next(one for one in found if one.type == "conservative_care_failed")
    assert (own.status, own.unmet_basis, own.decisive, own.source) == ("unmet", "undocumented", True, "model")
    assert [span.text for span in own.evidence] == [missing]


def test_a_limit_that_is_passed_is_exceeded(tmp_path: Path) -> None:
    found = criteria(
        tmp_path,
        "The guidelines recommend up to 10 visits of physical therapy.",
        "The request for 24 visits exceeds the number of visits that the guidelines recommend.",
        "Therefore, the request is not medically necessary.",
        title="Physical therapy, 24 visits",
    )
    own = next(one for one in found if one.type == "quantity_limit")
    assert (own.status, own.unmet_basis) == ("unmet", "exceeded")
    assert [(one.asked, one.allowed) for one in own.values] == [(24, 10)]


def test_an_approval_rests_on_something_met(tmp_path: Path) -> None:
    found = criteria(
        tmp_path,
        "The patient has failed physical therapy, and examination showed weakness of the left foot with absent reflexes.",
        "The guideline criteria have been met. The request is medically necessary.",
        decision="overturned",
    )
    assert {one.status for one in found if one.decisive} == {"met"}
    assert not any(one.unmet_basis for one in found)


def test_what_falls_with_another_request_is_left_to_the_rules(samples: Path) -> None:
    found = [
        (request, one)
        for path in [*samples.glob("surgery-*.txt"), *samples.glob("fusion-*")]
        for request in unmet.read(path).requests
        for one in request.criteria
        if one.type == "parent_service" and one.unmet_basis == "inherited"
    ]
    assert len(found) > 3
    assert all(one.source == "rule" and one.evidence for _, one in found)
    assert all(request.inherits_from != request.index for request, _ in found)


@pytest.fixture(scope="module")
def determinations(samples: Path) -> list[Determination]:
    return [unmet.read(path) for path in sorted(samples.glob("sample-*"))]


def test_every_denial_of_the_samples_has_an_unmet_criterion_with_evidence_of_its_rationale(
    determinations: list[Determination],
) -> None:
    for determination in determinations:
        for request in determination.requests:
            wanted = "unmet" if request.decision == "upheld" else "met"
            assert any(one.status == wanted and one.decisive for one in request.criteria)
            for one in request.criteria:
                assert 0 < one.confidence <= 1
                assert bool(one.unmet_basis) == (one.status == "unmet")
                assert bool(one.evidence) == (one.status != "not_addressed")
                assert request.rationale is not None
                assert all(request.rationale.start <= span.start < span.end <= request.rationale.end for span in one.evidence)


def test_a_component_without_weights_says_so() -> None:
    nlp = load_rules()
    nlp.add_pipe("unmet_relation_classifier", after="unmet_relations")
    with pytest.raises(ValueError, match="no weights"):
        nlp("The request is upheld.")


def test_the_same_letter_gives_the_same_criteria_alone_and_in_a_batch(samples: Path) -> None:
    text = (samples / "mixed-01.txt").read_text()
    nlp = loaded()
    first = nlp(text)._.criteria
    assert first == next(nlp.pipe([text, "Nothing."]))._.criteria
