"""Which sentence of a rationale finds which criterion met or unmet, learned: every sentence against every criterion type.

Two stages. The first reads a pair of sentence and criterion type and gives odds of what the sentence finds (nothing, met, or
unmet on one of the bases). The second reads a criterion type of a request, with the odds of all its sentences, and gives the
probability that the reviewer finds it met, finds it unmet, only states it, or says nothing of it: the confidence of the
record. Words count by type, and what the rules make of the words (the lexicon's topics, the cue that governs them, the
voice, what is stated before) counts for every type alike, so that a rare type profits from what the common ones teach.

The rules' findings are features of both stages. They are more often right on the letters that the rules were written on than on
others; the texts written for the project, on which they are often wrong, keep the model from trusting them too much.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

import numpy as np

from unmet.knowledge import codes
from unmet.learning.hashed import BITS, HashedClassifier, Items, hashes, joined, softmax

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

# What a sentence may find of a criterion type: nothing, that it is met, or that it is unmet on a basis of the taxonomy.
NOTHING, MET = "nothing", "met"
UNMET = ("undocumented", "contradicted", "exceeded", "not_recommended")
# What a request may make of a criterion type.
STATUSES = ("nothing", "not_addressed", "met", "unmet")

_WORD = re.compile(r"[a-z]+|\d+")
_STEM = 5
_FEW_WORDS = 8
# The features of so many words, and of so many ways of what there is to say of a pair, are kept once they were hashed.
_WORDS_KEPT, _PAIRS_KEPT = 8192, 4096
# Below these odds no other type speaks up.
_LEADING = 0.4
_EMPTY = re.compile(
    r"(?:the|an?|of|to|in|is|was|and|for|this|that|it|be|as|with|by|on|are|or|his|her|their|has|have|had|at|from|which)\Z"
)


class Topic(NamedTuple):
    """A criterion type that the lexicon finds named in a sentence: by which table, under a cue of which basis."""

    type: str
    table: str
    cue: str | None


class RuleFinding(NamedTuple):
    """What the rules make of a sentence: a criterion type met, or unmet on a basis, and how sure they are."""

    type: str
    outcome: str
    confidence: float


class SentenceView(NamedTuple):
    """A sentence of a rationale as the classifier sees it."""

    words: str  # from where it turns to the case
    voice: str
    concludes: bool
    cues: frozenset[str]  # bases of the cues in it
    topics: tuple[Topic, ...]
    findings: tuple[RuleFinding, ...]
    stated: frozenset[str]  # types of the requirements stated in it
    functions: frozenset[str]  # dimension and polarity of its functional findings
    treatments: frozenset[str]  # families and drug classes named


class RationaleView(NamedTuple):
    """The rationale of a request, with what the rules find ((type, status) to confidence)."""

    sentences: tuple[SentenceView, ...]
    family: str
    upheld: bool
    rules: Mapping[tuple[str, str], float]


class Judgement(NamedTuple):
    """What is made of one criterion type: probabilities of :data:`STATUSES`, and per sentence of what it finds, in the order
    of the model's labels."""

    type: str
    statuses: dict[str, float]
    sentences: NDArray[np.float32]


@cache
def criterion_types() -> tuple[str, ...]:
    """Return the criterion types that are judged: all but the dependence on another request, which rules decide."""
    return tuple(sorted(codes("criterion_type") - {"parent_service"}))


@cache
def _known() -> frozenset[str]:
    return frozenset(criterion_types())


class RationaleFeatures(NamedTuple):
    """Buckets of the features of the sentences of a rationale: of those that count by criterion type, of those that count for
    every type alike, and of those of a sentence and a type (``pairs``: index and type) where there is a sign of the type."""

    by_type: Items
    shared: Items
    pairs: list[tuple[int, str]]
    of_pairs: Items


# The bucket of a sentence and a type of which it shows no sign.
((NO_SIGN,),) = joined([hashes(["no sign"])], BITS).lists()


class _Word(NamedTuple):
    """A word, and the hashes of the features that it has wherever it stands: by type and for every type alike. The states of
    the hash are those of pairs of words that begin with it."""

    encoded: bytes
    content: bool
    by_type: tuple[int, ...]
    shared: int
    pair: int
    content_pair: int


@lru_cache(maxsize=_WORDS_KEPT)
def _word(printed: str) -> _Word:
    word = "0" if printed.isdigit() else printed
    by_type = [f"w:{word}", *((f"s:{word[:_STEM]}",) if len(word) > _STEM else ())]
    return _Word(
        word.encode(),
        not _EMPTY.match(word),
        tuple(hashes(by_type)),
        *hashes([f"W:{word}", f"2:{word} ", f"k:{word} "]),
    )


