"""Records made by hand for the tests of the corpus report; all facts are invented."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from unmet.record import (
    Basis,
    Case,
    Citation,
    Criterion,
    Decision,
    Determination,
    LayoutInfo,
    LetterWarning,
    Model,
    PatientInfo,
    Request,
    ReviewerInfo,
    SourceInfo,
    Span,
)
from unmet.results.files import FileRow
from unmet.results.write import write_results


def span(text: str) -> Span:
    return Span(start=0, end=len(text), text=text)


def criterion(kind: str, basis: str | None, evidence: str = "It is not in the file.", **fields: object) -> Criterion:
    """Unmet and decisive, on a basis; met without one."""
    plain = {"status": "unmet" if basis else "met", "unmet_basis": basis, "decisive": True, "confidence": 0.9, "source": "model"}
    return Criterion(id="", type=kind, evidence=[span(evidence)], **{**plain, **fields})


def request(family: str, *criteria: Criterion, decision: Decision = "upheld", **fields: object) -> Request:
    cited = fields.pop("guidelines", ["Chronic Pain"])
    return Request(
        index=0,
        title=span(f"{family}, as asked: {decision}"),
        item=span(f"{family}, as asked"),
        family=family,
        decision=decision,
        decision_span=span(decision),
        claims_administrator=Basis(),
        maximus=Basis(citations=[Citation(body="MTUS", chapter=chapter) for chapter in cited]),
        criteria=list(criteria),
        **fields,
    )


def letter(name: str, *requests: Request, date: str | None = "2015-03-04", **fields: object) -> Determination:
    """A letter whose requests and criteria are numbered as they stand."""
    for place, one in enumerate(requests, 1):
        one.index = place
        for number, each in enumerate(one.criteria, 1):
            each.id = f"c{place}-{number}"
    case_number = fields.pop("case_number", f"CM99-{int(sha256(name.encode()).hexdigest()[:6], 16):07}"[:12])
    return Determination(
        schema_version="1.1",
        model=Model(name="hand", version="1"),
        source=SourceInfo(
            path=str(fields.pop("path", f"letters/{name}.txt")),
            sha256=sha256(name.encode()).hexdigest(),
            media_type="text/plain",
            pages=None,
            characters=100,
            ocr=False,
        ),
        layout=LayoutInfo(era="F", is_determination=bool(fields.pop("is_determination", True))),
        case=Case(case_number=case_number, decision_date=date, outcome="upheld"),
        reviewer=ReviewerInfo(licensure=["California"], specialties=fields.pop("specialties", ["Pain Medicine"])),
        patient=PatientInfo(),
        requests=list(requests),
        **fields,
    )


def few() -> list[Determination]:
    """Seven letters with eleven requests: 6 upheld for a reason of their own, 2 with another, 3 overturned.

    Opioids: 4 requests, 3 upheld, each for undocumented function, one of them for a dose passed as well.
    """
    function = criterion("functional_improvement", "undocumented", "No gain in function is documented.")
    dose = criterion("dose_limit", "exceeded", "The dose is above the limit.")
    met = criterion("specific_indication", None, "She has a radiculopathy.")
    surgery = criterion("conservative_care_failed", "contradicted", "The record shows no therapy.")
    falls = criterion("parent_service", "inherited", "As the operation is not necessary, neither is this.")
    warned = LetterWarning(code="guideline.silence_disputed", message="the MTUS is called silent", span=span("MTUS is silent"))
    return [
        letter("a", request("opioid", function), request("opioid", function, dose), specialties=["Pain Medicine", "Psychiatry"]),
        letter(
            "b",
            request(
                "opioid",
                criterion(
                    "functional_improvement",
                    "undocumented",
                    "Nothing shows that he does more.",
                    confidence=0.95,
                    counter_evidence=[span("He went back to work in May."), span("He walks two miles.")],
                ),
            ),
            warnings=[warned],
        ),
        letter("c", request("opioid", met, decision="overturned"), date="2015-04-01", specialties=["pain medicine"]),
        letter(
            "d",
            request("spine_surgery", surgery, guidelines=[]),
            request("surgical_ancillary", falls, inherits_from=1, guidelines=[]),
            request("surgical_ancillary", falls, guidelines=[]),
            date="2016-01-02",
            specialties=["Orthopedic Surgery"],
        ),
        letter("e", request("massage", met, decision="overturned"), date=None, specialties=[]),
        letter("f", request("massage", criterion("quantity_limit", "exceeded", "More was asked than is allowed."))),
        letter(
            "g",
            request(
                "topical", criterion("step_therapy", "undocumented", confidence=0.3), guidelines=["Chronic Pain", "Low Back"]
            ),
            request("topical", met, decision="overturned", guidelines=["Low Back"]),
            warnings=[
                LetterWarning(code="disagreement.date", message="two dates of injury"),
                LetterWarning(code="x", message="y"),
            ],
        ),
    ]


def write(determinations: list[Determination], path: Path, *unread: FileRow) -> Path:
    """Write results, the files that were read and then ``unread``."""
    read = [FileRow(path=one.source.path, sha256=one.source.sha256, state="read") for one in determinations]
    write_results((one.to_json() for one in determinations), [*read, *unread], path)
    return path
