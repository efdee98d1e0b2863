"""Regular expressions for form text: a blank stands for any whitespace run, a hyphen for any hyphen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def form(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compile ``pattern`` so that a blank in it matches one or more whitespace characters, ``" ?"`` none or more."""
    return re.compile(pattern.replace(" ?", r"\s*").replace(" ", r"\s+"), flags)


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
