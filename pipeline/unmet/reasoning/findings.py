"""Findings: what one sentence of a rationale says of the criteria it names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from unmet.components.rules import CriterionRules, criterion_rules
from unmet.reasoning.cues import clauses, find_cues, governing, only_concludes, reason_end, turn
from unmet.reasoning.words import basis_by_type, families, pattern, type_by_type, types
from unmet.together import LETTERS

if TYPE_CHECKING:
    from unmet.components.mentions import Mention
    from unmet.components.rules import Found
    from unmet.components.sentences import Sentence
    from unmet.layout.model import Offsets, RequestParts
    from unmet.reasoning.cues import Cue

# Whose sentences decide a status: the reviewer's, and the case facts the reviewer recounts.
FACT_VOICES = frozenset(["reviewer", "record", "provider", "patient"])
# Rationales whose findings are kept.
_KEPT = 4 * LETTERS
# Confidence of a rule's finding: a cue that names the criterion, down to words that only may mean it.
CERTAIN, SURE, LIKELY, POSSIBLE, GUESS = 0.9, 0.8, 0.7, 0.45, 0.3


class Finding(NamedTuple):
    """A criterion type, its status and basis, the sentence (its index in the rationale) and how sure the rule is."""

    type: str
    status: str
    basis: str | None
    sentence: int
    confidence: float


@dataclass(frozen=True)
class Argument:
    """A request with its rationale as the steps of reasoning see it."""

    text: str
    request: RequestParts
    family: str
    sentences: list[Sentence]
    stated: list[Mention]  # the CRITERION mentions of the rationale
    conditions: list[Mention]  # its CONDITION mentions

    @property
    def upheld(self) -> bool:
        """Whether the denial stands."""
        return self.request.decision == "upheld"

    @property
    def wanted(self) -> str:
        """The status that carries the decision."""
        return "unmet" if self.upheld else "met"

    @property
    def rationale(self) -> Offsets:
        """Where the rationale stands; empty where the request has none."""
        return self.request.rationale or (0, 0)

    @cached_property
    def asked(self) -> set[str]:
        """The criterion types that the rationale states."""
        return {str(one["attributes"]["type"]) for one in self.stated}


class _Told(NamedTuple):
    """A sentence: its offsets and its voice."""

    start: int
    end: int
    voice: str


class _Case(NamedTuple):
    """What of a request's rationale its findings depend on."""

    text: str
    family: str
    upheld: bool
    sentences: tuple[_Told, ...]
    asked: frozenset[str]
    conditions: tuple[int, ...]  # where the conditions begin that it names


def findings_of(argument: Argument) -> list[Finding]:
    """Return what the sentences of a rationale find, sentence by sentence."""
    return list(
        _findings(
            _Case(
                argument.text,
                argument.family,
                argument.upheld,
                tuple([_Told(one["start"], one["end"], one["voice"]) for one in argument.sentences]),
                frozenset(argument.asked),
                tuple([one["start"] for one in argument.conditions]),
            )
        )
    )


# The relation model asks for what the rules found before.
@lru_cache(maxsize=_KEPT)
def _findings(case: _Case) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for index, sentence in enumerate(case.sentences):
        if sentence.voice in FACT_VOICES:
            found += _in_case_sentence(case, sentence, index)
        elif sentence.voice == "guideline" and case.upheld:
            found += _in_guideline_sentence(case.text, sentence, index)
    return tuple(found)


def _in_case_sentence(case: _Case, sentence: _Told, index: int) -> list[Finding]:
    text, start, end = case.text, sentence.start, sentence.end
    if only_concludes(text[start:end]):
        return []
    start = turn(text, start, end)
    end = reason_end(text, start, end)
    found = _said_outright(case, start, end, index)
    outright = {finding.type: finding for finding in found}
    for clause_start, clause_end in clauses(text, start, end):
        cues = find_cues(text, clause_start, clause_end)
        for topic in CriterionRules.search(criterion_rules().applied, text, clause_start, clause_end):
            finding = _finding(case, topic, governing(topic, cues), sentence, index)
            if finding is None:
                continue
            if finding.type not in outright:
                found.append(_by_family(finding, case))
            elif finding.basis == "undocumented" and outright[finding.type] in found:
                # "No documented improvement: she remains off work" is missing proof with an illustration.
                found[found.index(outright[finding.type])] = finding
    return _specific(found, case) if found else _missing_condition(case, sentence, start, end, index)


def _missing_condition(case: _Case, sentence: _Told, start: int, end: int, index: int) -> list[Finding]:
    """Read a condition of which the record gives no proof, in a sentence that names no other criterion, as the indication."""
    if case.upheld:
        for clause_start, clause_end in clauses(case.text, start, end):
            for cue in find_cues(case.text, clause_start, clause_end):
                named = any(cue.end <= one < clause_end for one in case.conditions)
                if not (named and cue.forward) or cue.basis not in ("undocumented", "contradicted"):
                    continue
                if _basis(case.text, "specific_indication", cue.basis, sentence) == "undocumented":
                    return [Finding("specific_indication", "unmet", "undocumented", index, 0.6)]
    return []


def _said_outright(case: _Case, start: int, end: int, index: int) -> list[Finding]:
    """Find what says by itself that a criterion is not satisfied, or is ("remained off of work")."""
    rules, text = criterion_rules(), case.text
    found = []
    if case.upheld:
        found = [
            Finding(match.name, "unmet", "contradicted", index, SURE)
            for match in CriterionRules.search(rules.contrary, text, start, end)
        ]
    contrary = {finding.type for finding in found}
    for match in CriterionRules.search(rules.fulfilled, text, start, end):
        if match.name not in contrary and not pattern("negates").search(text, max(start, match.start - 45), match.start):
            found.append(Finding(match.name, "met", None, index, 0.75))
    return found


