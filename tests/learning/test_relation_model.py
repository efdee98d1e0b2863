"""The relation model: what it learns of sentence and criterion type, and what it keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.learning.fit_relations import RelationExample, _classifier, _places, _Weights, fit_relations
from unmet.learning.hashed import softmax
from unmet.learning.relation_model import (
    STATUSES,
    RationaleView,
    RelationModel,
    SentenceView,
    Topic,
    criterion_types,
    features,
)
from unmet.learning.weights import read_weights, write_weights


def sentence(
    words: str, *, voice: str = "reviewer", topics: tuple[Topic, ...] = (), stated: frozenset[str] = frozenset()
) -> SentenceView:
    return SentenceView(
        words, voice, "not medically necessary" in words, frozenset(), topics, (), stated, frozenset(), frozenset()
    )


def rationale(*sentences: SentenceView, upheld: bool = True) -> RationaleView:
    return RationaleView(sentences, "advanced_imaging", upheld, {})


END = sentence("The request is not medically necessary.")
SAID = {
    "exam_findings": "No deficit on examination is recorded",
    "red_flags": "There are no red flags for serious pathology",
    "home_exercise": "Exercises at home were never taught",
}
PLACES = (
    "in the neck",
    "in the back",
    "of the knee",
    "of the elbow",
    "since March",
    "by the clinic",
    "so far",
    "at all",
    "today",
    "here",
)


def example(name: str, place: str, *, stated: str | None = None) -> RelationExample:
    lead = (
        [sentence(f"The guideline asks for {stated} {place}.", voice="guideline", stated=frozenset([stated]))] if stated else []
    )
    view = rationale(*lead, sentence(f"{SAID[name]} {place}."), END)
    statuses = {name: "unmet"} | ({stated: "not_addressed"} if stated else {})
    return RelationExample(view, {(len(lead), name): "undocumented"}, statuses, place, "real")


@pytest.fixture(scope="module")
def model() -> RelationModel:
    return fit_relations(
        [
            example(name, place, stated=stated)
            for place in PLACES
            for name in SAID
            for stated in (None, "psychological_evaluation")
        ]
    )


def unmet_types(model: RelationModel, view: RationaleView) -> set[str]:
    return {one.type for one in model.judge(view) if max(one.statuses, key=lambda status: one.statuses[status]) == "unmet"}


@pytest.mark.parametrize("name", SAID)
def test_the_model_names_the_criterion_and_its_sentence(model: RelationModel, name: str) -> None:
    view = rationale(sentence("The patient is 40 years old."), sentence(f"{SAID[name]} on this occasion."), END)
    assert unmet_types(model, view) == {name}
    own = next(one for one in model.judge(view) if one.type == name)
    finds = 1 - own.sentences[:, model.pairs.labels.index("nothing")]
    assert finds.argmax() == 1


def test_what_is_stated_and_not_applied_is_not_addressed(model: RelationModel) -> None:
    asks = sentence(
        "The guideline asks for psychological_evaluation in general.",
        voice="guideline",
        stated=frozenset(["psychological_evaluation"]),
    )
    judged = {one.type: one for one in model.judge(rationale(asks, sentence(f"{SAID['red_flags']} now."), END))}
    shares = judged["psychological_evaluation"].statuses
    assert shares["not_addressed"] > shares["unmet"]


def test_probabilities_sum_to_one_over_the_statuses(model: RelationModel) -> None:
    for one in model.judge(rationale(sentence("Words that no letter held."), END)):
        assert set(one.statuses) <= set(STATUSES)
        assert sum(one.statuses.values()) == pytest.approx(1, abs=1e-3)
        assert one.sentences.sum(axis=1) == pytest.approx(np.ones(2), abs=1e-3)


def test_a_request_without_a_rationale_is_not_judged(model: RelationModel) -> None:
    assert model.judge(rationale()) == []


def test_the_model_comes_back_from_disk_the_same_and_without_words(model: RelationModel, tmp_path: Path) -> None:
    write_weights(tmp_path / "relations.npz", model.arrays())
    again = RelationModel.from_arrays(read_weights(tmp_path / "relations.npz"))
    view = rationale(sentence(f"{SAID['red_flags']} here."), END)
    for one, other in zip(model.judge(view), again.judge(view), strict=True):
        assert one.statuses == pytest.approx(other.statuses, abs=0.01)
    assert b"pathology" not in (tmp_path / "relations.npz").read_bytes()


def test_fitting_twice_gives_the_same_weights() -> None:
    examples = [example(name, place) for place in PLACES for name in SAID]
    first, second = fit_relations(examples).arrays(), fit_relations(examples).arrays()
    assert all(np.array_equal(first[name], second[name]) for name in first)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=4), st.integers(0, 99))
def test_odds_add_up_what_was_fitted_for_each_pair(words: list[str], seed: int) -> None:
    drawn = np.random.default_rng(seed)
    topics = (Topic("red_flags", "applied", None),)
    own = features(rationale(*(sentence(one, topics=topics if index == 1 else ()) for index, one in enumerate(words))))
    of_pairs = list(_places(own))
    places = np.unique(np.concatenate([one for of_sentence in of_pairs for one in of_sentence.values()]))
    fitted = _Weights(places, drawn.normal(size=(len(places), 6)).astype("float32"), drawn.normal(size=6).astype("float32"))
    odds = _classifier([fitted]).odds(own)
    for index, of_sentence in enumerate(of_pairs):
        for number, name in enumerate(criterion_types()):
            rows = np.searchsorted(places, of_sentence[name])
            assert odds[index, number] == pytest.approx(softmax(fitted.bias + fitted.weights[rows].sum(axis=0)), abs=1e-4)
