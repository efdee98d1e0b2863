"""``unmet_voice``: whose statement each sentence is, by rules; fills ``voice`` in ``doc._.sentences``.

Voice comes before polarity: a denial quoted from utilization review, or a rule of a guideline, is no finding of the
reviewer. Most guideline text is unquoted, so a guideline's voice is carried on over the general statements that
follow it until something speaks of the case.
"""

import re

from spacy.language import Language
from spacy.tokens import Doc
from unmet.components.letter_layout import layout_of
from unmet.components.sentences import Sentence
from unmet.knowledge import load_yaml
from unmet.layout.pattern import form

# What ties a sentence to this case: a person of it, a date, a past event, the disputed request.
_CASE = form(
    r"\b(?:this|the|these) (?:\w+ ){0,2}?(?:patient|applicant|claimant|injured worker|worker|employee|IW)s?\b(?! (?:should|must|who))"
    r"|\b(?:he|she|his|her)\b|\b\d{1,2}[/-]\d{1,2}[/-]\d{2,4}\b|\b(?:patient|applicant|claimant|worker)(?:['\u2019]s)? (?:has|had|was|is|did|does)\b"
    r"|\b(?:this|the) (?:\w+ ){0,5}?request|\bthe (?:submitted|provided|available|treating|attending|requesting|provider|physician|clinical)",
    re.I,
)
_DIRECT = re.compile(r"\u201c|\"")


class _Rules:
    def __init__(self) -> None:
        data = load_yaml("voice.yaml")
        self._names = {name: pattern for name, pattern in data["names"].items()}
        self.boilerplate = self._compile(data["boilerplate"])
        self.utilization_review = self._compile(data["utilization_review"])
        self.provider = self._compile(data["provider"])
        self.patient = self._compile(data["patient"])
        self.guideline = self._compile(data["guideline"])
        self.reviewer = self._compile(data["reviewer"])

    def _compile(self, patterns: list[str]) -> re.Pattern[str]:
        joined = "|".join(f"(?:{pattern})" for pattern in patterns)
        for name, pattern in self._names.items():
            joined = joined.replace("{" + name + "}", pattern)
        return form(joined, re.I)


class SentenceVoice:
    """Decides the voice of every sentence of the case summary and of the rationales; the rest is form text."""

    def __init__(self) -> None:
        self._rules = _Rules()

    def __call__(self, doc: Doc) -> Doc:
        text = doc.text
        sentences: list[Sentence] = doc._.sentences
        # The case summary of 2013 is the utilization review's own text.
        reported = layout_of(doc).era == "A"
        previous: Sentence | None = None
        in_quote = ""
        for sentence in sentences:
            words = text[sentence["start"] : sentence["end"]]
            if sentence["section"] == "case_summary":
                sentence["voice"] = "utilization_review" if reported else self._in_summary(words)
            elif sentence["section"] == "rationale":
                continues = previous is not None and previous["request"] == sentence["request"]
                before = previous["voice"] if continues and previous else ""
                sentence["voice"] = self._in_rationale(words, before, in_quote if continues else "")
                in_quote = self._open_quote(words, sentence["voice"], in_quote if continues else "")
                previous = sentence
            else:
                sentence["voice"] = "boilerplate"
        doc._.sentences = sentences
        return doc

    def _in_summary(self, words: str) -> str:
        rules = self._rules
        if rules.utilization_review.search(words):
            return "utilization_review"
        if rules.patient.search(words):
            return "patient"
        if rules.provider.search(words):
            return "provider"
        return "record"

    def _in_rationale(self, words: str, before: str, in_quote: str) -> str:
        rules = self._rules
        if rules.boilerplate.search(words) or (before == "boilerplate" and not rules.reviewer.search(words)):
            return "boilerplate"
        if in_quote and before == in_quote:
            return in_quote
        if rules.utilization_review.search(words):
            return "utilization_review"
        guideline = rules.guideline.search(words)
        reviewer = rules.reviewer.search(words)
        case = _CASE.search(words)
        if (
            reviewer
            and guideline
            and not case
            and not re.match(r"\W*(?:therefore|as such|thus|given|however|in this)", words, re.I)
        ):
            # "There is no evidence to support ..." in a guideline's mouth.
            return "guideline" if guideline.start() < reviewer.start() else "reviewer"
        if reviewer:
            return "reviewer"
        if guideline and not case:
            return "guideline"
        if (
            guideline
            and guideline.start() < (case.start() if case else 0)
            and re.search(r"\b(?:state|recommend|note|stipulat)", words)
        ):
            return "guideline"
        if before == "guideline" and not case:
            return "guideline"
        if rules.patient.search(words):
            return "patient"
        if rules.provider.search(words):
            return "provider"
        if case:
            return "record"
        return "guideline" if before in ("", "guideline") else "reviewer"

    @staticmethod
    def _open_quote(words: str, voice: str, in_quote: str) -> str:
        """Carry a quotation that a sentence opens and does not close over to the next sentence."""
        if voice not in ("guideline", "utilization_review"):
            return ""
        straight = words.count('"') % 2 == 1
        opened = words.count("\u201c") - words.count("\u201d")
        if in_quote:
            return "" if straight or opened < 0 else in_quote
        return voice if straight or opened > 0 else ""


@Language.factory("unmet_voice", requires=["doc._.sentences"], assigns=["doc._.sentences"])
def create_voice(nlp: Language, name: str) -> SentenceVoice:
    """Make the component."""
    return SentenceVoice()
