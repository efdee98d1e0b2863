"""Header fields: the labels of a case and the values printed for them, in whatever order they were extracted.

The same table comes out of PDF extractors in three orders: label, value, label, value; with the label
"Application Received" broken around its value; and all labels of a column before all its values. Labels and
values are therefore read as two queues that are matched by the type of value a label takes.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from unmet.layout.model import Header
from unmet.layout.pattern import form

_Kind = Literal["number", "date", "word"]

_LABELS: tuple[tuple[str, _Kind, str], ...] = (
    ("case_number", "number", r"(?:MAXIMUS |IMR )?Case (?:Number|No\.?|#)"),
    ("date_assigned", "date", r"Date Assigned|Date of Assignment|Assignment Date"),
    ("date_of_injury", "date", r"Date of Injury|DOI|Injury Date"),
    ("decision_date", "date", r"(?:IMR )?Decision Date|Date of (?:IMR )?Decision|(?:Determination )?Dated"),
    ("ur_denial_date", "date", r"UR (?:Denial|Decision) Date|Date of UR (?:Decision|Denial)|Date of Utilization Review"
                               r" (?:Decision|Denial)"),
    ("application_received", "date", r"(?:IMR )?Application Received(?: Date)?|Date Application Received"
                                     r"|(?:IMR )?Application(?= [^:]{0,40}?Received ?:)|(?:IMR )?Application(?= \d)"),
    ("priority", "word", r"Priority"),
)  # fmt: skip
_LABEL = form(
    "(?<![\\w])(?:" + "|".join(f"(?P<{name}>{label})" for name, _, label in _LABELS) + "|(?P<rest>Received)) ?:?",
    re.IGNORECASE,
)
_VALUE = form(
    r"(?P<number>(?:CM|IMR)[ -]?\d\d-\d{4,7}(?!\d))"
    r"|(?P<date>(?<![\w/-])\d{1,2}[/-]\d{1,2}[/-](?:\d{4}|\d{2})(?![\w/-])"
    r"|(?<!\w)(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{1,2}, ?\d{4})"
    r"|(?P<word>(?<!\w)(?:Standard|Expedited|Regular|Urgent|Concurrent|Retrospective)(?!\w))",
    re.IGNORECASE,
)
_KINDS = {name: kind for name, kind, _ in _LABELS}
_MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december"]  # fmt: skip
# A label needs its colon to be one: "date of injury" stands in every case summary.
_COLON = re.compile(r":\s*\Z")


def parse_header(text: str, end: int) -> tuple[Header, int]:
    """Read the header fields from ``text[:end]``; return them and the number of labels found there."""
    labels: list[tuple[int, int, str]] = []
    for match in _LABEL.finditer(text, 0, end):
        name = match.lastgroup or ""
        broken = name == "application_received" and "received" not in match[0].lower()
        if name == "rest" or not (_COLON.search(match[0]) or broken):
            continue
        if any(name == known for _, _, known in labels):
            continue
        labels.append((match.start(), match.end(), name))
    if not labels:
        return Header(), 0
    # The rest of a broken label is no value and no label; nothing before the first label is a value.
    values = [
        (match.start(), match.lastgroup or "", match[0])
        for match in _VALUE.finditer(text, labels[0][0], min(end, labels[-1][1] + 400))
    ]
    fields = _match_in_order(labels, values)
    return Header(**fields), len(labels)


def _match_in_order(labels: list[tuple[int, int, str]], values: list[tuple[int, str, str]]) -> dict[str, str | None]:
    """Pair labels with values, first come first served by kind; a blank field must not shift the others."""
    enough = all(
        sum(1 for _, _, name in labels if _KINDS[name] == kind) <= sum(1 for _, found, _ in values if found == kind)
        for kind in ("number", "date", "word")
    )
    fields: dict[str, str | None] = {}
    if not enough:
        # Some field is blank: trust only a value that stands between its label and the next label.
        for index, (_, label_end, name) in enumerate(labels):
            limit = labels[index + 1][0] if index + 1 < len(labels) else label_end + 60
            between = [value for at, kind, value in values if label_end <= at < limit and kind == _KINDS[name]]
            fields[name] = _normalise(_KINDS[name], between[0]) if between else None
        return fields
    pending: list[str] = []
    events = sorted([(at, "", name) for at, _, name in labels] + [(at, kind, value) for at, kind, value in values])
    for _, kind, word in events:
        if not kind:
            pending.append(word)
            continue
        taker = next((name for name in pending if _KINDS[name] == kind), None)
        if taker is not None:
            pending.remove(taker)
            fields[taker] = _normalise(_KINDS[taker], word)
    return fields


def _normalise(kind: str, value: str) -> str | None:
    if kind == "date":
        return iso_date(value)
    if kind == "number":
        return re.sub(r"\s+", " ", value)
    return value


def iso_date(value: str) -> str | None:
    """Return a US date ("10/12/2012", "10-13-16", "October 10, 2012") as ISO 8601, or None if it is no date.

    Two-digit years up to 49 are of this century.
    """
    numbers = re.fullmatch(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})", value.strip())
    if numbers:
        month, day, year = (int(part) for part in numbers.groups())
        if len(numbers[3]) == 2:
            year += 2000 if year < 50 else 1900
    else:
        words = re.fullmatch(r"([A-Za-z]+)\s+(\d{1,2}),?\s*(\d{4})", value.strip())
        if not words or words[1].lower() not in _MONTHS:
            return None
        month, day, year = _MONTHS.index(words[1].lower()) + 1, int(words[2]), int(words[3])
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