def _finding(case: _Case, topic: Found, cue: Cue | None, sentence: _Told, index: int) -> Finding | None:
    """Decide what a topic under a cue means for its criterion; None where it means nothing certain enough."""
    name, upheld = topic.name, case.upheld
    basis = cue.basis if cue else None
    judged = sentence.voice == "reviewer"
    if name == "parent_service":
        return None  # decided for the request as a whole
    if name in types("limits"):
        return _limit(case, topic, basis, judged, index)
    if name == "guideline_support":
        negative = pattern("unsupported").search(case.text, topic.start, topic.end)
        if negative:
            return Finding(name, "unmet", "not_recommended", index, 0.85) if upheld else None
        return None if upheld else Finding(name, "met", None, index, 0.6)
    bars = basis_by_type("bars")
    if name in bars:
        if basis in (None, "met"):
            return Finding(name, "unmet", bars[name], index, 0.75) if upheld and judged else None
        return None if upheld else Finding(name, "met", None, index, 0.6)
    if basis is not None and basis != "met":
        if name in types("absence"):
            return Finding(name, "met", None, index, SURE)
        return Finding(name, "unmet", _basis(case.text, name, basis, sentence), index, CERTAIN)
    if name in types("absence"):
        return Finding(name, "unmet", "contradicted", index, 0.6) if upheld and basis and judged else None
    if basis == "met" or not upheld:
        return Finding(name, "met", None, index, LIKELY if basis == "met" else 0.5)
    return None


def _limit(case: _Case, topic: Found, basis: str | None, judged: bool, index: int) -> Finding | None:
    name, upheld = topic.name, case.upheld
    if basis == "exceeded" or pattern("passes_limit").search(case.text, topic.start, topic.end):
        return Finding(name, "unmet", "exceeded", index, CERTAIN) if upheld else Finding(name, "met", None, index, CERTAIN)
    if not upheld:
        return Finding(name, "met", None, index, 0.6) if judged else None
    if basis == "not_recommended":
        return Finding(name, "unmet", "exceeded", index, LIKELY)
    if basis in ("undocumented", "contradicted") and judged and pattern("counted").search(case.text, topic.start, topic.end):
        return Finding(name, "unmet", "undocumented", index, 0.5)
    return None


def _basis(text: str, name: str, basis: str, sentence: _Told) -> str:
    """Name the basis of a denied criterion: a flat negative about what the file holds is missing proof."""
    own = basis_by_type("own_basis")
    if name in own:
        return own[name]
    if name in types("silences") or basis == "not_recommended":
        return "undocumented"
    if basis == "contradicted" and _about_the_file(text, name, sentence.start, reason_end(text, sentence.start, sentence.end)):
        return "undocumented"
    return "contradicted" if basis == "exceeded" else basis


def _about_the_file(text: str, name: str, start: int, end: int) -> bool:
    """Tell "no trial is documented" from "no red flags were noted": who examines and notes nothing has looked."""
    looked = name in types("observed") and not pattern("documented").search(text, start, end)
    return not looked and pattern("in_file").search(text, start, end) is not None


def _by_family(finding: Finding, case: _Case) -> Finding:
    """Read "no future surgery" by what is asked: for an implant it is the criterion, for imaging its failure."""
    last_resort = case.family in families("last_resort")
    if finding.type == "surgical_candidacy" and (last_resort or "no_surgical_option" in case.asked):
        if finding.status == "unmet":
            return finding._replace(type="no_surgical_option", status="met", basis=None)
        if last_resort:
            return finding._replace(type="no_surgical_option", status="unmet", basis="contradicted")
    if finding.type == "no_surgical_option" and not last_resort and not case.asked:
        return finding._replace(type="surgical_candidacy", status="unmet", basis="undocumented")
    return finding


def _specific(found: list[Finding], case: _Case) -> list[Finding]:
    """Drop what a more specific finding of the same sentence says already; doubt what is affirmed but was not asked."""
    if case.family in families("therapies") and "conservative_care_failed" not in case.asked:
        found = [finding for finding in found if finding.type != "conservative_care_failed"]
    present = {finding.type for finding in found}
    if case.family in families("drugs") and "step_therapy" in present:
        found = [finding for finding in found if finding.type != "conservative_care_failed"]
    spelled_out = type_by_type("spelled_out")
    kept = []
    for finding in found:
        if spelled_out.get(finding.type) in present and finding.type not in case.asked:
            continue
        if finding.type == "treatment_response" and present & types("responses"):
            continue
        if finding.status == "met" and finding.type not in case.asked and finding.confidence < 0.75:
            finding = finding._replace(confidence=min(finding.confidence, POSSIBLE))
        kept.append(finding)
    return kept


def _in_guideline_sentence(text: str, sentence: _Told, index: int) -> list[Finding]:
    """Take a guideline's own refusal as a reason of the denial: its rule on compounds, or, with doubt, "not recommended"."""
    start, end = sentence.start, sentence.end
    if pattern("compound_rule").search(text, start, end):
        return [Finding("combination_rule", "unmet", "not_recommended", index, LIKELY)]
    for _, match in criterion_rules().support.finditer(text, start, end):
        if pattern("not_recommended").search(match[0]):
            return [Finding("guideline_support", "unmet", "not_recommended", index, 0.4)]
    return []
