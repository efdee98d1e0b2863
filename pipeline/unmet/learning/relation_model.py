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

import itertools
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

import numpy as np

from unmet.knowledge import codes
from unmet.learning.hashed import HashedClassifier, buckets, softmax

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

# What a sentence may find of a criterion type: nothing, that it is met, or that it is unmet on a basis of the taxonomy.
NOTHING, MET = "nothing", "met"
UNMET = ("undocumented", "contradicted", "exceeded", "not_recommended")
# What a request may make of a criterion type.
STATUSES = ("nothing", "not_addressed", "met", "unmet")

BITS = 20
_MASK = (1 << BITS) - 1
_WORD = re.compile(r"[a-z]+|\d+")
_STEM = 5
_FEW_WORDS = 8
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
def _marks() -> NDArray[np.int64]:
    """Return a number per criterion type, by which a feature of the sentence becomes one of the pair."""
    return np.array([crc32(name.encode()) for name in criterion_types()], "int64")


def _hashed(features: Iterable[str]) -> NDArray[np.int64]:
    return np.array(sorted({crc32(feature.encode()) for feature in features}), "int64")


class SentenceFeatures(NamedTuple):
    """Features of a sentence, hashed: those that count by criterion type, those that count for every type alike, and those
    of the pair itself, for the types of which there is a sign; the others share one bucket."""

    by_type: NDArray[np.int64]
    shared: NDArray[np.int64]
    of_pair: dict[str, NDArray[np.int64]]

    def buckets(self, name: str) -> list[int]:
        """Return the buckets of the pair of the sentence and the type ``name``."""
        mark = _marks()[criterion_types().index(name)]
        own = self.of_pair.get(name, _NO_SIGN)
        return sorted({int(one) for one in np.concatenate([self.by_type ^ mark, self.shared, own]) & _MASK})


_NO_SIGN = _hashed(["no sign"])


def features(rationale: RationaleView) -> list[SentenceFeatures]:
    """Return the features of each sentence of a rationale."""
    known = frozenset(criterion_types())
    stated: dict[str, list[int]] = {}
    named: dict[str, list[int]] = {}
    for index, one in enumerate(rationale.sentences):
        for name in one.stated:
            stated.setdefault(name, []).append(index)
        for name in _applied(one):
            named.setdefault(name, []).append(index)
    found = []
    for index, one in enumerate(rationale.sentences):
        words = ["0" if word.isdigit() else word for word in _WORD.findall(one.words.lower())]
        signs = known & ({topic.type for topic in one.topics} | {finding.type for finding in one.findings} | stated.keys())
        found.append(
            SentenceFeatures(
                _hashed(_by_type(one, words, rationale)),
                _hashed(_shared(rationale, index, words)),
                {name: _hashed(_of_pair(rationale, index, name, stated, named)) for name in signs},
            )
        )
    return found


def _applied(one: SentenceView) -> set[str]:
    return {topic.type for topic in one.topics if topic.table != "stated"}


def _by_type(one: SentenceView, words: list[str], rationale: RationaleView) -> list[str]:
    content = [word for word in words if not _EMPTY.match(word)]
    upheld = int(rationale.upheld)
    return [
        "b",
        f"v:{one.voice}",
        f"c:{one.concludes:d}",
        f"u:{upheld}",
        f"uc:{upheld}{one.concludes:d}",
        f"f:{rationale.family}",
        *(f"w:{word}" for word in words),
        *(f"s:{word[:_STEM]}" for word in words if len(word) > _STEM),
        *(f"2:{first} {second}" for first, second in itertools.pairwise(words)),
        *(f"k:{first} {second}" for first, second in itertools.pairwise(content)),
        *(f"q:{cue}" for cue in one.cues),
        *(f"to:{name}" for name in _applied(one)),
        *(f"fu:{name}" for name in one.functions),
        *(f"p:{name}" for name in one.treatments),
        *(("short",) if len(words) < _FEW_WORDS else ()),
    ]


def _shared(rationale: RationaleView, index: int, words: list[str]) -> list[str]:
    sentences = rationale.sentences
    one, count, upheld = sentences[index], len(sentences), int(rationale.upheld)
    before = sentences[index - 1].voice if index else "-"
    after = sentences[index + 1].voice if index + 1 < count else "-"
    return [
        f"u{upheld}",
        f"v:{one.voice}",
        f"v:{one.voice}{upheld}",
        f"pv:{before}{one.voice}",
        f"nv:{after}{one.voice}",
        f"c:{one.concludes:d}{one.voice}",
        f"pos:{min(index, 4)}",
        f"end:{min(count - 1 - index, 4)}",
        f"n:{min(count, 8)}",
        f"fn:{bool(one.findings):d}{min(3, len(_applied(one)))}",
        *(f"cue:{cue}{upheld}" for cue in one.cues),
        *(f"cuev:{cue}{one.voice}" for cue in one.cues),
        *(f"W:{word}" for word in words),
        *(f"W2:{first} {second}" for first, second in itertools.pairwise(words)),
    ]


