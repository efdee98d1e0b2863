"""Fits the voice classifier to annotated sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from unmet.learning.fit import fit_classifier
from unmet.learning.voice_model import SentenceView, VoiceModel, features, neighbour_odds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from unmet.learning.hashed import HashedClassifier

_FOLDS = 5
_STRENGTH = 1.0
_WRITTEN_WEIGHT = 0.2


class VoiceExample(NamedTuple):
    """A letter's sentences, their annotated voices, and whether the letter was written for the project."""

    sentences: list[SentenceView]
    voices: list[str]
    written: bool


class FittedVoice(NamedTuple):
    """The model, and each letter's voices as a first stage gave them that was not fitted on the letter."""

    model: VoiceModel
    held_out: list[list[str]]


def fit_voice(letters: Sequence[VoiceExample]) -> FittedVoice:
    """Fit both stages; the second sees odds of a first stage that was not fitted on the same letter."""
    own = [list(features(letter.sentences).lists()) for letter in letters]
    fold = [number % _FOLDS for number in range(len(letters))]

    def single(of: list[int]) -> HashedClassifier:
        return fit_classifier(
            [one for index in of for one in own[index]],
            [voice for index in of for voice in letters[index].voices],
            written=[letters[index].written for index in of for _ in own[index]],
            strength=_STRENGTH,
            written_weight=_WRITTEN_WEIGHT,
        )

    everything = list(range(len(letters)))
    whole = single(everything)
    held_out: list[list[str]] = [[] for _ in letters]
    by_letter: dict[int, NDArray[Any]] = {}
    for number in range(_FOLDS):
        rest = single([index for index in everything if fold[index] != number])
        for index in everything:
            if fold[index] == number and own[index]:
                odds = rest.probabilities(own[index])
                held_out[index] = [rest.labels[int(row.argmax())] for row in odds]
                aligned = _aligned(odds, rest.labels, whole.labels)
                by_letter[index] = neighbour_odds(aligned, [one.run for one in letters[index].sentences])
    dense = [by_letter[index] for index in everything if own[index]]
    stacked = fit_classifier(
        [one for index in everything for one in own[index]],
        [voice for index in everything for voice in letters[index].voices],
        written=[letters[index].written for index in everything for _ in own[index]],
        strength=_STRENGTH,
        written_weight=_WRITTEN_WEIGHT,
        dense=np.vstack(dense),
    )
    return FittedVoice(VoiceModel(whole, stacked), held_out)


def _aligned(odds: NDArray[Any], given: list[str], wanted: list[str]) -> NDArray[Any]:
    """Return the columns of ``odds`` in the order of ``wanted``; a label that a fold lacks has no odds."""
    columns = np.zeros((len(odds), len(wanted)), "float32")
    for column, label in enumerate(wanted):
        if label in given:
            columns[:, column] = odds[:, given.index(label)]
    return columns
