"""``unmet_assertion``: present, absent, historical, planned, requested ... for each medication and procedure.

medspaCy's ConText finds the modifiers (``knowledge/context.yaml``); whose words a sentence is, and where it stands,
goes before them: titles are requested, guideline sentences conditional. ConText leaves objects in the Doc that
cannot be serialised, so they are removed before the Doc goes on.
"""

import logging
import re
import warnings
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span

from unmet.components.letter_layout import layout_of
from unmet.components.mentions import Mention
from unmet.knowledge import codes, load_yaml

_GROUP = "unmet_assertion_targets"
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


def _context(nlp: Language) -> Any:
    with warnings.catch_warnings():
        # Importing medspaCy silences the warnings of the whole process; this restores them.
        from medspacy.context import ConText, ConTextRule

    logging.getLogger("medspacy").setLevel(logging.WARNING)
    context = ConText(
        nlp, rules=None, input_span_type="group", span_group_name=_GROUP, span_attrs=None, prune_on_target_overlap=True
    )
    rules = [
        ConTextRule(literal=phrase, category=entry["category"], direction=entry["direction"])
        for entry in load_yaml("context.yaml")
        for phrase in entry["phrases"]
    ]
    # One rule as a token pattern: ConText's second matcher warns at every letter while it is empty.
    rules.append(ConTextRule("s/p", "historical", pattern=[{"LOWER": "s"}, {"ORTH": "/"}, {"LOWER": "p"}], direction="FORWARD"))
    context.add(rules)
    return context


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
        self._context = _context(nlp)

    def __call__(self, doc: Doc) -> Doc:
        mentions: list[Mention] = doc._.mentions or []
        asserted = [m for m in mentions if m["label"] in _ASSERTED]
        modified = self._modifiers(doc, asserted)
        layout = layout_of(doc)
        authorized = [request.authorized for request in layout.requests if request.authorized]
        disputed = self._disputed(doc, mentions)
        for position, one in enumerate(asserted):
            one["assertion"] = self._decide(doc.text, one, modified.get(position, set()), authorized, disputed)
        doc._.mentions = mentions
        return doc

    def _modifiers(self, doc: Doc, asserted: list[Mention]) -> dict[int, set[str]]:
        """Return the categories that ConText finds for each mention, by its position in ``asserted``."""
        spans: list[Span] = []
        positions: dict[tuple[int, int], list[int]] = {}
        for position, one in enumerate(asserted):
            span = doc.char_span(one["start"], one["end"], label=one["label"], alignment_mode="expand")
            if span is not None:
                positions.setdefault((span.start, span.end), []).append(position)
                spans.append(span)
        doc.spans[_GROUP] = spans
        self._context(doc)
        found: dict[int, set[str]] = {}
        for span in doc.spans[_GROUP]:
            categories = {modifier.category.lower() for modifier in span._.modifiers}  # ConText capitalises
            for position in positions.get((span.start, span.end), ()):
                found[position] = categories
        del doc.spans[_GROUP]
        for key in [
            key
            for key in doc.user_data
            if isinstance(key, tuple) and key[0] == "._." and key[1] in ("modifiers", "context_graph")
        ]:
            del doc.user_data[key]
        return found

    @staticmethod
    def _disputed(doc: Doc, mentions: list[Mention]) -> set[str]:
        """Name what is in dispute, to know it again in the rationales."""
        return {Assertion._identity(one, doc.text) for one in mentions if one["section_kind"] == "request_title"}

    @staticmethod
    def _identity(one: Mention, text: str) -> str:
        attributes = one["attributes"]
        if one["label"] == "PROCEDURE":
            return str(attributes.get("canonical"))
        return ";".join(attributes.get("ingredients", ())) or text[one["start"] : one["end"]].lower()

    @staticmethod
    def _decide(text: str, one: Mention, modifiers: set[str], authorized: list[tuple[int, int]], disputed: set[str]) -> str:
        if one["section_kind"] == "request_title":
            inside = any(start <= one["start"] and one["end"] <= end for start, end in authorized)
            return "authorized" if inside else "requested"
        before = text[max(0, one["start"] - _REACH) : one["start"]]
        if one["section_kind"] == "rationale" and (_REQUEST if one["voice"] == "guideline" else _ARGUED).search(before):
            return "requested"
        if one["voice"] == "guideline":
            return "conditional"
        categories = [category for category in _ORDER if category in modifiers]
        if one["section_kind"] == "rationale" and Assertion._identity(one, text) in disputed:
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