def _of_pair(
    rationale: RationaleView, index: int, name: str, stated: Mapping[str, list[int]], named: Mapping[str, list[int]]
) -> list[str]:
    one, upheld = rationale.sentences[index], int(rationale.upheld)
    topics = [topic for topic in one.topics if topic.type == name]
    where = _where(stated.get(name, []), index)
    found = [
        f"To:{any(topic.table != 'stated' for topic in topics):d}{min(3, len(_applied(one) - {name}))}",
        f"st:{where}",
        f"stv:{where}{one.voice}",
        f"stT:{where != 'no':d}{bool(topics):d}{one.voice}",
        f"stc:{where}{one.concludes:d}",
        f"el:{any(place != index for place in named.get(name, [])):d}",
        f"sv:{one.voice}{len(stated) == 1 and name in stated:d}{upheld}",
    ]
    found.append(f"Fo:{any(own.type == name for own in one.findings):d}{min(2, sum(own.type != name for own in one.findings))}")
    for own in one.findings:
        if own.type == name:
            found += [f"F:{own.outcome}", f"Fc:{own.outcome}{own.confidence:.1f}"]
    for topic in topics:
        found += [
            f"Tn:{topic.table}",
            f"Tb:{topic.table}{topic.cue}",
            f"T:{topic.table}{topic.cue}{one.voice}",
            f"Tu:{topic.table}{topic.cue}{upheld}",
            f"Tc:{topic.table}{one.concludes:d}",
        ]
    return found


def _where(places: list[int], index: int) -> str:
    """Tell where a type is stated, seen from a sentence."""
    if index in places:
        return "same"
    if not places:
        return "no"
    return "before" if places[0] < index else "after"


def request_inputs(rationale: RationaleView, odds: NDArray[Any], labels: Sequence[str]) -> NDArray[np.float32]:
    """Return what the second stage sees of each criterion type, a row of numbers each: from the odds that the first stage gave
    (sentences, types, ``labels``), from what the rules find, and from what the rationale states."""
    names = criterion_types()
    unmet = np.sort(odds[:, :, [number for number, label in enumerate(labels) if label in UNMET]].sum(axis=2), axis=0)[::-1]
    met = odds[:, :, labels.index(MET)].max(axis=0) if MET in labels else np.zeros(len(names))
    first = unmet[0]
    second = unmet[1] if len(unmet) > 1 else np.zeros(len(names))
    ranked = np.sort(first)[::-1]
    # The best of the other types, and the second best.
    leads = first == ranked[0]
    best, next_best = np.where(leads, ranked[1], ranked[0]), np.where(first >= ranked[1], ranked[2], ranked[1])
    stated = [one.stated for one in rationale.sentences]
    asked = np.array([any(name in own for own in stated) for name in names])
    denied, affirmed = (np.array([rationale.rules.get((name, status), 0.0) for name in names]) for status in ("unmet", "met"))
    upheld, alone = rationale.upheld, best < _LEADING
    columns = (
        _logit(first),
        _logit(second),
        _logit(met),
        _logit(unmet.sum(axis=0)),
        _logit(best),
        _logit(next_best),
        denied,
        affirmed,
        asked,
        asked & (not upheld),
        np.full(len(names), upheld),
        denied * first,
        _logit(first) * asked,
        _logit(first) * alone,
        alone & asked & upheld,
        min(len(frozenset().union(*stated)), 5) * asked,
        leads,
        _logit(first) * upheld,
        _logit(met) * (not upheld),
        np.full(len(names), len(rationale.sentences) <= 2),
    )
    inputs: NDArray[np.float32] = np.stack(columns, axis=1).astype("float32")
    return inputs


def _logit(share: NDArray[Any]) -> NDArray[Any]:
    bounded = np.clip(share, 1e-4, 1 - 1e-4)
    logit: NDArray[Any] = np.log(bounded / (1 - bounded))
    return logit


class RelationModel:
    """Both stages; see the module. ``center`` and ``spread`` bring the second stage's inputs to one scale."""

    def __init__(
        self, pairs: HashedClassifier, requests: HashedClassifier, center: NDArray[np.float32], spread: NDArray[np.float32]
    ) -> None:
        self.pairs, self._requests = pairs, requests
        self._center, self._spread = center, spread

    def judge(self, rationale: RationaleView) -> list[Judgement]:
        """Return what is made of every criterion type; nothing where the rationale has no sentence."""
        if not rationale.sentences:
            return []
        odds = pair_odds(self.pairs, features(rationale))
        inputs = (request_inputs(rationale, odds, self.pairs.labels) - self._center) / self._spread
        names = criterion_types()
        shares = self._requests.probabilities([request_buckets(name, rationale) for name in names], inputs)
        return [
            Judgement(name, dict(zip(self._requests.labels, map(float, row), strict=True)), odds[:, number])
            for number, (name, row) in enumerate(zip(names, shares, strict=True))
        ]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save."""
        scale = {"center": self._center.astype("float32"), "spread": self._spread.astype("float32")}
        return {**self.pairs.arrays("pairs_"), **self._requests.arrays("requests_"), **scale}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> RelationModel:
        """Read back what :meth:`arrays` gave."""
        pairs = HashedClassifier.from_arrays(arrays, "pairs_", bits=BITS)
        return cls(pairs, HashedClassifier.from_arrays(arrays, "requests_"), arrays["center"], arrays["spread"])


def pair_odds(pairs: HashedClassifier, sentences: Sequence[SentenceFeatures]) -> NDArray[np.float32]:
    """Return the probabilities of ``pairs`` for each sentence, criterion type and label."""
    names = criterion_types()
    scores = np.empty((len(sentences), len(names), len(pairs.labels)), "float32")
    nothing = pairs.scores(_NO_SIGN & _MASK).sum(axis=0)
    for row, own in zip(scores, sentences, strict=True):
        by_type = pairs.scores((own.by_type[None, :] ^ _marks()[:, None]) & _MASK).sum(axis=1)
        row[:] = pairs.bias + by_type + pairs.scores(own.shared & _MASK).sum(axis=0) + nothing
        for name, places in own.of_pair.items():
            row[names.index(name)] += pairs.scores(places & _MASK).sum(axis=0) - nothing
    return softmax(scores)


def request_buckets(name: str, rationale: RationaleView) -> list[int]:
    """Return the sparse features of a criterion type of a request, hashed."""
    return buckets([f"t:{name}", f"tu:{name}{rationale.upheld:d}"])
