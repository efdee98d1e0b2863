"""The corpus report as one web page that loads nothing: figures and plots, counted again for a filter by its script.

Style and scripts are inlined and allowed by their hashes alone; without script the page shows everything. All words that come
from a results file are escaped by the template. ``report.js`` lays the same rows out for what a filter leaves.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from math import floor
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from unmet.views.report.figures import ANY, INHERITED, ONLY, OVERTURNED, OWN, share_of
from unmet.views.report.packed import BASES, pack
from unmet.views.report.plots import plot, vega
from unmet.views.report.tables import TABLES, catalogue_text, meaning
from unmet.views.wording import BASIS, heading, label, one_line
from unmet.views.wording import percent as sureness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from unmet.views.report.figures import Counter, Cure, Figures, Group, Sample, Warned
    from unmet.views.report.proportions import Share

# How much the page shows; the tables in CSV have everything.
LISTED: Final = 200
_BARS, _HEAT_ROWS, _HEAT_COLUMNS, _CURES, _REASONS_WHY = 15, 20, 16, 12, 30
_SENTENCE: Final = 320
# Base64 of the packed requests beyond which the page has no filters: it must stay small enough to be sent by mail.
_PACKED: Final = 3_200_000

# docs/relations.md, test split: what the pipeline of this name and version was measured to do.
_MEASURED: Final = {
    "unmet_letters 0.1.0": "On 35 letters that it had never seen (91 requests), it named the criteria that sank a request with an"
    " F1 of 0.77 (95% interval 0.68 to 0.83): about one reason in four is wrong or missed. Of those it named rightly, the basis"
    " was right in 93%; the treatment family was right in 89% of requests."
}
_DIMENSIONS: Final = {
    "family": "Treatment family",
    "guideline": "Guideline the reviewer cites",
    "specialty": "Specialty of the reviewer",
    "period": "Time of the determination",
}
_STATES: Final = {
    OWN: "denial upheld for a reason of its own",
    INHERITED: "denial upheld with another request",
    OVERTURNED: "denial overturned",
}
_BASIS_NAMES: Final = {basis: BASIS[basis].short for basis in BASES}


class Row(NamedTuple):
    """A row of a table: its name, its cells, and what its plot shows of it."""

    name: str
    cells: list[str]
    plotted: dict[str, object]


class CureItem(NamedTuple):
    """What was missing, as the checklist tells it; ``place`` is that of the type in the page's list."""

    place: int
    name: str
    asks_for: list[str]
    often: str
    samples: list[tuple[str, str]]


class CureFamily(NamedTuple):
    """A treatment family of the checklist."""

    place: int
    name: str
    often: str
    items: list[CureItem]
    more: int


def render_report(
    figures: Figures,
    cures: Sequence[Cure],
    counters: Sequence[Counter],
    warnings: Sequence[Warned],
    totals: Mapping[str, int],
    source: str,
) -> str:
    """Return the page. ``counters`` and ``warnings`` are the first of as many as ``totals`` says; ``source`` names the file."""
    groups = {dimension: figures.groups[figures.period if dimension == "period" else dimension] for dimension in _DIMENSIONS}
    types = _types(figures.all)
    names = {dimension: _ordered(dimension, found) for dimension, found in groups.items()} | {"type": types}
    packed = pack(figures, names)
    if packed is not None and len(packed) > _PACKED:
        packed = None
    reasons, bases = _type_rows(figures.all, types), _basis_rows(figures.all)
    rates = {dimension: _rate_rows(dimension, groups[dimension], names[dimension]) for dimension in _DIMENSIONS}
    plots = {
        "types": plot("bars", _numbered(reasons[:_BARS])),
        "bases": plot("bars", _numbered(bases)),
        "heat": plot("heat", _heat(groups["family"], types)),
        "period": plot("periods", _numbered(rates["period"])),
        **{name: plot("rates", _numbered(rows[:_BARS])) for name, rows in rates.items() if name != "period"},
    }
    listed = {dimension: [_named(dimension, name) for name in found] for dimension, found in names.items()}
    style, script = _template("report.css"), _template("report.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(vega())}' '{_digest(script)}';"
        " base-uri 'none'; form-action 'none'"
    )
    return (
        _environment()
        .get_template("report.html")
        .render(
            source=one_line(PurePath(source).name),
            policy=Markup(policy),
            style=Markup(style),
            script=Markup(script),
            vega=Markup(vega()),
            figures=figures,
            headline=_headline(figures),
            models=[(one_line(model), _MEASURED.get(model)) for model in figures.models],
            unread=[(state, one_line(reason or ""), thousands(count)) for state, reason, count in figures.unread[:_REASONS_WHY]],
            more_unread=len(figures.unread) - _REASONS_WHY,
            lists_files=not source.endswith(".jsonl"),
            filters=packed is not None,
            choices=listed,
            states=list(_STATES.values()),
            dimensions=_DIMENSIONS,
            period=figures.period,
            reasons=reasons,
            bases=bases,
            basis_names=list(_BASIS_NAMES.values()),
            rates=rates,
            heat_table=_heat_table(groups["family"], types),
            plots=plots,
            cures=_cure_families(cures, groups["family"], names),
            counters=[_counter(one) for one in counters],
            warnings=[_warned(one) for one in warnings],
            totals=totals,
            listed=LISTED,
            confidence=[
                (heading(kind), source, thousands(count), percent(low / count), percent(middle / count))
                for kind, source, count, low, middle, _ in figures.confidence()
            ],
            quality=[
                (measure, thousands(found), thousands(out_of), "–" if share is None else percent(share))
                for measure, found, out_of, share in figures.rows("SELECT measure, found, out_of, share FROM data_quality")
            ],
            codes=[
                (one_line(code), thousands(letters), percent(share))
                for code, letters, share in figures.rows("SELECT code, letters, share_of_letters FROM warnings_by_code LIMIT 40")
            ],
            tables=TABLES,
            data={
                "names": {**listed, "codes": types},
                "bases": list(_BASIS_NAMES.values()),
                "stream": packed,
                "plots": {name: one.specification for name, one in plots.items()},
                "shown": {"bars": _BARS, "rows": _HEAT_ROWS, "columns": _HEAT_COLUMNS},
            },
        )
    )


