"""``unmet_criteria``: phrases that state a requirement, in a guideline's voice, typed by ``taxonomy.yaml``."""

import re

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import letter_text
from unmet.components.mentions import Mention, add_mentions, mention, prose_sentences, without_overlaps
from unmet.components.rules import criterion_rules
from unmet.layout.pattern import trim
from unmet.reasoning.cues import turn

# A guideline sentence states a requirement only if it permits, limits or forbids something.
_NORMATIVE = re.compile(
    r"\b(?:recommend\w*|indicat\w*|criteri\w*|require\w*|should|must|only|necessary|warrant\w*|support\w*|appropriate|option"
    r"|reserved|until|unless|after|if|when|for|with|not|may|can|up\s+to|contingent|expected|documentation|evidence|failure|limit\w*"
    r"|trial|\d)\b",
    re.I,
)


# A sentence that tells of studies or of a remedy's merits states no requirement.
_TELLS = re.compile(
    r"\b(?:placebo|meta-?analys[ei]s|confidence\s+interval|case\s+series|number\s+needed|widely\s+used|widely\s+accepted|incurred|rates?\s+were"
    r"|insufficient\s+(?:evidence|scientific)|studies\s+(?:show|indicate|suggest|have))\b|\bcome\s+with\b",
    re.I,
)
# A single word ("gain") names no requirement.
_SHORTEST = 8
# What a match may begin and end with and a requirement does not.
_LEAD_IN = re.compile(r"(?:(?:is|are|a|an)\s+)+(?=\w)", re.I)
_JUDGED = re.compile(
    r",?\s+(?:(?:is|are|may\s+be|can\s+be)\s+(?:\w+\s+)?(?:recommended|sufficient|appropriate|obtained|indicated|supported|warranted)"
    r"|in\s+order\s+to|when\s+the|before\s+ordering|with\s+documentation)\b",
    re.I,
)
_DANGLING = re.compile(
    r"(?:[\s,]+(?:of|for|in|with|to|or|and|the|a|an|by|on|at|from|that|is|are|as|than|upon|before|after))+\s*\Z", re.I
)
# A numbered item of a list of criteria.
_ITEM = re.compile(r"\(?\d{1,2}[.)]\s+")


class CriterionStatements:
    """Marks the stated criteria of every guideline sentence of a rationale."""

    def __call__(self, doc: Doc) -> Doc:
        text = letter_text(doc)
        rules = criterion_rules()
        found: list[Mention] = []
        for sentence in prose_sentences(doc):
            if sentence["section_kind"] != "rationale":
                continue
            stop = sentence["end"]
            if sentence["voice"] == "reviewer":
                stop = turn(text, sentence["start"], sentence["end"])
            elif sentence["voice"] != "guideline":
                continue
            if not _NORMATIVE.search(text, sentence["start"], stop) or _TELLS.search(text, sentence["start"], stop):
                continue
            in_sentence = []
            for match in rules.search(rules.stated, text, sentence["start"], stop):
                start, end = _requirement(text, match.start, match.end, stop)
                if end - start >= _SHORTEST:
                    in_sentence.append(
                        mention("CRITERION", sentence, start, end, rule=f"criteria.{match.name}", attributes={"type": match.name})
                    )
            numeral = _ITEM.match(text, sentence["start"], stop)
            if numeral and in_sentence:
                in_sentence = [self._whole_item(text, in_sentence, numeral.end(), stop)]
            found += without_overlaps(in_sentence)
        add_mentions(doc, found)
        return doc

    @staticmethod
    def _whole_item(text: str, in_item: list[Mention], start: int, end: int) -> Mention:
        """Read a numbered item as one criterion, of the type that it names first."""
        first = min(in_item, key=lambda one: one["start"])
        first["start"], first["end"] = trim(text, start, end, strip='.,;:"\u201c\u201d')
        return first


def _requirement(text: str, start: int, end: int, stop: int) -> tuple[int, int]:
    """Narrow a match to the requirement: whole words, without what the guideline says about it."""
    if end < stop and text[end].isalnum() and text[end - 1].isalnum():
        end = max(text.rfind(" ", start, end), text.rfind("\n", start, end), start)
    lead = _LEAD_IN.match(text, start, end)
    start = lead.end() if lead else start
    judged = _JUDGED.search(text, start + _SHORTEST, end)
    end = judged.start() if judged else end
    dangling = _DANGLING.search(text, start, end)
    return trim(text, start, dangling.start() if dangling else end, strip=',.;:"\u201c\u201d')


@Language.factory("unmet_criteria", requires=["doc._.sentences"], assigns=["doc._.mentions"])
def create_criterion_statements(nlp: Language, name: str) -> CriterionStatements:
    """Make the component."""
    return CriterionStatements()
