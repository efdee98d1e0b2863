"""A determination for the terminal: requests, decisions, criteria with their marks, the deciding sentences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from unmet.knowledge import load_yaml
from unmet.views.terminal import printed

if TYPE_CHECKING:
    from rich.console import RenderableType

    from unmet.record import Basis, Criterion, Determination, Request, Span

# Mark, word and style of each status: readable without colour, in a pipe and by a screen reader.
_STATUS = {
    "unmet": ("✗", "unmet", "bold red"),
    "met": ("✓", "met", "green"),
    "not_addressed": ("–", "not addressed", "dim"),
}
_BASIS = {
    "undocumented": "not documented",
    "contradicted": "record shows otherwise",
    "exceeded": "limit passed",
    "not_recommended": "not recommended",
    "inherited": "falls with another request",
}
_ORDER = ("unmet", "met", "not_addressed")
# Below this the pipeline is guessing, and the table says so.
_UNSURE = 0.5


def render(determination: Determination, *, color: bool, width: int | None = None) -> str:
    """Return the record as text for a terminal of ``width`` columns (that of the terminal, or 100, if None)."""
    parts: list[RenderableType] = [_title(determination)]
    parts += [_request(request) for request in determination.requests]
    parts += [Text(f"  ! {warning.message}", style="yellow") for warning in determination.warnings]
    return printed([*parts, ""], color=color, width=width or (None if color else 100))


def label(code: str) -> str:
    """Return a code of the taxonomy as words."""
    return code.replace("_", " ")


def meaning(criterion_type: str) -> str:
    """Return what the taxonomy says a criterion type asks for, without its examples."""
    words = str(load_yaml("taxonomy.yaml")["criterion_type"][criterion_type])
    return re.sub(r"\s*\([^()]*\)", "", words)


def _title(determination: Determination) -> Text:
    case = determination.case
    title = Text(case.case_number or determination.source.path, style="bold")
    facts = [f"decided {case.decision_date}" if case.decision_date else None]
    if case.outcome:
        facts.append({"upheld": "denial upheld", "overturned": "denial overturned", "partial": "partly overturned"}[case.outcome])
    if determination.reviewer.specialties:
        facts.append("reviewer: " + ", ".join(determination.reviewer.specialties))
    patient = determination.patient
    if patient.age or patient.sex:
        facts.append(", ".join(part for part in (f"age {patient.age}" if patient.age else "", patient.sex or "") if part))
    shown = [fact for fact in facts if fact]
    if shown:
        title.append("  " + " · ".join(shown), style="default not bold")
    return title


def _request(request: Request) -> RenderableType:
    upheld = request.decision == "upheld"
    verdict = Text(" UPHELD (denied) " if upheld else " OVERTURNED (approved) ", style="bold red" if upheld else "bold green")
    heading = Text(f" {request.index}. ").append(_words(request.item.text))
    parts: list[RenderableType] = []
    if request.partial:
        if request.partial.original:
            parts.append(_fact("asked", request.partial.original))
        if request.partial.authorized:
            parts.append(_fact("authorized before review", request.partial.authorized))
    parts.append(_fact("guidelines", _guidelines(request.maximus)))
    if request.inherits_from:
        parts.append(_fact("falls with", f"request {request.inherits_from}"))
    parts.append(Text(""))
    parts.append(_criteria(request))
    cure = _cure(request) if upheld else []
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
    return Text(f"{name}: ", style="dim").append(words, style="not dim default")


def _guidelines(basis: Basis) -> str:
    cited = []
    for citation in basis.citations:
        place = ", ".join(part for part in (citation.chapter, citation.edition) if part)
        sections = "; ".join(citation.sections)
        pages = f"p. {', '.join(citation.pages)}" if citation.pages else ""
        detail = ", ".join(part for part in (place, sections, pages) if part)
        cited.append(f"{citation.body} ({detail})" if detail else citation.body)
    return " + ".join(cited) or "none cited"


def _criteria(request: Request) -> RenderableType:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column(width=1, no_wrap=True)
    table.add_column(width=26)
    table.add_column(ratio=1)
    for criterion in sorted(request.criteria, key=lambda c: (_ORDER.index(c.status), -c.decisive)):
        mark, word, style = _STATUS[criterion.status]
        state = _BASIS.get(criterion.unmet_basis or "", word)
        number = f"{criterion.ordinal}. " if criterion.ordinal else ""
        name = Text(number + label(criterion.type), style=style).append(f"\n{state}", style="italic not bold")
        if criterion.confidence < _UNSURE:
            name.append("\n(uncertain)", style="dim italic not bold")
        table.add_row(Text(mark, style=style), name, _proof(criterion))
    if not request.criteria:
        table.add_row("", Text("no criterion found", style="dim"), "")
    return table


def _proof(criterion: Criterion) -> RenderableType:
    if criterion.evidence:
        return Group(*(Text(f"“{_words(span.text)}”{_page(span)}") for span in criterion.evidence))
    if criterion.statement:
        return Text(f"stated: “{_words(criterion.statement.text)}”{_page(criterion.statement)}", style="dim")
    return Text("")


def _page(span: Span) -> str:
    return f" [p. {span.page}]" if span.page else ""


def _cure(request: Request) -> list[str]:
    """List what a better report could cure: the undocumented criteria, in the guideline's words where it states them."""
    items = []
    for criterion in request.criteria:
        if criterion.unmet_basis == "undocumented":
            words = meaning(criterion.type)
            if criterion.statement:
                words += f" — here: “{_words(criterion.statement.text)}”"
            items.append(f"{label(criterion.type)}: {words}")
    return items


def _words(text: str) -> str:
    """Return the words on one line, without the control characters that a terminal would obey."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())
