"""Which literals a regular expression needs: a pattern is tried only where one of its literals stands.

Hundreds of patterns are looked for in every sentence of a letter, and nearly all of them are absent. What a pattern
cannot do without ("document" in ``not\\s+document\\w*``) is found for all patterns at once by an Aho-Corasick automaton
(Aho and Corasick 1975); only the patterns whose literals stand there are run. The matches are the same.
"""

from __future__ import annotations

import re
from functools import lru_cache

# The standard library's own parser; there is no public way to a pattern's parts.
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any, NamedTuple

import ahocorasick

from unmet.layout.guard import split_alternatives
from unmet.layout.pattern import spelled_part
from unmet.together import LETTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_SHORTEST = 2
_MOST = 120
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_WORD = [(op.IN, [(op.CATEGORY, op.CATEGORY_WORD)])]
_EDGE = (op.AT, op.AT_BOUNDARY)
_DIGIT = [(op.CATEGORY, op.CATEGORY_DIGIT)]
# A digit of another script is "_" where literals are looked for.
_DIGITS = frozenset("0123456789_")
# Literals are looked for among small letters, digits and "_"; a blank stands for all other characters.
_PLAIN = {point: chr(point).lower() if chr(point).isalnum() or chr(point) == "_" else " " for point in range(128)}
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
# What besides its two cases an ASCII letter matches where case is ignored.
_ALSO = {"\u0130": "i", "\u0131": "i", "\u212a": "k", "\u017f": "s"}


def folded(text: str) -> str:
    """Return ``text`` as literals are looked for in it, character by character; a letter outside of ASCII is "_"."""
    if not text.isascii():
        text = _NOT_ASCII.sub(lambda match: _ALSO.get(match[0]) or ("_" if match[0].isalnum() else " "), text)
    return text.translate(_PLAIN)


def needed(pattern: re.Pattern[str]) -> list[frozenset[str]]:
    """Return sets of literals, the most telling first: every match of ``pattern`` holds one of each set.

    They are :func:`folded`; a blank at the end of one stands for the edge of a word, be it that of the text searched.
    """
    return _needed(parser.parse(pattern.pattern, pattern.flags))


def _needed(parsed: Any) -> list[frozenset[str]]:
    return sorted(dict.fromkeys(_of_sequence(parsed, opens=False, closes=False)), key=_worth, reverse=True)


def _of_sequence(sequence: Any, *, opens: bool, closes: bool) -> list[frozenset[str]]:
    """Return the literals of ``sequence``; whether it begins (``opens``) and ends at an edge is known from what is around it."""
    parts = list(sequence)
    found: list[frozenset[str]] = []
    at = 0
    while at < len(parts):
        stop, written = _written(parts, at)
        before = _at_edge(parts[:at][::-1], -1, known=opens)
        after = _at_edge(parts[stop:], 1, known=closes)
        if written:
            literals = frozenset(" " * (before and one[:1] != " ") + one + " " * (after and one[-1:] != " ") for one in written)
            if all(_tells(one) for one in literals):
                found.append(literals)
        else:
            found += _of_part(*parts[at], opens=before, closes=after)
        at = stop
    return found


def _written(parts: list[Any], start: int) -> tuple[int, list[str]]:
    """Return all that the parts from ``start`` on can match, as far as that is a short list, and where this ends.

    The parser takes apart what alternatives begin with: "his|her" is an "h" with "is" or "er" behind it.
    """
    written, at = [""], start
    while at < len(parts):
        own = spelled_part(*parts[at])
        if own is None or len(written) * len(own) > _MOST:
            break
        written, at = [one + folded(other) for one in written for other in own], at + 1
    return (at, written) if at > start else (start + 1, [])


def _tells(literal: str) -> bool:
    """Tell whether a literal is worth looking for: two characters of a word, a figure, or a word of one letter."""
    return len(literal.strip()) >= _SHORTEST or literal.strip().isdigit() or (literal.strip() != "" and len(literal) > _SHORTEST)


def _of_part(code: Any, value: Any, *, opens: bool, closes: bool) -> list[frozenset[str]]:
    if code is op.SUBPATTERN:
        return _of_sequence(value[3], opens=opens, closes=closes)
    if code in _REPEATS and value[0] >= 1:
        # The first of several is followed by the next, of which nothing is known here.
        return _of_sequence(value[2], opens=opens, closes=closes and value[1] == 1)
    if code is op.ATOMIC_GROUP:
        return _of_sequence(value, opens=opens, closes=closes)
    if code is op.BRANCH:
        best = [max(_of_sequence(one, opens=opens, closes=closes), key=_worth, default=None) for one in value[1]]
        joined: frozenset[str] = frozenset().union(*(one for one in best if one is not None))
        return [joined] if None not in best and len(joined) <= _MOST else []
    return []


