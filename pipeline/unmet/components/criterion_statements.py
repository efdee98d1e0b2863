"""``unmet_criteria``: phrases that state a requirement, in a guideline's voice, typed by ``taxonomy.yaml``."""

import re

from spacy.language import Language
from spacy.tokens import Doc

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
# A numbered item of a list of criteria.
_ITEM = re.compile(r"\(?\d{1,2}[.)]\s+")


class CriterionStatements:
    """Marks the stated criteria of every guideline sentence of a rationale."""

    def __call__(self, doc: Doc) -> Doc:
        text = doc.text
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
                start, end = trim(text, match.start, match.end, strip=',.;:"\u201c\u201d')
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


@Language.factory("unmet_criteria", requires=["doc._.sentences"], assigns=["doc._.mentions"])
def create_criterion_statements(nlp: Language, name: str) -> CriterionStatements:
    """Make the component."""
    return CriterionStatements()
