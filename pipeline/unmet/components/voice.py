"""``unmet_voice``: whose statement each sentence is, by rules; fills ``voice`` in ``doc._.sentences``.

Voice comes before polarity: a denial quoted from utilization review, or a rule of a guideline, is no finding of the
reviewer. Most guideline text is unquoted, so a guideline's voice is carried on over the general statements that
follow it until something speaks of the case.
"""

import re
from functools import cache, lru_cache

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import layout_of, letter_text
from unmet.components.rules import ignoring_case, union
from unmet.components.sentences import Sentence
from unmet.knowledge import load_yaml
from unmet.layout.literals import PatternTable

_FIELDS = (
    "boilerplate", "utilization_review", "utilization_review_summary", "provider", "patient", "guideline", "general", "pivot",
    "reviewer", "case", "applies", "told", "studies", "denies", "listed", "topic", "concludes", "normative",
)  # fmt: skip

# Of these lists the voice classifier is told which match in a sentence; the others tell nothing that these and the words do not
# (in five folds over real letters 93.3% of the voices are right, with these as with all).
_CUES = (
    "boilerplate", "utilization_review", "utilization_review_summary", "provider", "patient", "guideline", "pivot", "reviewer",
    "case", "concludes", "normative",
)  # fmt: skip

_QUOTE = re.compile('["\u201c\u201d](?=.)', re.S)
_LONGEST_QUOTE = 4000


@cache
def _alternatives() -> dict[str, list[str]]:
    """Return the patterns of ``knowledge/voice.yaml`` by the names of their lists, with the names of people put in."""
    data = load_yaml("voice.yaml")
    filled: dict[str, list[str]] = {}
    for field in _FIELDS:
        for pattern in data[field]:
            for name, words in data["names"].items():
                pattern = pattern.replace("{" + name + "}", words)
            filled.setdefault(field, []).append(pattern)
    return filled


class _Rules:
    """The patterns by the names of their lists, each compiled when it is first asked for: a classifier needs few of them."""

    def __getattr__(self, field: str) -> re.Pattern[str]:
        if field not in _FIELDS:
            raise AttributeError(field)
        pattern = union(_alternatives()[field])
        setattr(self, field, pattern)
        return pattern


_RULES = _Rules()


@cache
def _cues() -> PatternTable:
    return PatternTable({name: _alternatives()[name] for name in _CUES}, ignoring_case)


# Sentences that letters have in common, word for word, are many.
@lru_cache(maxsize=1024)
def voice_cues(words: str) -> tuple[str, ...]:
    """Return the names of those lists of ``knowledge/voice.yaml`` that the voice classifier sees and that match in a sentence."""
    return tuple(_cues().names(words, 0, len(words)))