def features(*rationales: RationaleView) -> RationaleFeatures:
    """Return the features of the sentences of rationales, one rationale after the other."""
    by_type: list[list[int]] = []
    shared: list[list[int]] = []
    pairs: list[tuple[int, str]] = []
    of_pairs: list[tuple[int, ...]] = []
    for rationale in rationales:
        first = len(by_type)
        applied = [frozenset([topic.type for topic in one.topics if topic.table != "stated"]) for one in rationale.sentences]
        for index, one in enumerate(rationale.sentences):
            words = [_word(word) for word in _WORD.findall(one.words.lower())]
            by_type.append(_by_type(one, words, applied[index], rationale))
            shared.append(_shared(rationale, index, words, applied[index]))
        for index, name, hashed in _pairs(rationale, applied):
            pairs.append((first + index, name))
            of_pairs.append(hashed)
    bounds = np.zeros(len(of_pairs) + 1, "int64")
    np.cumsum([len(own) for own in of_pairs], out=bounds[1:])
    numbers = np.fromiter(chain.from_iterable(of_pairs), "int64", bounds[-1])
    return RationaleFeatures(joined(by_type, BITS), joined(shared, BITS), pairs, Items(numbers, bounds))


def _by_type(one: SentenceView, words: list[_Word], applied: frozenset[str], rationale: RationaleView) -> list[int]:
    content = [word for word in words if word.content]
    hashed = [number for word in words for number in word.by_type]
    hashed += map(crc32, [word.encoded for word in words[1:]], [word.pair for word in words])
    hashed += map(crc32, [word.encoded for word in content[1:]], [word.content_pair for word in content])
    short = len(words) < _FEW_WORDS
    hashed += _setting(one.voice, one.concludes, rationale.upheld, rationale.family, one.cues, short)
    hashed += _named("to", applied)
    hashed += _named("fu", one.functions)
    hashed += _named("p", one.treatments)
    return hashed


# What stands around the words of a sentence repeats, too.
@lru_cache(maxsize=_PAIRS_KEPT)
def _setting(voice: str, concludes: bool, upheld: bool, family: str, cues: frozenset[str], short: bool) -> list[int]:
    return hashes(
        [
            "b",
            f"v:{voice}",
            f"c:{concludes:d}",
            f"u:{upheld:d}",
            f"uc:{upheld:d}{concludes:d}",
            f"f:{family}",
            *(f"q:{cue}" for cue in cues),
            *(("short",) if short else ()),
        ]
    )


@lru_cache(maxsize=_PAIRS_KEPT)
def _named(kind: str, names: frozenset[str]) -> list[int]:
    return hashes(f"{kind}:{name}" for name in names) if names else []


def _shared(rationale: RationaleView, index: int, words: list[_Word], applied: frozenset[str]) -> list[int]:
    sentences = rationale.sentences
    one, count = sentences[index], len(sentences)
    hashed = [word.shared for word in words]
    hashed += _surroundings(
        rationale.upheld,
        one.voice,
        sentences[index - 1].voice if index else "-",
        sentences[index + 1].voice if index + 1 < count else "-",
        one.concludes,
        (min(index, 4), min(count - 1 - index, 4), min(count, 8)),
        bool(one.findings),
        min(3, len(applied)),
        one.cues,
    )
    return hashed


@lru_cache(maxsize=_PAIRS_KEPT)
def _surroundings(
    upheld: bool,
    voice: str,
    before: str,
    after: str,
    concludes: bool,
    place: tuple[int, int, int],
    findings: bool,
    applied: int,
    cues: frozenset[str],
) -> list[int]:
    """Return the features of a sentence in its rationale: the voices around it, its place (from the beginning, from the end, of
    how many), whether the rules make something of it, and how many types are applied."""
    index, to_end, count = place
    return hashes(
        [
            f"u{upheld:d}",
            f"v:{voice}",
            f"v:{voice}{upheld:d}",
            f"pv:{before}{voice}",
            f"nv:{after}{voice}",
            f"c:{concludes:d}{voice}",
            f"pos:{index}",
            f"end:{to_end}",
            f"n:{count}",
            f"fn:{findings:d}{applied}",
            *(f"cue:{cue}{upheld:d}" for cue in cues),
            *(f"cuev:{cue}{voice}" for cue in cues),
        ]
    )


