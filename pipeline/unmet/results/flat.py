"""Results as one flat CSV for a spreadsheet: a row per criterion, with the columns of its letter and request."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import msgspec

from unmet.record import Determination, Span
from unmet.results.tables import letter_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from unmet.results.files import FileRow
    from unmet.results.tables import CriterionRow, LetterRow, RequestRow

# Column of the CSV: the table and the column that it shows.
COLUMNS: dict[str, tuple[str, str]] = {
    "letter_id": ("letters", "letter_id"),
    "file": ("letters", "path"),
    "case_number": ("letters", "case_number"),
    "decision_date": ("letters", "decision_date"),
    "outcome": ("letters", "outcome"),
    "specialties": ("letters", "specialties"),
    "request_index": ("requests", "request_index"),
    "title": ("requests", "title"),
    "item": ("requests", "item"),
    "family": ("requests", "family"),
    "decision": ("requests", "decision"),
    "inherits_from": ("requests", "inherits_from"),
    "guidelines": ("requests", "guidelines"),
    "criterion_id": ("criteria", "criterion_id"),
    "criterion_type": ("criteria", "type"),
    "catalogue_id": ("criteria", "catalogue_id"),
    "status": ("criteria", "status"),
    "unmet_basis": ("criteria", "unmet_basis"),
    "decisive": ("criteria", "decisive"),
    "evidence": ("criteria", "evidence"),
    "evidence_offsets": ("criteria", "evidence"),
    "counter_evidence": ("criteria", "counter_evidence"),
    "counter_evidence_offsets": ("criteria", "counter_evidence"),
    "confidence": ("criteria", "confidence"),
    "source": ("criteria", "source"),
    "warning_codes": ("letters", "warning_codes"),
}

# What a spreadsheet would take for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_decode = msgspec.json.Decoder(Determination).decode


class CsvSink:
    """Writes rows letter by letter."""

    holds_files = False

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(COLUMNS)

    def add(self, lines: Sequence[bytes]) -> None:
        """Append the rows of the records."""
        for line in lines:
            self._rows.writerows(_rows(_decode(line)))

    def add_files(self, files: Sequence[FileRow]) -> None:
        """Do nothing: the format holds records alone."""

    def finish(self) -> None:
        """Close the file."""
        self._file.close()

    abandon = finish


def _rows(determination: Determination) -> Iterator[list[str]]:
    tables = letter_tables([determination])
    (letter,) = tables.letters
    criteria: dict[int, list[CriterionRow]] = {}
    for criterion in tables.criteria:
        criteria.setdefault(criterion.request_index, []).append(criterion)
    if not tables.requests:
        yield _row(letter, None, None)
    for request in tables.requests:
        own = criteria.get(request.request_index)
        if not own:
            yield _row(letter, request, None)
        for criterion in own or ():
            yield _row(letter, request, criterion)


def _row(letter: LetterRow, request: RequestRow | None, criterion: CriterionRow | None) -> list[str]:
    rows = {"letters": letter, "requests": request, "criteria": criterion}
    return [
        "" if rows[table] is None else cell(getattr(rows[table], field), offsets=column.endswith("_offsets"))
        for column, (table, field) in COLUMNS.items()
    ]


def cell(value: object, *, offsets: bool) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula or a date; of spans their ``offsets`` or their words."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list) and offsets:
        # Not "3-12", which a spreadsheet takes for a date.
        return "; ".join(f"{span.start}..{span.end}" for span in value)
    if isinstance(value, list):
        parts = [" ".join(one.text.split()) if isinstance(one, Span) else str(one) for one in value]
        return _safe(" | ".join(parts))
    return _safe(str(value))


def _safe(text: str) -> str:
    # NUL ends the file for some readers.
    text = text.replace("\0", "\ufffd")
    return f"'{text}" if text.startswith(_FORMULA) else text
