"""From the findings of a rationale to its criteria: contradictions resolved, requirements told apart, gaps filled."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypedDict

from unmet.reasoning.cues import denies, only_concludes
from unmet.reasoning.findings import FACT_VOICES, GUESS, LIKELY, Finding
from unmet.reasoning.lists import logic_of, ordinal_of
from unmet.reasoning.words import basis_by_type, types

if TYPE_CHECKING:
    from unmet.components.mentions import Mention
    from unmet.reasoning.dependence import Inheritance
    from unmet.reasoning.findings import Argument


class Criterion(TypedDict):
    """One criterion of one request; offsets into the text of the Doc, evidence as full sentences."""

    request: int
    type: str
    statement: tuple[int, int] | None
    ordinal: int | None
    logic: str | None
    status: str
    unmet_basis: str | None
    decisive: bool
    evidence: list[tuple[int, int]]
    inherits_from: int | None
    confidence: float
    source: str


def criteria_of(argument: Argument, findings: list[Finding], inherited: Inheritance | None) -> list[Criterion]:
    """Return the criteria of a request: those found, then those stated and never applied."""
    if inherited is not None:
        findings = [
            one for one in findings if one.confidence > 0.8 and one.type not in ("surgical_candidacy", "guideline_support")
        ]
        findings.append(Finding("parent_service", "unmet", "inherited", inherited.sentence, 0.95))
    findings = _consistent(findings, argument)
    if argument.sentences and not any(finding.status == argument.wanted for finding in findings):
        findings = [*findings, _fallback(argument)]
    criteria = found_and_stated(argument, findings, source="rule")
    for one in criteria:
        if inherited is not None and one["type"] == "parent_service":
            one["inherits_from"] = inherited.parent
    return criteria


def found_and_stated(argument: Argument, findings: list[Finding], *, source: str) -> list[Criterion]:
    """Return a criterion for every type that ``findings`` speak of, with its statement, and for every stated type that none
    speaks of. ``source`` names who made the findings: "rule" or "model"."""
    stated: dict[str, list[Mention]] = {}
    for one in argument.stated:
        stated.setdefault(str(one["attributes"]["type"]), []).append(one)
    result = []
    for name in dict.fromkeys(finding.type for finding in findings):
        own = [finding for finding in findings if finding.type == name]
        for statement, group in _requirements(argument, stated.pop(name, []), own):
            result.append(_decided(argument, name, statement, group))
    for name, unapplied in stated.items():
        result.append(_criterion(argument, name, _first(argument, unapplied), status="not_addressed", confidence=0.6))
    for criterion in result:
        criterion["source"] = source
    return result


def _consistent(findings: list[Finding], argument: Argument) -> list[Finding]:
    """Drop the weak where the strong speak.

    An affirmed criterion that another sentence denies is denied; a guideline's "not recommended" yields where the
    reviewer gives reasons of the case; what is affirmed with doubt adds nothing to a denial.
    """
    strong = {finding.type for finding in findings if finding.status == argument.wanted and finding.confidence >= LIKELY}
    decided = {finding.type for finding in findings if finding.status == argument.wanted}
    kept = []
    for finding in findings:
        doubtful = finding.confidence < 0.5
        if doubtful and (strong - {finding.type} or (finding.status == "met" and argument.upheld)):
            continue
        if finding.status != argument.wanted and finding.type in decided:
            continue
        kept.append(finding)
    return kept


def _fallback(argument: Argument) -> Finding:
    """Name the criterion that the cited guideline is about where no sentence applies one."""
    text, sentences = argument.text, argument.sentences
    facts = [
        index
        for index, one in enumerate(sentences)
        if one["voice"] in FACT_VOICES and not only_concludes(text[one["start"] : one["end"]])
    ]
    stated = list(dict.fromkeys(str(one["attributes"]["type"]) for one in argument.stated))
    if argument.upheld:
        denied = [index for index in facts if denies(text, sentences[index]["start"], sentences[index]["end"])]
        rules = [index for index, one in enumerate(sentences) if one["voice"] == "guideline"]
        # The evidence shows no number, so a limit is named only where the guideline states nothing else.
        order = sorted(stated, key=lambda one: (one == "guideline_support", one in types("limits")))
        name = order[0] if order else "guideline_support"
        basis = basis_by_type("own_basis").get(name, "exceeded" if name in types("limits") else "undocumented")
        return Finding(name, "unmet", basis, (denied or facts or rules or [0])[0], GUESS)
    outside = types("limits") | basis_by_type("bars").keys()
    name = next((one for one in stated if one not in outside), "guideline_support")
    return Finding(name, "met", None, (facts or [0])[0], GUESS)


def _requirements(
    argument: Argument, statements: list[Mention], findings: list[Finding]
) -> list[tuple[Mention | None, list[Finding]]]:
    """Tell two requirements of one type apart: each is stated in words of its own and applied before the next.

    As a rule a type is one criterion; its findings then share the first statement, a numbered one if there is one. What is
    found before anything is stated is a requirement of its own where it speaks of something else.
    """
    groups: dict[int, tuple[Mention | None, list[Finding]]] = {}
    for finding in sorted(findings, key=lambda one: one.sentence):
        before = [one for one in statements if one["start"] < argument.sentences[finding.sentence]["end"]]
        last = max(before, key=lambda one: one["start"], default=None)
        groups.setdefault(last["start"] if last else -1, (last, []))[1].append(finding)
    if len(groups) == 1:
        return [(_first(argument, statements), findings)]
    words = [_content(argument.text, _words_of(argument, *group)) for group in groups.values()]
    if all(len(a & b) * 3 <= min(len(a), len(b)) for i, a in enumerate(words) for b in words[i + 1 :]):
        return list(groups.values())
    return [(_first(argument, statements), findings)]


def _words_of(argument: Argument, statement: Mention | None, findings: list[Finding]) -> tuple[int, int]:
    """Return where the words stand that tell what a group is about: its statement, else its first sentence."""
    own = statement or argument.sentences[findings[0].sentence]
    return own["start"], own["end"]


def _content(text: str, place: tuple[int, int]) -> set[str]:
    return set(text[slice(*place)].lower().split())


def _first(argument: Argument, statements: list[Mention]) -> Mention | None:
    if len(statements) < 2:
        return statements[0] if statements else None
    numbered = [one for one in statements if _ordinal(argument, one) is not None]
    return min(numbered or statements, key=lambda one: one["start"])


def _ordinal(argument: Argument, statement: Mention) -> int | None:
    return ordinal_of(argument.text, argument.rationale, (statement["start"], statement["end"]))


def _decided(argument: Argument, name: str, statement: Mention | None, findings: list[Finding]) -> Criterion:
    unmet = [finding for finding in findings if finding.status == "unmet"]
    status = "unmet" if unmet and (argument.upheld or len(unmet) == len(findings)) else "met"
    deciding = [finding for finding in findings if finding.status == status]
    criterion = _criterion(argument, name, statement, status=status, confidence=max(finding.confidence for finding in deciding))
    criterion["unmet_basis"] = _basis(deciding) if status == "unmet" else None
    criterion["decisive"] = status == argument.wanted
    sentences = [argument.sentences[index] for index in sorted({finding.sentence for finding in deciding})]
    criterion["evidence"] = [(one["start"], one["end"]) for one in sentences]
    return criterion


def _criterion(argument: Argument, name: str, statement: Mention | None, *, status: str, confidence: float) -> Criterion:
    place = (statement["start"], statement["end"]) if statement else None
    return Criterion(
        request=argument.request.index,
        type=name,
        statement=place,
        ordinal=ordinal_of(argument.text, argument.rationale, place) if place else None,
        logic=logic_of(argument.text, argument.rationale, place) if place else None,
        status=status,
        unmet_basis=None,
        decisive=False,
        evidence=[],
        inherits_from=None,
        confidence=round(confidence, 2),
        source="rule",
    )


def _basis(findings: list[Finding]) -> str | None:
    """Take the basis that most sentences give; of equals the surer, then the one that leaves the least to cure."""
    counts = Counter(finding.basis for finding in findings)
    order = ["contradicted", "undocumented", "not_recommended", "exceeded", "inherited"]
    best = max(findings, key=lambda one: (counts[one.basis], one.confidence, order.index(one.basis or "contradicted")))
    return best.basis