def _pairs(rationale: RationaleView, applied: Sequence[frozenset[str]]) -> Iterator[tuple[int, str, tuple[int, ...]]]:
    """Yield the pairs of a sentence and a type of which it shows a sign, with their features."""
    known = _known()
    stated: dict[str, list[int]] = {}
    named: dict[str, list[int]] = {}
    for index, one in enumerate(rationale.sentences):
        for name in one.stated:
            stated.setdefault(name, []).append(index)
        for name in applied[index]:
            named.setdefault(name, []).append(index)
    only = len(stated) == 1
    for index, one in enumerate(rationale.sentences):
        topics: dict[str, list[tuple[str, str | None]]] = {}
        for topic in one.topics:
            topics.setdefault(topic.type, []).append((topic.table, topic.cue))
        findings: dict[str, list[tuple[str, float]]] = {}
        for finding in one.findings:
            findings.setdefault(finding.type, []).append((finding.outcome, finding.confidence))
        for name in known & {*topics, *findings, *stated}:
            places = named.get(name, [])
            own = tuple(findings.get(name, ()))
            hashed = _pair_hashes(
                tuple(topics.get(name, ())),
                min(3, len(applied[index]) - (name in applied[index])),
                _where(stated.get(name, ()), index),
                len(places) > 1 or (bool(places) and places[0] != index),
                only and name in stated,
                one.voice,
                one.concludes,
                rationale.upheld,
                own,
                min(2, len(one.findings) - len(own)),
            )
            yield index, name, hashed


# What there is to say of a pair repeats, whatever the words.
@lru_cache(maxsize=_PAIRS_KEPT)
def _pair_hashes(
    topics: tuple[tuple[str, str | None], ...],
    others: int,
    where: str,
    elsewhere: bool,
    only: bool,
    voice: str,
    concludes: bool,
    upheld: bool,
    findings: tuple[tuple[str, float], ...],
    other_findings: int,
) -> tuple[int, ...]:
    """Return the features of a sentence and a type: the tables and cues of its topics, how many types else are applied, where
    the type is stated, whether another sentence applies it, whether it is all that is stated, and what the rules find; in order
    and without repeats."""
    found = [
        f"To:{any(table != 'stated' for table, _ in topics):d}{others}",
        f"st:{where}",
        f"stv:{where}{voice}",
        f"stT:{where != 'no':d}{bool(topics):d}{voice}",
        f"stc:{where}{concludes:d}",
        f"el:{elsewhere:d}",
        f"sv:{voice}{only:d}{upheld:d}",
        f"Fo:{bool(findings):d}{other_findings}",
    ]
    for outcome, confidence in findings:
        found += [f"F:{outcome}", f"Fc:{outcome}{confidence:.1f}"]
    for table, cue in topics:
        found += [
            f"Tn:{table}",
            f"Tb:{table}{cue}",
            f"T:{table}{cue}{voice}",
            f"Tu:{table}{cue}{upheld:d}",
            f"Tc:{table}{concludes:d}",
        ]
    return tuple(joined([hashes(found)], BITS).numbers.tolist())


def _where(places: Sequence[int], index: int) -> str:
    """Tell where a type is stated, seen from a sentence."""
    if index in places:
        return "same"
    if not places:
        return "no"
    return "before" if places[0] < index else "after"


def request_inputs(rationale: RationaleView, odds: NDArray[Any], labels: Sequence[str]) -> NDArray[np.float32]:
    """Return what the second stage sees of each criterion type, a row of numbers each: from the odds that the first stage gave
    (sentences, types, ``labels``), from what the rules find, and from what the rationale states."""
    names, number = criterion_types(), _numbers()
    unmet = np.sort(odds[:, :, [column for column, label in enumerate(labels) if label in UNMET]].sum(axis=2), axis=0)[::-1]
    met = odds[:, :, labels.index(MET)].max(axis=0) if MET in labels else np.zeros(len(names), "float32")
    first = unmet[0]
    second = unmet[1] if len(unmet) > 1 else np.zeros(len(names), "float32")
    ranked = np.sort(first)[::-1]
    # The best of the other types, and the second best.
    leads = first == ranked[0]
    best, next_best = np.where(leads, ranked[1], ranked[0]), np.where(first >= ranked[1], ranked[2], ranked[1])
    stated = frozenset().union(*(one.stated for one in rationale.sentences))
    asked = np.array([name in stated for name in names])
    denied, affirmed = np.zeros(len(names)), np.zeros(len(names))
    for (name, status), confidence in rationale.rules.items():
        if name in number and status in ("unmet", "met"):
            (denied if status == "unmet" else affirmed)[number[name]] = confidence
    upheld, alone = rationale.upheld, best < _LEADING
    unmet_logit, second_logit, met_logit, sum_logit, best_logit, next_logit = _logit(
        np.stack([first, second, met, unmet.sum(axis=0), best, next_best])
    )
    inputs = np.empty((len(names), 20), "float32")
    for column, values in enumerate(
        (
            unmet_logit,
            second_logit,
            met_logit,
            sum_logit,
            best_logit,
            next_logit,
            denied,
            affirmed,
            asked,
            asked & (not upheld),
            upheld,
            denied * first,
            unmet_logit * asked,
            unmet_logit * alone,
            alone & asked & upheld,
            min(len(stated), 5) * asked,
            leads,
            unmet_logit * upheld,
            met_logit * (not upheld),
            len(rationale.sentences) <= 2,
        )
    ):
        inputs[:, column] = values
    return inputs


