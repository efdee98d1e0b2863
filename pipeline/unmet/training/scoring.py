"""Counts what the pipeline's row of a letter gets right against the annotated row: whole numbers, one tally per measure.

The conventions are those of the annotation guidelines ("How it is counted"). Counts are kept per letter, so that
letters can be summed, resampled and compared (:mod:`unmet.training.intervals`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from unmet.corpus.rows import Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from unmet.corpus.rows import Offsets, Row, RowCriterion, RowMention, RowRequest, RowSentence

LABELS: tuple[Label, ...] = get_args(Label)
REGIMEN = ("strength", "form", "route", "frequency", "quantity", "duration", "refills", "prn")


class Measure(NamedTuple):
    """What is counted: ``f1`` of what is said, or ``accuracy`` over the cases that are judged; ``about`` in words."""

    name: str
    kind: Literal["f1", "accuracy"]
    about: str


class Tally(NamedTuple):
    """Predictions that are right, predictions, gold things found, gold things. An accuracy counts each case on both sides."""

    right: int
    predicted: int
    found: int
    gold: int

    def __add__(self, other: object) -> Tally:
        if not isinstance(other, Tally):
            return NotImplemented
        return Tally(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    @classmethod
    def of_cases(cls, cases: Iterable[bool]) -> Tally:
        """Count the cases of an accuracy, true for each that is right."""
        judged = list(cases)
        return cls(sum(judged), len(judged), sum(judged), len(judged))

    @classmethod
    def of_sets(cls, gold: set[Any], predicted: set[Any]) -> Tally:
        """Count two sets whose equal members agree."""
        shared = len(gold & predicted)
        return cls(shared, len(predicted), shared, len(gold))


_NOTHING = Tally(0, 0, 0, 0)

MEASURES: tuple[Measure, ...] = (
    Measure("requests.number", "accuracy", "letters with just as many"),
    Measure("requests.paired", "f1", "titles overlap"),
    Measure("requests.title", "accuracy", "exact, over gold requests"),
    Measure("requests.item", "accuracy", "exact, over gold requests"),
    Measure("requests.decision", "accuracy", "over gold requests"),
    Measure("requests.family", "accuracy", "over gold requests"),
    Measure("requests.inherits_from", "accuracy", "the parent, over gold requests"),
    Measure("requests.inherited", "f1", "with the right parent"),
    *(
        Measure(f"mentions.{label}.{how}", "f1", about)
        for label in (*LABELS, "all")
        for how, about in (("strict", "same label, start and end"), ("overlap", "same label, a character shared"))
    ),
    Measure("mentions.assertion", "accuracy", "drug, procedure of equal spans"),
    Measure("mentions.polarity", "accuracy", "FUNCTION of equal spans"),
    Measure("regimen.all", "f1", "drugs of equal spans"),
    *(Measure(f"regimen.{field}", "f1", "likewise") for field in REGIMEN),
    Measure("sentences.paired", "accuracy", "gold sentences with a partner"),
    Measure("sentences.voice", "accuracy", "over paired gold sentences"),
    Measure("criteria.type", "f1", "types per request"),
    Measure("criteria.type_status", "f1", "without not_addressed"),
    Measure("criteria.unmet", "f1", "types found unmet"),
    Measure("criteria.basis", "accuracy", "unmet types found by both"),
    Measure("criteria.link", "f1", "request, type, sentence"),
)


def count(gold: Row, predicted: Row) -> dict[str, Tally]:
    """Return the tallies of one letter by name of measure, all of them, in the order of :data:`MEASURES`."""
    counts = {measure.name: _NOTHING for measure in MEASURES}
    pairs = pair_requests(gold.requests, predicted.requests)
    for counted in (_requests(pairs, gold, predicted), _mentions(gold, predicted), _sentences(gold, predicted), _criteria(pairs)):
        for name, tally in counted:
            counts[name] += tally
    return counts


def overlap(first: Offsets, second: Offsets) -> int:
    """Return how many characters two spans share."""
    return max(0, min(first[1], second[1]) - max(first[0], second[0]))


def same_place(first: Offsets, second: Offsets) -> bool:
    """Whether two spans share more than half of the shorter."""
    return 2 * overlap(first, second) > min(first[1] - first[0], second[1] - second[0])


class RequestPair(NamedTuple):
    """A gold request and the predicted one for it; None where one of the two has no partner."""

    gold: RowRequest | None
    predicted: RowRequest | None


def pair_requests(gold: Sequence[RowRequest], predicted: Sequence[RowRequest]) -> list[RequestPair]:
    """Pair requests whose titles overlap, one to one, the largest overlap first; then those without a partner."""
    shared = [(overlap(one.title, other.title), i, j) for i, one in enumerate(gold) for j, other in enumerate(predicted)]
    partner: dict[int, int] = {}
    for size, i, j in sorted(shared, key=lambda pair: (-pair[0], pair[1:])):
        if size and i not in partner and j not in partner.values():
            partner[i] = j
    pairs = [RequestPair(one, predicted[partner[i]] if i in partner else None) for i, one in enumerate(gold)]
    return pairs + [RequestPair(None, other) for j, other in enumerate(predicted) if j not in partner.values()]


def pair_sentences(
    gold: Iterable[RowSentence], predicted: Sequence[RowSentence]
) -> Iterator[tuple[RowSentence, RowSentence | None]]:
    """Yield each gold sentence with the predicted one that shares most of it, if that is more than half of the shorter.

    Two gold sentences that the pipeline read as one have the same partner.
    """
    for one in gold:
        span = (one.start, one.end)
        best = max(predicted, key=lambda other: overlap(span, (other.start, other.end)), default=None)
        yield one, best if best and same_place(span, (best.start, best.end)) else None


def pair_mentions(gold: Row, predicted: Row, label: str) -> list[tuple[RowMention, RowMention]]:
    """Return the mentions of ``label`` that have equal spans in both rows."""
    others = by_span(predicted, label)
    return [(one, others[span]) for span, one in by_span(gold, label).items() if span in others]


def by_span(row: Row, label: str) -> dict[Offsets, RowMention]:
    """Return the mentions of ``label`` by their spans."""
    return {(one.start, one.end): one for one in row.mentions if one.label == label}


def inherits_as(pair: RequestPair, pairs: Iterable[RequestPair]) -> int | None:
    """Return the index, as gold counts, of the request that the predicted one falls with.

    None where it falls with none; 0, which is no index, where it falls with one that gold does not have.
    """
    if pair.predicted is None or pair.predicted.inherits_from is None:
        return None
    for one in pairs:
        if one.predicted and one.gold and one.predicted.index == pair.predicted.inherits_from:
            return one.gold.index
    return 0


def statuses(request: RowRequest | None) -> set[tuple[str, str]]:
    """Return the types of a request with their statuses, without those that are not addressed."""
    return {(one.type, one.status) for one in _of(request) if one.status != "not_addressed"}


def bases(request: RowRequest | None) -> dict[str, set[str]]:
    """Return the unmet types of a request with their bases; a type may stand twice, as two requirements."""
    found: dict[str, set[str]] = {}
    for one in _of(request):
        if one.unmet_basis is not None:
            found.setdefault(one.type, set()).add(one.unmet_basis)
    return found


def links(request: RowRequest | None) -> set[tuple[str, Offsets]]:
    """Return type and span of every evidence sentence of a request."""
    return {(one.type, span) for one in _of(request) for span in one.evidence}


def linked(link: tuple[str, Offsets], others: Iterable[tuple[str, Offsets]]) -> bool:
    """Whether one of ``others`` has the same type and is the same sentence."""
    return any(link[0] == other[0] and same_place(link[1], other[1]) for other in others)


def regimen(mention: RowMention) -> dict[str, str]:
    """Return the regimen values that a mention has, case and whitespace folded."""
    values = ((field, mention.attributes.get(field)) for field in REGIMEN)
    return {field: " ".join(str(value).casefold().split()) for field, value in values if value}


def _of(request: RowRequest | None) -> Sequence[RowCriterion]:
    return request.criteria if request else ()


def _requests(pairs: Sequence[RequestPair], gold: Row, predicted: Row) -> Iterator[tuple[str, Tally]]:
    paired = sum(1 for pair in pairs if pair.gold and pair.predicted)
    yield "requests.number", Tally.of_cases([len(gold.requests) == len(predicted.requests)])
    yield "requests.paired", Tally(paired, len(predicted.requests), paired, len(gold.requests))
    for field in ("title", "item", "decision", "family"):
        yield (
            f"requests.{field}",
            Tally.of_cases(
                pair.predicted is not None and getattr(pair.gold, field) == getattr(pair.predicted, field)
                for pair in pairs
                if pair.gold
            ),
        )
    parents = [(pair.gold.inherits_from, pair.predicted is not None, inherits_as(pair, pairs)) for pair in pairs if pair.gold]
    yield "requests.inherits_from", Tally.of_cases(there and want == got for want, there, got in parents)
    right = sum(1 for want, _, got in parents if want is not None and want == got)
    said = sum(1 for request in predicted.requests if request.inherits_from is not None)
    yield "requests.inherited", Tally(right, said, right, sum(1 for want, _, _ in parents if want is not None))


def _mentions(gold: Row, predicted: Row) -> Iterator[tuple[str, Tally]]:
    for label in LABELS:
        ours, theirs = by_span(gold, label), by_span(predicted, label)
        touched = sum(1 for span in theirs if any(overlap(span, other) for other in ours))
        found = sum(1 for span in ours if any(overlap(span, other) for other in theirs))
        strict, loose = Tally.of_sets(set(ours), set(theirs)), Tally(touched, len(theirs), found, len(ours))
        for name in (label, "all"):
            yield f"mentions.{name}.strict", strict
            yield f"mentions.{name}.overlap", loose
    for label in ("MEDICATION", "PROCEDURE"):
        yield (
            "mentions.assertion",
            Tally.of_cases(one.assertion == other.assertion for one, other in pair_mentions(gold, predicted, label)),
        )
    yield (
        "mentions.polarity",
        Tally.of_cases(
            one.attributes.get("polarity") == other.attributes.get("polarity")
            for one, other in pair_mentions(gold, predicted, "FUNCTION")
        ),
    )
    for one, other in pair_mentions(gold, predicted, "MEDICATION"):
        yield from _regimen(regimen(one), regimen(other))


def _regimen(gold: Mapping[str, str], predicted: Mapping[str, str]) -> Iterator[tuple[str, Tally]]:
    for field in REGIMEN:
        tally = Tally.of_sets({gold[field]} if field in gold else set(), {predicted[field]} if field in predicted else set())
        yield f"regimen.{field}", tally
        yield "regimen.all", tally


def _sentences(gold: Row, predicted: Row) -> Iterator[tuple[str, Tally]]:
    pairs = list(pair_sentences(gold.sentences, predicted.sentences))
    yield "sentences.paired", Tally.of_cases(other is not None for _, other in pairs)
    yield "sentences.voice", Tally.of_cases(one.voice == other.voice for one, other in pairs if other)


def _criteria(pairs: Iterable[RequestPair]) -> Iterator[tuple[str, Tally]]:
    for gold, predicted in pairs:
        yield "criteria.type", Tally.of_sets({one.type for one in _of(gold)}, {one.type for one in _of(predicted)})
        yield "criteria.type_status", Tally.of_sets(statuses(gold), statuses(predicted))
        ours, theirs = bases(gold), bases(predicted)
        yield "criteria.unmet", Tally.of_sets(set(ours), set(theirs))
        yield "criteria.basis", Tally.of_cases(theirs[name] <= ours[name] for name in ours.keys() & theirs.keys())
        wanted, said = links(gold), links(predicted)
        right, found = sum(linked(link, wanted) for link in said), sum(linked(link, said) for link in wanted)
        yield "criteria.link", Tally(right, len(said), found, len(wanted))
