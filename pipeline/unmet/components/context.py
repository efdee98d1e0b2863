"""ConText: words that say of what stands before or behind them that it is absent, past, planned ... (``context.yaml``).

The algorithm is ConText's (Harkema, Dowling, Thornblade and Chapman 2009): a modifier's scope runs from it to the edge of its
sentence and ends at a word that terminates it. As in medSpaCy (Eyre et al. 2021), of modifiers that overlap the longer stands,
and one of the same category ends the scope of another.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from spacy.matcher import PhraseMatcher

from unmet.knowledge import load_yaml

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from spacy.language import Language
    from spacy.tokens import Doc

# Tokens: the first, and the one behind the last.
Tokens = tuple[int, int]

# A modifier is compared with so many behind it in its sentence; no sentence of a reviewer's has as many.
_NEAREST = 100


class _Rule(NamedTuple):
    category: str
    forward: bool  # whether the scope runs on behind the modifier
    backward: bool  # whether it runs before it
    ends: bool  # whether the modifier says nothing itself, but ends every other's scope


@dataclass(slots=True)
class Modifier:
    """A modifier of a text and the tokens that it may say something of."""

    rule: _Rule
    start: int
    end: int
    scope_start: int
    scope_end: int

    def limit(self, other: Modifier) -> None:
        """End the scope at ``other``, where that is of the same category or ends any."""
        rule = self.rule
        if rule.ends or not (other.rule.ends or other.rule.category == rule.category):
            return
        if not overlap((self.scope_start, self.scope_end), (other.scope_start, other.scope_end)):
            return
        if rule.forward and other.start > self.start:
            self.scope_end = min(self.scope_end, other.start)
        if rule.backward and other.end < self.end:
            self.scope_start = max(self.scope_start, other.end)


class Context:
    """The modifiers of ``knowledge/context.yaml``, found in a Doc."""

    def __init__(self, nlp: Language) -> None:
        self._matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
        self._rules: dict[int, _Rule] = {}
        for entry in load_yaml("context.yaml"):
            way = entry["direction"]
            rule = _Rule(
                entry["category"].lower(),
                forward=way in ("FORWARD", "BIDIRECTIONAL"),
                backward=way in ("BACKWARD", "BIDIRECTIONAL"),
                ends=way == "TERMINATE",
            )
            for phrase in entry["phrases"]:
                name = f"{rule.category.upper()}_{len(self._rules)}"
                self._rules[nlp.vocab.strings.add(name)] = rule
                self._matcher.add(name, [nlp.tokenizer(phrase.lower())])

    def modifiers(self, doc: Doc, starts: list[int], sentences: Container[int]) -> dict[int, list[Modifier]]:
        """Return the modifiers in each of ``sentences`` (by number), scopes limited; sentences begin at the tokens ``starts``."""
        found: dict[int, list[Modifier]] = {}
        bounds = [*starts, len(doc)]
        for key, start, end in longest(self._matcher(doc)):
            number = bisect_right(starts, start) - 1
            if number in sentences:
                rule = self._rules[key]
                first = bounds[number] if rule.backward or rule.ends else end
                last = bounds[number + 1] if rule.forward or rule.ends else start
                found.setdefault(number, []).append(Modifier(rule, start, end, first, last))
        for own in found.values():
            _limit_scopes(own)
        return found


def longest(matches: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return matches (key, start, end) without overlaps: of two that overlap the longer, of equally long ones the first."""
    kept = sorted(matches, key=_PLACE)
    while True:
        before, kept = kept, []
        one: tuple[int, int, int] | None = None
        for match in before:
            if one is None:
                one = match
            elif match[1] < one[2]:
                # They are in order: one that begins before the other ends overlaps it.
                kept.append(max(one, match, key=_length))
                one = None
            else:
                kept.append(one)
                one = match
        if one is not None:
            kept.append(one)
        if len(kept) == len(before):
            return kept
        kept.sort(key=_PLACE)


_PLACE = itemgetter(1, 2)


def _length(match: tuple[int, int, int]) -> int:
    return match[2] - match[1]


def overlap(one: Tokens, other: Tokens) -> bool:
    """Tell whether ``other`` begins or ends within ``one``, or at its edge; not whether it reaches over it on both sides."""
    return one[0] <= other[0] < one[1] or one[0] < other[1] <= one[1]


def _limit_scopes(modifiers: list[Modifier]) -> None:
    """Let modifiers of one category, and those that end any other, limit each other's scope."""
    for place, one in enumerate(modifiers):
        for other in modifiers[place + 1 : place + 1 + _NEAREST]:
            one.limit(other)
            other.limit(one)


def reached(targets: list[Tokens], modifiers: list[Modifier]) -> Iterator[tuple[Tokens, str]]:
    """Yield each of ``targets`` (in reading order) with the category of a modifier that reaches it; a modifier that shares
    words with one reaches none."""
    widest = max(end - start for start, end in targets)

    def between(start: int, end: int) -> list[Tokens]:
        return targets[bisect_left(targets, (start - widest,)) : bisect_left(targets, (end,))]

    for one in modifiers:
        own, scope = (one.start, one.end), (one.scope_start, one.scope_end)
        if one.rule.ends or any(overlap(target, own) for target in between(*own)):
            continue
        for target in between(*scope):
            if overlap(scope, target) and not overlap(own, target):
                yield target, one.rule.category
