"""Fits hashed classifiers with scikit-learn (extra ``train``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unmet.learning.hashed import BITS, HashedClassifier, Hashes, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


# Of the weighted fit: rounds of L-BFGS, and the slope at which it stops.
_ROUNDS, _TOLERANCE = 120, 1e-4


def fit_classifier(
    items: Sequence[Hashes],
    labels: Sequence[str],
    *,
    written: Sequence[bool],
    strength: float,
    written_weight: float,
    least: int = 2,
    dense: NDArray[Any] | None = None,
) -> HashedClassifier:
    """Fit a classifier to ``items``, the hashes of their features, and their ``labels``.

    ``strength`` is the inverse of the L2 penalty.

    ``written`` tells the items of letters written for the project from those of real letters. They count
    ``written_weight`` and teach only what both kinds share: every feature has a weight of both and one of its own for
    real letters (Daumé 2007), and what is returned is their sum. A feature in fewer than ``least`` items is left out.
    """
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    sparse = _matrix(items, csr_matrix)
    counts = np.asarray((sparse > 0).sum(axis=0)).ravel()
    rows = np.flatnonzero(counts >= least)
    shared = sparse[:, rows]
    own = np.array(written, bool)
    real = csr_matrix((~own).astype("float64")).T
    parts = [shared, shared.multiply(real)] if own.any() and not own.all() else [shared]
    extra = dense if dense is not None else np.zeros((len(items), 0))
    matrix = hstack([*parts, csr_matrix(extra)]).tocsr()
    model = LogisticRegression(C=strength, max_iter=500, tol=1e-3)
    model.fit(matrix, np.array(labels), sample_weight=np.where(own, written_weight, 1.0))
    weights, bias = _per_class(model)
    width = len(rows)
    summed = sum(weights[:, start : start + width] for start in range(0, width * len(parts), width))
    return HashedClassifier(
        [str(label) for label in model.classes_],
        rows,
        np.asarray(summed, "float32").T,
        np.asarray(bias, "float32"),
        np.asarray(weights[:, width * len(parts) :], "float32").T,
    )


def fit_weighted(
    items: Sequence[Hashes],
    labels: Sequence[str],
    weights: Sequence[float],
    *,
    strength: float,
    least: int = 2,
    dense: NDArray[Any] | None = None,
    bits: int = BITS,
) -> HashedClassifier:
    """Fit a classifier to items of which each counts its weight; there are two to the ``bits`` buckets.

    ``dense`` holds a row of numbers per item. A feature in fewer than ``least`` items is left out.
    """
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    sparse = _matrix(items, csr_matrix, bits)
    rows = np.flatnonzero(np.asarray(sparse.sum(axis=0)).ravel() >= least)
    matrix = sparse[:, rows].astype("float32")
    if dense is not None:
        matrix = hstack([matrix, csr_matrix(dense.astype("float32"))]).tocsr()
    model = LogisticRegression(C=strength, max_iter=_ROUNDS, tol=_TOLERANCE)
    model.fit(matrix, np.array(labels), sample_weight=np.asarray(weights))
    found, bias = _per_class(model)
    return HashedClassifier(
        [str(label) for label in model.classes_],
        rows,
        np.asarray(found[:, : len(rows)], "float32").T,
        np.asarray(bias, "float32"),
        np.asarray(found[:, len(rows) :], "float32").T,
        bits=bits,
    )


def _matrix(items: Sequence[Hashes], csr_matrix: Any, bits: int = BITS) -> Any:
    own = joined(items, bits)
    return csr_matrix((np.ones(len(own.numbers)), own.numbers, own.bounds), shape=(len(items), 1 << bits))


def _per_class(model: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return weights and bias with a row per class; for two classes scikit-learn keeps the second's alone."""
    if len(model.classes_) > 2:
        return model.coef_, model.intercept_
    return np.vstack([-model.coef_, model.coef_]) / 2, np.concatenate([-model.intercept_, model.intercept_]) / 2
