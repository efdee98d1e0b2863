"""Runs the pipeline over annotated letters and says how well it reads them: a table for people, JSON for the next run.

An :class:`Evaluation` holds counts, scores and the ids of letters, no word of a letter. It keeps the counts of every
letter, so that a later evaluation over the same letters can be compared with it (:func:`compare`).
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
import numpy as np
from rich.table import Table

from unmet.corpus import attach
from unmet.corpus.from_record import row_of
from unmet.corpus.rows import CorpusError, read_rows
from unmet.errors import UnmetError
from unmet.reading import determine
from unmet.record import Model  # noqa: TC001 - msgspec reads the annotations
from unmet.training import intervals
from unmet.training.scoring import MEASURES, Tally, count
from unmet.views.terminal import printed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from rich.console import RenderableType
    from spacy.language import Language

    from unmet.corpus import Row

EVALUATION_VERSION = "1.0"


class Reading(NamedTuple):
    """One annotated letter as the pipeline read it; offsets of both rows are into ``text``, the letter's collapsed text."""

    gold: Row
    predicted: Row
    text: str
    model: Model


class LetterCounts(msgspec.Struct, kw_only=True):
    """The tallies of one letter in the order of the measures; ``annotation`` is a checksum of the gold row."""

    letter: str
    annotation: str
    counts: list[Tally]


class Score(msgspec.Struct, kw_only=True):
    """One measure over all letters: ``value`` is F1 or accuracy, ``low`` and ``high`` its 95% interval over letters.

    Null is what is undefined: precision without predictions, recall without gold; an accuracy has neither.
    """

    measure: str
    kind: Literal["f1", "accuracy"]
    value: float | None
    low: float | None
    high: float | None
    precision: float | None
    recall: float | None
    right: int
    predicted: int
    found: int
    gold: int


class Evaluation(msgspec.Struct, kw_only=True):
    """How well one pipeline reads some letters."""

    schema_version: str
    model: Model
    resamples: int
    measures: list[str]
    scores: list[Score]
    letters: list[LetterCounts]


class Difference(msgspec.Struct, kw_only=True):
    """One measure of two evaluations: ``difference`` is second minus first, ``p`` that of no difference."""

    measure: str
    first: float | None
    second: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None


class Comparison(msgspec.Struct, kw_only=True):
    """Two evaluations over the same letters."""

    schema_version: str
    first: Model
    second: Model
    letters: int
    rounds: int
    differences: list[Difference]


def evaluate(rows: Iterable[Row], folders: Iterable[Path], *, nlp: Language | None = None) -> Evaluation:
    """Run the pipeline (``nlp``, or the default one) over the letters of gold ``rows``, found in ``folders``, and score it.

    Raises :class:`~unmet.corpus.rows.CorpusError` naming the letter where a row is no gold, stands twice or does not
    fit its letter, and where there is no row at all.
    """
    return evaluation_of(read_letters(rows, folders, nlp=nlp))


def rows_of_split(annotations: Path, file: str, split: str) -> list[Row]:
    """Return the gold rows of ``annotations/file`` that ``splits.json`` beside it puts on one side, or "all" of them.

    Raises :class:`~unmet.corpus.rows.CorpusError` for an unknown split or one without letters.
    """
    rows = [row for row in read_rows(annotations / file) if row.quality == "gold"]
    if split == "all":
        return rows
    path = annotations / "splits.json"
    try:
        sides = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened; make the split, or evaluate with --split all") from error
    except msgspec.MsgspecError as error:
        raise CorpusError(f"{path}: cannot be read as the splits of a corpus") from error
    sides = {name: letters for name, letters in sides.items() if isinstance(letters, list)}
    if split not in sides:
        raise CorpusError(f"{path}: has no split {split!r}; there are {', '.join(sorted(sides))} and all")
    chosen = [row for row in rows if row.letter in set(sides[split])]
    if not chosen:
        raise CorpusError(f"{annotations / file}: holds no letter of the split {split!r}")
    return chosen


