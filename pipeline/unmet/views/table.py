"""A determination for the terminal: requests, decisions, criteria with their marks, the deciding sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from unmet.views.terminal import printed
from unmet.views.wording import (
    BASIS,
    OUTCOME,
    STATUS,
    UNCERTAIN,
    guideline_words,
    in_order,
    label,
    one_line,
    percent,
    to_document,
    value_words,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

    from unmet.record import Criterion, Determination, LetterWarning, Request, Span

# Style of each status; its mark and word are readable without.
_STYLE = {"unmet": "bold red", "met": "green", "not_addressed": "dim"}


def render(determination: Determination, *, color: bool, width: int | None = None) -> str:
    """Return the record as text for a terminal of ``width`` columns (that of the terminal, or 100, if None)."""
    parts: list[RenderableType] = [_title(determination)]
    parts += [_request(request) for request in determination.requests]
    parts += [_warning(warning) for warning in determination.warnings]
    return printed([*parts, ""], color=color, width=width or (None if color else 100))


def _title(determination: Determination) -> Text:
    case = determination.case
    title = Text(one_line(case.case_number or determination.source.path), style="bold")
    facts = [f"decided {case.decision_date}" if case.decision_date else None]
    if case.outcome:
        facts.append(OUTCOME[case.outcome])
    if determination.reviewer.specialties:
        facts.append("reviewer: " + ", ".join(determination.reviewer.specialties))
    patient = determination.patient
    if patient.age or patient.sex:
        facts.append(", ".join(part for part in (f"age {patient.age}" if patient.age else "", patient.sex or "") if part))
    shown = [fact for fact in facts if fact]
    if shown:
        title.append("  " + one_line(" · ".join(shown)), style="default not bold")
    return title


def _request(request: Request) -> RenderableType:
    upheld = request.decision == "upheld"
    verdict = Text(" UPHELD (denied) " if upheld else " OVERTURNED (approved) ", style="bold red" if upheld else "bold green")
    heading = Text(f" {request.index}. ").append(one_line(request.item.text))
    parts: list[RenderableType] = []
    if request.partial:
        if request.partial.original:
            parts.append(_fact("asked", request.partial.original))
        if request.partial.authorized:
            parts.append(_fact("authorized before review", request.partial.authorized))
    parts.append(_fact("guidelines", guideline_words(request.maximus)))
    if request.inherits_from:
        parts.append(_fact("falls with", f"request {request.inherits_from}"))
    parts.append(Text(""))
    parts.append(_criteria(request))
    cure = _cure(request)
    if cure:
        parts.append(Text("\nThe next request must document:", style="bold"))
        parts += [Padding(Text(f"• {item}"), (0, 0, 0, 2)) for item in cure]
    return Panel(
        Group(*parts),
        title=heading,
        title_align="left",
        subtitle=verdict,
        subtitle_align="left",
        border_style="red" if upheld else "green",
    )


def _fact(name: str, words: str) -> Text:
    return Text(f"{name}: ", style="dim").append(one_line(words), style="not dim default")


def _criteria(request: Request) -> RenderableType:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column(width=1, no_wrap=True)
    table.add_column(width=26)
    table.add_column(ratio=1)
    for criterion in in_order(request):
        mark, style = STATUS[criterion.status], _STYLE[criterion.status]
        reason = BASIS.get(criterion.unmet_basis or "")
        number = f"{criterion.ordinal}. " if criterion.ordinal else ""
        name = Text(number + label(criterion.type), style=style)
        name.append(f"\n{reason.short if reason else mark.word}", style="italic not bold")
        if criterion.confidence < UNCERTAIN:
            name.append(f"\n(uncertain, {percent(criterion.confidence)})", style="dim italic not bold")
        table.add_row(Text(mark.symbol, style=style), name, _proof(criterion))
    if not request.criteria:
        table.add_row("", Text("no criterion found", style="dim"), "")
    return table


def _proof(criterion: Criterion) -> RenderableType:
    lines = [Text(f"“{one_line(span.text)}”{_page(span)}") for span in criterion.evidence]
    if criterion.statement and not lines:
        lines.append(Text(f"stated: “{one_line(criterion.statement.text)}”{_page(criterion.statement)}", style="dim"))
    lines += [_fact("numbers", value_words(value, criterion)) for value in criterion.values]
    lines += [
        Text("but the case summary says: ", style="bold yellow").append(
            f"“{one_line(span.text)}”{_page(span)}", style="not bold default"
        )
        for span in criterion.counter_evidence
    ]
    return Group(*lines)


def _page(span: Span) -> str:
    return f" [p. {span.page}]" if span.page else ""


def _cure(request: Request) -> list[str]:
    """Say what a better report could cure, in the guideline's words where the letter states them."""
    items = []
    for criterion, asks in to_document(request):
        here = f" — here: “{one_line(criterion.statement.text)}”" if criterion.statement else ""
        items.append(f"{label(criterion.type)}: {asks}{here}")
    return items


def _warning(warning: LetterWarning) -> Text:
    line = Text(f"  ! {one_line(warning.message)}", style="yellow")
    if warning.span:
        line.append(f" — “{one_line(warning.span.text)}”{_page(warning.span)}", style="dim")
    return line
