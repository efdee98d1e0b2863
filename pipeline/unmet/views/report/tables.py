"""The tables of the corpus report as CSV files, for a spreadsheet or a statistics program."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, Final

from unmet.knowledge import load_yaml
from unmet.reasoning.catalogue import load_catalogue
from unmet.results.flat import cell
from unmet.views.report.figures import ANY, INHERITED, ONLY, OVERTURNED, OWN, share_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from unmet.views.report.figures import Counter, Cure, Figures, Warned
    from unmet.views.report.proportions import Share

# File name without its end, and what the page says of it.
TABLES: Final = {
    "headline": "The figures at the top of the page.",
    "reasons": "What sank the requests, over all: criterion type by basis.",
    "reasons_by_family": "The same for each treatment family.",
    "reasons_by_guideline": "The same for each guideline that the reviewer cites; a request counts under each it cites.",
    "reasons_by_specialty": "The same for each specialty of the reviewer; a request counts under each.",
    "reasons_by_month": "The same for each month of the determination.",
    "decisions_by_family": "Overturned and upheld requests of each treatment family.",
    "decisions_by_guideline": "The same for each guideline.",
    "decisions_by_specialty": "The same for each specialty.",
    "decisions_by_month": "The same for each month.",
    "cure_checklist": "What was not documented, by family, with sentences of reviewers.",
    "counter_evidence": "Findings against which the letter's own case summary speaks: a row for each passage.",
    "warnings": "Disputed silence of a guideline, and parts of a letter that disagree.",
    "data_quality": "Files that were not read, letters and requests with parts missing.",
    "warnings_by_code": "How often each warning stands in the records.",
    "confidence": "How sure the reading is, by criterion type.",
    "files_not_read": "Every file without a record of its own, with the reason.",
    "low_confidence": "Decisive criteria with a confidence below 0.5: what to check by hand.",
}
SHARE: Final = ("requests", "of_requests", "share", "low", "high")
DIMENSIONS: Final = ("family", "guideline", "specialty", "month")
_SAMPLES: Final = 3


class TableFolder:
    """Writes CSV files to a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write one of :data:`TABLES`. What a spreadsheet would take for a formula is quoted, as in the CSV of results."""
        assert name in TABLES
        with (self._folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([cell(value, offsets=False) for value in row] for row in rows)


def write_figures(figures: Figures, cures: Sequence[Cure], tables: TableFolder) -> None:
    """Write every table that counts something."""
    tables.write("headline", ("figure", *SHARE), _headline(figures))
    tables.write("reasons", ("criterion_type", "unmet_basis", *SHARE), (row[1:] for row in _reasons(figures, "all")))
    for dimension in DIMENSIONS:
        columns = (dimension, "criterion_type", "unmet_basis", *SHARE)
        tables.write(f"reasons_by_{dimension}", columns, _reasons(figures, dimension))
        tables.write(
            f"decisions_by_{dimension}",
            (dimension, "letters", "requests", "upheld_own_reason", "inherited_denials", "overturned", "share", "low", "high"),
            _decisions(figures, dimension),
        )
    samples = [f"{what}_{place}" for place in range(1, _SAMPLES + 1) for what in ("sentence", "case_number", "letter_id")]
    tables.write("cure_checklist", ("family", "criterion_type", "asks_for", "catalogue", *SHARE, *samples), map(_cure, cures))
    quality = ("measure", "found", "out_of", "share")
    tables.write("data_quality", quality, figures.rows("SELECT measure, found, out_of, share FROM data_quality"))
    coded = ("code", "warnings", "letters", "share_of_letters")
    tables.write("warnings_by_code", coded, figures.rows(f"SELECT {', '.join(coded)} FROM warnings_by_code"))
    tables.write(
        "confidence",
        ("criterion_type", "source", "decisive", "below_0.5", "from_0.5_to_0.7", "mean"),
        ((*counts, round(mean, 4)) for *counts, mean in figures.confidence()),
    )
    tables.write(
        "files_not_read",
        ("path", "letter_id", "state", "reason"),
        figures.rows("SELECT path, letter_id, state, reason FROM files WHERE state <> 'read'"),
    )
    low = ("letter_id", "path", "case_number", "request_index", "item", "family", "criterion_type", "status", "unmet_basis")
    more = ("confidence", "source", "finding")
    tables.write("low_confidence", (*low, *more), figures.rows(f"SELECT {', '.join((*low, *more))} FROM low_confidence"))


def write_counter_evidence(found: Iterable[Counter], tables: TableFolder) -> None:
    """Write a row for each passage that speaks against a finding."""
    columns = ("letter_id", "path", "case_number", "decision_date", "request_index", "item", "family", "decision", "criterion_id")
    more = ("criterion_type", "unmet_basis", "decisive", "confidence", "finding", "against_it", "page")
    tables.write("counter_evidence", (*columns, *more), (row for one in found for row in _counter(one)))


def write_warnings(found: Iterable[Warned], tables: TableFolder) -> None:
    """Write a row for each warning."""
    columns = ("letter_id", "path", "case_number", "code", "message", "words", "page")
    tables.write(
        "warnings",
        columns,
        ((one.letter_id, one.path, one.case_number, one.code, one.message, one.words, one.page) for one in found),
    )


def catalogue_text(family: str, entry: str) -> str | None:
    """Return what the catalogue says an entry asks for; None where a later catalogue has it no more."""
    known = load_catalogue().families.get(family)
    return next((one.text for one in known.criteria if one.id == entry), None) if known else None


def meaning(criterion_type: str) -> str:
    """Return what the taxonomy says a criterion type asks for; nothing of a type that it does not have."""
    return str(load_yaml("taxonomy.yaml")["criterion_type"].get(criterion_type, ""))


def _numbers(share: Share) -> tuple[Any, ...]:
    interval = share.interval
    ends = (round(interval.low, 4), round(interval.high, 4)) if interval else (None, None)
    return share.hits, share.requests, round(share.value, 4) if share.requests else None, *ends


def _headline(figures: Figures) -> Iterator[tuple[Any, ...]]:
    decisions, reasons = figures.all.decisions, figures.all.reasons
    yield "letters", figures.letters, None, None, None, None
    for name, kind in (("overturned", OVERTURNED), ("upheld for a reason of its own", OWN), ("upheld with another", INHERITED)):
        yield name, *_numbers(share_of(decisions, kind))
    for name, key in (("upheld, a reason found", (ANY, ANY)), ("upheld, nothing but documents missing", (ONLY, "undocumented"))):
        share = reasons.get(key)
        yield name, *(_numbers(share) if share else (0, figures.decided(OWN), None, None, None))
    yield "reasons", figures.reasons, None, None, None, None
    for what, found in (("repeated records left out", figures.repeated), ("letters that are no determination", figures.others)):
        yield what, found, None, None, None, None


def _reasons(figures: Figures, dimension: str) -> Iterator[tuple[Any, ...]]:
    for group, found in figures.groups[dimension].items():
        for (kind, basis), share in found.reasons.items():
            yield group, kind, basis, *_numbers(share)


def _decisions(figures: Figures, dimension: str) -> Iterator[tuple[Any, ...]]:
    for group, found in figures.groups[dimension].items():
        overturned = share_of(found.decisions, OVERTURNED)
        own, inherited = (share_of(found.decisions, kind).hits for kind in (OWN, INHERITED))
        hits, requests, *rest = _numbers(overturned)
        yield group, overturned.letters, requests, own, inherited, hits, *rest


def _cure(cure: Cure) -> tuple[Any, ...]:
    entries = [catalogue_text(cure.family, entry) for entry, _ in cure.entries]
    samples = [(sample.words, sample.case_number, sample.letter_id) for sample in cure.samples]
    samples += [("", None, "")] * (_SAMPLES - len(samples))
    told = [part for sample in samples for part in sample]
    catalogue = " | ".join(entry for entry in entries if entry)
    return cure.family, cure.type, meaning(cure.type), catalogue, *_numbers(cure.share), *told


def _counter(one: Counter) -> Iterator[tuple[Any, ...]]:
    for passage, page in zip(one.passages, one.pages, strict=True):
        yield (
            *(one.letter_id, one.path, one.case_number, one.decision_date, one.request_index, one.item, one.family, one.decision),
            *(one.criterion_id, one.type, one.basis, one.decisive, one.confidence),
            *(" ".join((one.finding or "").split()), " ".join(passage.split()), page),
        )
