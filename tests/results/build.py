"""Records built by hand for the tests of results; every fact is invented."""

from __future__ import annotations

from typing import Any

from unmet.record import (
    Basis,
    Case,
    Citation,
    Criterion,
    Determination,
    LayoutInfo,
    LetterWarning,
    Mention,
    Model,
    PatientInfo,
    Request,
    ReviewerInfo,
    SourceInfo,
    Span,
)


def span(text: str, start: int = 0) -> Span:
    return Span(start=start, end=start + len(text), text=text)


def criterion(number: int, **given: Any) -> Criterion:
    found: dict[str, Any] = {
        "id": f"c{number}",
        "type": "functional_improvement",
        "status": "unmet",
        "unmet_basis": "undocumented",
        "decisive": True,
        "confidence": 0.9,
        "source": "model",
        "evidence": [span("The notes do not show what the worker can do now.", 40)],
    }
    return Criterion(**{**found, **given})


def request(index: int, *criteria: Criterion, **given: Any) -> Request:
    cited = Citation(body="MTUS", chapter="Chronic Pain")
    found: dict[str, Any] = {
        "index": index,
        "title": span(f"Treatment {index}"),
        "item": span(f"Treatment {index}"),
        "family": "acupuncture",
        "decision": "upheld",
        "decision_span": span("Upheld"),
        "claims_administrator": Basis(),
        "maximus": Basis(text=span("the pain chapter"), mtus=True, citations=[cited, cited]),
        "criteria": list(criteria),
    }
    return Request(**{**found, **given})


def letter(number: int, *requests: Request, **given: Any) -> Determination:
    found: dict[str, Any] = {
        "schema_version": "1.1",
        "model": Model(name="made", version="0"),
        "source": SourceInfo(
            path=f"letter-{number}.txt", sha256=f"{number:064x}", media_type="text/plain", pages=None, characters=100, ocr=False
        ),
        "layout": LayoutInfo(era="E", is_determination=True),
        "case": Case(case_number=f"CM00-{number:07}", decision_date="2017-03-05", outcome="upheld"),
        "reviewer": ReviewerInfo(licensure=["California"], specialties=["Family Practice"]),
        "patient": PatientInfo(age=50, sex="female"),
        "requests": list(requests),
    }
    return Determination(**{**found, **given})


def mention(number: int, **attributes: Any) -> Mention:
    return Mention(
        id=f"m{number}",
        label="FUNCTION",
        span=span("walks a mile"),
        section="rationale",
        voice="reviewer",
        attributes=attributes,
        source="rule",
        rule="made",
        confidence=1.0,
    )


def warning(code: str) -> LetterWarning:
    return LetterWarning(code=code, message="Two parts differ.")