def percent(share: float) -> str:
    """Return a share as "34%"; what is neither nothing nor everything is not shown as either."""
    whole = floor(share * 100 + 0.5)
    if whole == 0 and share > 0:
        return "<1%"
    return ">99%" if whole == 100 and share < 1 else f"{whole}%"


def between(share: Share) -> str:
    """Return the interval of a share as "29–40%"."""
    interval = share.interval
    if interval is None:
        return "–"
    return f"{floor(interval.low * 100 + 0.5)}–{floor(interval.high * 100 + 0.5)}%"


def thousands(count: int) -> str:
    """Return "12,345"."""
    return f"{count:,}"


def _of(share: Share) -> str:
    return f"{percent(share.value)} · {thousands(share.hits)} of {thousands(share.requests)}"


def _types(group: Group) -> list[str]:
    """List the criterion types that sank requests of the group, the most frequent first."""
    hits = {kind: share.hits for (kind, basis), share in group.reasons.items() if basis == ANY and kind not in (ANY, ONLY)}
    return sorted(hits, key=lambda kind: (-hits[kind], kind))


def _ordered(dimension: str, groups: Mapping[str, Group]) -> list[str]:
    if dimension == "period":
        return sorted(groups, key=lambda name: (not name[:1].isdigit(), name))
    return sorted(groups, key=lambda name: (-share_of(groups[name].decisions, OVERTURNED).requests, name))


def _named(dimension: str, name: str) -> str:
    return heading(name) if dimension in ("family", "type") else one_line(name)


def _headline(figures: Figures) -> list[tuple[str, str, str, str]]:
    """List id, name, number and what is said beside it."""
    overturned, inherited, own = (share_of(figures.all.decisions, kind) for kind in (OVERTURNED, INHERITED, OWN))
    curable = figures.all.reasons.get((ONLY, "undocumented"), own._replace(hits=0, requests=own.hits))
    return [
        ("letters", "Letters", thousands(figures.letters), ""),
        ("requests", "Disputed requests", thousands(own.requests), ""),
        ("overturned", "Denials overturned", thousands(overturned.hits), _beside(overturned)),
        ("own", "Denials upheld for a reason of their own", thousands(own.hits), _beside(own)),
        ("inherited", "Denials that fall with another request", thousands(inherited.hits), _beside(inherited)),
        ("reasons", "Reasons found for the denials", thousands(figures.reasons), ""),
        (
            "curable",
            "Upheld for nothing but missing documentation",
            thousands(curable.hits),
            _beside(curable, "of those upheld for a reason of their own"),
        ),
    ]


def _beside(share: Share, of: str = "of requests") -> str:
    return f"{percent(share.value)} ({between(share)}) {of}" if share.requests else ""


def _plotted(name: str, share: Share) -> dict[str, object]:
    low, high = share.interval or (0.0, 0.0)
    return {"label": name, "share": share.value, "low": low, "high": high, "text": _of(share)}


def _numbered(rows: Iterable[Row]) -> list[dict[str, object]]:
    return [{"place": place, **row.plotted} for place, row in enumerate(rows)]


def _type_rows(group: Group, types: Sequence[str]) -> list[Row]:
    rows = []
    for kind in types:
        share = group.reasons[kind, ANY]
        by_basis = [group.reasons[kind, basis].hits if (kind, basis) in group.reasons else 0 for basis in BASES]
        cells = [thousands(share.hits), percent(share.value), between(share), *map(thousands, by_basis)]
        rows.append(Row(heading(kind), cells, _plotted(heading(kind), share)))
    return rows


def _basis_rows(group: Group) -> list[Row]:
    rows = []
    for basis, name in _BASIS_NAMES.items():
        if share := group.reasons.get((ANY, basis)):
            told = name[:1].upper() + name[1:]
            rows.append(Row(told, [thousands(share.hits), percent(share.value), between(share)], _plotted(told, share)))
    return sorted(rows, key=lambda row: -float(str(row.plotted["share"])))