def _at_edge(parts: list[Any], way: int, *, known: bool) -> bool:
    """Tell whether a word ends where ``parts`` begin, read forwards (``way`` 1) or, given in reverse, backwards (-1).

    ``known`` says it of the place behind them all.
    """
    for place, (code, value) in enumerate(parts):
        rest = parts[place + 1 :]
        if code is op.AT:
            if value is not op.AT_NON_BOUNDARY:
                return True
        elif code is op.ASSERT_NOT:
            if value[0] == way and list(value[1]) == _WORD:
                return True
        elif code is op.ASSERT:
            if value[0] == way and _at_edge(list(value[1])[::way], way, known=False):
                return True
        elif code is op.LITERAL:
            return folded(chr(value)) == " "
        elif code is op.IN:
            return all(_apart(*one) for one in value)
        elif code is op.SUBPATTERN:
            return _at_edge([*list(value[3])[::way], *rest], way, known=known)
        elif code is op.BRANCH:
            return all(_at_edge([*list(one)[::way], *rest], way, known=known) for one in value[1])
        elif code in _REPEATS:
            present = _at_edge([*list(value[2])[::way], *rest], way, known=known)
            return present and (value[0] >= 1 or _at_edge(rest, way, known=known))
        else:
            return False
    return known


def _apart(code: Any, value: Any) -> bool:
    """Tell whether a member of a class is no character of a word."""
    if code is op.LITERAL:
        return folded(chr(value)) == " "
    return code is op.CATEGORY and value in (op.CATEGORY_SPACE, op.CATEGORY_NOT_WORD)


class _Openings(NamedTuple):
    """Literals, one of which stands where a match begins; signs and whitespace may stand before it if they are ``led``.

    A blank that a literal begins with is the edge of a word, before the match.
    """

    literals: frozenset[str]
    led: bool = False


def _openings(parts: list[Any]) -> _Openings | None:
    """Return how a match of ``parts`` can begin; None where there is no short list of it."""
    at = next((place for place, (code, _) in enumerate(parts) if code not in (op.AT, op.ASSERT, op.ASSERT_NOT)), None)
    if at is None:
        return None
    stop, written = _written(parts, at)
    if written and all(one[:1].strip() for one in written):
        before, after = _at_edge(parts[:at][::-1], -1, known=False), _at_edge(parts[stop:], 1, known=False)
        found = frozenset(" " * before + one + " " * (after and one[-1:] != " ") for one in written)
        return _Openings(found) if all(len(one) >= _SHORTEST or one.isdigit() for one in found) else None
    code, value = parts[at]
    if code is op.IN and list(value) == _DIGIT:
        return _Openings(_DIGITS)
    ahead, rest = parts[:at], parts[at + 1 :]
    if _apart(code, value) or (code is op.IN and all(_apart(*one) for one in value)):
        behind = _openings([_EDGE, *rest])
        return behind and behind._replace(led=True)
    if code is op.SUBPATTERN:
        return _openings([*ahead, *value[3], *rest])
    if code is op.ATOMIC_GROUP:
        return _openings([*ahead, *value, *rest])
    if code is op.BRANCH:
        return _all_openings([*ahead, *branch, *rest] for branch in value[1])
    if code in _REPEATS:
        least, most, once = value
        # All after the first begin in the same ways; not as MAX_REPEAT, which _written would take for the last of them.
        again = [(op.MIN_REPEAT, (0, 1, once))] if most > 1 else []
        return _all_openings([[*ahead, *once, *again, *rest], *([] if least else [[*ahead, *rest]])])
    return None


def _all_openings(ways: Iterable[list[Any]]) -> _Openings | None:
    literals: frozenset[str] = frozenset()
    led = False
    for one in ways:
        own = _openings(one)
        if own is None or len(literals) + len(own.literals) > _MOST:
            return None
        literals, led = literals | own.literals, led or own.led
    return _Openings(literals, led)


def _worth(literals: frozenset[str]) -> tuple[int, int]:
    return (min(len(one.strip()) for one in literals), -len(literals))


