"""How far two readings of the same letters agree, before anyone adjudicates.

F1 is symmetrical: the two readings count alike, and swapping them changes nothing. Kappa is Cohen's (Jacob Cohen,
"A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20, 1960, 37-46).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from unmet.corpus.rows import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from unmet.corpus.rows import Offsets, Row, RowCriterion, RowMention, RowRequest

_LABELS = ("MEDICATION", "PROCEDURE", "FUNCTION", "CRITERION")

Thing = TypeVar("Thing")
Place = TypeVar("Place")
CodePairs = list[tuple[str, str]]


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. ``n``: for F1 the items of both readings together, for kappa and agreement the pairs compared.

    ``value`` is None where it is undefined: nothing to compare, or kappa where only one code occurs.
    """

    name: str
    kind: Literal["count", "F1", "kappa", "agreement"]
    value: float | None
    n: int


def agreement(first: Sequence[Row], second: Sequence[Row]) -> list[Measure]:
    """Compare two readings over the letters that both have.

    Raises :class:`~unmet.corpus.rows.CorpusError` where the two read different texts under one letter's id.
    """
    pairs = common_letters(first, second)
    return [
        Measure(name="letters", kind="count", value=None, n=len(pairs)),
        *_mention_measures(pairs),
        *_code_measures("voice of a sentence", [codes for one, other in pairs for codes in _voices(one, other)]),
        *_request_measures([requests for one, other in pairs for requests in paired_requests(one.requests, other.requests)]),
    ]


def render(measures: Sequence[Measure]) -> str:
    """Return the measures as a plain table."""
    width = max((len(one.name) for one in measures), default=0)
    lines = [f"{'':{width}}  {'':9}  value      n"]
    for one in measures:
        value = "" if one.kind == "count" else "-" if one.value is None else f"{one.value:.3f}"
        lines.append(f"{one.name:{width}}  {one.kind:9}  {value:>5}  {one.n:>5}")
    return "\n".join(lines)


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Return Cohen's kappa over pairs of codes; None where chance alone would agree on everything."""
    total = len(pairs)
    ours, theirs = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    expected = sum(count * theirs[code] for code, count in ours.items())
    observed = sum(one == other for one, other in pairs)
    return (observed * total - expected) / (total * total - expected) if total * total > expected else None


def common_letters(first: Iterable[Row], second: Iterable[Row]) -> list[tuple[Row, Row]]:
    """Pair the rows of the letters that both readings have, in the order of the first."""
    others = {row.letter: row for row in second}
    pairs = [(row, others[row.letter]) for row in first if row.letter in others]
    for one, other in pairs:
        if one.sha256 != other.sha256:
            raise CorpusError(f"{one.letter}: the two readings are of different texts (checksums differ)")
    return pairs


def paired_requests(first: Iterable[RowRequest], second: Iterable[RowRequest]) -> Iterator[tuple[RowRequest, RowRequest]]:
    """Pair the requests of a letter by overlap of their titles."""
    left = list(second)
    for request in first:
        best = max(left, key=lambda other: _shared(request.title, other.title), default=None)
        if best is not None and _shared(request.title, best.title) > 0:
            left.remove(best)
            yield request, best


def _mention_measures(pairs: Sequence[tuple[Row, Row]]) -> Iterator[Measure]:
    for label in _LABELS:
        same = found = found_back = count = count_back = 0
        for one, other in pairs:
            ours, theirs = _spans(one, label), _spans(other, label)
            same += (Counter(ours) & Counter(theirs)).total()
            found += sum(any(_shared(span, back) > 0 for back in theirs) for span in ours)
            found_back += sum(any(_shared(span, back) > 0 for back in ours) for span in theirs)
            count += len(ours)
            count_back += len(theirs)
        yield _f1(f"{label}, same span", same, same, count, count_back)
        yield _f1(f"{label}, overlapping", found, found_back, count, count_back)
    treatments = ("MEDICATION", "PROCEDURE")
    yield from _code_measures("assertion", _mention_codes(pairs, treatments, lambda mention: str(mention.assertion)))
    for name, label, attribute in (
        ("polarity of FUNCTION", "FUNCTION", "polarity"),
        ("dimension of FUNCTION", "FUNCTION", "dimension"),
        ("type of CRITERION", "CRITERION", "type"),
    ):
        yield from _code_measures(name, _mention_codes(pairs, (label,), _attribute(attribute)))


