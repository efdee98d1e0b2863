"""``unmet_relations``: which rationale sentence finds which criterion met or unmet, on which basis, per request.

Only the reviewer's own sentences, and the case facts the reviewer recounts, decide a status. A negation is not a
status: "no indication of future surgery" satisfies the criterion that no surgical option is left, "failed conservative
care" is favourable, and a service already done counts against the request. Where the reasons of a denial name no
criterion, the one the cited guideline is about stands in, with low confidence.
"""

import re
from collections import Counter
from functools import cache
from typing import Any, NamedTuple, TypedDict

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.families import request_family
from unmet.components.letter_layout import layout_of
from unmet.components.mentions import Mention
from unmet.components.rules import CriterionRules, Found, criterion_rules, turn, union
from unmet.components.sentences import Sentence
from unmet.knowledge import load_yaml
from unmet.layout.model import RequestParts
from unmet.layout.pattern import form

if not Doc.has_extension("criteria"):
    Doc.set_extension("criteria", default=None)
if not Doc.has_extension("families"):
    Doc.set_extension("families", default=None)


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


class _Finding(NamedTuple):
    type: str
    status: str
    basis: str | None
    sentence: int
    confidence: float


class _Cue(NamedTuple):
    start: int
    end: int
    basis: str  # a basis of the taxonomy, or "met"
    forward: bool


class _Cues:
    def __init__(self) -> None:
        data = load_yaml("cues.yaml")
        self.before = {
            basis: union(data[basis]["before"])
            for basis in ("undocumented", "contradicted", "exceeded", "not_recommended", "met")
        }
        self.after = {
            basis: union(data[basis]["after"]) for basis in ("undocumented", "contradicted", "exceeded", "not_recommended", "met")
        }
        self.breaks = union(data["clause_breaks"])
        self.conclusion = union(data["conclusion"])

    def find(self, text: str, start: int, end: int) -> list[_Cue]:
        found = [
            _Cue(match.start(), match.end(), basis, forward)
            for forward, table in ((True, self.before), (False, self.after))
            for basis, pattern in table.items()
            for match in pattern.finditer(text, start, end)
        ]
        # A longer negative cue covers what it contains ("no documentation of" before "no").
        kept = [
            cue
            for cue in found
            if not any(
                other is not cue
                and other.start <= cue.start
                and cue.end <= other.end
                and (other.end - other.start, other.basis != "met") > (cue.end - cue.start, cue.basis != "met")
                for other in found
            )
        ]
        return sorted(kept)


@cache
def _cues() -> _Cues:
    return _Cues()


# Criteria about what the request or the provider says: their absence is always a silence.
_SILENCE = frozenset(["exceptional_factors", "rationale_documented", "request_specificity", "treatment_goals"])
_IN_FILE = form(
    r"\b(?:documented|documents?|documentation|noted|provided|presented|outlined|described|identified|submitted|in the (?:file|records?|chart|notes?)|for review|on file|mention(?:ed)?)\b",
    re.I,
)
_NEGATES = form(r"\b(?:no|not|without|lack of|fail\w* to|unclear|nor|insufficient)\b", re.I)
_REASON = form(
    r"\W*(?:\w+, )?(?:given|due to|because|in light of|without|absent|since|as|based (?:up)?on|considering|in the absence of|with(?: the)?)"
    r" (?!the (?:above|foregoing|aforementioned)|(?:this|these|that|above|such)\b(?! (?:the|guidelines?|there))|(?:the )?(?:available|submitted|provided|currently) )[^,]{12,}",
    re.I,
)


def _only_concludes(words: str) -> bool:
    """Tell a pure conclusion from one that gives its reason ("Given the lack of red flags, the request is not ...")."""
    if not _cues().conclusion.search(words):
        return False
    reason = _REASON.match(words)
    return not (
        reason and "," in words[: reason.end() + 1] and any(c.basis != "met" for c in _cues().find(words, 0, reason.end()))
    )


