"""A determination as a web page: the requests with their criteria beside the letter, every finding linked to its words.

The page is one file that loads nothing: style and script are inlined and allowed by their hashes alone, so that not even a
letter with HTML in it can run or fetch anything. Nothing here knows spaCy.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from unmet.reasoning.catalogue import load_catalogue
from unmet.views.letter_text import Reference, letter_html, mention_anchor, title_anchor
from unmet.views.wording import (
    BASIS,
    LOGIC,
    OUTCOME,
    STATUS,
    UNCERTAIN,
    citation_words,
    guideline_words,
    heading,
    in_order,
    label,
    meaning,
    one_line,
    percent,
    to_document,
    value_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unmet.record import Criterion, Determination, Medication, Request, Span

# In the order of the legend: what a label marks, in the plural.
LABELS: Final = {
    "CRITERION": "Criteria",
    "FUNCTION": "Function",
    "CONDITION": "Conditions",
    "PROCEDURE": "Procedures",
    "MEDICATION": "Medications",
    "CITATION": "Citations",
}
_COUNTER_SYMBOL = "≠"
_STATEMENT_SYMBOL = "§"


class Quote(NamedTuple):
    """Words of the letter and where they stand in it; ``anchor`` is "" where the letter does not show them."""

    text: str
    page: int | None
    anchor: str


class CriterionView(NamedTuple):
    """A criterion as the checklist shows it; ``group`` names it on the page, ``short`` for people ("2.1")."""

    group: str
    short: str
    name: str
    meaning: str
    status: str
    symbol: str
    word: str
    basis: str | None
    basis_words: str
    falls_with: tuple[str, int] | None
    decisive: bool
    uncertain: bool
    percent: str
    statement: Quote | None
    evidence: list[Quote]
    counter: list[Quote]
    values: list[str]
    facts: list[tuple[str, str]]

    @property
    def first(self) -> str:
        """The id of the words to show first: what decided it, else what states it, else what speaks against it."""
        quotes = [*self.evidence, *([self.statement] if self.statement else []), *self.counter]
        return next((quote.anchor for quote in quotes if quote.anchor), "")


class RequestView(NamedTuple):
    """A request as the page shows it."""

    anchor: str
    title_anchor: str
    number: int
    item: str
    title: str | None
    upheld: bool
    facts: list[tuple[str, str]]
    falls_with: tuple[str, int] | None
    falling: list[tuple[str, int]]
    criteria: list[CriterionView]
    cure: list[tuple[str, str, str]]


class MedicationView(NamedTuple):
    """A row of the medications table; ``places`` are ids in the letter."""

    name: str
    kind: str
    regimen: str
    state: str
    places: list[str]


def render_letter(determination: Determination) -> str:
    """Return one self-contained HTML page.

    ``determination`` must have its text (``unmet.read(path, with_text=True)``); raises ``ValueError`` without.
    """
    style, script = stylesheet(), behaviour()
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )
    page = _environment().get_template("letter.html")
    return page.render(
        name=_name(determination),
        policy=Markup(policy),
        style=Markup(style),
        script=Markup(script),
        body=render_letter_body(determination),
    )


def render_letter_body(determination: Determination) -> Markup:
    """Return what stands in the body of the page, for a page that has :func:`stylesheet` and :func:`behaviour` already."""
    if determination.text is None:
        raise ValueError("the record has no text; read the letter with its text")
    numbered = [(number, request, in_order(request)) for number, request in enumerate(determination.requests)]
    references = [
        reference
        for number, request, criteria in numbered
        for place, criterion in enumerate(criteria, 1)
        for reference in _references(number, request, place, criterion)
    ]
    references += [
        Reference(
            warning.span, "warning", f"ws-{place}", f"warning-{place}", f"warning-{place}", "!", one_line(warning.message), ""
        )
        for place, warning in enumerate(determination.warnings, 1)
        if warning.span
    ]
    letter = letter_html(determination, references)
    requests = [_request(number, request, criteria, determination, letter.anchors) for number, request, criteria in numbered]
    places = {mention.id: mention_anchor(number) for number, mention in reversed(list(enumerate(determination.mentions)))}
    labels: list[str] = [mention.label for mention in determination.mentions]
    return Markup(
        _environment()
        .get_template("letter_body.html")
        .render(
            name=_name(determination),
            record=determination,
            outcome=OUTCOME.get(determination.case.outcome or ""),
            facts=_case_facts(determination),
            requests=requests,
            tally=_tally(determination.requests),
            warnings=[
                (
                    f"warning-{place}",
                    one_line(warning.message),
                    _quote(warning.span, f"ws-{place}", letter.anchors) if warning.span else None,
                )
                for place, warning in enumerate(determination.warnings, 1)
            ],
            medications=[_medication(one, places, letter.anchors) for one in determination.medications],
            labels=[(code.lower(), name, labels.count(code)) for code, name in LABELS.items()],
            letter=letter.html,
            file=one_line(PurePath(determination.source.path).name),
        )
    )


@cache
def stylesheet() -> str:
    """Return the page's style sheet."""
    return _asset("letter.css")