def _request_measures(requests: Sequence[tuple[RowRequest, RowRequest]]) -> Iterator[Measure]:
    def types(one: RowCriterion) -> str:
        return one.type

    def decided(one: RowCriterion) -> tuple[str, str] | None:
        return None if one.status == "not_addressed" else (one.type, one.status)

    def unmet(one: RowCriterion) -> str | None:
        return one.type if one.status == "unmet" else None

    keys: tuple[tuple[str, Callable[[RowCriterion], Hashable]], ...] = (
        ("criterion types of a request", types),
        ("type with status", decided),
        ("unmet types", unmet),
    )
    for name, key in keys:
        both = count = count_back = 0
        for one, other in requests:
            ours, theirs = ({key(criterion) for criterion in request.criteria} - {None} for request in (one, other))
            both += len(ours & theirs)
            count += len(ours)
            count_back += len(theirs)
        yield _f1(name, both, both, count, count_back)
    yield from _code_measures("basis of unmet types", [codes for one, other in requests for codes in _bases(one, other)])
    found = found_back = count = count_back = 0
    for one, other in requests:
        links, back = _links(one), _links(other)
        found += sum(any(_same_link(link, candidate) for candidate in back) for link in links)
        found_back += sum(any(_same_link(link, candidate) for candidate in links) for link in back)
        count += len(links)
        count_back += len(back)
    yield _f1("evidence links", found, found_back, count, count_back)
    yield from _code_measures("family of a request", [(one.family, other.family) for one, other in requests])


def _code_measures(name: str, pairs: CodePairs) -> Iterator[Measure]:
    total = len(pairs)
    same = sum(one == other for one, other in pairs)
    yield Measure(name=name, kind="kappa", value=cohen_kappa(pairs), n=total)
    yield Measure(name=name, kind="agreement", value=same / total if total else None, n=total)


def _f1(name: str, found: int, found_back: int, count: int, count_back: int) -> Measure:
    """``found`` of the first reading's ``count`` items are in the second, ``found_back`` of its ``count_back`` in the first."""
    value: float | None = None
    if count or count_back:
        recall = found / count if count else 0.0
        precision = found_back / count_back if count_back else 0.0
        value = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return Measure(name=name, kind="F1", value=value, n=count + count_back)


def _spans(row: Row, label: str) -> list[Offsets]:
    return [(mention.start, mention.end) for mention in row.mentions if mention.label == label]


def _attribute(name: str) -> Callable[[RowMention], str]:
    return lambda mention: str(mention.attributes.get(name))


def _mention_codes(pairs: Sequence[tuple[Row, Row]], labels: Sequence[str], code: Callable[[RowMention], str]) -> CodePairs:
    """Pair the codes of mentions of equal label and span."""
    codes: CodePairs = []
    for one, other in pairs:
        ours, theirs = (_grouped(row.mentions, lambda m: (m.label, m.start, m.end), code) for row in (one, other))
        for place in ours.keys() & theirs.keys():
            if place[0] in labels:
                codes.extend(_aligned(ours[place], theirs[place]))
    return codes


def _bases(one: RowRequest, other: RowRequest) -> CodePairs:
    """Pair the bases of the unmet types that both have."""
    ours, theirs = (
        _grouped([c for c in request.criteria if c.status == "unmet"], lambda c: c.type, lambda c: str(c.unmet_basis))
        for request in (one, other)
    )
    return [codes for kind in ours.keys() & theirs.keys() for codes in _aligned(ours[kind], theirs[kind])]


def _voices(one: Row, other: Row) -> CodePairs:
    theirs = {(sentence.start, sentence.end): sentence.voice for sentence in other.sentences}
    return [
        (sentence.voice, theirs[sentence.start, sentence.end])
        for sentence in one.sentences
        if (sentence.start, sentence.end) in theirs
    ]


def _grouped(things: Iterable[Thing], place: Callable[[Thing], Place], code: Callable[[Thing], str]) -> dict[Place, list[str]]:
    groups: dict[Place, list[str]] = {}
    for thing in things:
        groups.setdefault(place(thing), []).append(code(thing))
    return groups


def _aligned(ours: Sequence[str], theirs: Sequence[str]) -> CodePairs:
    """Pair the codes of one place: equal ones with each other, then what is left in order."""
    same = Counter(ours) & Counter(theirs)
    rest = (sorted((Counter(side) - same).elements()) for side in (ours, theirs))
    return [(code, code) for code in same.elements()] + list(zip(*rest, strict=False))


def _links(request: RowRequest) -> list[tuple[str, Offsets]]:
    return [(criterion.type, span) for criterion in request.criteria for span in criterion.evidence]


def _same_link(one: tuple[str, Offsets], other: tuple[str, Offsets]) -> bool:
    """Two spans match if they share more than half of the shorter."""
    shorter = min(one[1][1] - one[1][0], other[1][1] - other[1][0])
    return one[0] == other[0] and 2 * _shared(one[1], other[1]) > shorter


def _shared(one: Offsets, other: Offsets) -> int:
    return min(one[1], other[1]) - max(one[0], other[0])
