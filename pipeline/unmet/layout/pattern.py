"""Regular expressions for form text: a blank stands for any whitespace run, a hyphen for any hyphen."""

from __future__ import annotations

import re

# The standard library's own parser; there is no public way to a pattern's parts.
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

from unmet.layout.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Iterable


def form(pattern: str, flags: int = 0, *, seldom: bool = False) -> re.Pattern[str]:
    """Compile ``pattern`` so that a blank in it matches one or more whitespace characters, ``" ?"`` none or more.

    One that is run ``seldom``, on few words, gets no guard: to make it would take longer than it saves.
    """
    spelled = pattern.replace(" ?", r"\s*").replace(" ", r"\s+")
    return re.compile(spelled if seldom else guarded(spelled, flags), flags)


def trim(text: str, start: int, end: int, strip: str = "") -> tuple[int, int]:
    """Narrow ``[start, end)`` to exclude whitespace, and the characters of ``strip``, at both ends."""
    while start < end and (text[start].isspace() or text[start] in strip):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in strip):
        end -= 1
    return start, end


def any_of(terms: Iterable[str]) -> str:
    """Return a pattern that matches any of ``terms``, the longest that stands at a place; letters are lower-cased.

    It is a tree of prefixes: the regular expressions of Python try the branches of an alternation one by one.
    """
    tree: dict[str, Any] = {}
    for term in terms:
        node = tree
        for character in term.lower():
            node = node.setdefault(character, {})
        node[""] = {}
    return _branches(tree)


def spelled_out(pattern: str) -> list[str] | None:
    """Return all that ``pattern`` can match, None where that has no end or is no list of characters."""
    return _spelled(parser.parse(pattern))


def _spelled(sequence: Any) -> list[str] | None:
    found = [""]
    for code, value in sequence:
        parts = spelled_part(code, value)
        if parts is None:
            return None
        found = [before + after for before in found for after in parts]
    return found


def spelled_part(code: Any, value: Any) -> list[str] | None:
    """Return all that one part of a parsed pattern can match, as :func:`spelled_out` does for the whole."""
    if code is op.LITERAL:
        return [chr(value)]
    if code is op.IN and all(kind is op.LITERAL for kind, _ in value):
        return [chr(character) for _, character in value]
    if code is op.SUBPATTERN:
        return _spelled(value[3])
    if code is op.BRANCH:
        branches = [_spelled(branch) for branch in value[1]]
        return None if None in branches else [one for branch in branches for one in branch or ()]
    if code is op.MAX_REPEAT and value[:2] == (0, 1):
        inner = _spelled(value[2])
        return inner and [*inner, ""]
    return None


def _branches(node: dict[str, Any]) -> str:
    ends = "" in node
    parts = []
    for character, child in sorted(node.items()):
        if character:
            parts.append((character if character == " " else re.escape(character)) + _branches(child))
    if not parts:
        return ""
    joined = parts[0] if len(parts) == 1 and not ends else "(?:" + "|".join(parts) + ")"
    return joined + "?" if ends else joined
