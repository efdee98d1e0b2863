"""Fits the relation model to annotated rationales."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from unmet.learning.fit import fit_weighted
from unmet.learning.hashed import BITS, HashedClassifier
from unmet.learning.relation_model import (
    MET,
    NO_SIGN,
    NOTHING,
    STATUSES,
    UNMET,
    PairClassifier,
    RationaleFeatures,
    RationaleView,
    RelationModel,
    criterion_types,
    features,
    request_inputs,
    request_items,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
    models: list[_Weights] = []
    for number in sorted(set(fold)):
        rest = [index for index, own in enumerate(fold) if own != number]
        models.append(_fit_pairs([examples[index] for index in rest], [sentences[index] for index in rest], number))
        pairs = _classifier(models[-1:])
        for index, own in enumerate(fold):
            if own == number and examples[index].view.sentences:
                held_out[index] = pairs.odds(sentences[index])
    return _fit_requests(_classifier(models), examples, held_out)


class _Weights(NamedTuple):
    """What a fit gave: the places (:func:`_places`) that have weights, a row each and a column per label of ``_LABELS``."""

    places: NDArray[np.int64]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]


def _classifier(models: Sequence[_Weights]) -> PairClassifier:
    """Return the classifier whose scores are the mean of those of ``models``."""
    types, width = len(criterion_types()), len(_LABELS)
    places = np.unique(np.concatenate([one.places for one in models]))
    weights = np.zeros((len(places), width), "float32")
    for one in models:
        weights[np.searchsorted(places, one.places)] += one.weights / len(models)
    cut = int(np.searchsorted(places, types << BITS))
    features, feature = np.unique(places[:cut] // types, return_inverse=True)
    by_type = np.zeros((len(features), types, width), "float32")
    by_type[feature, places[:cut] % types] = weights[:cut]
    bias = np.mean([one.bias for one in models], axis=0, dtype="float32")
    none = np.zeros((0, width), "float32")
    return PairClassifier(
        HashedClassifier(
            [f"{name} {label}" for name in criterion_types() for label in _LABELS],
            features,
            by_type.reshape(len(features), types * width),
            np.zeros(types * width, "float32"),
            np.zeros((0, types * width), "float32"),
        ),
        HashedClassifier(list(_LABELS), places[cut:] - (types << BITS), weights[cut:], bias, none),
    )


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


def _places(sentences: RationaleFeatures) -> Iterator[dict[str, list[int]]]:
    """Yield for each sentence the places of its pairs with every criterion type among the weights that are fitted.

    A bucket by type has a place per type; the buckets that all types share follow.
    """
    names = criterion_types()
    end = len(names) << BITS
    signs = dict(zip(sentences.pairs, sentences.of_pairs.lists(), strict=True))
    for index, (by_type, shared) in enumerate(zip(sentences.by_type.lists(), sentences.shared.lists(), strict=True)):
        own = [bucket * len(names) for bucket in by_type]
        rest = [end + bucket for bucket in shared]
        yield {
            name: [
                *[place + number for place in own],
                *rest,
                *[end + bucket for bucket in signs.get((index, name), [NO_SIGN])],
            ]
            for number, name in enumerate(names)
        }


def _fit_pairs(examples: Sequence[RelationExample], sentences: Sequence[RationaleFeatures], seed: int) -> _Weights:
    drawn = np.random.default_rng(seed)
    items: list[list[int]] = []
    labels: list[str] = []
    weights: list[float] = []
    for one, own in zip(examples, sentences, strict=True):
        signs = set(own.pairs)
        for index, places in enumerate(_places(own)):
            for name in criterion_types():
                label = one.finds.get((index, name), NOTHING)
                weight = _PAIR_WEIGHTS[one.origin]
                if label == NOTHING and (index, name) not in signs:
                    if drawn.random() > _SEEN:
                        continue
                    weight /= _SEEN
                items.append(places[name])
                labels.append(label)
                weights.append(weight)
    bits = ((len(criterion_types()) + 1) << BITS).bit_length()
    fitted = fit_weighted(items, labels, weights, strength=_PAIR_STRENGTH, least=_LEAST, bits=bits)
    found = fitted.scores(fitted.rows)
    # A label that the examples lack is unlikely.
    aligned, bias = np.zeros((len(found), len(_LABELS)), "float32"), np.full(len(_LABELS), _UNKNOWN, "float32")
    for column, label in enumerate(fitted.labels):
        aligned[:, _LABELS.index(label)], bias[_LABELS.index(label)] = found[:, column], fitted.bias[column]
    return _Weights(fitted.rows, aligned, bias)


def _fit_requests(
    pairs: PairClassifier, examples: Sequence[RelationExample], held_out: Sequence[NDArray[Any] | None]
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
