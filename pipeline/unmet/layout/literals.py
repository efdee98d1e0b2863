"""Which literals a regular expression needs: a pattern is tried only where one of its literals stands.

Hundreds of patterns are looked for in every sentence of a letter, and nearly all of them are absent. What a pattern
cannot do without ("document" in ``not\\s+document\\w*``) is found for all patterns at once by an Aho-Corasick automaton
(Aho and Corasick 1975); only the patterns whose literals stand there are run. The matches are the same.
"""

from __future__ import annotations

import re

# The standard library's own parser; there is no public way to a pattern's parts.
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

import ahocorasick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_SHORTEST = 2
_MOST = 120


def needed(pattern: re.Pattern[str]) -> frozenset[str] | None:
    """Return lower-case literals of which every match of ``pattern`` holds at least one; None where none can be told."""
    return _of_sequence(parser.parse(pattern.pattern, pattern.flags))


def _of_sequence(sequence: Any) -> frozenset[str] | None:
    best: frozenset[str] | None = None
    run = ""
    for code, value in [*sequence, (None, None)]:
        if code is op.LITERAL:
            run += chr(value)
            continue
        candidates = [frozenset([run.lower()])] if len(run) >= _SHORTEST else []
        run = ""
        inner = _of_part(code, value)
        for candidate in [*candidates, inner] if inner else candidates:
            if best is None or _worth(candidate) > _worth(best):
                best = candidate
    return best


def _of_part(code: Any, value: Any) -> frozenset[str] | None:
    if code is op.SUBPATTERN:
        return _of_sequence(value[3])
    if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT) and value[0] >= 1:
        return _of_sequence(value[2])
    if code is op.ATOMIC_GROUP:
        return _of_sequence(value)
    if code is op.BRANCH:
        found = [_of_sequence(branch) for branch in value[1]]
        if all(one is not None for one in found):
            joined: frozenset[str] = frozenset().union(*(one for one in found if one is not None))
            return joined if len(joined) <= _MOST else None
    return None


def _worth(literals: frozenset[str]) -> tuple[int, int]:
    return (min(len(one) for one in literals), -len(literals))


class PatternTable:
    """Alternatives by name; of each name only those alternatives are run whose literals stand in the text searched."""

    def __init__(self, alternatives: Mapping[str, Sequence[str]], compiler: Callable[[str], re.Pattern[str]]) -> None:
        self._names = list(alternatives)
        self._compiled = [[compiler(one) for one in alternatives[name]] for name in self._names]
        self._always: set[tuple[int, int]] = set()
        by_literal: dict[str, set[tuple[int, int]]] = {}
        for position, own in enumerate(self._compiled):
            for number, pattern in enumerate(own):
                literals = needed(pattern)
                if literals is None:
                    self._always.add((position, number))
                for literal in literals or ():
                    by_literal.setdefault(literal, set()).add((position, number))
        self._automaton = ahocorasick.Automaton()
        for literal, places in by_literal.items():
            self._automaton.add_word(literal, frozenset(places))
        self._automaton.make_automaton()
        self._any = bool(by_literal)

    def finditer(self, text: str, start: int, end: int) -> Iterator[tuple[str, re.Match[str]]]:
        """Yield every match in ``text[start:end]`` with its name: name by name, each in reading order.

        The matches of a name are those of its alternatives joined by ``|`` in the order they were given.
        """
        places = set(self._always)
        if self._any:
            for _, found in self._automaton.iter(text[start:end].lower()):
                places |= found
        possible: dict[int, list[re.Pattern[str]]] = {}
        for position, number in sorted(places):
            possible.setdefault(position, []).append(self._compiled[position][number])
        for position, patterns in possible.items():
            name = self._names[position]
            for match in _joined(patterns, text, start, end):
                yield name, match


def _joined(patterns: list[re.Pattern[str]], text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Yield what the alternation of ``patterns`` would find, without compiling it: leftmost, of those the first given."""
    if len(patterns) == 1:
        yield from patterns[0].finditer(text, start, end)
        return
    following = [pattern.search(text, start, end) for pattern in patterns]
    while True:
        best = min((match for match in following if match), key=lambda match: match.start(), default=None)
        if best is None:
            return
        yield best
        at = best.end() if best.end() > best.start() else best.end() + 1
        for number, match in enumerate(following):
            if match and match.start() < at:
                following[number] = patterns[number].search(text, at, end)
