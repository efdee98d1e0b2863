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

from unmet.layout.guard import split_alternatives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_SHORTEST = 2
_MOST = 120


def needed(pattern: re.Pattern[str]) -> list[frozenset[str]]:
    """Return sets of lower-case literals, the most telling first: every match of ``pattern`` holds one of each set."""
    found = dict.fromkeys(_of_sequence(parser.parse(pattern.pattern, pattern.flags)))
    return sorted(found, key=_worth, reverse=True)


def _of_sequence(sequence: Any) -> list[frozenset[str]]:
    found: list[frozenset[str]] = []
    run = ""
    for code, value in [*sequence, (None, None)]:
        if code is op.LITERAL:
            run += chr(value)
            continue
        if len(run) >= _SHORTEST:
            found.append(frozenset([run.lower()]))
        run = ""
        found += _of_part(code, value)
    return found


def _of_part(code: Any, value: Any) -> list[frozenset[str]]:
    if code is op.SUBPATTERN:
        return _of_sequence(value[3])
    if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT) and value[0] >= 1:
        return _of_sequence(value[2])
    if code is op.ATOMIC_GROUP:
        return _of_sequence(value)
    if code is op.BRANCH:
        best = [max(_of_sequence(branch), key=_worth, default=None) for branch in value[1]]
        joined: frozenset[str] = frozenset().union(*(one for one in best if one is not None))
        return [joined] if None not in best and len(joined) <= _MOST else []
    return []


def _worth(literals: frozenset[str]) -> tuple[int, int]:
    return (min(len(one) for one in literals), -len(literals))


class PatternTable:
    """Alternatives by name; of each name only those alternatives are run whose literals stand in the text searched.

    Of the sets of literals that an alternative needs, two are looked for. What stands in a text is one integer: a bit
    per alternative for its first set, and above these a bit per alternative for its second.
    """

    def __init__(self, alternatives: Mapping[str, Sequence[str]], compiler: Callable[[str], re.Pattern[str]]) -> None:
        # An alternative that is itself an alternation is cut, to run still less of it; not if its groups are counted.
        self._alternatives = [
            (name, compiler(part))
            for name, own in alternatives.items()
            for one in own
            for part in ([one] if compiler(one).groups else split_alternatives(one))
        ]
        count = len(self._alternatives)
        self._all = (1 << count) - 1
        self._always = 0
        by_literal: dict[str, int] = {}
        for number, (_, pattern) in enumerate(self._alternatives):
            sets = needed(pattern)[:2]
            for place in (number, number + count):
                literals = sets.pop(0) if sets else ()
                self._always |= 0 if literals else 1 << place
                for literal in literals:
                    by_literal[literal] = by_literal.get(literal, 0) | 1 << place
        self._automaton = ahocorasick.Automaton()
        for literal, bits in by_literal.items():
            self._automaton.add_word(literal, bits)
        self._automaton.make_automaton()
        self._any = bool(by_literal)

    def finditer(self, text: str, start: int, end: int) -> Iterator[tuple[str, re.Match[str]]]:
        """Yield every match in ``text[start:end]`` with its name: name by name, each in reading order.

        The matches of a name are those of its alternatives joined by ``|`` in the order they were given.
        """
        by_name: dict[str, list[re.Pattern[str]]] = {}
        for name, pattern in self._possible(text, start, end):
            by_name.setdefault(name, []).append(pattern)
        for name, patterns in by_name.items():
            for match in _joined(patterns, text, start, end):
                yield name, match

    def names(self, text: str, start: int, end: int) -> list[str]:
        """Return the names of which an alternative matches in ``text[start:end]``, in the order they were given."""
        found: dict[str, None] = {}
        for name, pattern in self._possible(text, start, end):
            if name not in found and pattern.search(text, start, end):
                found[name] = None
        return list(found)

    def _possible(self, text: str, start: int, end: int) -> Iterator[tuple[str, re.Pattern[str]]]:
        """Yield name and pattern of every alternative whose literals stand in ``text[start:end]``."""
        present = self._always
        if self._any:
            for _, bits in self._automaton.iter(text[start:end].lower()):
                present |= bits
        possible = present & present >> len(self._alternatives) & self._all
        while possible:
            yield self._alternatives[(possible & -possible).bit_length() - 1]
            possible &= possible - 1


def _joined(patterns: list[re.Pattern[str]], text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Yield what the alternation of ``patterns`` would find, without compiling it: leftmost, of those the first given."""
    following = [(match.start(), number, match) for number, one in enumerate(patterns) if (match := one.search(text, start, end))]
    while len(following) > 1:
        _, _, best = min(following)
        yield best
        at = best.end() if best.end() > best.start() else best.end() + 1
        moved = []
        for begin, number, match in following:
            again = match if begin >= at else patterns[number].search(text, at, end)
            if again:
                moved.append((again.start(), number, again))
        following = moved
    for begin, number, _ in following:
        yield from patterns[number].finditer(text, begin, end)