def read_letters(rows: Iterable[Row], folders: Iterable[Path], *, nlp: Language | None = None) -> Iterator[Reading]:
    """Yield each gold row beside what the pipeline makes of its letter; errors as for :func:`evaluate`."""
    for one in attach(_gold(rows), folders):
        determination = determine(one.letter, nlp=nlp)
        yield Reading(one.row, row_of(determination, one.row.letter, one.collapsed), one.collapsed.text, determination.model)


def evaluation_of(readings: Iterable[Reading]) -> Evaluation:
    """Count and score letters that were read; the order of the letters makes no difference."""
    letters: list[LetterCounts] = []
    model = None
    for reading in readings:
        counts = list(count(reading.gold, reading.predicted).values())
        letters.append(LetterCounts(letter=reading.gold.letter, annotation=_checksum(reading.gold), counts=counts))
        model = reading.model
    if model is None:
        raise CorpusError("there is no annotated letter to evaluate on")
    letters.sort(key=lambda one: one.letter)
    return Evaluation(
        schema_version=EVALUATION_VERSION,
        model=model,
        resamples=intervals.RESAMPLES,
        measures=[measure.name for measure in MEASURES],
        scores=_scores(_array(letters)),
        letters=letters,
    )


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Test two evaluations against each other, measure by measure; p values are not corrected for their number.

    Raises ``UnmetError`` where they are not over the same letters, annotations and measures.
    """
    if first.measures != second.measures or first.schema_version != second.schema_version:
        raise UnmetError("the two evaluations count different measures; evaluate again with this version")
    ours, theirs = ({one.letter: one.annotation for one in each.letters} for each in (first, second))
    unlike = sorted(letter for letter in ours.keys() | theirs.keys() if ours.get(letter) != theirs.get(letter))
    if unlike:
        more = f" and {len(unlike) - 1} more" if len(unlike) > 1 else ""
        raise UnmetError(f"the two evaluations are not over the same annotated letters: {unlike[0]}{more} differ")
    test = intervals.paired_test(_array(first.letters), _array(second.letters))
    differences = [
        Difference(
            measure=name,
            first=one.value,
            second=other.value,
            difference=_number(test.difference[i]),
            low=_number(test.interval.low[i]),
            high=_number(test.interval.high[i]),
            p=_number(test.p[i]),
        )
        for i, (name, one, other) in enumerate(zip(first.measures, first.scores, second.scores, strict=True))
    ]
    return Comparison(
        schema_version=EVALUATION_VERSION,
        first=first.model,
        second=second.model,
        letters=len(first.letters),
        rounds=intervals.ROUNDS,
        differences=differences,
    )


def to_json(result: Evaluation | Comparison) -> bytes:
    """Return a result as indented JSON with a line end; equal results give equal bytes."""
    return msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n"


def read_evaluation(path: Path) -> Evaluation:
    """Read back what :func:`to_json` gave for an evaluation; raises ``UnmetError`` naming a file that is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnmetError(f"{path}: cannot be opened ({(error.strerror or 'error').lower()})") from error
    try:
        evaluation = msgspec.json.decode(content, type=Evaluation)
    except msgspec.MsgspecError as error:
        raise UnmetError(f"{path}: is damaged or holds no evaluation of this version ({error})") from error
    number = len(evaluation.measures)
    if len(evaluation.scores) != number or any(len(one.counts) != number for one in evaluation.letters):
        raise UnmetError(f"{path}: is damaged (measures and counts do not go together)")
    return evaluation


def render_table(evaluation: Evaluation, *, color: bool = False, width: int | None = None) -> str:
    """Return the scores as text for a terminal of ``width`` columns (110 if None)."""
    model = evaluation.model
    table = _table(
        f"{model.name} {model.version} on {len(evaluation.letters)} annotated letters",
        ["measure", "value", "95% interval", "P", "R", "gold", "predicted", "what"],
        "value: F1, or accuracy over the cases counted as gold. "
        f"Interval: bootstrap over letters, {evaluation.resamples} resamples.",
    )
    about = {measure.name: measure.about for measure in MEASURES}
    for score in evaluation.scores:
        shown = str(score.predicted) if score.kind == "f1" else ""
        values = (_shown(score.value), _range(score.low, score.high), _shown(score.precision), _shown(score.recall))
        _add_row(table, score.measure, *values, str(score.gold), shown, about.get(score.measure, ""))
    return _print(table, color=color, width=width)