# A pattern, and where a match of it can begin: None for anywhere.
_Alternative = tuple[re.Pattern[str], "Sequence[int] | None"]


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
        self._count = count = len(self._alternatives)
        self._all = (1 << count) - 1
        self._always = self._anywhere = self._led = 0
        by_literal: dict[str, int] = {}
        by_opening: dict[str, int] = {}
        for number, (_, pattern) in enumerate(self._alternatives):
            parsed = list(parser.parse(pattern.pattern, pattern.flags))
            sets = _needed(parsed)[:2]
            for place in (number, number + count):
                literals = sets.pop(0) if sets else ()
                self._always |= 0 if literals else 1 << place
                for literal in literals:
                    by_literal[literal] = by_literal.get(literal, 0) | 1 << place
            openings = _openings(parsed)
            self._anywhere |= 1 << number if openings is None else 0
            self._led |= 1 << number if openings and openings.led else 0
            for literal in openings.literals if openings else ():
                by_opening[literal] = by_opening.get(literal, 0) | 1 << number
        self._automaton = ahocorasick.Automaton()
        for literal in by_literal.keys() | by_opening.keys():
            # A match begins so far before the end of the literal; a blank before a word is no part of it.
            back = len(literal) - literal.startswith(" ")
            self._automaton.add_word(literal, (by_literal.get(literal, 0), by_opening.get(literal, 0), back))
        self._automaton.make_automaton()
        self._any = bool(by_literal or by_opening)

    def finditer(self, text: str, start: int, end: int) -> list[tuple[str, re.Match[str]]]:
        """Return every match in ``text[start:end]`` with its name: name by name, each in reading order.

        The matches of a name are those of its alternatives joined by ``|`` in the order they were given.
        """
        found: list[tuple[str, re.Match[str]]] = []
        of_name: list[tuple[_Alternative, re.Match[str]]] = []
        last = ""
        for name, alternative in self._possible(text, start, end):
            first = _first(alternative, text, start, end)
            if first is None:
                continue
            if name != last and of_name:
                found += [(last, match) for match in _joined(of_name, text, end)]
                of_name = []
            last = name
            of_name.append((alternative, first))
        if of_name:
            found += [(last, match) for match in _joined(of_name, text, end)]
        return found

    def names(self, text: str, start: int, end: int) -> list[str]:
        """Return the names of which an alternative matches in ``text[start:end]``, in the order they were given."""
        found: dict[str, None] = {}
        for name, alternative in self._possible(text, start, end):
            if name not in found and _first(alternative, text, start, end):
                found[name] = None
        return list(found)

    def _possible(self, text: str, start: int, end: int) -> list[tuple[str, _Alternative]]:
        """Return name and pattern of every alternative whose literals stand in ``text[start:end]``, and where it can begin."""
        present = self._always
        hits: list[tuple[int, tuple[int, int, int]]] = []
        if self._any:
            # A sentence that stands by itself is asked for once, a letter again and again.
            plain = folded(text) if end - start == len(text) else _kept(text)[start:end]
            hits = list(self._automaton.iter(f" {plain} "))
            for _, hit in hits:
                present |= hit[0]
        possible = present & present >> self._count & self._all
        if not possible:
            return []
        places: dict[int, list[int]] = {}
        begun = possible & ~self._anywhere
        for stop, hit in hits if begun else ():
            opened = hit[1] & begun
            while opened:
                lowest = opened & -opened
                places.setdefault(lowest, []).append(start + stop - hit[2])
                opened ^= lowest
        found: list[tuple[str, _Alternative]] = []
        anywhere = possible & self._anywhere
        while possible:
            lowest = possible & -possible
            possible ^= lowest
            own = None if lowest & anywhere else places.get(lowest, ())
            if own is None or own:
                if own and lowest & self._led:
                    own = [at for place in own for at in range(_signs_before(text, start, place), place + 1)]
                name, pattern = self._alternatives[lowest.bit_length() - 1]
                found.append((name, (pattern, own if own is None or len(own) == 1 else sorted(set(own)))))
        return found


def _signs_before(text: str, start: int, place: int) -> int:
    """Return where the signs and the whitespace begin that stand in ``text[start:place]`` right before ``place``."""
    while place > start and not text[place - 1].isalnum() and text[place - 1] != "_":
        place -= 1
    return place


# The tables of a letter are asked one after the other, sentence by sentence.
_kept = lru_cache(maxsize=2 * LETTERS)(folded)


def _first(alternative: _Alternative, text: str, start: int, end: int) -> re.Match[str] | None:
    """Return the first match of an alternative in ``text[start:end]``."""
    pattern, places = alternative
    if places is None:
        return pattern.search(text, start, end)
    for place in places:
        if place >= start and (match := pattern.match(text, place, end)):
            return match
    return None


def _joined(firsts: list[tuple[_Alternative, re.Match[str]]], text: str, end: int) -> list[re.Match[str]]:
    """Return what the alternation of patterns would find, without compiling it: leftmost, of those the first given.

    ``firsts`` are the alternatives with their first matches.
    """
    found: list[re.Match[str]] = []
    following = [(match.start(), number, match) for number, (_, match) in enumerate(firsts)]
    while following:
        begin, number, best = min(following) if len(following) > 1 else following[0]
        pattern, places = firsts[number][0]
        if len(following) == 1 and places is None:
            return [*found, *pattern.finditer(text, begin, end)]
        found.append(best)
        at = best.end() if best.end() > best.start() else best.end() + 1
        moved = []
        for begin, number, match in following:
            again = match if begin >= at else _first(firsts[number][0], text, at, end)
            if again:
                moved.append((again.start(), number, again))
        following = moved
    return found