@cache
def behaviour() -> str:
    """Return the page's script. Everything works without it, save that a choice shows one span of a criterion, not all."""
    return _asset("letter.js")


def _asset(name: str) -> str:
    return files("unmet.views").joinpath("templates", name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("unmet.views"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _name(determination: Determination) -> str:
    return one_line(determination.case.case_number or PurePath(determination.source.path).name)


def _group(number: int, place: int) -> str:
    return f"c-{number + 1}-{place}"


def _references(number: int, request: Request, place: int, criterion: Criterion) -> list[Reference]:
    group, short = _group(number, place), f"{request.index}.{place}"
    symbol, word = STATUS[criterion.status]
    name = f"{label(criterion.type)}, {word}"
    found = [
        Reference(span, "evidence", f"ev-{group}-{at}", group, group, short, name, symbol)
        for at, span in enumerate(criterion.evidence, 1)
    ]
    found += [
        Reference(span, "counter-evidence", f"cx-{group}-{at}", group, group, short, name, _COUNTER_SYMBOL)
        for at, span in enumerate(criterion.counter_evidence, 1)
    ]
    if criterion.statement:
        found.append(Reference(criterion.statement, "statement", f"st-{group}", group, group, short, name, _STATEMENT_SYMBOL))
    return found


def _quote(span: Span, anchor: str, anchors: frozenset[str]) -> Quote:
    return Quote(one_line(span.text), span.page, anchor if anchor in anchors else "")


def _parent(request: Request, determination: Determination) -> tuple[str, int] | None:
    """Return the id and number of the request that this one falls with."""
    if request.inherits_from is None:
        return None
    numbers = [number for number, other in enumerate(determination.requests) if other.index == request.inherits_from]
    return (f"req-{numbers[0]}", request.inherits_from) if numbers else None


def _request(
    number: int, request: Request, criteria: Sequence[Criterion], determination: Determination, anchors: frozenset[str]
) -> RequestView:
    item, title = one_line(request.item.text), one_line(request.title.text)
    facts = [("Family", heading(request.family))]
    if request.partial and request.partial.original:
        facts.append(("First requested", one_line(request.partial.original)))
    if request.partial and request.partial.authorized:
        facts.append(("Authorized before review", one_line(request.partial.authorized)))
    facts.append(("Reviewer’s guideline", one_line(guideline_words(request.maximus))))
    facts.append(("Claims administrator’s guideline", one_line(guideline_words(request.claims_administrator))))
    falling = [
        (f"req-{place}", other.index)
        for place, other in enumerate(determination.requests)
        if other.inherits_from == request.index and place != number
    ]
    parent = _parent(request, determination)
    places = {id(criterion): place for place, criterion in enumerate(criteria, 1)}
    return RequestView(
        anchor=f"req-{number}",
        title_anchor=title_anchor(number) if title_anchor(number) in anchors else "",
        number=request.index,
        item=item,
        title=title if title != item else None,
        upheld=request.decision == "upheld",
        facts=facts,
        falls_with=parent,
        falling=falling,
        criteria=[_criterion(number, request, place, criterion, parent, anchors) for place, criterion in enumerate(criteria, 1)],
        cure=[(_group(number, places[id(criterion)]), heading(criterion.type), asks) for criterion, asks in to_document(request)],
    )


def _criterion(
    number: int, request: Request, place: int, criterion: Criterion, parent: tuple[str, int] | None, anchors: frozenset[str]
) -> CriterionView:
    group = _group(number, place)
    mark = STATUS[criterion.status]
    basis = BASIS.get(criterion.unmet_basis or "")
    return CriterionView(
        group=group,
        short=f"{request.index}.{place}",
        name=heading(criterion.type),
        meaning=meaning(criterion.type),
        status=criterion.status,
        symbol=mark.symbol,
        word=mark.word,
        basis=criterion.unmet_basis,
        basis_words=basis.long if basis else "",
        falls_with=parent if criterion.unmet_basis == "inherited" else None,
        decisive=criterion.decisive,
        uncertain=criterion.confidence < UNCERTAIN,
        percent=percent(criterion.confidence),
        statement=_quote(criterion.statement, f"st-{group}", anchors) if criterion.statement else None,
        evidence=[_quote(span, f"ev-{group}-{at}", anchors) for at, span in enumerate(criterion.evidence, 1)],
        counter=[_quote(span, f"cx-{group}-{at}", anchors) for at, span in enumerate(criterion.counter_evidence, 1)],
        values=[one_line(value_words(value, criterion)) for value in criterion.values],
        facts=_criterion_facts(criterion),
    )


def _criterion_facts(criterion: Criterion) -> list[tuple[str, str]]:
    facts = []
    if criterion.guideline:
        facts.append(("Guideline", one_line(citation_words(criterion.guideline))))
    if criterion.ordinal:
        facts.append(("Number in its list", str(criterion.ordinal)))
    if criterion.logic:
        facts.append(("Logic", LOGIC[criterion.logic]))
    if criterion.catalogue_id:
        entry = _catalogue_texts().get(criterion.catalogue_id)
        facts.append(("Catalogue", one_line(f"{entry} [{criterion.catalogue_id}]" if entry else criterion.catalogue_id)))
    facts.append(("Read by", "trained model" if criterion.source == "model" else "rule"))
    return facts


@cache
def _catalogue_texts() -> dict[str, str]:
    return {entry.id: entry.text for family in load_catalogue().families.values() for entry in family.criteria}


def _medication(medication: Medication, places: dict[str, str], anchors: frozenset[str]) -> MedicationView:
    kind = label(medication.drug_class or "")
    regimen = [medication.strength, medication.form, medication.route, medication.frequency]
    regimen += [f"#{medication.quantity}" if (medication.quantity or "").isdigit() else medication.quantity, medication.duration]
    regimen += [f"{medication.refills} refills" if (medication.refills or "").isdigit() else medication.refills]
    regimen += ["as needed" if medication.prn else None]
    found = [places[mention] for mention in medication.mentions if mention in places]
    return MedicationView(
        name=one_line(medication.name),
        kind=kind,
        regimen=one_line(", ".join(part for part in regimen if part)),
        state=label(medication.assertion or ""),
        places=[place for place in found if place in anchors],
    )


def _tally(requests: Sequence[Request]) -> dict[str, int]:
    """Count what a reader asks first: requests by decision, unmet criteria of upheld ones by what can be done about them."""
    unmet = [
        one.unmet_basis
        for request in requests
        if request.decision == "upheld"
        for one in request.criteria
        if one.status == "unmet"
    ]
    return {
        "upheld": sum(request.decision == "upheld" for request in requests),
        "overturned": sum(request.decision == "overturned" for request in requests),
        "curable": unmet.count("undocumented"),
        "contrary": unmet.count("contradicted"),
        "counter": sum(bool(one.counter_evidence) for request in requests for one in request.criteria),
    }


def _case_facts(determination: Determination) -> list[tuple[str, str]]:
    case, patient, reviewer = determination.case, determination.patient, determination.reviewer
    worker = ", ".join(part for part in (f"age {patient.age}" if patient.age is not None else "", patient.sex or "") if part)
    facts: list[tuple[str, Any]] = [
        ("Decided", case.decision_date),
        ("Date of injury", case.date_of_injury),
        ("UR denial", case.ur_denial_date),
        ("Application received", case.application_received),
        ("Assigned", case.date_assigned),
        ("Priority", case.priority and case.priority.capitalize()),
        ("Reviewer", ", ".join(reviewer.specialties)),
        ("Licensed in", ", ".join(reviewer.licensure)),
        ("Worker", worker),
    ]
    return [(name, one_line(value)) for name, value in facts if value]