def render_comparison(comparison: Comparison, *, color: bool = False, width: int | None = None) -> str:
    """Return a comparison as text; an asterisk marks p below 0.05."""
    first, second = (f"{model.name} {model.version}" for model in (comparison.first, comparison.second))
    table = _table(
        f"{second} against {first} on {comparison.letters} annotated letters",
        ["measure", "before", "after", "difference", "95% interval", "p", ""],
        f"Interval: paired bootstrap over letters. p: approximate randomization, {comparison.rounds} rounds, "
        "not corrected for the number of measures.",
    )
    for one in comparison.differences:
        difference = "–" if one.difference is None else f"{one.difference:+.3f}"
        mark = "*" if one.p is not None and one.p < 0.05 else ""
        bounds = _range(one.low, one.high, sign="+")
        p = "–" if one.p is None else f"{one.p:.4f}"
        _add_row(table, one.measure, _shown(one.first), _shown(one.second), difference, bounds, p, mark)
    return _print(table, color=color, width=width)


def _gold(rows: Iterable[Row]) -> Iterator[Row]:
    seen: set[str] = set()
    for row in rows:
        if row.quality != "gold":
            raise CorpusError(f"{row.letter}: is annotated as {row.quality}, not read in full; only gold can be evaluated on")
        if row.letter in seen:
            raise CorpusError(f"{row.letter}: is annotated twice in the files given; evaluate on one of them at a time")
        seen.add(row.letter)
        yield row


def _checksum(row: Row) -> str:
    return hashlib.sha256(msgspec.json.encode(row, order="deterministic")).hexdigest()[:16]


def _array(letters: Sequence[LetterCounts]) -> NDArray[np.int64]:
    """Return letters × measures × 4, letters in order of their ids."""
    return np.array([one.counts for one in sorted(letters, key=lambda one: one.letter)], dtype=np.int64)


def _scores(counts: NDArray[np.int64]) -> list[Score]:
    totals = counts.sum(axis=0)
    bounds, values = intervals.interval(counts), intervals.f1(totals)
    scores = []
    for i, measure in enumerate(MEASURES):
        tally = Tally(*totals[i].tolist())
        scores.append(
            Score(
                measure=measure.name,
                kind=measure.kind,
                value=_number(values[i]),
                low=_number(bounds.low[i]),
                high=_number(bounds.high[i]),
                precision=_share(tally.right, tally.predicted) if measure.kind == "f1" else None,
                recall=_share(tally.found, tally.gold) if measure.kind == "f1" else None,
                right=tally.right,
                predicted=tally.predicted,
                found=tally.found,
                gold=tally.gold,
            )
        )
    return scores


def _share(part: int, whole: int) -> float | None:
    return _number(part / whole) if whole else None


def _number(value: float) -> float | None:
    """Round to what is told apart on any machine; NaN is null."""
    return None if math.isnan(value) else round(float(value), 6) + 0.0


def _table(title: str, columns: list[str], caption: str) -> Table:
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left", box=None, padding=(0, 1, 0, 0))
    for name in columns:
        words = name in ("measure", "what", "")
        table.add_column(name, justify="left" if words else "right", no_wrap=name != "what")
    return table


def _add_row(table: Table, measure: str, *values: str) -> None:
    """Add a row, after an empty one where another group of measures begins."""
    last = list(table.columns[0].cells)[-1:]
    if last and str(last[0]).split(".")[0] != measure.split(".")[0]:
        table.add_row()
    table.add_row(measure, *values)


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _range(low: float | None, high: float | None, *, sign: Literal["", "+"] = "") -> str:
    return "–" if low is None or high is None else f"{low:{sign}.3f} to {high:{sign}.3f}"


def _print(content: RenderableType, *, color: bool, width: int | None) -> str:
    lines = printed([content], color=color, width=width or 110).splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"
