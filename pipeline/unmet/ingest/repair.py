"""Repair of extracted text, with a map from every repaired character back to the source.

What is repaired was seen in letters and in their conversions: hard-wrapped lines and a blank line after each
line, Markdown and HTML marks in text files, page footers, words broken or hyphenated at a line end. The result
does not depend on how the whitespace of the source was laid out, so that a PDF, its layout-preserving
extraction and the same text on a single line are read alike.
"""

from __future__ import annotations

import html
import re
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# One pass per kind of damage; each works on the output of the one before and composes the map.
_MARKS = re.compile(
    r"""
      (?P<entity>&(?:[a-zA-Z]{2,8}|\#\d{1,6}|\#x[0-9a-fA-F]{1,5});)
    | (?P<inline></?(?:b|i|u|em|strong|span|font|sup|sub|a|mark)(?:\s[^<>]{0,300})?/?>)
    | (?P<block></?(?:br|hr|p|div|h[1-6]|table|thead|tbody|tr|td|th|ul|ol|li|section|center)(?:\s[^<>]{0,300})?/?>)
    | (?P<rule>(?<!\S)(?:-{3,}|\*{3,}|_{3,}|={3,})(?!\S))
    | (?P<bold>\*\*|__(?=\S)|(?<=\S)__(?!\w))
    | (?P<heading>(?<!\S)\#{1,6}\s+(?=[A-Z*]{2}))
    | (?P<escape>\\(?=[\\`*_{}\[\]()\#+\-.!|>~]))
    | (?P<invisible>[\u200b\u200c\u200d\u2060\ufeff]|[\x00-\x08\x0e-\x1f])
    """,
    re.VERBOSE | re.IGNORECASE,
)
# What every one of the marks begins with: these are found at once, the marks are then tried there only.
_MARKED = re.compile(r"[&<*_=\\#\-\u200b\u200c\u200d\u2060\ufeff\x00-\x08\x0e-\x1f]")
# "_" rules longer than two are form lines, never words; "*" bullets stand alone at the start of an item.
_BULLET = re.compile(r"[*\u2022\u25cf\u25aa\uf0b7](?<!\S.)\s+(?=\w)")
# Whitespace that is not a single blank already.
_SPACES = re.compile(r"[^\S ]\s*| \s+")
_FOOTER = re.compile(
    r"(?:Final Determination Letter for )?IMR Case Number:? ?(?:IMR[ -]?|CM)\d\d-\d{4,7} (?P<number>\d{1,3})(?!\S)"
    r"|Final Determination Letter for IMR Case Number:? ?(?:IMR[ -]?|CM)?[\d-]*"
    r"|(?<!\S)Page (?P<page>\d{1,3}) of \d{1,3}(?!\S)"
)
_FOOTED = re.compile(r"[FIP]")
_LINE_HYPHEN = re.compile(r"- (?<=[^\W_]- )(?=[^\W_])")
_SOFT_HYPHEN = re.compile("\u00ad ?")
# "pre- and postoperative" keeps its space: the hyphen is suspended, not a line break.
_SUSPENDED = re.compile(r"(?:and|or|to|nor|vs|versus|through|as|but)\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")


class _Text:
    """A string and, for each of its characters, where what it stands for begins and ends in the source."""

    __slots__ = ("ends", "origin", "value")

    def __init__(self, value: str, origin: Sequence[int], ends: Sequence[int]) -> None:
        self.value = value
        self.origin = origin
        self.ends = ends

    def substitute(
        self, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str | None], opening: re.Pattern[str] | None = None
    ) -> _Text:
        """Replace each match by what ``replace`` returns (None leaves it); new characters map to the match.

        ``opening`` are the characters that every match begins with, where telling so saves time.
        """
        pieces: list[str] = []
        origin, ends = array("L"), array("L")
        last = 0
        for match in _beginning(self.value, pattern, opening) if opening else pattern.finditer(self.value):
            new = replace(match)
            if new is None:
                continue
            start, end = match.span()
            pieces += (self.value[last:start], new)
            origin.extend(self.origin[last:start])
            origin.extend([self.origin[start]] * len(new))
            ends.extend(self.ends[last:start])
            ends.extend([self.ends[end - 1]] * len(new))
            last = end
        if not pieces:
            return self
        pieces.append(self.value[last:])
        origin.extend(self.origin[last:])
        ends.extend(self.ends[last:])
        return _Text("".join(pieces), origin, ends)


def _beginning(value: str, pattern: re.Pattern[str], opening: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Yield the matches of ``pattern``, tried only where ``opening`` finds its first character."""
    place = opening.search(value)
    while place:
        match = pattern.match(value, place.start())
        if match:
            yield match
        place = opening.search(value, match.end() if match else place.end())


def _unmark(match: re.Match[str]) -> str | None:
    kind = match.lastgroup
    if kind == "entity":
        plain = html.unescape(match[0])
        return None if plain == match[0] else plain
    return " " if kind in ("block", "heading", "rule", "invisible") else ""


def _footers(match: re.Match[str], seen: Iterator[int]) -> str | None:
    """Drop a footer; the number after it belongs to it only if it is that page's number."""
    if match["page"]:
        return " "
    if match["number"] is None:
        return " "
    page = next(seen)
    if int(match["number"]) in (page, page + 1, page + 2):
        return " "
    return " " + match["number"]


def _count() -> Iterator[int]:
    number = 1
    while True:
        yield number
        number += 1


def repair(source_text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """Return the text as the pipeline reads it and, per character, where what it stands for begins and ends in the source.

    Neither ever decreases or lies outside the source, so that any span of the result maps back to the shortest
    stretch of the source that holds its words.
    """
    length = len(source_text)
    text = _Text(source_text, range(length), range(1, length + 1))
    text = text.substitute(_MARKS, _unmark, _MARKED)
    text = text.substitute(_BULLET, lambda _: " ")
    text = text.substitute(_SPACES, lambda _: " ")
    text = text.substitute(_SOFT_HYPHEN, lambda _: "")
    if "IMR Case Number" in text.value or "Page " in text.value:
        pages = _count()
        text = text.substitute(_FOOTER, lambda match: _footers(match, pages), _FOOTED)
        text = text.substitute(_SPACES, lambda _: " ")
    text = _mend_hyphens(text)
    stripped = text.value.strip()
    lead = len(text.value) - len(text.value.lstrip())
    kept = slice(lead, lead + len(stripped))
    return stripped, text.origin[kept], text.ends[kept]


def _mend_hyphens(text: _Text) -> _Text:
    """Close "anti- inflammatory"; drop the hyphen too where the letter writes the word whole elsewhere."""
    if not _LINE_HYPHEN.search(text.value):
        return text
    words = {word.lower() for word in _WORD.findall(text.value)}
    value = text.value

    def close(match: re.Match[str]) -> str | None:
        if _SUSPENDED.match(value, match.end()):
            return None
        before, after = _letters_before(value, match.start()), _letters_after(value, match.end())
        if before and after and (before + after).lower() in words and f"{before}-{after}".lower() not in words:
            return ""
        return "-"

    return text.substitute(_LINE_HYPHEN, close)


def _letters_before(value: str, end: int) -> str:
    start = end
    while start > 0 and value[start - 1].isalpha():
        start -= 1
    return value[start:end]


def _letters_after(value: str, start: int) -> str:
    end = start
    while end < len(value) and value[end].isalpha():
        end += 1
    return value[start:end]
