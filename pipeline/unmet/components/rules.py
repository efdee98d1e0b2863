"""Rules from data files, compiled once: what components share of them."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any, NamedTuple

from unmet.errors import KnowledgeError
from unmet.knowledge import codes, load_yaml
from unmet.layout.literals import PatternTable
from unmet.layout.pattern import form
from unmet.together import LETTERS


class Found(NamedTuple):
    """A stretch of text that a rule matched, in offsets of the text searched, and what the rule calls it."""

    start: int
    end: int
    name: str


def ignoring_case(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of a data file: any case, a blank for any whitespace."""
    return form(pattern, re.I)


def union(patterns: list[str]) -> re.Pattern[str]:
    """Compile alternatives to one pattern, ignoring case; a blank stands for any whitespace."""
    return ignoring_case("|".join(f"(?:{pattern})" for pattern in patterns))


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
    """What names a criterion type: in guideline sentences (``stated``, of it the guideline's own ``support``), in the
    reviewer's (``applied``); and what says by itself that a criterion is not satisfied (``contrary``) or is (``fulfilled``)."""

    def __init__(self) -> None:
        data = load_yaml("criteria.yaml")
        unknown = set(data["types"]) - codes("criterion_type")
        if unknown:
            raise KnowledgeError(f"knowledge/criteria.yaml: unknown criterion types {sorted(unknown)}")
        self.stated = self._table(data, "topics", "stated")
        self.support = self._table(
            {**data, "types": {"guideline_support": data["types"]["guideline_support"]}}, "topics", "stated"
        )
        self.applied = self._table(data, "topics", "applied")
        self.contrary = self._table(data, "contrary")
        self.fulfilled = self._table(data, "fulfilled")

    @staticmethod
    def _table(data: dict[str, Any], *fields: str) -> PatternTable:
        patterns = {}
        for name, rules in data["types"].items():
            own = [pattern for field in fields for pattern in rules.get(field, ())]
            for snippet, text in data["snippets"].items():
                own = [pattern.replace("{" + snippet + "}", text) for pattern in own]
            if own:
                patterns[name] = own
        return PatternTable(patterns, ignoring_case)

    @staticmethod
    @lru_cache(maxsize=128 * LETTERS)
    def search(table: PatternTable, text: str, start: int, end: int) -> tuple[Found, ...]:
        """Return what in ``text[start:end]`` names criteria: per type without overlaps, in reading order."""
        found = [
            Found(match.start(), match.end(), name)
            for name, match in table.finditer(text, start, end)
            if match.end() > match.start()
        ]
        # A match that a longer one of another type covers names that other criterion ("relief" in "pain relief"); and
        # what only says that something is asked for ("a diagnosis of ...") gives way to what says what is asked.
        kept = [one for one in found if not any(_gives_way(one, other) for other in found)]
        return tuple(sorted(kept))


@cache
def criterion_rules() -> CriterionRules:
    """Return the criterion rules, compiled once per process."""
    return CriterionRules()