# The types whose satisfaction is an absence: "no contraindications" meets the criterion.
_ABSENCE = frozenset(["no_surgical_option", "no_contraindication"])
# A bare statement of the fact speaks against the request: the same test was done, an equal alternative exists.
_BAR = {
    "redundant_service": "contradicted",
    "alternative_available": "contradicted",
    "combination_rule": "not_recommended",
    "parent_service": "inherited",
}
# The limits, and the words that pass them.
_LIMITS = frozenset(["quantity_limit", "duration_limit", "dose_limit"])
_OWN_BASIS = {"guideline_support": "not_recommended", "parent_service": "inherited", "regulatory_approval": "not_recommended"}
# Criteria that a denial names by their absence alone ("no rationale", "did not specify the body part").
_FACT_VOICES = frozenset(["reviewer", "record", "provider", "patient"])
_RESPONSES = frozenset(
    ["functional_improvement", "pain_relief", "conservative_care_failed", "successful_trial", "home_exercise", "step_therapy"]
)
_THERAPIES = frozenset(
    ["physical_therapy", "chiropractic", "acupuncture", "massage", "electrical_stimulation", "exercise_membership"]
)
_COUNTED = form(r"\b(?:number|amount|total|quantity|how many)\b", re.I)
_TESTS = frozenset(["advanced_imaging", "radiograph", "electrodiagnostics", "urine_drug_test", "laboratory", "other_diagnostic"])
_DONE = form(
    r"\b(?:had|underwent|undergone|included|obtained|completed|performed|done|reviewed) (?:an? |the |also |also an? |on )*(?:\w+ ){0,4}?(?:MRI|magnetic|x-?ray|CT|EMG|NC[SV]|urine|scan|electro|radiograph|laborator)"
    r"|\b(?:was|were|has been|had been) (?:already |previously |recently )?(?:obtained|done|performed|completed|taken)\b",
    re.I,
)
_IMPLANTS = frozenset(["intrathecal_pump", "spinal_cord_stimulator", "functional_restoration"])
_ANCILLARY = form(r"associated surgical|\bpre-? ?op|\bpost-? ?op|\bassistant\b|\bassist\b|clearance|ancillary", re.I)
_SURGERIES = frozenset(["spine_surgery", "joint_surgery", "other_surgery"])
_COMPOUND = form(
    r"\bcompound(?:ed)? (?:\w+ ){0,2}(?:products?|medications?|drugs?|topicals?|creams?|agents?)?[^.]{0,60}\bcontain[^.]{0,60}\bnot recommended|\bany compound",
    re.I,
)
_ORDINAL = re.compile(r"\(?(\d{1,2})[.)]\s+\Z")
_ALL = form(r"\ball (?:of )?(?:the )?(?:following|criteria|these)|\ball of\b", re.I)
_ANY = form(r"\b(?:any|one or more|at least one) of the following|\bany of\b", re.I)
_ONE = form(r"\bone of the (?:following|required|criteria|indications)", re.I)
_INHERITS = form(
    r"\b(?:as|since|because|given that|with|in that)\b[^.]{0,30}\b(?:surg\w+|procedure|operation|injection|treatment|service|request|pump|stimulator|arthroscopy|fusion"
    r"|program|MRI|therapy|medication)\b[^.]{0,60}\b(?:not|non-?certified|denied|upheld)\b[^.]{0,120}"
    r"|\bfalls? (?:along )?with\b|\bgoes the way of\b|\bwith (?:the|that|this) \w+ (?:denied|not approved|upheld)\b|\bno \w+ (?:is|was|has been) (?:approved|authorized)\b"
    r"|\bnot (?:been )?(?:found |deemed )?(?:medically )?necessary,? (?:therefore|so|thus|then|none of|neither)"
    r"|\bancillary\b|\bassociated (?:surgical )?(?:service|request)s?\b",
    re.I,
)


