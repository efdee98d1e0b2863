"""``unmet_function``: findings about function, work, pain, mobility, sleep and dependence, with their polarity.

The dimensions follow the three parts of functional improvement in 8 CCR 9792.20: daily activities, work
restrictions, dependency on continued treatment; with pain, mobility and sleep beside them.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

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


_TEN = (
    r"(?:/\s*10|(?:out\s+of|over|of)\s+(?:a\s+)?10|on\s+an?\s+(?:\w+\s+)?scale\s+(?:of|from)\s+(?:[01]\s*(?:-|to)\s*)?10"
    r"|on\s+an?\s+(?:0\s*(?:-|to)\s*)?10)"
)
# "7/10", "7-8/10", "7/10 to 8/10", "8 out of 10", "7 to 8 on a scale of 10".
_SCORE = re.compile(
    rf"(?<![\d/.-])(?P<low>\d{{1,2}}(?:\.\d)?)(?P<range>\s*(?:/\s*10)?\s*(?:-|to|\u2013|down\s+to|from)\s*(?P<high>\d{{1,2}}(?:\.\d)?))?"
    rf"\s*{_TEN}(?![\d/])",
    re.I,
)
# "VAS of 6", "pain level 7", "rated at a 7": a number without its ten.
_BARE_SCORE = re.compile(
    r"\b(?:VAS|pain|rate[sd]?|rating|scored?)\b(?:\s+(?:pain|score|level|rating|intensity|as|at|to\s+be|an?|is|was|of|the|his|her|their|from|VAS|:))*"
    r"\s*:?\s*(?P<low>\d{1,2}(?:\.\d)?)(?:\s*(?:-|to|\u2013)\s*(?P<high>\d{1,2}(?:\.\d)?))?(?![\d/%.-]|\s*(?:percent|months?|weeks?|days?|years?|%))",
    re.I,
)
_PLAIN_NUMBER = re.compile(r"\b(?:from|to)\s+(\d{1,2}(?:\.\d)?)(?!\s*(?:/|%|\d|out\b|-))", re.I)
_UNDER = re.compile(
    r"\s*,?\s*\b(?P<without>without|off|before)\b|\s*,?\s*\b(?P<with>with|on|after)\b(?!\s+(?:an?\s+|the\s+)?(?:VAS|visual|scale|pain\s+scale|activit|walking|reaching|bending|extension|movement|use\b|\w+ing\b|0))",
    re.I,
)
_CAME_DOWN = re.compile(r"\bfrom\b", re.I)
_RELIEF = re.compile(r"(?P<low>\d{1,3})(?:\s*%?\s*(?:-|to|\u2013)\s*(?P<high>\d{1,3}))?\s*(?:%|percent\b)", re.I)
# What a finding about work says of the status, the first that fits.
_WORK_STATUS = [
    ("retired", re.compile(r"\bretired\b", re.I)),
    (
        "temporarily_totally_disabled",
        re.compile(r"\bTTD\b|temporar(?:y|ily)\s+total|total(?:ly)?\s+temporar|total\s+disab", re.I),
    ),
    (
        "off_work",
        re.compile(
            r"\b(?:off\s+(?:of\s+)?work|out\s+of\s+work|not\s+(?:\w+\s+)?(?:working|returned\s+to\s+work)|unable\s+to\s+(?:return\s+to\s+)?work"
            r"|no\s+work\b|on\s+(?:temporary\s+)?disability|permanently\s+disabled|inability\s+to\s+work)",
            re.I,
        ),
    ),
    (
        "modified_duty",
        re.compile(
            r"\b(?:modified|light|restricted|limited|sedentary|transitional|alternate)[-\s]+(?:work|dut|activit|job)|\bTPD\b|temporar(?:y|ily)\s+partial"
            r"|restrictions?\b|limitations?\b|modifications?\b",
            re.I,
        ),
    ),
    (
        "full_duty",
        re.compile(r"\b(?:full|regular|usual|customary)[-\s]*(?:time|work|dut|job|and)|\bwithout\s+restrictions?", re.I),
    ),
    (
        "permanent_and_stationary",
        re.compile(r"permanent(?:ly)?\s+(?:and|&)\s+stationary|\bP\s?&\s?S\b|\bMMI\b|maximum\s+medical\s+improvement", re.I),
    ),
]
_TROUBLE = re.compile(r"\b(?:difficult|trouble|inability|problem|limited\s+(?:with|to|in))", re.I)
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
            if rule.dimension == "pain":
                if pain_scores(text[start:end]):
                    if _NOT_PAIN.search(text, max(sentence["start"], start - 40), min(end + 25, sentence["end"])):
                        continue
                elif "\\d{1,2}" in rule.pattern.pattern and not _RATED.search(text, start, end):
                    continue
            words = text[start:end]
            start, end, polarity = self._undocumented(text, sentence, start, end, rule.polarity)
            start = _finding_start(text, start, end)
            attributes = _attributes(words, rule.dimension, polarity)
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


def finding_attributes(text: str, one: Mention, decided: Mapping[str, str]) -> dict[str, Any]:
    """Return the attributes of a finding whose dimension and polarity are ``decided``: the values are in its words."""
    return _attributes(text[one["start"] : one["end"]], decided["dimension"], decided["polarity"], by_numbers=False)


def _attributes(words: str, dimension: str, polarity: str, *, by_numbers: bool = True) -> dict[str, Any]:
    attributes: dict[str, Any] = {"dimension": dimension, "polarity": polarity}
    if dimension == "pain":
        attributes |= pain_scores(words)
    if dimension in ("pain", "general") and (relief := relief_percent(words)):
        attributes["relief_percent"] = relief
    attributes["definition_part"] = _PART_OF_DEFINITION.get(dimension)
    if dimension == "work":
        attributes["work_status"] = "unknown" if polarity == "undocumented" else work_status(words)
    if by_numbers:
        attributes["polarity"] = _by_numbers(attributes, polarity)
    return attributes


def pain_scores(words: str) -> dict[str, list[float]]:
    """Return the pain scores (0 to 10) that ``words`` print: ``score`` all of them, in order, and which is which.

    ``with_treatment`` and ``without_treatment`` where the words name the condition, ``before`` and ``after`` where
    pain went from one score to another. A score is one number, or two for a range.
    """
    found = [match for match in _SCORE.finditer(words) if float(match["low"]) <= 10]
    if not found:
        bare = _BARE_SCORE.search(words)
        values = _values(bare) if bare else []
        return {"score": values} if values and max(values) <= 10 else {}
    went = _CAME_DOWN.search(words)
    if went:
        return _before_and_after(words, found, went.start())
    scores: dict[str, list[float]] = {"score": [value for match in found for value in _values(match)]}
    for match in found:
        under = _UNDER.match(words, match.end())
        if under:
            scores.setdefault("without_treatment" if under["without"] else "with_treatment", []).extend(_values(match))
    return scores


def _values(match: re.Match[str]) -> list[float]:
    return [float(value) for value in (match["low"], match["high"]) if value]


def _before_and_after(words: str, found: list[re.Match[str]], went: int) -> dict[str, list[float]]:
    """Tell two scores apart: the one behind "from" stood before the other."""
    values = [(match.start(name), float(match[name])) for match in found for name in ("low", "high") if match[name]]
    taken = [match.span() for match in found]
    values += [
        (match.start(1), float(match[1]))
        for match in _PLAIN_NUMBER.finditer(words)
        if not any(start <= match.start(1) < end for start, end in taken)
    ]
    values = sorted(values)
    scores = {"score": [value for _, value in values]}
    if len(values) == 2:
        first = next((position for position, (place, _) in enumerate(values) if place > went), 0)
        scores |= {"before": [values[first][1]], "after": [values[1 - first][1]]}
    return scores


def _by_numbers(attributes: Mapping[str, object], polarity: str) -> str:
    """Return the polarity that two scores of one finding say: less pain after, or with treatment, is a gain."""
    for worse, better in (("before", "after"), ("without_treatment", "with_treatment")):
        high, low = attributes.get(worse), attributes.get(better)
        if isinstance(high, list) and isinstance(low, list) and polarity != "undocumented":
            return "improved" if max(low) < min(high) else "not_improved"
    return polarity


def relief_percent(words: str) -> list[int]:
    """Return the percentages of relief that ``words`` print: one number, or two for a range."""
    return [
        int(value) for match in _RELIEF.finditer(words) for value in (match["low"], match["high"]) if value and int(value) <= 100
    ]


def work_status(words: str) -> str:
    """Return the work status that ``words`` say: a code of docs/record.md, "unknown" where they leave it open."""
    if not _TROUBLE.match(words):
        for status, pattern in _WORK_STATUS:
            if pattern.search(words):
                return status
    return "unknown"


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
