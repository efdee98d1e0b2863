"""Sentence boundaries in the prose of a letter.

General splitters (PySBD, PyRuSH, spaCy's sentencizer) cut these letters at list numerals, "Dr.", hard line
wraps and section signs, so the rules are our own: a list numeral opens the sentence that it numbers, titles and
citation abbreviations end nothing, and a missing blank after a full stop does not hide the boundary.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# It begins with one mark, then more: a pattern that begins with a class is found faster than one that begins with many of it.
_END = re.compile(r"""[.?!][.?!]*["'\u201d\u2019)\]]*(?:\s+|(?=[A-Z][a-z])|\Z)""")
_OPENS = re.compile(r"""["'\u201c\u2018(\[]*(?:[A-Z0-9#*\u2022]|\Z)""")
_OPENS_LOWER = re.compile(r"[a-z]{2}")
# Matched against the words before a full stop in reverse.
_LAST_WORD = re.compile(r"[^\s(\[\"'\u201c]*")
# The mark behind a numeral; its figures are looked at where there is one: a pattern that begins with a mark is found faster.
_NUMERAL_MARK = re.compile(r"[.)](?<=\d.)(?=\s*[A-Za-z\"\u201c(])")
# Words that end in a full stop without ending a sentence. Lower case, without the full stop.
_TITLES = frozenset(["dr", "drs", "mr", "mrs", "ms", "messrs", "prof", "st", "mt", "hon", "sr", "jr"])
_CITING = frozenset(
    [
        "p",
        "pp",
        "pg",
        "pgs",
        "no",
        "nos",
        "vol",
        "vols",
        "ch",
        "chap",
        "ed",
        "eds",
        "fig",
        "figs",
        "sec",
        "sect",
        "art",
        "para",
        "cf",
        "al",
        "et",
        "vs",
        "v",
        "approx",
        "est",
    ]
)
_LATIN = frozenset(["e.g", "i.e", "eg", "ie", "viz", "ca", "etc", "b.i.d", "t.i.d", "q.i.d", "q.d", "q.h.s", "p.o",
                    "p.r.n", "o.d", "u.s", "a.m", "p.m", "w.r.t", "incl", "max", "min", "resp", "tab", "tabs", "cap",
                    "caps", "hrs", "wks", "mos", "yrs", "dept", "inc", "corp", "ltd", "co"])  # fmt: skip
_NEVER_BEFORE_DIGIT = frozenset(["no", "nos", "p", "pp", "pg", "pgs", "vol", "ch", "chap", "fig", "sec", "sect"])
_NUMBERED_THINGS = frozenset(
    ["item", "items", "number", "criterion", "criteria", "step", "page", "chapter", "section", "table", "grade", "stage", "type",
     "phase", "level", "request", "question", "point", "age", "aged", "by", "than", "about"]
)  # fmt: skip
_AFTER_INITIAL = frozenset(
    [
        "vitamin",
        "hepatitis",
        "type",
        "grade",
        "class",
        "section",
        "part",
        "level",
        "phase",
        "exhibit",
        "appendix",
        "group",
        "stage",
    ]
)


def sentence_starts(text: str, start: int, end: int) -> list[int]:
    """Return the offsets in ``text[start:end]`` at which a sentence begins, the first of them included.

    Whitespace runs of any kind count as one blank, so that line breaks have no say.
    """
    first = start
    while first < end and text[first].isspace():
        first += 1
    if first >= end:
        return []
    numerals = _list_numerals(text, first, end)
    starts = {first, *(offset for offset, splits in numerals.items() if splits)}
    inside_numeral = {offset + (text[offset] == "(") for offset in numerals}
    for match in _END.finditer(text, first, end):
        after = match.end()
        if after >= end or after in starts:
            continue
        if _is_numeral_stop(text, match.start(), inside_numeral):
            continue
        if _ends_sentence(text, match, after, first):
            starts.add(after)
    return sorted(starts)


def _is_numeral_stop(text: str, stop: int, numerals: set[int]) -> bool:
    digits = stop
    while digits > 0 and text[digits - 1].isdigit():
        digits -= 1
    return digits < stop and digits in numerals


def _ends_sentence(text: str, match: re.Match[str], after: int, first: int) -> bool:
    backwards = text[max(first, match.start() - 40) : match.start()][::-1]
    behind = _LAST_WORD.match(backwards)
    word = backwards[: behind.end()][::-1] if behind else ""
    lower = word.lower().rstrip(".")
    spaced = text[after - 1].isspace()
    mark = match[0].strip()
    follower = text[after : after + 1]
    if mark.startswith("."):
        if lower in _TITLES or (lower in _LATIN and lower != "etc"):
            return False
        if lower in _CITING and (follower.isdigit() or lower not in _NEVER_BEFORE_DIGIT):
            return False
        if len(word) == 1 and word.isupper() and mark == ".":
            return _word_before(text, first, match.start() - 1).lower() in _AFTER_INITIAL
    if not spaced:
        # "necessary.The patient": a boundary only after a word or number, never inside a name such as "U.S.A".
        return len(word) > 1 and "." not in word and "/" not in word[-3:]
    if _OPENS.match(text, after):
        return True
    return bool(_OPENS_LOWER.match(text, after)) and len(word) > 3 and word.isalpha() and mark[0] == "."


def _refers(text: str, start: int, end: int) -> bool:
    """Tell whether a numeral at ``end`` only refers to something ("satisfies item 1.")."""
    return _word_before(text, start, end).lower() in _NUMBERED_THINGS


def _word_before(text: str, start: int, end: int) -> str:
    """Return the last word of ``text[start:end]``, whatever whitespace follows it; "" if there is none."""
    while end > start and text[end - 1].isspace():
        end -= 1
    begin = end
    while begin > start and not text[begin - 1].isspace():
        begin -= 1
    return text[begin:end]


def _last_before(text: str, start: int, end: int) -> str:
    """Return the last character of ``text[start:end]`` that is no whitespace, "" if there is none."""
    while end > start and text[end - 1].isspace():
        end -= 1
    return text[end - 1] if end > start else ""


def _list_numerals(text: str, start: int, end: int) -> dict[int, bool]:
    """Find numerals of lists ("1. ... 2. ..."), by their counting up from one; the value says whether one splits.

    A numeral in brackets splits only where the item before it ended in a full stop: "(1) a; (2) b" is one sentence.
    """
    found: dict[int, bool] = {}
    run: list[_Numeral] = []

    def close() -> None:
        if len(run) >= 2:
            for item in run:
                stopped = _last_before(text, start, item.start) in '.?!"\u201d'
                found[item.start] = stopped if item.mark == ")" else True
        run.clear()

    for match in _NUMERAL_MARK.finditer(text, start + 1, end):
        figures = begin = match.start() - 1
        if begin > start and text[begin - 1].isdecimal():
            figures = begin = begin - 1
        if begin and not _opens(text[begin - 1]):
            continue
        if begin > start and text[begin - 1] == "(" and (begin == 1 or _opens(text[begin - 2])):
            begin -= 1
        item = _Numeral(begin, match.end(), int(text[figures : match.start()]), match[0])
        if _refers(text, start, begin):
            continue
        if run and item.number == run[-1].number + 1 and item.mark == run[-1].mark and begin - run[-1].end < 700:
            run.append(item)
        elif item.number == 1:
            close()
            run.append(item)
    close()
    return found


class _Numeral(NamedTuple):
    """A numeral with the bracket before it, if there is one, and the ``mark`` behind it."""

    start: int
    end: int
    number: int
    mark: str


def _opens(character: str) -> bool:
    return character in '("\u201c' or character.isspace()
