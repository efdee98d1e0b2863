"""Which letters are worth annotating next: those the pipeline is least sure of, and those most unlike what is annotated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from unmet.record import Determination

_WORD = re.compile(r"[a-z]{3,}")


class Candidate(NamedTuple):
    """A letter, how unsure the pipeline is of it and how unlike the annotated ones it is, each 0 to 1."""

    letter: str
    doubt: float
    novelty: float

    @property
    def score(self) -> float:
        """The mean of the two, by which candidates are ranked."""
        return (self.doubt + self.novelty) / 2


def doubt(determination: Determination) -> float:
    """Return 1 minus the mean confidence of the criteria that carry the decisions; 1 where no criterion does."""
    sure = [max((one.confidence for one in request.criteria if one.decisive), default=0.0) for request in determination.requests]
    return 1 - sum(sure) / len(sure) if sure else 1.0


def vocabulary(determination: Determination) -> frozenset[str]:
    """Return the words of a determination's rationales and titles."""
    parts = [span.text for request in determination.requests for span in (request.title, request.rationale) if span]
    return frozenset(_WORD.findall(" ".join(parts).lower()))


def select(candidates: Iterable[tuple[str, Determination]], annotated: Iterable[Determination], count: int) -> list[Candidate]:
    """Return the ``count`` candidates to annotate next, best first; ties go by letter id.

    Each pick joins the annotated ones before the next is made, so that the list does not repeat itself.
    """
    known = [vocabulary(one) for one in annotated]
    pool = {letter: (doubt(one), vocabulary(one)) for letter, one in candidates}
    chosen: list[Candidate] = []
    while pool and len(chosen) < count:
        ranked = [Candidate(letter, unsure, _novelty(words, known)) for letter, (unsure, words) in pool.items()]
        best = min(ranked, key=lambda one: (-one.score, one.letter))
        chosen.append(best)
        known.append(pool.pop(best.letter)[1])
    return chosen


def _novelty(words: frozenset[str], known: list[frozenset[str]]) -> float:
    """Return 1 minus the greatest share of words that any annotated letter has in common (Jaccard index)."""
    if not words:
        return 1.0
    return 1 - max((len(words & other) / len(words | other) for other in known), default=0.0)
