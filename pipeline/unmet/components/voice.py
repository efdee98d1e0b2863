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
_PERSON = r"(?:patient|applicant|claimant|injured worker|worker|employee|IW|member)"
_VERB = (
    r"(?:has|had|have|was|were|is|did|does|do|continues?|presents?|presented|reports?|reported|underwent|remains?|remained|showed|shows|lacks?|needs?"
    r"|meets?|would|could|sustained|injured|received|completed|failed|fails|demonstrated|retained|received|acutely|currently|also|already|seemingly|then|took|takes)"
)
# What ties a sentence to this case: a person of it who does something, a date, the disputed request, the file.
_CASE = form(
    rf"\b(?:this|said) (?:\w+ ){{0,2}}?{_PERSON}\b|\b(?:the |this )?(?:\w+ )?{_PERSON}(?:['\u2019]s? (?!therapeutic|condition|needs|treatment|response|function)\w+)?"
    rf" {_VERB}\b|\b(?:she|he) {_VERB}\b|\b(?:his|her)\b|\b\d{{1,2}}[/-]\d{{1,2}}[/-]\d{{2,4}}\b"
    r"|\b(?:this|these|the (?:current|original|present|requested|disputed)) (?:\w+ ){0,4}?requests?\b|\bthe requests? (?:is|was|for|does|did|exceed|as)\b"
    r"|\b(?:the|these) (?:submitted|provided|available|attending|requesting|documentation|records?|file|medical records?|provider|progress|clinic)\b"
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{1,2}, \d{4}\b",
    re.I,
)


# A guideline sentence that goes on to the case is the reviewer's ("..., and the patient has not").
_APPLIES = form(
    r"\b(?:but|and|however|which|yet|while|whereas|therefore)\b[^.]{0,60}\b(?:this (?:\w+ )?(?:patient|applicant|claimant|worker|request)|the (?:\w+ )?(?:patient|applicant|claimant|worker|request) (?:has|had|is|was|does|did|exceeds))\b",
    re.I,
)
# Guidelines speak in the present tense; a finding that denies something is the reviewer's.
_TOLD = form(
    r"\b(?:was|were|did|had)\b(?! (?:shown|found|reported|conducted|published))|\b(?:now|already|so far|to date|yet)\b", re.I
)
_STUDIES = form(r"\b(?:studies|study|trials?|series|patients|placebo|rates?|literature|review of)\b|%", re.I)
_DENIES = form(
    r"\b(?:not|never|no|nor|neither|none|nowhere|without|cannot|fails?|falls?|enough|exceeds?|only|merely|too)\b", re.I
)
# The next item of a list that a guideline opened.
_LISTED = form(r"(?:and )?\(?(?:\d{1,2}|[a-h])[.)] ")
_TOPIC = form(
    r"(?:regarding|with regards? to|with respect to|as for|concerning|in regards? to|for) the (?:current |prospective )?request for [^,.]{3,160}, ?",
    re.I,
)
_CONCLUDES = form(r"\bthe request\b[^.]{0,120}\bmedically necessary\b", re.I)


class _Rules:
    def __init__(self) -> None:
        data = load_yaml("voice.yaml")
        self._names = {name: pattern for name, pattern in data["names"].items()}
        self.boilerplate = self._compile(data["boilerplate"])
        self.utilization_review = self._compile(data["utilization_review"])
        self.provider = self._compile(data["provider"])
        self.patient = self._compile(data["patient"])
        self.utilization_review_summary = self._compile(data["utilization_review_summary"])
        self.guideline = self._compile(data["guideline"])
        self.general = self._compile(data["general"])
        self.pivot = self._compile(data["pivot"])
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
        if rules.utilization_review.search(words) or rules.utilization_review_summary.search(words):
            return "utilization_review"
        provider, patient = rules.provider.search(words), rules.patient.search(words)
        if patient and not (provider and provider.start() < patient.start()):
            return "patient"
        return "provider" if provider else "record"

    def _in_rationale(self, words: str, before: str, in_quote: str) -> str:
        rules = self._rules
        if rules.boilerplate.search(words) or (before == "boilerplate" and not _CONCLUDES.search(words)):
            return "boilerplate"
        if in_quote and before == in_quote and not (rules.pivot.search(words) and _CASE.search(words)):
            return in_quote
        if rules.utilization_review.search(words):
            return "utilization_review"
        if rules.pivot.search(words):
            return "reviewer"
        topic = _TOPIC.match(words)
        if topic:
            words = words[topic.end() :]
        case = _CASE.search(words)
        if before == "guideline" and _LISTED.match(words) and not case:
            return "guideline"
        guideline = rules.guideline.search(words)
        if (
            guideline
            and not (case and case.start() < guideline.start())
            and not (case and _APPLIES.search(words, guideline.end()))
        ):
            return "guideline"
        if rules.reviewer.search(words):
            return "reviewer"
        told = case or (_TOLD.search(words) and (before != "guideline" or not _STUDIES.search(words)))
        if not told and (before in ("", "guideline") or rules.general.search(words)):
            return "guideline"
        provider, patient = rules.provider.search(words), rules.patient.search(words)
        if patient and not (provider and provider.start() < patient.start()):
            return "patient"
        if provider:
            return "provider"
        if _DENIES.search(words):
            return "reviewer"
        return "record" if told or before in ("record", "patient", "provider") else "reviewer"

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
