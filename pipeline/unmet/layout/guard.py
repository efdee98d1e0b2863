"""Guards: a pattern is tried only where a match of it can begin.

The regular expressions of Python try a pattern that ignores case at every character of a text, branch by branch. A
lookahead for the first two characters that a match can have, put before the pattern, lets nearly all places pass at
once. The matches are the same.
"""

from __future__ import annotations

import re

# The standard library's own parser; there is no public way to a pattern's parts.
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

# What besides its two cases an ASCII letter matches where case is ignored.
_ALSO = {"i": "\u0130\u0131", "k": "\u212a", "s": "\u017f"}
_CATEGORIES = {op.CATEGORY_DIGIT: r"\d", op.CATEGORY_SPACE: r"\s", op.CATEGORY_WORD: r"\w"}
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
# A lookahead of more branches than this costs more than it saves.
_MOST = 400


class _Opening(NamedTuple):
    """How a match can begin: up to two sets of characters (as in a class, without brackets), then ``more`` or the end."""

    sets: tuple[str, ...]
    more: bool  # what follows is not told


_NOTHING = frozenset([_Opening((), False)])
_UNKNOWN = frozenset([_Opening((), True)])


def guarded(pattern: str, flags: int = 0) -> str:
    """Return ``pattern`` with a guard before each of its alternatives, or as it is where nothing can be told."""
    tree = parser.parse(pattern, flags)
    if len(tree) and tree[0][0] is op.LITERAL and not flags & re.I:
        # What begins with one character, in one case, is found faster by itself.
        return pattern
    guard = _guard(tree)
    alternatives = split_alternatives(pattern)
    if not guard:
        return pattern
    if len(alternatives) == 1 or not _free_standing(pattern):
        return f"{guard}(?:{pattern})"
    return f"{guard}(?:{'|'.join(_guard(parser.parse(one, flags)) + f'(?:{one})' for one in alternatives)})"


def _free_standing(pattern: str) -> bool:
    """Tell whether the alternatives of ``pattern`` can be parsed one by one: none refers to a group of another."""
    return not re.search(r"\\[1-9]|\(\?P=|\(\?\(", pattern)


def split_alternatives(pattern: str) -> list[str]:
    """Cut ``pattern`` at its outermost ``|``."""
    cuts, depth, in_class, position = [-1], 0, False, 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\":
            position += 1
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
            # A "]" that comes first stands for itself.
            position += 1 if pattern[position + 1 : position + 2] == "^" else 0
            position += 1 if pattern[position + 1 : position + 2] == "]" else 0
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "|" and depth == 0:
            cuts.append(position)
        position += 1
    return [pattern[start + 1 : end] for start, end in zip(cuts, [*cuts[1:], len(pattern)], strict=True)]


def _guard(tree: Any) -> str:
    """Return a lookahead that holds wherever a match of ``tree`` begins; "" where a match can begin with anything."""
    openings = _of_sequence(tree, tree.state.flags)
    if not all(opening.sets for opening in openings) or len(openings) > _MOST:
        return ""
    seconds: dict[str, set[str]] = {}
    alone: set[str] = set()
    for opening in openings:
        if len(opening.sets) == 1:
            alone.add(opening.sets[0])
        else:
            seconds.setdefault(opening.sets[0], set()).add(opening.sets[1])
    alike: dict[str, set[str]] = {}
    for first, following in seconds.items():
        if first not in alone:
            alike.setdefault("".join(sorted(following)), set()).add(first)
    branches = [f"[{''.join(sorted(alone))}]"] if alone else []
    branches += [f"[{''.join(sorted(firsts))}][{following}]" for following, firsts in sorted(alike.items())]
    firsts = f"[{''.join(sorted({*alone, *seconds}))}]"
    guard = f"{_edge(tree)}(?=(?-i:{firsts}))"
    return guard + f"(?=(?-i:{'|'.join(branches)}))" if alike else guard


def _edge(sequence: Any) -> str:
    """Return what ``sequence`` asks of the place before its first character: to be the edge of a word, or nothing ("")."""
    if not len(sequence):
        return ""
    code, value = sequence[0]
    if code is op.SUBPATTERN and not value[1]:
        return _edge(value[3])
    if code is op.BRANCH:
        edges = {_edge(branch) for branch in value[1]}
        return edges.pop() if len(edges) == 1 else ""
    if code is op.ASSERT_NOT and value[0] < 0 and list(value[1]) == [(op.IN, [(op.CATEGORY, op.CATEGORY_WORD)])]:
        return r"(?<!\w)"
    return r"\b" if (code, value) == (op.AT, op.AT_BOUNDARY) else ""


def _of_sequence(sequence: Any, flags: int) -> frozenset[_Opening]:
    found = _NOTHING
    for code, value in sequence:
        if all(opening.more or len(opening.sets) > 1 for opening in found):
            break
        found = _joined(found, _of_part(code, value, flags))
    return found


def _joined(before: frozenset[_Opening], after: frozenset[_Opening]) -> frozenset[_Opening]:
    done = {opening for opening in before if opening.more or len(opening.sets) > 1}
    return frozenset(done).union(
        _Opening((*opening.sets, *following.sets)[:2], following.more) for opening in before - done for following in after
    )


def _of_part(code: Any, value: Any, flags: int) -> frozenset[_Opening]:
    if code is op.LITERAL:
        return _one_of(_characters([value], flags))
    if code is op.IN:
        return _one_of(_of_class(value, flags))
    if code is op.SUBPATTERN:
        _, added, removed, inner = value
        return _of_sequence(inner, (flags | added) & ~removed)
    if code is op.ATOMIC_GROUP:
        return _of_sequence(value, flags)
    if code is op.BRANCH:
        return frozenset().union(*(_of_sequence(branch, flags) for branch in value[1]))
    if code in _REPEATS:
        least, most, inner = value
        once = _of_sequence(inner, flags)
        found = _joined(once, once | _NOTHING) if most > 1 else once
        return found | _NOTHING if least == 0 else found
    if code in (op.AT, op.ASSERT, op.ASSERT_NOT):
        return _NOTHING
    return _UNKNOWN


def _one_of(characters: str | None) -> frozenset[_Opening]:
    return _UNKNOWN if characters is None else frozenset([_Opening((characters,), False)])


def _of_class(items: Any, flags: int) -> str | None:
    parts: list[str] = []
    for code, value in items:
        if code is op.LITERAL:
            part = _characters([value], flags)
        elif code is op.RANGE:
            part = _characters(range(value[0], value[1] + 1), flags) if value[1] < 128 else None
        else:
            part = _CATEGORIES.get(value) if code is op.CATEGORY and not flags & re.ASCII else None
        if part is None:
            return None
        parts.append(part)
    return "".join(dict.fromkeys(parts))


def _characters(points: Any, flags: int) -> str | None:
    """Write characters for a class, in every case if case is ignored; None for letters whose cases are many."""
    written = set()
    for character in map(chr, points):
        cases = {character}
        if flags & re.IGNORECASE:
            if not character.isascii() and (character.lower() != character or character.upper() != character):
                return None
            cases |= {character.lower(), character.upper(), *_ALSO.get(character.lower(), "")}
        written |= {one if one.isalnum() and one.isascii() else f"\\u{ord(one):04x}" for one in cases if ord(one) < 0x10000}
        if ord(character) >= 0x10000:
            return None
    return "".join(sorted(written))
