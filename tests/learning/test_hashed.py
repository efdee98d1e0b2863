"""Hashed classifiers: what they learn, what they keep, what they leave out."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from unmet.learning.fit import fit_classifier
from unmet.learning.hashed import BITS, HashedClassifier, hashes, joined
from unmet.learning.weights import read_weights, write_weights

FEATURES = [
    ["w:denied", "n:1"],
    ["w:denied", "n:2"],
    ["w:asked", "n:1"],
    ["w:asked", "n:2"],
    ["w:told", "n:1"],
    ["w:told", "n:2"],
]
ITEMS = [hashes(one) for one in FEATURES]
LABELS = ["payer", "payer", "doctor", "doctor", "patient", "patient"]


def fitted(**options: object) -> HashedClassifier:
    return fit_classifier(ITEMS, LABELS, written=[False] * 6, strength=10.0, written_weight=1.0, **options)  # type: ignore[arg-type]


def names(classifier: HashedClassifier, items: list[list[str]]) -> list[str]:
    return [classifier.labels[int(row.argmax())] for row in classifier.probabilities([hashes(one) for one in items])]


@given(st.text(max_size=40))
def test_every_feature_has_a_bucket(feature: str) -> None:
    (bucket,) = joined([hashes([feature])], BITS).numbers.tolist()
    assert 0 <= bucket < 1 << BITS


@given(st.lists(st.lists(st.integers(0, (1 << 32) - 1), max_size=20), max_size=8), st.integers(1, 20))
def test_joined_items_are_in_order_and_without_repeats(items: list[list[int]], bits: int) -> None:
    assert list(joined(items, bits).lists()) == [sorted({one % (1 << bits) for one in own}) for own in items]


def test_a_classifier_learns_the_features_that_tell() -> None:
    assert names(fitted(), [["w:denied"], ["w:asked", "n:2"], ["w:told"]]) == ["payer", "doctor", "patient"]


def test_probabilities_add_up_and_nothing_in_gives_nothing_out() -> None:
    classifier = fitted()
    assert np.allclose(classifier.probabilities([hashes(["w:never seen"]), hashes([])]).sum(axis=1), 1, atol=1e-5)
    assert classifier.probabilities([]).shape == (0, 3)


def test_what_was_saved_reads_back_the_same(tmp_path: Path) -> None:
    classifier = fitted()
    write_weights(tmp_path / "new" / "weights.npz", classifier.arrays("one_"))
    again = HashedClassifier.from_arrays(read_weights(tmp_path / "new" / "weights.npz"), "one_")
    assert np.allclose(again.probabilities(ITEMS), classifier.probabilities(ITEMS), atol=1e-3)


def test_no_feature_is_saved_as_text_and_rare_ones_not_at_all() -> None:
    arrays = fitted(least=3).arrays("")
    assert set(arrays["labels"]) == set(LABELS)
    assert all(array.dtype.kind in "if" for name, array in arrays.items() if name != "labels")
    assert set(arrays["rows"]) == set(joined([hashes(["n:1", "n:2"])], BITS).numbers)


def test_two_classes_are_told_apart_with_dense_inputs() -> None:
    dense = np.array([[1.0], [1.0], [-1.0], [-1.0]])
    classifier = fit_classifier(
        [hashes(["b"])] * 4, ["yes", "yes", "no", "no"], written=[False] * 4, strength=10.0, written_weight=1.0, dense=dense
    )
    odds = classifier.probabilities([hashes(["b"])] * 2, np.array([[1.0], [-1.0]]))
    assert [classifier.labels[int(row.argmax())] for row in odds] == ["yes", "no"]


def test_real_letters_overrule_written_ones_where_they_disagree() -> None:
    items, labels = [hashes(["w:noted"])] * 20, ["record"] * 10 + ["reviewer"] * 10
    classifier = fit_classifier(items, labels, written=[False] * 10 + [True] * 10, strength=1.0, written_weight=1.0)
    assert names(classifier, [["w:noted"]]) == ["record"]
