"""Fits the relation model to annotated rationales."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from unmet.learning.fit import fit_weighted
from unmet.learning.hashed import HashedClassifier
from unmet.learning.relation_model import (
    BITS,
    MET,
    NOTHING,
    STATUSES,
    UNMET,
    RationaleFeatures,
    RationaleView,
    RelationModel,
    criterion_types,
    features,
    pair_odds,
    request_inputs,
    request_items,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


_FOLDS = 5
_PAIR_STRENGTH, _REQUEST_STRENGTH = 0.3, 0.1
# A feature in fewer pairs teaches nothing that would hold elsewhere.
_LEAST = 4
# Of the pairs of a sentence and a type of which it shows no sign, this share is seen, each for as many.
_SEEN = 0.2
# The score of a label that a model was not shown.
_UNKNOWN = -8.0
# What a rationale counts by where it comes from. Of words all teach; how far the first stage is to be trusted is learned from
# real letters, so that the probabilities are calibrated for them.
_PAIR_WEIGHTS = {"real": 1.0, "letter": 0.5, "rationale": 1.0}
_REQUEST_WEIGHTS = {"real": 1.0, "letter": 0.1, "rationale": 0.1}
_LABELS = (NOTHING, MET, *UNMET)


Origin = Literal["real", "letter", "rationale"]


class RelationExample(NamedTuple):
    """A rationale with what is annotated of it.

    ``finds`` gives by sentence and type what the sentence finds (:data:`~unmet.learning.relation_model.MET` or a basis),
    ``statuses`` the status of every type of the request. ``group`` names the letters that stand in one fold, for example
    those of one reviewer. ``origin`` tells a real letter from a letter and from a bare rationale written for the project.
    """

    view: RationaleView
    finds: Mapping[tuple[int, str], str]
    statuses: Mapping[str, str]
    group: str
    origin: Origin


def fit_relations(examples: Sequence[RelationExample]) -> RelationModel:
    """Fit both stages; the second sees odds of first stages that were not fitted on the same group.

    The first stage is the mean of the models of the folds, which steadies what chance puts into each (Breiman 1996).
    """
    sentences = [features(one.view) for one in examples]
    fold = assigned_folds(examples)
    held_out: list[NDArray[Any] | None] = [None for _ in examples]
    models = []
    for number in sorted(set(fold)):
        rest = [index for index, own in enumerate(fold) if own != number]
        pairs = _fit_pairs([examples[index] for index in rest], [sentences[index] for index in rest], number)
        models.append(pairs)
        for index, own in enumerate(fold):
            if own == number and examples[index].view.sentences:
                held_out[index] = _aligned(pair_odds(pairs, sentences[index]), pairs.labels)
    return _fit_requests(_mean(models), examples, held_out)


def _mean(models: Sequence[HashedClassifier]) -> HashedClassifier:
    """Return the classifier whose scores are the mean of those of ``models``; a label that one lacks is unlikely in it."""
    labels = [label for label in _LABELS if any(label in one.labels for one in models)]
    rows = np.unique(np.concatenate([one.rows for one in models]))
    weights = np.zeros((len(rows), len(labels)), "float32")
    bias = np.zeros(len(labels), "float32")
    for one in models:
        own = one.scores(rows)
        for number, label in enumerate(labels):
            if label in one.labels:
                weights[:, number] += own[:, one.labels.index(label)] / len(models)
                bias[number] += one.bias[one.labels.index(label)] / len(models)
            else:
                bias[number] += _UNKNOWN / len(models)
    return HashedClassifier(labels, rows, weights, bias, np.zeros((0, len(labels)), "float32"), bits=BITS)


def assigned_folds(examples: Sequence[RelationExample]) -> list[int]:
    """Return a fold per example: groups stay whole, the larger ones are spread first."""
    sizes: dict[str, int] = {}
    for one in examples:
        sizes[one.group] = sizes.get(one.group, 0) + 1
    load = [0] * min(_FOLDS, len(sizes))
    place = {}
    for group, size in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0])):
        place[group] = load.index(min(load))
        load[place[group]] += size
    return [place[one.group] for one in examples]


def _aligned(odds: NDArray[Any], given: Sequence[str]) -> NDArray[Any]:
    """Return ``odds`` with a column for each of ``_LABELS``; a label that the classifier lacks has none."""
    padded = np.pad(odds, ((0, 0), (0, 0), (0, 1)))
    return padded[:, :, [given.index(label) if label in given else -1 for label in _LABELS]]


def _fit_pairs(examples: Sequence[RelationExample], sentences: Sequence[RationaleFeatures], seed: int) -> HashedClassifier:
    drawn = np.random.default_rng(seed)
    items: list[list[int]] = []
    labels: list[str] = []
    weights: list[float] = []
    for one, own in zip(examples, sentences, strict=True):
        signs = set(own.pairs)
        for index, buckets in enumerate(own.buckets()):
            for name in criterion_types():
                label = one.finds.get((index, name), NOTHING)
                weight = _PAIR_WEIGHTS[one.origin]
                if label == NOTHING and (index, name) not in signs:
                    if drawn.random() > _SEEN:
                        continue
                    weight /= _SEEN
                items.append(buckets[name])
                labels.append(label)
                weights.append(weight)
    return fit_weighted(items, labels, weights, strength=_PAIR_STRENGTH, least=_LEAST, bits=BITS)


def _fit_requests(
    pairs: HashedClassifier, examples: Sequence[RelationExample], held_out: Sequence[NDArray[Any] | None]
) -> RelationModel:
    inputs: list[NDArray[np.float32]] = []
    items: list[list[int]] = []
    labels: list[str] = []
    weights: list[float] = []
    for one, odds in zip(examples, held_out, strict=True):
        if odds is None:
            continue
        inputs.append(request_inputs(one.view, odds, _LABELS))
        items += request_items(one.view.upheld).lists()
        for name in criterion_types():
            labels.append(one.statuses.get(name, STATUSES[0]))
            weights.append(_REQUEST_WEIGHTS[one.origin])
    numbers = np.concatenate(inputs)
    center, spread = numbers.mean(axis=0), numbers.std(axis=0) + 1e-6
    requests = fit_weighted(items, labels, weights, strength=_REQUEST_STRENGTH, dense=(numbers - center) / spread)
    return RelationModel(pairs, requests, center, spread)
