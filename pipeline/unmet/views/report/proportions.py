"""Shares of requests with 95% intervals that know that the requests of one letter are alike.

Letters are what was sampled. The interval is Wilson's score interval (Wilson 1927; Newcombe 1998, method 3) on the number of
requests divided by the design effect of the letters: the variance of the share over letters (Cochran 1977, 3.34, without the
finite correction) by that of as many independent requests, at least 1. Where there are fewer than ten letters, or all requests
or none are hits, there is nothing to estimate that from, and each letter counts as one request. ``report.js`` does the same.
"""

from __future__ import annotations

from math import sqrt
from typing import Final, NamedTuple

_Z: Final = 1.959963984540054
_FEW: Final = 10


class Interval(NamedTuple):
    """Where the share of a larger sample is believed to lie."""

    low: float
    high: float


class Share(NamedTuple):
    """How many requests of how many are hits, and in how many letters they stand.

    ``squares`` is the sum over letters of hits squared, ``products`` of hits times requests, ``sizes`` of requests squared.
    """

    hits: int
    requests: int
    letters: int
    squares: int
    products: int
    sizes: int

    @property
    def value(self) -> float:
        """The share itself; 0 of nothing."""
        return self.hits / self.requests if self.requests else 0.0

    @property
    def interval(self) -> Interval | None:
        """Its 95% interval; None of nothing."""
        return wilson(self.value, self.effective) if self.requests else None

    @property
    def effective(self) -> float:
        """How many independent requests would tell as much."""
        if self.letters < _FEW or self.hits in (0, self.requests):
            return self.letters
        share = self.value
        spread = self.squares - 2 * share * self.products + share * share * self.sizes
        return self.requests / max(1.0, spread / (self.requests * share * (1 - share)))


def wilson(share: float, size: float) -> Interval:
    """Return Wilson's score interval of a share of ``size`` independent cases."""
    square = _Z * _Z / size
    middle = (share + square / 2) / (1 + square)
    half = _Z / (1 + square) * sqrt(share * (1 - share) / size + square / (4 * size))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))
