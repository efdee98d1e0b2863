"""``unmet_assertion``: present, absent, historical, planned, requested ... for each medication and procedure.

medspaCy's ConText finds the modifiers (``knowledge/context.yaml``); whose words a sentence is, and where it stands,
goes before them: titles are requested, guideline sentences conditional. ConText's graphs are built here and not left
in the Doc: they cannot be serialised.
"""

import logging
import re
import warnings
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from unmet.components.letter_layout import layout_of, letter_text
from unmet.components.mentions import Mention
from unmet.knowledge import codes, load_yaml

_ASSERTED = ("MEDICATION", "PROCEDURE")
# Where several modifiers reach a mention, the more specific statement wins.
_ORDER = [
    "not_patient",
    "discontinued",
    "absent",
    "authorized",
    "requested",
    "historical",
    "planned",
    "possible",
    "conditional",
    "present",
]


def _matcher(nlp: Language) -> Any:
    with warnings.catch_warnings():
        # Importing medspaCy silences the warnings of the whole process; this restores them.
        from medspacy.common.medspacy_matcher import MedspacyMatcher
        from medspacy.context import ConTextRule

    logging.getLogger("medspacy").setLevel(logging.WARNING)
    matcher = MedspacyMatcher(nlp, name="unmet_context")
    rules = [
        ConTextRule(literal=phrase, category=entry["category"], direction=entry["direction"])
        for entry in load_yaml("context.yaml")
        for phrase in entry["phrases"]
    ]
    # One rule as a token pattern: the second of medspaCy's matchers warns at every letter while it is empty.
    rules.append(ConTextRule("s/p", "historical", pattern=[{"LOWER": "s"}, {"ORTH": "/"}, {"LOWER": "p"}], direction="FORWARD"))
    matcher.add(rules)
    return matcher


# What a rationale argues for or against is asked for, under any negation ("no red flags to warrant imaging"); what a
# utilization review changed was asked for, too.
_REACH = 90
_FILLERS = (
    r"\s+(?:(?:the|an?|this|that|any|use|usage|of|excess|additional|further|continued|requested|type|current|currently|such|repeat|initial"
    r"|ongoing|for|supervised|formal)\s+)*\Z"
)
_REQUEST = re.compile(r"\brequests?\s+for" + _FILLERS, re.I)
_ARGUED = re.compile(
    r"\b(?:requests?\s+for|requested|(?:support|warrant|justify|would\s+require|indications?\s+for|necessity\s+(?:of|for)|need\s+for|met\s+for))"
    + _FILLERS,
    re.I,
)
_MODIFIED = re.compile(r"\bmodified\s+(?:the\s+)?(?:requests?|certification|prescription)\b[^.;]{0,40}\Z", re.I)


class Assertion:
    """Fills ``assertion`` in the mentions of medications and procedures."""

    def __init__(self, nlp: Language) -> None:
        assert set(_ORDER) == codes("assertion"), "taxonomy and order of assertions disagree"
        self._matcher = _matcher(nlp)

    def __call__(self, doc: Doc) -> Doc:
        mentions: list[Mention] = doc._.mentions or []
        asserted = [m for m in mentions if m["label"] in _ASSERTED]
        modified = self._modifiers(doc, asserted)
        layout = layout_of(doc)
        authorized = [request.authorized for request in layout.requests if request.authorized]
        disputed = self._disputed(doc, mentions)
        text = letter_text(doc)
        for position, one in enumerate(asserted):
            one["context"] = sorted(modified.get(position, ()))
            one["disputed"] = self._identity(one, text) in disputed
            one["assertion"] = self._decide(text, one, authorized)
        doc._.mentions = mentions
        return doc

    def _modifiers(self, doc: Doc, asserted: list[Mention]) -> dict[int, set[str]]:
        """Return the categories that ConText finds for each mention, by its position in ``asserted``.

        A graph per sentence: ConText's scope ends there, and its graph compares every modifier with every target.
        """
        from medspacy.context import ConTextGraph, ConTextModifier

        sentence_of = np.cumsum(doc.to_array("SENT_START").view("int64") == 1)
        targets: dict[int, list[Span]] = {}
        positions: dict[tuple[int, int], list[int]] = {}
        for position, one in enumerate(asserted):
            span = doc.char_span(one["start"], one["end"], label=one["label"], alignment_mode="expand")
            if span is not None:
                if (span.start, span.end) not in positions:
                    targets.setdefault(int(sentence_of[span.start]), []).append(span)
                positions.setdefault((span.start, span.end), []).append(position)
        modifiers: dict[int, list[Any]] = {}
        for match_id, start, end in self._matcher(doc):
            sentence = int(sentence_of[start])
            if sentence in targets:
                rule = self._matcher.rule_map[doc.vocab.strings[match_id]]
                modifiers.setdefault(sentence, []).append(ConTextModifier(rule, start, end, doc))
        found: dict[int, set[str]] = {}
        for sentence, own in modifiers.items():
            graph = ConTextGraph(targets=targets[sentence], modifiers=own, prune_on_modifier_overlap=True)
            graph.update_scopes()
            graph.apply_modifiers()
            for span, modifier in graph.edges:
                for position in positions[span.start, span.end]:
                    found.setdefault(position, set()).add(modifier.category.lower())  # ConText capitalises
        return found

    @staticmethod
    def _disputed(doc: Doc, mentions: list[Mention]) -> set[str]:
        """Name what is in dispute, to know it again in the rationales."""
        return {Assertion._identity(one, letter_text(doc)) for one in mentions if one["section_kind"] == "request_title"}

    @staticmethod
    def _identity(one: Mention, text: str) -> str:
        attributes = one["attributes"]
        if one["label"] == "PROCEDURE":
            return str(attributes.get("canonical"))
        return ";".join(attributes.get("ingredients", ())) or text[one["start"] : one["end"]].lower()

    @staticmethod
    def _decide(text: str, one: Mention, authorized: list[tuple[int, int]]) -> str:
        if one["section_kind"] == "request_title":
            inside = any(start <= one["start"] and one["end"] <= end for start, end in authorized)
            return "authorized" if inside else "requested"
        before = text[max(0, one["start"] - _REACH) : one["start"]]
        if one["section_kind"] == "rationale" and (_REQUEST if one["voice"] == "guideline" else _ARGUED).search(before):
            return "requested"
        if one["voice"] == "guideline":
            return "conditional"
        categories = [category for category in _ORDER if category in one["context"]]
        if one["section_kind"] == "rationale" and one["disputed"]:
            # What is in dispute stays requested under any negation ("not necessary"); only its past is told apart.
            past = "historical" in categories and not {"requested", "absent"} & set(categories)
            return "historical" if past else "authorized" if "authorized" in categories else "requested"
        if one["voice"] == "utilization_review" and "authorized" not in categories and one["section_kind"] == "case_summary":
            return "requested" if _MODIFIED.search(before) else "absent"
        if one["voice"] == "provider" and "requested" in categories:
            return "requested"
        if categories:
            return categories[0]
        if one["voice"] == "provider":
            return "planned"
        if one["section_kind"] == "rationale":
            return "conditional" if one["label"] == "PROCEDURE" else "present"
        return "present" if one["label"] == "MEDICATION" else "historical"


@Language.factory("unmet_assertion", requires=["doc._.mentions"], assigns=["doc._.mentions"])
def create_assertion(nlp: Language, name: str) -> Assertion:
    """Make the component."""
    return Assertion(nlp)