class Relations:
    """Decides the criteria of every request from its rationale; fills ``doc._.criteria``."""

    def __call__(self, doc: Doc) -> Doc:
        layout = layout_of(doc)
        text = doc.text
        criteria: list[Criterion] = []
        families: dict[str, str] = {}
        by_request: dict[int, list[Sentence]] = {}
        for sentence in doc._.sentences:
            if sentence["section"] == "rationale" and sentence["request"] is not None:
                by_request.setdefault(sentence["request"], []).append(sentence)
        for request in layout.requests:
            families[str(request.index)] = request_family(doc, request, layout)
        for request in layout.requests:
            stated = [
                one
                for one in doc._.mentions or []
                if one["label"] == "CRITERION"
                and request.rationale
                and request.rationale[0] <= one["start"] < request.rationale[1]
            ]
            family = families[str(request.index)]
            done = self._done_before(doc, request, family)
            decided = self._decide(text, request, layout.requests, by_request.get(request.index, []), stated, families, done)
            criteria += decided
        doc._.criteria = criteria
        doc._.families = families
        return doc

    def _decide(
        self,
        text: str,
        request: RequestParts,
        requests: tuple[RequestParts, ...],
        sentences: list[Sentence],
        stated: list[Mention],
        families: dict[str, str],
        done: list[int],
    ) -> list[Criterion]:
        family = families[str(request.index)]
        findings: list[_Finding] = []
        for index, sentence in enumerate(sentences):
            if sentence["voice"] in _FACT_VOICES:
                findings += self._in_sentence(text, sentence, index, request, family, stated)
            elif sentence["voice"] == "guideline":
                findings += self._in_guideline(text, sentence, index, request)
        if request.decision == "upheld":
            for index, sentence in enumerate(sentences):
                if any(sentence["start"] <= at < sentence["end"] for at in done):
                    findings.append(_Finding("redundant_service", "unmet", "contradicted", index, 0.7))
        inherited = self._inherited(text, request, requests, sentences, families)
        if inherited is not None:
            findings = [
                finding
                for finding in findings
                if finding.confidence > 0.8 and finding.type not in ("surgical_candidacy", "guideline_support")
            ]
            findings.append(_Finding("parent_service", "unmet", "inherited", inherited[1], 0.95))
        findings = self._consistent(findings, request)
        if not any(finding.status == ("unmet" if request.decision == "upheld" else "met") for finding in findings):
            findings += self._fallback(text, request, sentences, stated, family)
        return self._assemble(text, request, sentences, stated, findings, inherited[0] if inherited else None)

    # --- one sentence --------------------------------------------------------------------------------------------

    def _in_sentence(
        self, text: str, sentence: Sentence, index: int, request: RequestParts, family: str, stated: list[Mention]
    ) -> list[_Finding]:
        start, end = sentence["start"], sentence["end"]
        cues = _cues()
        if _only_concludes(text[start:end]):
            return []
        rules = criterion_rules()
        start = turn(text, start, end)
        found = self._said_outright(text, start, end, index, request)
        outright = {finding.type: finding for finding in found}
        for clause_start, clause_end in self._clauses(text, start, end):
            topics = CriterionRules.search(rules.applied, text, clause_start, clause_end)
            in_clause = cues.find(text, clause_start, clause_end)
            for topic in topics:
                finding = self._finding(text, topic, in_clause, index, sentence, request)
                if finding is None:
                    continue
                if finding.type in outright:
                    # "No documented improvement: she remains off work" is missing proof with an illustration.
                    if finding.basis == "undocumented" and outright[finding.type] in found:
                        found[found.index(outright[finding.type])] = finding
                else:
                    found.append(self._by_family(finding, family, stated))
        return self._specific(found, family, stated)

    @staticmethod
    def _specific(found: list[_Finding], family: str, stated: list[Mention]) -> list[_Finding]:
        """Drop what a more specific finding of the same sentence says already, and what is affirmed but was not asked."""
        types = {finding.type for finding in found}
        asked = {one["attributes"]["type"] for one in stated}
        kept = []
        for finding in found:
            if finding.type == "treatment_response" and types & _RESPONSES:
                continue
            # Earlier therapy is no failed alternative where more of the same is requested.
            if finding.type == "conservative_care_failed" and family in _THERAPIES and "conservative_care_failed" not in asked:
                continue
            if finding.status == "met" and finding.type not in asked and finding.confidence < 0.75:
                finding = finding._replace(confidence=min(finding.confidence, 0.45))
            kept.append(finding)
        return kept

    @staticmethod
    def _said_outright(text: str, start: int, end: int, index: int, request: RequestParts) -> list[_Finding]:
        """Find what says by itself that a criterion is not satisfied, or is ("remained off of work")."""
        rules = criterion_rules()
        found = []
        if request.decision == "upheld":
            for match in CriterionRules.search(rules.contrary, text, start, end):
                found.append(_Finding(match.name, "unmet", "contradicted", index, 0.8))
        contrary = {finding.type for finding in found}
        for match in CriterionRules.search(rules.fulfilled, text, start, end):
            if match.name not in contrary and not _NEGATES.search(text, max(start, match.start - 45), match.start):
                found.append(_Finding(match.name, "met", None, index, 0.75))
        return found

    @staticmethod
    def _clauses(text: str, start: int, end: int) -> list[tuple[int, int]]:
        bounds = [start]
        for match in _cues().breaks.finditer(text, start, end):
            if match.start() - bounds[-1] > 12 and end - match.end() > 8:
                bounds.append(match.start())
        # "Although X was noted, there was no Y": the concession ends at its comma.
        opening = re.match(r"\s*(?:although|though|while|even though|despite)\b[^,]{8,200},", text[start:end], re.I)
        if opening:
            bounds.append(start + opening.end())
        bounds = sorted({*bounds, end})
        return list(zip(bounds, bounds[1:], strict=False))

    def _finding(
        self, text: str, topic: Found, cues: list[_Cue], index: int, sentence: Sentence, request: RequestParts
    ) -> _Finding | None:
        cue = self._governing(topic, cues)
        name = topic.name
        upheld = request.decision == "upheld"
        basis = cue.basis if cue else None
        if name == "parent_service":
            return None  # decided for the request as a whole
        if name in _LIMITS:
            passed = basis == "exceeded" or re.search(
                r"exceed|in excess|beyond|excessive|more than the", text[topic.start : topic.end], re.I
            )
            if passed:
                return _Finding(name, "unmet" if upheld else "met", "exceeded" if upheld else None, index, 0.9)
            if (
                basis in ("undocumented", "contradicted")
                and sentence["voice"] == "reviewer"
                and upheld
                and _COUNTED.search(text, topic.start, topic.end)
            ):
                return _Finding(name, "unmet", "undocumented", index, 0.5)
            if basis == "not_recommended" and upheld:
                return _Finding(name, "unmet", "exceeded", index, 0.7)
            if not upheld and sentence["voice"] == "reviewer":
                return _Finding(name, "met", None, index, 0.6)
            return None
        if name == "guideline_support":
            negative = re.search(
                r"\bnot\b|experimental|investigational|under study|no (?:evidence|support)", text[topic.start : topic.end], re.I
            )
            if negative and upheld:
                return _Finding(name, "unmet", "not_recommended", index, 0.85)
            if not negative and not upheld:
                return _Finding(name, "met", None, index, 0.6)
            return None
        if name in _BAR:
            if basis in (None, "met"):
                return _Finding(name, "unmet", _BAR[name], index, 0.75) if upheld and sentence["voice"] == "reviewer" else None
            return None if upheld else _Finding(name, "met", None, index, 0.6)
        if basis in ("undocumented", "contradicted", "exceeded", "not_recommended"):
            if name in _ABSENCE:
                return _Finding(name, "met", None, index, 0.8)
            return _Finding(name, "unmet", self._basis_of(text, name, basis, sentence), index, 0.9)
        if name in _ABSENCE:
            return (
                _Finding(name, "unmet", "contradicted", index, 0.6)
                if upheld and basis == "met" and sentence["voice"] == "reviewer"
                else None
            )
        if basis == "met" or not upheld:
            return _Finding(name, "met", None, index, 0.7 if basis == "met" else 0.5)
        return None

    @staticmethod
    def _basis_of(text: str, name: str, basis: str, sentence: Sentence) -> str:
        """Name the basis of a denied criterion: a flat negative about what the file holds is missing proof."""
        if name in _OWN_BASIS:
            return _OWN_BASIS[name]
        if name in _SILENCE:
            return "undocumented"
        if basis == "contradicted" and _IN_FILE.search(text, sentence["start"], sentence["end"]):
            return "undocumented"
        return "contradicted" if basis == "exceeded" else "undocumented" if basis == "not_recommended" else basis

    @staticmethod
    def _governing(topic: Found, cues: list[_Cue]) -> _Cue | None:
        """Return the cue that decides a topic: a negative one that reaches it before an affirmative one."""
        negative: list[tuple[int, _Cue]] = []
        affirmative: list[tuple[int, _Cue]] = []
        for cue in cues:
            inside = topic.start <= cue.start and cue.end <= topic.end
            if cue.forward:
                reaches = inside or cue.start <= topic.start
                distance = 0 if inside else max(0, topic.start - cue.end)
            else:
                reaches = inside or cue.end >= topic.end
                distance = 0 if inside else max(0, cue.start - topic.end)
            if reaches:
                (affirmative if cue.basis == "met" else negative).append((distance, cue))
        if negative:
            # Nearest first; where two cues meet, missing proof is the weaker claim and goes first.
            order = {"exceeded": 0, "undocumented": 1, "contradicted": 2, "not_recommended": 3}
            return min(negative, key=lambda pair: (pair[0] // 25, order[pair[1].basis]))[1]
        return min(affirmative)[1] if affirmative else None

    @staticmethod
    def _by_family(finding: _Finding, family: str, stated: list[Mention]) -> _Finding:
        """Read "no future surgery" by what is asked: for an implant it is the criterion, for imaging its failure."""
        if finding.type == "surgical_candidacy" and finding.status == "unmet":
            asks_no_option = family in _IMPLANTS or any(one["attributes"]["type"] == "no_surgical_option" for one in stated)
            if asks_no_option:
                return finding._replace(type="no_surgical_option", status="met", basis=None)
        if finding.type == "surgical_candidacy" and finding.status == "met" and family in _IMPLANTS:
            return finding._replace(type="no_surgical_option", status="unmet", basis="contradicted")
        if finding.type == "no_surgical_option" and family not in _IMPLANTS and not stated:
            return finding._replace(type="surgical_candidacy", status="unmet", basis="undocumented")
        return finding

    def _in_guideline(self, text: str, sentence: Sentence, index: int, request: RequestParts) -> list[_Finding]:
        """Take "is not recommended" in a guideline's voice as a reason of a denial, with little confidence."""
        if request.decision != "upheld":
            return []
        rules = criterion_rules()
        compound = _COMPOUND.search(text, sentence["start"], sentence["end"])
        if compound:
            return [_Finding("combination_rule", "unmet", "not_recommended", index, 0.7)]
        pattern = rules.stated["guideline_support"]
        for match in pattern.finditer(text, sentence["start"], sentence["end"]):
            if re.search(
                r"\bnot\b[^.]{0,25}(?:recommended|supported|indicated|endorsed)|experimental|do(?:es)? not (?:recommend|support)",
                match[0],
                re.I,
            ):
                return [_Finding("guideline_support", "unmet", "not_recommended", index, 0.4)]
        return []

    @staticmethod
    def _done_before(doc: Doc, request: RequestParts, family: str) -> list[int]:
        """Return where the rationale says that the same test, of the same body part, was done already."""
        if family not in _TESTS or request.rationale is None:
            return []
        mentions: list[Mention] = [one for one in doc._.mentions or [] if one["label"] == "PROCEDURE"]
        item = next((one for one in mentions if request.title[0] <= one["start"] < request.title[1]), None)
        if item is None:
            return []
        canonical, parts = item["attributes"].get("canonical"), set(item["attributes"].get("body_part", ()))
        return [
            one["start"]
            for one in mentions
            if request.rationale[0] <= one["start"] < request.rationale[1]
            and one["attributes"].get("canonical") == canonical
            and (not one["attributes"].get("body_part") or parts & set(one["attributes"]["body_part"]))
            and one["voice"] in ("reviewer", "record")
            and _DONE.search(doc.text, max(request.rationale[0], one["start"] - 60), min(one["end"] + 60, request.rationale[1]))
        ]

    # --- the request as a whole ----------------------------------------------------------------------------------

    @staticmethod
    def _inherited(
        text: str,
        request: RequestParts,
        requests: tuple[RequestParts, ...],
        sentences: list[Sentence],
        families: dict[str, str],
    ) -> tuple[int | None, int] | None:
        """Return (index of the parent request, sentence that says so) if this request falls with another."""
        if request.decision != "upheld" or not sentences:
            return None
        short = len(sentences) <= 3
        title = text[slice(*request.title)]
        ancillary = _ANCILLARY.search(title)
        for index, sentence in enumerate(sentences):
            words = text[sentence["start"] : sentence["end"]]
            match = _INHERITS.search(words)
            if match and (short or ancillary) and re.search(r"\bnot\b|denied|non-?certified|upheld|falls? with", words, re.I):
                upheld = [other.index for other in requests if other.index != request.index and other.decision == "upheld"]
                if not upheld and not ancillary:
                    continue
                parents = [
                    other for other in requests if other.index in upheld and not _ANCILLARY.search(text[slice(*other.title)])
                ]
                surgeries = [other for other in parents if families.get(str(other.index)) in _SURGERIES]
                parent = Relations._nearest(surgeries or parents, request.index)
                return parent, index
        return None

    @staticmethod
    def _nearest(candidates: list[RequestParts], index: int) -> int | None:
        """Return the last candidate printed before request ``index``, else the first after it."""
        before = [other.index for other in candidates if other.index < index]
        return before[-1] if before else next((other.index for other in candidates), None)

    @staticmethod
    def _consistent(findings: list[_Finding], request: RequestParts) -> list[_Finding]:
        """Drop the weak where the strong speak: an affirmed criterion that another sentence denies, a guideline's
        "not recommended" where the reviewer gives reasons of the case."""
        wanted = "unmet" if request.decision == "upheld" else "met"
        strong = {finding.type for finding in findings if finding.status == wanted and finding.confidence >= 0.7}
        kept = []
        for finding in findings:
            if finding.confidence < 0.5 and (strong - {finding.type} or (finding.status == "met" and wanted == "unmet")):
                continue
            if finding.status != wanted and any(other.type == finding.type and other.status == wanted for other in findings):
                continue
            kept.append(finding)
        return kept

    @staticmethod
    def _fallback(
        text: str, request: RequestParts, sentences: list[Sentence], stated: list[Mention], family: str
    ) -> list[_Finding]:
        """Name the criterion that the cited guideline is about where no sentence applies one."""
        if not sentences:
            return []
        wanted = "unmet" if request.decision == "upheld" else "met"
        facts = [
            i for i, s in enumerate(sentences) if s["voice"] in _FACT_VOICES and not _only_concludes(text[s["start"] : s["end"]])
        ]
        types = list(dict.fromkeys(one["attributes"]["type"] for one in stated))
        if wanted == "unmet":
            denied = [
                i for i in facts if any(c.basis != "met" for c in _cues().find(text, sentences[i]["start"], sentences[i]["end"]))
            ]
            evidence = denied or facts or [i for i, s in enumerate(sentences) if s["voice"] == "guideline"] or [0]
            name = next((t for t in types if t != "guideline_support"), types[0] if types else "guideline_support")
            basis = _OWN_BASIS.get(name, "exceeded" if name in _LIMITS else "undocumented")
            return [_Finding(name, "unmet", basis, evidence[0], 0.3)]
        name = next((t for t in types if t not in _LIMITS and t not in _BAR), types[0] if types else "guideline_support")
        if name in _BAR:
            name = "guideline_support"
        return [_Finding(name, "met", None, (facts or [0])[0], 0.3)]

    # --- assembly ------------------------------------------------------------------------------------------------

    def _assemble(
        self,
        text: str,
        request: RequestParts,
        sentences: list[Sentence],
        stated: list[Mention],
        findings: list[_Finding],
        parent: int | None,
    ) -> list[Criterion]:
        logic = self._logic(text, request)
        result: list[Criterion] = []
        wanted = "unmet" if request.decision == "upheld" else "met"
        open_statements: dict[str, list[Mention]] = {}
        for one in stated:
            open_statements.setdefault(one["attributes"]["type"], []).append(one)
        for name in dict.fromkeys([finding.type for finding in findings]):
            own = [finding for finding in findings if finding.type == name]
            for statement, group in self._requirements(text, sentences, open_statements.pop(name, []), own):
                unmet = [finding for finding in group if finding.status == "unmet"]
                status = "unmet" if unmet and (wanted == "unmet" or len(unmet) == len(group)) else "met"
                deciding = [finding for finding in group if finding.status == status]
                basis = self._basis(deciding) if status == "unmet" else None
                spans = sorted({(sentences[f.sentence]["start"], sentences[f.sentence]["end"]) for f in deciding})
                confidence = max(finding.confidence for finding in deciding)
                result.append(
                    self._criterion(
                        text, request, name, statement, logic, status, basis, spans, status == wanted, parent, confidence
                    )
                )
        for name, unapplied in open_statements.items():
            statement = self._first(text, unapplied)
            result.append(self._criterion(text, request, name, statement, logic, "not_addressed", None, [], False, None, 0.6))
        return result

    @staticmethod
    def _requirements(
        text: str, sentences: list[Sentence], statements: list[Mention], findings: list[_Finding]
    ) -> list[tuple[Mention | None, list[_Finding]]]:
        """Tell two requirements of one type apart: each is stated in words of its own and applied before the next.

        As a rule a type is one criterion; its findings then share the first statement, a numbered one if there is one.
        """
        groups: dict[int, tuple[Mention, list[_Finding]]] = {}
        for finding in findings:
            end = sentences[finding.sentence]["end"]
            before = [one for one in statements if one["start"] < end]
            if before:
                last = max(before, key=lambda one: one["start"])
                groups.setdefault(last["start"], (last, []))[1].append(finding)
        if len(groups) > 1 and sum(len(group) for _, group in groups.values()) == len(findings):
            words = [set(text[one["start"] : one["end"]].lower().split()) for one, _ in groups.values()]
            apart = all(len(a & b) * 3 <= min(len(a), len(b)) for i, a in enumerate(words) for b in words[i + 1 :])
            if apart:
                return list(groups.values())
        return [(Relations._first(text, statements), findings)]

    @staticmethod
    def _first(text: str, statements: list[Mention]) -> Mention | None:
        numbered = [one for one in statements if Relations._ordinal(text, one) is not None]
        return min(numbered or statements, key=lambda one: one["start"], default=None)

    @staticmethod
    def _ordinal(text: str, statement: Mention) -> int | None:
        numeral = _ORDINAL.search(text, max(0, statement["start"] - 6), statement["start"])
        return int(numeral[1]) if numeral else None

    @staticmethod
    def _criterion(
        text: str,
        request: RequestParts,
        name: str,
        statement: Mention | None,
        logic: str | None,
        status: str,
        basis: str | None,
        evidence: list[tuple[int, int]],
        decisive: bool,
        parent: int | None,
        confidence: float,
    ) -> Criterion:
        return Criterion(
            request=request.index,
            type=name,
            statement=(statement["start"], statement["end"]) if statement else None,
            ordinal=Relations._ordinal(text, statement) if statement else None,
            logic=logic if statement else None,
            status=status,
            unmet_basis=basis,
            decisive=decisive,
            evidence=evidence,
            inherits_from=parent if name == "parent_service" else None,
            confidence=round(confidence, 2),
            source="rule",
        )

    @staticmethod
    def _basis(findings: list[_Finding]) -> str | None:
        """Take the basis that most sentences give; of equals the surer, and missing proof before contrary proof."""
        counts = Counter(finding.basis for finding in findings)
        order = ["contradicted", "undocumented", "not_recommended", "exceeded", "inherited"]
        best = max(findings, key=lambda f: (counts[f.basis], f.confidence, order.index(f.basis or "contradicted")))
        return best.basis

    @staticmethod
    def _logic(text: str, request: RequestParts) -> str | None:
        if request.rationale is None:
            return None
        for logic, pattern in (("all", _ALL), ("any", _ANY), ("one", _ONE)):
            if pattern.search(text, *request.rationale):
                return logic
        return None


@Language.factory("unmet_relations", requires=["doc._.mentions", "doc._.sentences"], assigns=["doc._.criteria", "doc._.families"])
def create_relations(nlp: Language, name: str) -> Relations:
    """Make the component."""
    return Relations()