class SentenceVoice:
    """Decides the voice of every sentence of the case summary and of the rationales; the rest is form text."""

    def __call__(self, doc: Doc) -> Doc:
        text = letter_text(doc)
        sentences: list[Sentence] = doc._.sentences
        # The case summary of 2013 is the utilization review's own text.
        reported = layout_of(doc).era == "A"
        previous: Sentence | None = None
        in_quote = ""
        for sentence in sentences:
            words = text[sentence["start"] : sentence["end"]]
            if sentence["section_kind"] == "case_summary":
                sentence["voice"] = "utilization_review" if reported else self._in_summary(words)
            elif sentence["section_kind"] == "rationale":
                continues = previous is not None and previous["request"] == sentence["request"]
                before = previous["voice"] if continues and previous else ""
                sentence["voice"] = self._in_rationale(words, before, in_quote if continues else "")
                in_quote = self._open_quote(words, sentence["voice"], in_quote if continues else "")
                if in_quote and not _closes(text, sentence["end"]):
                    in_quote = ""
                previous = sentence
            else:
                sentence["voice"] = "boilerplate"
        doc._.sentences = sentences
        return doc

    def _in_summary(self, words: str) -> str:
        rules = _RULES
        if rules.utilization_review.search(words) or rules.utilization_review_summary.search(words):
            return "utilization_review"
        provider, patient = rules.provider.search(words), rules.patient.search(words)
        if patient and not (provider and provider.start() < patient.start()):
            return "patient"
        return "provider" if provider else "record"

    def _in_rationale(self, words: str, before: str, in_quote: str) -> str:
        rules = _RULES
        if rules.boilerplate.search(words) or (before == "boilerplate" and not rules.concludes.search(words)):
            return "boilerplate"
        if in_quote and before == in_quote and not (rules.pivot.search(words) and rules.case.search(words)):
            return in_quote
        if rules.utilization_review.search(words):
            return "utilization_review"
        if rules.normative.search(words) and not rules.case.search(words):
            return "guideline"
        pivot = rules.pivot.search(words)
        if pivot:
            quoting = rules.guideline.search(words, 0, pivot.start())
            opened = quoting and _QUOTE.findall(words, quoting.end(), pivot.start())
            return "guideline" if opened and len(opened) % 2 == 1 else "reviewer"
        topic = rules.topic.match(words)
        if topic:
            words = words[topic.end() :]
        case = rules.case.search(words)
        if before == "guideline" and rules.listed.match(words) and not case:
            return "guideline"
        guideline = rules.guideline.search(words)
        if (
            guideline
            and not (case and case.start() < guideline.start())
            and not (case and rules.applies.search(words, guideline.end()))
        ):
            return "guideline"
        if rules.reviewer.search(words):
            return "reviewer"
        told = case or (rules.told.search(words) and (before != "guideline" or not rules.studies.search(words)))
        if not told and (before in ("", "guideline") or rules.general.search(words)):
            return "guideline"
        provider, patient = rules.provider.search(words), rules.patient.search(words)
        if patient and not (provider and provider.start() < patient.start()):
            return "patient"
        if provider:
            return "provider"
        if rules.denies.search(words):
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


def _closes(text: str, start: int) -> bool:
    """Tell whether the quotation that is open at ``start`` is closed before another opens; many letters forget to."""
    mark = _QUOTE.search(text, start, start + _LONGEST_QUOTE)
    return mark is not None and mark[0] != "\u201c" and not (text[mark.start() - 1].isspace() and text[mark.end()].isalnum())


def carried(text: str, sentences: list[Sentence], runs: list[int], cues: list[tuple[str, ...]]) -> None:
    """Correct ``voice`` in sentences of rationales by what is certain whatever their words.

    A quotation that a guideline or utilization review opened is theirs to its end, and so are the numbered items of a
    guideline's list; utilization review named beside a quotation is who speaks. ``runs`` numbers the stretches of
    sentences that follow each other, ``cues`` are those of :func:`voice_cues`.
    """
    before, in_quote = "", ""
    for index, sentence in enumerate(sentences):
        if index == 0 or runs[index] != runs[index - 1]:
            before, in_quote = "", ""
        if sentence["section_kind"] != "rationale":
            continue
        words = text[sentence["start"] : sentence["end"]]
        own = cues[index]
        if in_quote and not ("pivot" in own and "case" in own):
            sentence["voice"] = in_quote
        elif before == "guideline" and "case" not in own and _RULES.listed.match(words):
            sentence["voice"] = "guideline"
        elif "utilization_review" in own and "pivot" not in own and _QUOTE.search(words):
            sentence["voice"] = "utilization_review"
        before = sentence["voice"]
        in_quote = SentenceVoice._open_quote(words, before, in_quote)
        if in_quote and not _closes(text, sentence["end"]):
            in_quote = ""


@Language.factory("unmet_voice", requires=["doc._.sentences"], assigns=["doc._.sentences"])
def create_voice(nlp: Language, name: str) -> SentenceVoice:
    """Make the component."""
    return SentenceVoice()