def _rate_rows(dimension: str, groups: Mapping[str, Group], names: Sequence[str]) -> list[Row]:
    rows = []
    for name in names:
        decisions, reasons = groups[name].decisions, groups[name].reasons
        overturned = share_of(decisions, OVERTURNED)
        own, inherited = (share_of(decisions, kind).hits for kind in (OWN, INHERITED))
        kinds = _types(groups[name])
        first = f"{label(kinds[0])} ({percent(reasons[kinds[0], ANY].value)})" if kinds else "–"
        told = _named(dimension, name)
        cells = [*map(thousands, (overturned.letters, overturned.requests, overturned.hits))]
        cells += [percent(overturned.value), between(overturned), thousands(own), thousands(inherited), first]
        rows.append(Row(told, cells, _plotted(told, overturned)))
    return rows


def _own_requests(group: Group) -> int:
    return share_of(group.decisions, OWN).hits if OWN in group.decisions else 0


def _heat(families: Mapping[str, Group], types: Sequence[str]) -> list[dict[str, object]]:
    denied = sorted(filter(lambda name: _own_requests(families[name]), families), key=_most_denied(families))
    return [
        {
            "row": f"{heading(family)} ({thousands(_own_requests(families[family]))})",
            "down": down,
            "column": heading(kind),
            "across": across,
            "share": share.value if (share := families[family].reasons.get((kind, ANY))) else 0.0,
            "text": percent(share.value) if share else "·",
        }
        for down, family in enumerate(denied[:_HEAT_ROWS])
        for across, kind in enumerate(types[:_HEAT_COLUMNS])
    ]


def _most_denied(families: Mapping[str, Group]) -> Callable[[str], tuple[int, int, str]]:
    # Among equals as in the list of families.
    return lambda name: (-_own_requests(families[name]), -share_of(families[name].decisions, OVERTURNED).requests, name)


def _heat_table(families: Mapping[str, Group], types: Sequence[str]) -> tuple[list[str], list[Row]]:
    rows = []
    for family in sorted(families, key=_most_denied(families)):
        if not _own_requests(families[family]):
            continue
        shares = [families[family].reasons.get((kind, ANY)) for kind in types[:_HEAT_COLUMNS]]
        cells = [f"{thousands(share.hits)} ({percent(share.value)})" if share else "–" for share in shares]
        rows.append(Row(heading(family), [thousands(_own_requests(families[family])), *cells], {}))
    return [heading(kind) for kind in types[:_HEAT_COLUMNS]], rows


def _cure_families(cures: Sequence[Cure], families: Mapping[str, Group], names: Mapping[str, Sequence[str]]) -> list[CureFamily]:
    by_family: dict[str, list[Cure]] = {}
    for cure in cures:
        by_family.setdefault(cure.family, []).append(cure)
    found = []
    for family, listed in by_family.items():
        missing = families[family].reasons[ANY, "undocumented"]
        found.append(
            CureFamily(
                place=names["family"].index(family),
                name=heading(family),
                often=_of(missing),
                items=[
                    CureItem(
                        place=names["type"].index(cure.type),
                        name=heading(cure.type),
                        asks_for=_asked(cure),
                        often=_of(cure.share),
                        samples=[(_short(sample.words), _letter(sample)) for sample in cure.samples],
                    )
                    for cure in listed[:_CURES]
                ],
                more=max(0, len(listed) - _CURES),
            )
        )
    return found


def _asked(cure: Cure) -> list[str]:
    """Return what the guideline asks for in the words of the catalogue, at most two entries; else what the type means."""
    texts = [text for entry, _ in cure.entries[:2] if (text := catalogue_text(cure.family, entry))]
    words = meaning(cure.type)
    return texts or [words[:1].upper() + words[1:]]


def _letter(one: Sample | Counter | Warned) -> str:
    return one_line(one.case_number or PurePath(one.path).name)


def _short(words: str) -> str:
    words = one_line(words)
    return words if len(words) <= _SENTENCE else words[:_SENTENCE].rsplit(" ", 1)[0] + " …"


def _counter(one: Counter) -> dict[str, Any]:
    return {
        "request": one.request,
        "letter": _letter(one),
        "path": one_line(one.path),
        "number": one.request_index,
        "item": _short(one.item),
        "decision": "upheld" if one.decision == "upheld" else "overturned",
        "criterion": heading(one.type),
        "basis": BASIS[one.basis].short if one.basis in BASIS else label(one.basis),
        "decisive": one.decisive,
        "confidence": sureness(one.confidence),
        "finding": _short(one.finding or ""),
        "passages": [(_short(words), page) for words, page in list(zip(one.passages, one.pages, strict=True))[:3]],
    }


def _warned(one: Warned) -> dict[str, Any]:
    return {
        "first": "" if one.first_request is None else one.first_request,
        "last": "" if one.last_request is None else one.last_request,
        "letter": _letter(one),
        "path": one_line(one.path),
        "code": one_line(one.code),
        "message": _short(one.message),
        "words": _short(one.words or ""),
    }


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("unmet.views"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _template(name: str) -> str:
    return files("unmet.views").joinpath("templates", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