def _logit(share: NDArray[Any]) -> NDArray[Any]:
    bounded = np.clip(share, 1e-4, 1 - 1e-4)
    logit: NDArray[Any] = np.log(bounded / (1 - bounded))
    return logit


class PairClassifier:
    """The first stage: multinomial logistic regression of what a sentence finds of a criterion type.

    The weights that a feature of the words has for every type and label stand side by side, as one row.
    """

    def __init__(self, by_type: HashedClassifier, shared: HashedClassifier) -> None:
        """Take the weights by type and label (a column each, in the order of :func:`criterion_types`), and those of all alike."""
        self._by_type, self._shared = by_type, shared

    @property
    def labels(self) -> list[str]:
        """What a sentence may find of a type, in the order of the odds."""
        return self._shared.labels

    def odds(self, sentences: RationaleFeatures) -> NDArray[np.float32]:
        """Return the probabilities for each sentence, criterion type and label."""
        numbers, bounds = sentences.by_type.numbers, sentences.by_type.bounds.tolist()
        # Sentence by sentence: what is read of one stays in the processor's cache until it is summed.
        by_type = np.stack([np.add.reduce(self._by_type.scores(numbers[start:end]), axis=0) for start, end in pairwise(bounds)])
        scores = by_type.reshape(-1, len(criterion_types()), len(self.labels))
        nothing = self._shared.scores(np.array(NO_SIGN))
        scores += (self._shared.totals(sentences.shared) + nothing)[:, None]
        if sentences.pairs:
            own = np.add.reduceat(self._shared.scores(sentences.of_pairs.numbers), sentences.of_pairs.bounds[:-1], axis=0)
            number = _numbers()
            scores[[index for index, _ in sentences.pairs], [number[name] for _, name in sentences.pairs]] += own - nothing
        return softmax(scores)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save."""
        return {**self._by_type.arrays("types_"), **self._shared.arrays("pairs_")}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> PairClassifier:
        """Read back what :meth:`arrays` gave."""
        return cls(HashedClassifier.from_arrays(arrays, "types_"), HashedClassifier.from_arrays(arrays, "pairs_"))


class RelationModel:
    """Both stages; see the module. ``center`` and ``spread`` bring the second stage's inputs to one scale."""

    def __init__(
        self, pairs: PairClassifier, requests: HashedClassifier, center: NDArray[np.float32], spread: NDArray[np.float32]
    ) -> None:
        self.pairs, self._requests = pairs, requests
        self._center, self._spread = center, spread
        # Of a request the model sees besides numbers only which way it was decided.
        self._decided = {upheld: requests.totals(request_items(upheld)) for upheld in (False, True)}

    def judge(self, rationale: RationaleView) -> list[Judgement]:
        """Return what is made of every criterion type; nothing where the rationale has no sentence."""
        (judged,) = self.judge_all([rationale])
        return judged

    def judge_all(self, rationales: Sequence[RationaleView]) -> list[list[Judgement]]:
        """Return of each of several rationales what :meth:`judge` returns."""
        odds = self.pairs.odds(features(*rationales)) if any(one.sentences for one in rationales) else None
        judged: list[list[Judgement]] = []
        start = 0
        for one in rationales:
            end = start + len(one.sentences)
            judged.append([] if odds is None or end == start else self._judged(one, odds[start:end]))
            start = end
        return judged

    def _judged(self, rationale: RationaleView, odds: NDArray[np.float32]) -> list[Judgement]:
        inputs = (request_inputs(rationale, odds, self.pairs.labels) - self._center) / self._spread
        shares = softmax(self._decided[rationale.upheld] + self._requests.dense_scores(inputs)).tolist()
        labels = self._requests.labels
        return [
            Judgement(name, dict(zip(labels, row, strict=True)), own)
            for name, row, own in zip(criterion_types(), shares, odds.transpose(1, 0, 2), strict=True)
        ]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save."""
        scale = {"center": self._center.astype("float32"), "spread": self._spread.astype("float32")}
        return {**self.pairs.arrays(), **self._requests.arrays("requests_"), **scale}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> RelationModel:
        """Read back what :meth:`arrays` gave."""
        pairs = PairClassifier.from_arrays(arrays)
        return cls(pairs, HashedClassifier.from_arrays(arrays, "requests_"), arrays["center"], arrays["spread"])


@cache
def _numbers() -> dict[str, int]:
    return {name: number for number, name in enumerate(criterion_types())}


@cache
def request_items(upheld: bool) -> Items:
    """Return the sparse features of every criterion type of a request, hashed."""
    return joined([hashes([f"t:{name}", f"tu:{name}{upheld:d}"]) for name in criterion_types()], BITS)
