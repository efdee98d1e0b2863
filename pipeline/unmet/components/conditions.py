"""``unmet_conditions``: diagnoses and symptoms, by the words that make up their names."""

import re
from functools import cache
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import letter_text
from unmet.components.mentions import Mention, add_mentions, mention, prose_sentences, without_overlaps
from unmet.components.openings import Openings, matches
from unmet.errors import KnowledgeError
from unmet.knowledge import load_yaml
from unmet.layout.pattern import any_of, form, spelled_out


class _Names(NamedTuple):
    """What finds a condition's name, and the words that it can begin with."""

    pattern: re.Pattern[str]
    openings: Openings


@cache
def _names() -> _Names:
    data = load_yaml("conditions.yaml")
    parts = load_yaml("anatomy.yaml")["body_parts"]
    places = {term.lower() for part in parts for term in [part["canonical"], *part.get("terms", ()), *part.get("adjectives", ())]}
    places.update(data["places"])
    terms = {field: _spelled(data[field]) for field in ("qualifiers", "heads", "names")}
    where = any_of(places)
    qualifiers, heads, names = map(any_of, terms.values())
    before = rf"(?:(?:{qualifiers}|{where})(?:,? (?:and )?|-|/))*"
    after = rf"(?: of the (?:(?:{qualifiers}) )?(?:{where}))?"
    return _Names(
        form(rf"(?<!\w)(?:{before}(?:{heads}){after}|(?:{names}))(?!\w)", re.I),
        Openings([*places, *(term for own in terms.values() for term in own)]),
    )


def _spelled(patterns: list[str]) -> list[str]:
    """Return all that ``patterns`` can match; raises ``KnowledgeError`` where that has no end."""
    spelled = []
    for pattern in patterns:
        terms = spelled_out(pattern)
        if terms is None:
            raise KnowledgeError(f"knowledge/conditions.yaml: {pattern!r} can match words without end; write them out")
        spelled += terms
    return spelled


class Conditions:
    """Finds condition names in the case summary and in the rationales."""

    def __call__(self, doc: Doc) -> Doc:
        text = letter_text(doc)
        names = _names()
        places = names.openings.places(doc, text)
        found: list[Mention] = []
        for sentence in prose_sentences(doc):
            if sentence["section_kind"] == "request_title":
                continue
            found += without_overlaps(
                [
                    mention("CONDITION", sentence, match.start(), match.end(), rule="conditions.name", confidence=0.7)
                    for match in matches(names.pattern, text, sentence["start"], sentence["end"], places)
                ]
            )
        add_mentions(doc, found)
        return doc


@Language.factory("unmet_conditions", requires=["doc._.sentences"], assigns=["doc._.mentions"])
def create_conditions(nlp: Language, name: str) -> Conditions:
    """Make the component."""
    return Conditions()
