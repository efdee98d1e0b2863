"""``unmet_assertion``: present, absent, historical, planned, requested ... for each medication and procedure.

medspaCy's ConText finds the modifiers (``knowledge/context.yaml``); whose words a sentence is, and where it stands,
goes before them: titles are requested, guideline sentences conditional. Nothing of ConText is left in the Doc: its objects
cannot be serialised.
"""

import logging
import re
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterator
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

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


# A modifier is compared with so many behind it in its sentence; no sentence of a reviewer's has as many.
_NEAREST = 100


class _Context:
    """ConText's modifiers (medspaCy) in a Doc, with their scopes.

    medspaCy's own matcher runs two more matchers over every token, and its graph compares every modifier with every target.
    """

    def __init__(self, nlp: Language) -> None:
        with warnings.catch_warnings():
            # Importing medspaCy silences the warnings of the whole process; this restores them.
            from medspacy.context import ConTextRule
        logging.getLogger("medspacy").setLevel(logging.WARNING)
        self._strings = nlp.vocab.strings
        self._matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
        self._rules: dict[str, Any] = {}
        for entry in load_yaml("context.yaml"):
            for phrase in entry["phrases"]:
                rule = ConTextRule(literal=phrase, category=entry["category"], direction=entry["direction"])
                name = f"{rule.category}_{len(self._rules)}"
                self._rules[name] = rule
                self._matcher.add(name, [nlp.tokenizer(phrase.lower())])

    def modifiers(self, doc: Doc, starts: list[int], sentences: Container[int]) -> dict[int, list[Any]]:
        """Return the modifiers in each of ``sentences`` (by number), scopes limited; sentences begin at the tokens ``starts``."""
        from medspacy.common.util import prune_overlapping_matches
        from medspacy.context import ConTextModifier

        found: dict[int, list[Any]] = {}
        matches = prune_overlapping_matches(self._matcher(doc))
        bounds = [*starts, len(doc)]
        for key, start, end in matches:
            number = bisect_right(starts, start) - 1
            if number in sentences:
                rule = self._rules[self._strings[key]]
                first = end if rule.direction == "FORWARD" else bounds[number]
                last = start if rule.direction == "BACKWARD" else bounds[number + 1]
                found.setdefault(number, []).append(ConTextModifier(rule, start, end, doc, scope_start=first, scope_end=last))
        for own in found.values():
            _limit_scopes(own)
        return found


def _limit_scopes(modifiers: list[Any]) -> None:
    """Let modifiers of one category, and those that end any other, limit each other's scope."""
    kinds = [(one.category, one.direction == "TERMINATE") for one in modifiers]
    for place, (category, ends) in enumerate(kinds):
        for behind in range(place + 1, min(place + 1 + _NEAREST, len(kinds))):
            if ends or kinds[behind][1] or kinds[behind][0] == category:
                modifiers[place].limit_scope(modifiers[behind])
                modifiers[behind].limit_scope(modifiers[place])


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
        self._context = _Context(nlp)

    def __call__(self, doc: Doc) -> Doc:
        mentions: list[Mention] = doc._.mentions or []
        asserted = [m for m in mentions if m["label"] in _ASSERTED]
        modified = self._modifiers(doc, asserted)
        layout = layout_of(doc)
        authorized = [request.authorized for request in layout.requests if request.authorized]
        text = letter_text(doc)
        disputed = {self._identity(one, text) for one in mentions if one["section_kind"] == "request_title"}
        for position, one in enumerate(asserted):
            one["context"] = sorted(modified.get(position, ()))
            one["disputed"] = self._identity(one, text) in disputed
            one["assertion"] = self._decide(text, one, authorized)
        doc._.mentions = mentions
        return doc

    def _modifiers(self, doc: Doc, asserted: list[Mention]) -> dict[int, set[str]]:
        """Return the categories that ConText finds for each mention, by its position in ``asserted``.

        A scope ends with its sentence.
        """
        starts = np.flatnonzero(doc.to_array("SENT_START").view("int64") == 1).tolist()
        targets: dict[int, dict[tuple[int, int], list[int]]] = {}
        for position, one in enumerate(asserted):
            span = doc.char_span(one["start"], one["end"], alignment_mode="expand")
            if span is not None:
                number = bisect_right(starts, span.start) - 1
                targets.setdefault(number, {}).setdefault((span.start, span.end), []).append(position)
        found: dict[int, set[str]] = {}
        for number, modifiers in self._context.modifiers(doc, starts, targets).items():
            for place, category in _edges(sorted(targets[number]), modifiers):
                for position in targets[number][place]:
                    found.setdefault(position, set()).add(category)
        return found

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


def _edges(targets: list[tuple[int, int]], modifiers: list[Any]) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield each target with the category of a modifier that reaches it; a modifier that shares words with one reaches none.

    ``targets`` are tokens (first, and the one behind the last), in reading order.
    """
    from medspacy.util import tuple_overlaps

    longest = max(end - start for start, end in targets)

    def between(start: int, end: int) -> list[tuple[int, int]]:
        return targets[bisect_left(targets, (start - longest,)) : bisect_left(targets, (end,))]

    for one in modifiers:
        span = one.modifier_span
        if one.direction == "TERMINATE" or any(tuple_overlaps(target, span) for target in between(*span)):
            continue
        category = one.category.lower()  # ConText capitalises
        for target in between(*one.scope_span):
            if tuple_overlaps(one.scope_span, target) and not tuple_overlaps(span, target):
                yield target, category


@Language.factory("unmet_assertion", requires=["doc._.mentions"], assigns=["doc._.mentions"])
def create_assertion(nlp: Language, name: str) -> Assertion:
    """Make the component."""
    return Assertion(nlp)
