"""Rules from data files, compiled once: what components share of them."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from unmet.errors import KnowledgeError
from unmet.knowledge import codes, load_yaml
from unmet.layout.pattern import form


class Found(NamedTuple):
    """A stretch of text that a rule matched, in offsets of the text searched, and what the rule calls it."""

    start: int
    end: int
    name: str


def union(patterns: list[str]) -> re.Pattern[str]:
    """Compile alternatives to one pattern, ignoring case; a blank stands for any whitespace."""
    return form("|".join(f"(?:{pattern})" for pattern in patterns), re.I)


# Types whose patterns are wide: they stand back where a narrower one matches the same words.
_WIDE = frozenset(["specific_indication", "treatment_response"])


def _gives_way(one: Found, other: Found) -> bool:
    if one.name == other.name or one.end <= other.start or other.end <= one.start:
        return False
    if one.name in _WIDE and other.name not in _WIDE:
        return True
    covered = other.start <= one.start and one.end <= other.end
    return covered and other.name not in _WIDE and (other.end - other.start) > 1.6 * (one.end - one.start)


class CriterionRules:
    """What names a criterion type: in guideline sentences (``stated``), in the reviewer's (``applied``); and what says
    by itself that a criterion is not satisfied (``contrary``) or is (``fulfilled``)."""

    def __init__(self) -> None:
        data = load_yaml("criteria.yaml")
        unknown = set(data["types"]) - codes("criterion_type")
        if unknown:
            raise KnowledgeError(f"knowledge/criteria.yaml: unknown criterion types {sorted(unknown)}")
        self.stated: dict[str, re.Pattern[str]] = {}
        self.applied: dict[str, re.Pattern[str]] = {}
        self.contrary: dict[str, re.Pattern[str]] = {}
        self.fulfilled: dict[str, re.Pattern[str]] = {}
        for name, rules in data["types"].items():
            for table, fields in (
                (self.stated, ("topics", "stated")),
                (self.applied, ("topics", "applied")),
                (self.contrary, ("contrary",)),
                (self.fulfilled, ("fulfilled",)),
            ):
                patterns = [pattern for field in fields for pattern in rules.get(field, ())]
                for snippet, text in data["snippets"].items():
                    patterns = [pattern.replace("{" + snippet + "}", text) for pattern in patterns]
                if patterns:
                    table[name] = union(patterns)

    @staticmethod
    def search(table: dict[str, re.Pattern[str]], text: str, start: int, end: int) -> list[Found]:
        """Return what in ``text[start:end]`` names criteria: per type without overlaps, in reading order."""
        found = [
            Found(match.start(), match.end(), name)
            for name, pattern in table.items()
            for match in pattern.finditer(text, start, end)
            if match.end() > match.start()
        ]
        # A match that a longer one of another type covers names that other criterion ("relief" in "pain relief"); and
        # what only says that something is asked for ("a diagnosis of ...") gives way to what says what is asked.
        kept = [one for one in found if not any(_gives_way(one, other) for other in found)]
        return sorted(kept)


@cache
def criterion_rules() -> CriterionRules:
    """Return the criterion rules, compiled once per process."""
    return CriterionRules()
