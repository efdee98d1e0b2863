"""``unmet_conditions``: diagnoses and symptoms, by the words that make up their names."""

import re
from functools import cache

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import letter_text
from unmet.components.mentions import Mention, add_mentions, mention, prose_sentences, without_overlaps
from unmet.knowledge import load_yaml
from unmet.layout.pattern import any_of, form, spelled_out


@cache
def _pattern() -> re.Pattern[str]:
    data = load_yaml("conditions.yaml")
    parts = load_yaml("anatomy.yaml")["body_parts"]
    places = {term.lower() for part in parts for term in [part["canonical"], *part.get("terms", ()), *part.get("adjectives", ())]}
    where = any_of({*places, *data["places"]})
    qualifiers, heads, names = (_any_of(data[field]) for field in ("qualifiers", "heads", "names"))
    before = rf"(?:(?:{qualifiers}|{where})(?:,? (?:and )?|-|/))*"
    after = rf"(?: of the (?:(?:{qualifiers}) )?(?:{where}))?"
    return form(rf"(?<!\w)(?:{before}(?:{heads}){after}|(?:{names}))(?!\w)", re.I)


def _any_of(patterns: list[str]) -> str:
    """Join alternatives, longest first, those that can be spelled out as a tree of prefixes."""
    spelled = {pattern: spelled_out(pattern) for pattern in sorted(patterns, key=len, reverse=True)}
    endless = [pattern for pattern, terms in spelled.items() if terms is None]
    return "|".join([any_of(term for terms in spelled.values() for term in terms or ()), *endless])


class Conditions:
    """Finds condition names in the case summary and in the rationales."""

    def __call__(self, doc: Doc) -> Doc:
        text = letter_text(doc)
        found: list[Mention] = []
        for sentence in prose_sentences(doc):
            if sentence["section_kind"] == "request_title":
                continue
            found += without_overlaps(
                [
                    mention("CONDITION", sentence, match.start(), match.end(), rule="conditions.name", confidence=0.7)
                    for match in _pattern().finditer(text, sentence["start"], sentence["end"])
                ]
            )
        add_mentions(doc, found)
        return doc


@Language.factory("unmet_conditions", requires=["doc._.sentences"], assigns=["doc._.mentions"])
def create_conditions(nlp: Language, name: str) -> Conditions:
    """Make the component."""
    return Conditions()
