"""Every miss of the pipeline in its sentence, as one web page: what was not found, what was wrongly said, what was said amiss.

The page holds sentences of the letters; it is for people who may read them, and for letters that rules may be tuned on.
"""

from __future__ import annotations

import html
from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

from unmet.training.scoring import (
    LABELS,
    RequestPair,
    bases,
    by_span,
    inherits_as,
    linked,
    links,
    overlap,
    pair_mentions,
    pair_requests,
    pair_sentences,
    regimen,
    statuses,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from unmet.corpus.rows import Offsets, RowCriterion, RowRequest
    from unmet.training.evaluate import Reading

Kind = Literal["missed", "wrong", "boundary", "attribute"]
_KINDS: dict[Kind, str] = {
    "missed": "annotated, not found",
    "wrong": "found, not annotated",
    "boundary": "found with another start or end",
    "attribute": "found, with a wrong attribute",
}
# What is shown around a span that stands in no sentence.
_CONTEXT = 120


class Excerpt(NamedTuple):
    """Words of a letter, those in question between what stands before and after them in the sentence."""

    before: str
    marked: str
    after: str


class Miss(NamedTuple):
    """One error: ``topic`` is a label, "voice", "request" or a criterion type; ``request`` a heading, "" for mentions."""

    topic: str
    kind: Kind
    letter: str
    request: str
    detail: str
    excerpts: tuple[Excerpt, ...]


def misses(reading: Reading) -> Iterator[Miss]:
    """Yield the errors in one letter: mentions by label, then voices, then requests and their criteria."""
    for label in LABELS:
        yield from _mentions(reading, label)
    yield from _voices(reading)
    pairs = pair_requests(reading.gold.requests, reading.predicted.requests)
    for pair in pairs:
        yield from _fields(reading, pair, pairs)
        if pair.gold and pair.predicted:
            yield from _criteria(reading, pair.gold, pair.predicted)


def render_errors(readings: Iterable[Reading]) -> str:
    """Return the errors of all letters as one self-contained page; every word of a letter is escaped."""
    found = [miss for reading in readings for miss in misses(reading)]
    mentions, requests = [miss for miss in found if not miss.request], [miss for miss in found if miss.request]
    # Labels in the order of their first error, requests in that of the readings.
    by_topic = _grouped(mentions, [miss.topic for miss in mentions])
    by_request = _grouped(requests, [f"{miss.letter} · {miss.request}" for miss in requests])
    parts = [
        _summary("Mentions and voices", mentions, by_label=True),
        _summary("Requests and criteria", requests, by_label=False),
    ]
    parts.append("<h2>By label</h2>")
    parts += [_section(topic, topic, inside, show_letter=True) for topic, inside in by_topic.items()]
    parts.append("<h2>By request and criterion</h2>")
    parts += [_section("", heading, inside, show_letter=False) for heading, inside in by_request.items()]
    return f"{_HEAD}<h1>Errors</h1>{''.join(parts)}</main></body></html>\n"


def _mentions(reading: Reading, label: str) -> Iterator[Miss]:
    ours, theirs = by_span(reading.gold, label), by_span(reading.predicted, label)

    def miss(kind: Kind, detail: str, span: Offsets) -> Miss:
        return Miss(label, kind, reading.gold.letter, "", detail, (_excerpt(reading, span),))

    for span in sorted(ours.keys() - theirs.keys()):
        touching = [other for other in theirs if overlap(span, other)]
        if touching:
            yield miss("boundary", f"found: {_quoted(reading, touching)}", span)
        else:
            yield miss("missed", "", span)
    for span in sorted(theirs.keys() - ours.keys()):
        if not any(overlap(span, other) for other in ours):
            yield miss("wrong", "", span)
    for one, other in pair_mentions(reading.gold, reading.predicted, label):
        said = {"assertion": (one.assertion, other.assertion)}
        if label == "FUNCTION":
            said = {"polarity": (one.attributes.get("polarity"), other.attributes.get("polarity"))}
        elif label == "MEDICATION":
            gold, predicted = regimen(one), regimen(other)
            said |= {field: (gold.get(field), predicted.get(field)) for field in gold | predicted}
        for name, (want, got) in said.items():
            if want != got:
                yield miss("attribute", _instead(name, want, got), (one.start, one.end))


def _voices(reading: Reading) -> Iterator[Miss]:
    for one, other in pair_sentences(reading.gold.sentences, reading.predicted.sentences):
        excerpts = (_excerpt(reading, (one.start, one.end)),)
        if other is None:
            yield Miss("voice", "missed", reading.gold.letter, "", "no such sentence", excerpts)
        elif one.voice != other.voice:
            yield Miss("voice", "attribute", reading.gold.letter, "", _instead("voice", one.voice, other.voice), excerpts)


def _fields(reading: Reading, pair: RequestPair, pairs: Sequence[RequestPair]) -> Iterator[Miss]:
    gold, predicted = pair
    request = gold or predicted
    assert request is not None

    def miss(kind: Kind, detail: str) -> Miss:
        return Miss("request", kind, reading.gold.letter, _heading(reading, request), detail, (_excerpt(reading, request.title),))

    if gold is None or predicted is None:
        yield miss("missed" if predicted is None else "wrong", "the request with its criteria")
        return
    for name in ("title", "item"):
        want, got = getattr(gold, name), getattr(predicted, name)
        if want != got:
            yield miss("attribute", _instead(name, _quoted(reading, [want]), _quoted(reading, [got])))
    for name in ("decision", "family"):
        want, got = getattr(gold, name), getattr(predicted, name)
        if want != got:
            yield miss("attribute", _instead(name, want, got))
    parent = inherits_as(pair, pairs)
    if parent != gold.inherits_from:
        yield miss("attribute", _instead("falls with request", gold.inherits_from, parent or predicted.inherits_from))


def _criteria(reading: Reading, gold: RowRequest, predicted: RowRequest) -> Iterator[Miss]:
    heading = _heading(reading, gold)
    ours, theirs = {one.type for one in gold.criteria}, {one.type for one in predicted.criteria}

    def miss(topic: str, kind: Kind, detail: str, spans: Iterable[Offsets]) -> Miss:
        return Miss(topic, kind, reading.gold.letter, heading, detail, tuple(_excerpt(reading, span) for span in spans))

    for name in sorted(ours - theirs):
        yield miss(name, "missed", _said(gold, name), _proof(gold, name))
    for name in sorted(theirs - ours):
        yield miss(name, "wrong", _said(predicted, name), _proof(predicted, name))
    for name in sorted(ours & theirs):
        if _differs(gold, predicted, name):
            yield miss(name, "attribute", _instead("status", _said(gold, name), _said(predicted, name)), _proof(gold, name))
        wanted, said = ([link for link in sorted(links(request)) if link[0] == name] for request in (gold, predicted))
        lost = [span for _, span in wanted if not linked((name, span), said)]
        if lost:
            yield miss(name, "missed", "evidence", lost)
        extra = [span for _, span in said if not linked((name, span), wanted)]
        if extra:
            yield miss(name, "wrong", "evidence", extra)


def _differs(gold: RowRequest, predicted: RowRequest, name: str) -> bool:
    """Whether a type that both have is counted as an error of status or of basis."""
    ours, theirs = ({status for kind, status in statuses(request) if kind == name} for request in (gold, predicted))
    both_unmet = "unmet" in ours & theirs
    return ours != theirs or (both_unmet and not bases(predicted)[name] <= bases(gold)[name])


def _typed(request: RowRequest, name: str) -> list[RowCriterion]:
    return [one for one in request.criteria if one.type == name]


def _said(request: RowRequest, name: str) -> str:
    return " and ".join(sorted({f"{one.status} {one.unmet_basis or ''}".strip() for one in _typed(request, name)}))


def _proof(request: RowRequest, name: str) -> list[Offsets]:
    """Return where a type is seen in the letter: its evidence, else its statements, else the title."""
    evidence = sorted({span for one in _typed(request, name) for span in one.evidence})
    return evidence or sorted({one.statement for one in _typed(request, name) if one.statement}) or [request.title]


def _instead(name: str, want: object, got: object) -> str:
    return f"{name}: annotated {'none' if want is None else want}, found {'none' if got is None else got}"


def _quoted(reading: Reading, spans: Iterable[Offsets]) -> str:
    return ", ".join(f"“{reading.text[start:end]}”" for start, end in spans)


def _heading(reading: Reading, request: RowRequest) -> str:
    return f"request {request.index} ({request.decision}, {request.family}): {reading.text[slice(*request.item)]}"


def _excerpt(reading: Reading, span: Offsets) -> Excerpt:
    """Return the span in its sentence, its section if that is a title, or so many characters around it."""
    gold = reading.gold
    around = [(one.start, one.end) for one in (*gold.sentences, *reading.predicted.sentences)]
    around += [request.title for request in gold.requests]
    start, end = next(
        (place for place in around if place[0] <= span[0] and span[1] <= place[1]),
        (max(0, span[0] - _CONTEXT), span[1] + _CONTEXT),
    )
    return Excerpt(reading.text[start : span[0]], reading.text[slice(*span)], reading.text[span[1] : end])


def _grouped(found: Iterable[Miss], keys: Iterable[str]) -> dict[str, list[Miss]]:
    groups: dict[str, list[Miss]] = {}
    for miss, key in zip(found, keys, strict=True):
        groups.setdefault(key, []).append(miss)
    return groups


def _summary(title: str, found: Sequence[Miss], *, by_label: bool) -> str:
    counts = Counter((miss.topic, miss.kind) for miss in found)
    head = "".join(f'<th scope="col">{kind}<br><small>{about}</small></th>' for kind, about in _KINDS.items())
    rows = []
    for topic in _grouped(found, [miss.topic for miss in found]):
        name = html.escape(topic)
        shown = f'<a href="#{name}">{name}</a>' if by_label else name
        cells = "".join(f"<td>{counts[topic, kind]}</td>" for kind in _KINDS)
        rows.append(f'<tr><th scope="row">{shown}</th>{cells}</tr>')
    noun = "error" if len(found) == 1 else "errors"
    return f"<table><caption>{title}: {len(found)} {noun}</caption><tr><td></td>{head}</tr>{''.join(rows)}</table>"


def _section(anchor: str, title: str, inside: Sequence[Miss], *, show_letter: bool) -> str:
    named = f' id="{html.escape(anchor)}"' if anchor else ""
    kinds = []
    for kind in _KINDS:
        items = [_item(miss, show_letter=show_letter) for miss in inside if miss.kind == kind]
        if items:
            kinds.append(f'<h4>{kind} <small>{len(items)}</small></h4><ul class="{kind}">{"".join(items)}</ul>')
    return f"<section{named}><h3>{html.escape(title)}</h3>{''.join(kinds)}</section>"


def _item(miss: Miss, *, show_letter: bool) -> str:
    about = [miss.letter if show_letter else miss.topic, miss.detail]
    words = "".join(
        f"<q>{html.escape(one.before)}<mark>{html.escape(one.marked)}</mark>{html.escape(one.after)}</q>" for one in miss.excerpts
    )
    return f"<li><b>{html.escape(' · '.join(part for part in about if part))}</b>{words}</li>"


_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Errors</title><style>
:root{color-scheme:light dark;--ground:#fff;--ink:#1c1c1e;--faint:#5c5c66;--line:#d5d5dc;--mark:#ffe9a8;
--missed:#b3261e;--wrong:#8a5a00;--boundary:#3f5fa8;--attribute:#6b3fa0}
@media (prefers-color-scheme:dark){:root{--ground:#16171a;--ink:#e8e8ea;--faint:#a5a5b0;--line:#3a3b42;--mark:#5c4a12;
--missed:#ff8a80;--wrong:#f0b95a;--boundary:#9db8ff;--attribute:#cfa8ff}}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{max-width:72rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.6rem}h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}h3{margin:2rem 0 .3rem;font-size:1.05rem}
h4{margin:.8rem 0 .3rem;font-size:.9rem}small{color:var(--faint);font-weight:normal}a{color:inherit}
table{border-collapse:collapse;margin:1rem 0 2rem;display:block;overflow-x:auto}caption{text-align:left;font-weight:bold}
th,td{padding:.2rem 1rem .2rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);line-height:1.3}
td{font-variant-numeric:tabular-nums}ul{list-style:none;margin:0;padding:0}
li{margin:.4rem 0;padding:.1rem .7rem;border-left:.25rem solid;overflow-wrap:anywhere}
li b{font-size:.85rem}q{display:block;quotes:none;color:var(--ink)}mark{background:var(--mark);color:inherit;padding:0 .1em}
.missed li{border-color:var(--missed)}.wrong li{border-color:var(--wrong)}
.boundary li{border-color:var(--boundary)}.attribute li{border-color:var(--attribute)}
</style></head><body><main>"""
