"""``unmet_function``: findings about function, work, pain, mobility, sleep and dependence, with their polarity.

The dimensions follow the three parts of functional improvement in 8 CCR 9792.20: daily activities, work
restrictions, dependency on continued treatment; with pain, mobility and sleep beside them.
"""

import re
from functools import cache
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import letter_text
from unmet.components.mentions import Mention, add_mentions, mention, prose_sentences, without_overlaps
from unmet.components.rules import ignoring_case, union
from unmet.components.sentences import Sentence
from unmet.knowledge import load_yaml
from unmet.layout.literals import PatternTable
from unmet.layout.pattern import form, trim


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    dimension: str
    polarity: str


class _Rules(NamedTuple):
    rules: list[_Rule]
    table: PatternTable
    before: re.Pattern[str]
    after: re.Pattern[str]


@cache
def _rules() -> _Rules:
    data = load_yaml("function.yaml")
    rules = [_Rule(form(rule["pattern"], re.I), rule["dimension"], rule["polarity"]) for rule in data["rules"]]
    return _Rules(
        rules,
        PatternTable({str(number): [rule["pattern"]] for number, rule in enumerate(data["rules"])}, ignoring_case),
        form(r"(?<!\w)(?:" + union(data["undocumented_before"]).pattern + r")\s*\Z", re.I),
        form(r"\s*(?:" + union(data["undocumented_after"]).pattern + ")", re.I),
    )


_SCORE = re.compile(
    r"(\d{1,2}(?:\.\d)?)(?:\s*(?:/10)?\s*(?:-|to|\u2013)\s*(\d{1,2}(?:\.\d)?))?\s*(?:/|out\s+of|over|on\s+a|of)\s*(?:a\s+)?10\b",
    re.I,
)
_RATED = re.compile(r"\brate[sd]?\b|\brating\b|\bscore", re.I)
# What stands before the finding proper: "there was [no documentation of ...]", "the pain was [rated ...]".
_LEAD_IN = re.compile(
    r"(?:(?:and|or|also|that|there|is|was|were|are|being|been|be|he|she|it|the|his|her)\s+|(?:patient|applicant|claimant|worker)\s+(?=rate|score))+",
    re.I,
)
_UP_TO_RATING = re.compile(r"[^.;]*?\b(?=(?:rate[sd]?|scored?)\b)", re.I)
_NOT_PAIN = re.compile(r"strength|motor|grip|muscle\s+test|\bMMT\b|reflex", re.I)
# The parts of "functional improvement" in 8 CCR 9792.20(e): a significant gain in activities of daily living or a
# reduction in work restrictions, and a reduction in the dependency on continued medical treatment.
_PART_OF_DEFINITION = {
    "adl": "daily_living",
    "work": "work_restrictions",
    "medication_dependence": "dependency",
    "care_dependence": "dependency",
}


class FunctionFindings:
    """Matches the rules sentence by sentence, in every voice but the guideline's and the form's."""

    def __call__(self, doc: Doc) -> Doc:
        text = letter_text(doc)
        found: list[Mention] = []
        for sentence in prose_sentences(doc):
            if sentence["section_kind"] != "request_title" and sentence["voice"] not in ("guideline", "boilerplate"):
                found += without_overlaps(self._in_sentence(text, sentence))
        add_mentions(doc, found)
        return doc

    def _in_sentence(self, text: str, sentence: Sentence) -> list[Mention]:
        found = []
        for number, match in _rules().table.finditer(text, sentence["start"], sentence["end"]):
            rule = _rules().rules[int(number)]
            start, end = trim(text, match.start(), match.end(), strip=",.;:")
            if start >= end:
                continue
            attributes: dict[str, object] = {"dimension": rule.dimension, "polarity": rule.polarity}
            score = _SCORE.search(text, start, end)
            if score:
                if _NOT_PAIN.search(text, max(sentence["start"], start - 40), min(end + 25, sentence["end"])):
                    continue
                attributes["score"] = [float(value) for value in score.groups() if value]
            elif "\\d{1,2}" in rule.pattern.pattern and rule.dimension == "pain" and not _RATED.search(text, start, end):
                continue
            attributes["definition_part"] = _PART_OF_DEFINITION.get(rule.dimension)
            start, end, polarity = self._undocumented(text, sentence, start, end, rule.polarity)
            attributes["polarity"] = polarity
            start = _finding_start(text, start, end)
            found.append(mention("FUNCTION", sentence, start, end, rule=f"function.{rule.dimension}", attributes=attributes))
        return found

    @staticmethod
    def _undocumented(text: str, sentence: Sentence, start: int, end: int, polarity: str) -> tuple[int, int, str]:
        if sentence["voice"] in ("patient",):
            return start, end, polarity
        before = _rules().before.search(text, max(sentence["start"], start - 130), start)
        if before and polarity == "improved":
            return before.start(), end, "undocumented"
        after = _rules().after.match(text, end, min(sentence["end"], end + 90))
        if after and polarity == "improved":
            return start, after.end(), "undocumented"
        return start, end, polarity


def _finding_start(text: str, start: int, end: int) -> int:
    """Return where the finding's own words begin: without subject, auxiliary or connective."""
    for lead in (_UP_TO_RATING, _LEAD_IN):
        match = lead.match(text, start, end)
        if match and match.end() < end:
            start = match.end()
    return start


@Language.factory("unmet_function", requires=["doc._.sentences"], assigns=["doc._.mentions"])
def create_function_findings(nlp: Language, name: str) -> FunctionFindings:
    """Make the component."""
    return FunctionFindings()
