"""The trained span categoriser, run forward in NumPy: what spaCy's own layers compute, without what training needs of them.

It reads the weights out of a trained pipeline (``MultiHashEmbed``, ``MaxoutWindowEncoder``, ``SpanCategorizer`` with
``mean_max_reducer``; ``configs/letters.cfg``) and gives the same scores but for rounding. Three things make it faster:

- the mixing layer after the embedding is linear in each attribute, so the tables are multiplied by it beforehand, and
  a token's vector is a sum of rows (which a caller may keep: it depends on nothing but the token's attributes);
- mean and maximum of a span come from sums and maxima that all spans share, not from a copy of its tokens;
- what a span's first and last token and its mean add to its hidden layer is computed once per token, not once per span.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from thinc.api import Model, NumpyOps

from unmet.learning.hashed import softmax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from spacy.language import Language

    Floats = NDArray[np.float32]

# The attributes of a token that are its word's, and those that the rules gave it (unmet.components.prose_view).
WORD_ATTRIBUTES = ("NORM", "SUFFIX", "SHAPE")
RULE_ATTRIBUTES = ("TAG", "LEMMA", "MORPH")
# So many spans are scored at once: a bound for memory, whatever the text.
_BLOCK = 4096
_EPSILON = np.float32(1e-8)


class SpanScorer:
    """The weights of a trained span categoriser, in the order in which they are used."""

    def __init__(self, spans: Language) -> None:
        """Take the weights of the components ``tok2vec`` and ``spancat`` of ``spans``.

        Raises ``ValueError`` where they are built of other layers than those that are computed here.
        """
        embedding = cast("Any", spans.get_pipe("tok2vec")).model
        reader = cast("Any", spans.get_pipe("spancat")).model
        if not (_is_known(embedding) and _is_known_reader(reader)):
            raise ValueError("the span categoriser is not built of the layers of configs/letters.cfg")
        tables, mixers, scales = (_named(embedding, name) for name in ("hashembed", "maxout", "layernorm"))
        windows, reducer, own_scale = mixers[1:], _named(reader, "maxout")[0], _named(reader, "layernorm")[0]
        mixer, bias = _pieces(mixers[0])
        width = tables[0].get_param("E").shape[1]
        # A row of the mixed tables for every row of the embedding's.
        self._tables = [
            one.get_param("E") @ mixer[:, number * width : (number + 1) * width].T for number, one in enumerate(tables)
        ]
        self._seeds = [int(one.attrs["seed"]) for one in tables]
        self._bias = bias
        self._mixed = _scale(scales[0])
        self._windows = [(*_pieces(one), *_scale(scale)) for one, scale in zip(windows, scales[1:], strict=True)]
        weights, self._reduced_bias = _pieces(reducer)
        last, first, mean, most = (weights[:, number * width : (number + 1) * width].T for number in range(4))
        self._of_tokens, self._most = np.hstack([mean, last, first]), np.ascontiguousarray(most)
        # The scale before the last layer becomes part of it.
        gain, shift = _scale(own_scale)
        output = _named(reader, "softmax")[0].get_param("W").T
        self._output = gain[:, None] * output
        self._output_bias = _named(reader, "softmax")[0].get_param("b") + shift @ output
        self._hash = NumpyOps().hash

    @property
    def width(self) -> int:
        """How many numbers a vector of :meth:`vectors` has."""
        return int(self._tables[0].shape[1])

    def vectors(self, keys: NDArray[np.uint64], attributes: Sequence[str]) -> Floats:
        """Return what the values ``keys`` of ``attributes`` (a column each) add to the mixing layer, a row per row of
        ``keys``. A row does not depend on the others."""
        first = (*WORD_ATTRIBUTES, *RULE_ATTRIBUTES).index(attributes[0])
        total = np.zeros((len(keys), self.width), "float32")
        for column in range(len(attributes)):
            table = self._tables[first + column]
            places = self._hash(np.ascontiguousarray(keys[:, column]), self._seeds[first + column]) % len(table)
            for number in range(places.shape[1]):
                total += table[places[:, number]]
        return total

    def scores(self, vectors: Floats, bounds: NDArray[np.int64]) -> Floats:
        """Return the probabilities of spans: a row per row of ``bounds`` (first token, token after the last), a column per
        label and one for none. ``vectors`` holds a row per token: the sum of what its attributes add."""
        if not len(bounds):
            return np.zeros((0, len(self._output_bias)), "float32")
        tokens = self._encoded(vectors)
        return np.concatenate([self._of_spans(tokens, bounds[at : at + _BLOCK]) for at in range(0, len(bounds), _BLOCK)])

    def _encoded(self, vectors: Floats) -> Floats:
        """Return the tokens with what stands around them."""
        depth = len(self._windows)
        width = len(self._mixed[0])
        count = len(vectors)
        # As in spaCy, the text stands between as many empty tokens as the layers look far.
        tokens = np.zeros((count + 2 * depth, width), "float32")
        tokens[depth : depth + count] = _normal(_best(vectors + self._bias, width), *self._mixed)
        window = np.zeros((len(tokens), 3 * width), "float32")
        for weights, bias, *scale in self._windows:
            window[1:, :width] = tokens[:-1]
            window[:, width : 2 * width] = tokens
            window[:-1, 2 * width :] = tokens[1:]
            hidden = window @ weights.T
            hidden += bias
            tokens += _normal(_best(hidden, width), *scale)
        return tokens[depth : depth + count]

    def _of_spans(self, tokens: Floats, bounds: NDArray[np.int64]) -> Floats:
        low, high = int(bounds[:, 0].min()), int(bounds[:, 1].max())
        tokens, starts, ends = tokens[low:high], bounds[:, 0] - low, bounds[:, 1] - low
        own = tokens @ self._of_tokens
        width = len(self._reduced_bias)
        # The mean's part is linear, so it comes from sums that all spans share.
        sums = _running(own[:, :width])
        hidden = sums.take(ends, axis=0)
        hidden -= sums.take(starts, axis=0)
        hidden /= (ends - starts).astype("float32")[:, None]
        hidden += _maxima(tokens, starts, ends) @ self._most
        hidden += own[:, width : 2 * width].take(ends - 1, axis=0)
        hidden += own[:, 2 * width :].take(starts, axis=0)
        hidden += self._reduced_bias
        reduced = _standardized(_best(hidden, len(self._output)))
        return softmax(reduced @ self._output + self._output_bias)


def _running(rows: Floats) -> Floats:
    """Return the sums of no row, the first, the first two, and so on; in steps that double (np.cumsum goes row by row)."""
    sums = np.zeros((len(rows) + 1, rows.shape[1]), "float32")
    sums[1:] = rows
    step = 1
    while step < len(sums):
        sums[step:] += sums[:-step]
        step *= 2
    return sums


def _maxima(tokens: Floats, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Floats:
    """Return the maxima over ``tokens[start:end]``: each of two stretches, as long as a power of two, that cover it."""
    powers = np.frexp((ends - starts).astype("float64"))[1] - 1
    found = np.empty((len(starts), tokens.shape[1]), "float32")
    level = tokens
    for power in range(int(powers.max()) + 1):
        chosen = np.flatnonzero(powers == power)
        if len(chosen):
            found[chosen] = np.maximum(
                level.take(starts.take(chosen), axis=0), level.take(ends.take(chosen) - (1 << power), axis=0)
            )
        step = 1 << power
        level = np.maximum(level[:-step], level[step:])
    return found


def _is_known(embedding: Model[Any, Any]) -> bool:
    windows = _named(embedding, "expand_window")
    return (
        [one.attrs["columns"] for one in _named(embedding, "extract_features")] == [[*WORD_ATTRIBUTES, *RULE_ATTRIBUTES]]
        and len(_named(embedding, "maxout")) == len(_named(embedding, "layernorm")) == len(windows) + 1
        and all(one.attrs["window_size"] == 1 for one in windows)
        and not _named(embedding, "static_vectors")
    )


def _is_known_reader(reader: Model[Any, Any]) -> bool:
    pooled = [one.name for one in reader.walk() if one.name.startswith("reduce_") and not one.layers]
    return pooled == ["reduce_last", "reduce_first", "reduce_mean", "reduce_max"] and [
        len(_named(reader, name)) for name in ("maxout", "layernorm", "softmax")
    ] == [1, 1, 1]


def _named(model: Model[Any, Any], name: str) -> list[Any]:
    return [one for one in model.walk() if one.name == name]


def _pieces(maxout: Any) -> tuple[Floats, Floats]:
    """Return weights and bias of a maxout layer with the first pieces of all outputs first, then the second ones."""
    weights, bias = maxout.get_param("W"), maxout.get_param("b")
    return np.ascontiguousarray(weights.transpose(1, 0, 2)).reshape(-1, weights.shape[2]), bias.T.reshape(-1).copy()


def _scale(norm: Any) -> tuple[Floats, Floats]:
    return norm.get_param("G"), norm.get_param("b")


def _best(hidden: Floats, width: int) -> Floats:
    best: Floats = hidden[:, :width]
    for at in range(width, hidden.shape[1], width):
        best = np.maximum(best, hidden[:, at : at + width])
    return best


def _normal(values: Floats, gain: Floats, bias: Floats) -> Floats:
    normal = _standardized(values)
    normal *= gain
    normal += bias
    return normal


def _standardized(values: Floats) -> Floats:
    count = np.float32(values.shape[1])
    centred = values - np.add.reduce(values, axis=1, keepdims=True) / count
    spread = np.einsum("ij,ij->i", centred, centred)[:, None] / count + _EPSILON
    centred *= 1 / np.sqrt(spread)
    return cast("Floats", centred)
