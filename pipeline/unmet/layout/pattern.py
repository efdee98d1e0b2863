"""Regular expressions for form text: a blank stands for any whitespace run, a hyphen for any hyphen."""

from __future__ import annotations

import re


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
