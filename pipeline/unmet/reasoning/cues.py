"""Cues: the words by which a reviewer says that a criterion is not satisfied, or is; and how far they reach."""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from unmet.components.rules import ignoring_case, union
from unmet.knowledge import load_yaml
from unmet.layout.literals import PatternTable
from unmet.reasoning.words import pattern
from unmet.together import LETTERS

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from unmet.components.rules import Found

_BASES = ("undocumented", "contradicted", "exceeded", "not_recommended", "met")
# Of two negative cues about as near, the first of these decides.
_PREFERENCE = {"exceeded": 0, "undocumented": 1, "contradicted": 2, "not_recommended": 3}
# What stands before a verdict is a reason only if it is about as long as a clause.
_REASON_LENGTH = 40  # characters
_ABOUT_AS_NEAR = 25  # characters


class Cue(NamedTuple):
    """A cue: its offsets, the basis of the taxonomy it gives (or "met"), and whether it reaches forward."""

    start: int
    end: int
    basis: str
    forward: bool


@cache
def _patterns() -> PatternTable:
    data = load_yaml("cues.yaml")
    return PatternTable({f"{side} {basis}": data[basis][side] for side in ("before", "after") for basis in _BASES}, ignoring_case)


# Rules and relation model ask for the same clauses of a letter; what was found is kept while it is read.
_KEPT = 64 * LETTERS


@lru_cache(maxsize=_KEPT)
def find_cues(text: str, start: int, end: int) -> tuple[Cue, ...]:
    """Return the cues in ``text[start:end]``, in reading order, without those that a longer one contains."""
    found = []
    for name, match in _patterns().finditer(text, start, end):
        side, basis = name.split()
        found.append(Cue(match.start(), match.end(), basis, side == "before"))
    return tuple(sorted(cue for cue in found if not any(_contains(other, cue) for other in found)))


def _contains(other: Cue, cue: Cue) -> bool:
    """Tell whether ``other`` says more than ``cue`` over the same words ("no documentation of" over "no")."""
    if other is cue or other.start > cue.start or cue.end > other.end:
        return False
    return (other.end - other.start, other.basis != "met") > (cue.end - cue.start, cue.basis != "met")


def governing(topic: Found, cues: Sequence[Cue]) -> Cue | None:
    """Return the cue that decides ``topic``: the nearest negative one that reaches it, else the nearest affirmative."""
    negative: list[tuple[int, Cue]] = []
    affirmative: list[tuple[int, Cue]] = []
    for cue in cues:
        inside = topic.start <= cue.start and cue.end <= topic.end
        reaches = inside or (cue.start <= topic.start if cue.forward else cue.end >= topic.end)
        if not reaches:
            continue
        gap = topic.start - cue.end if cue.forward else cue.start - topic.end
        distance = 0 if inside else max(0, gap)
        (affirmative if cue.basis == "met" else negative).append((distance, cue))
    if negative:
        return min(negative, key=lambda pair: (pair[0] // _ABOUT_AS_NEAR, _PREFERENCE[pair[1].basis]))[1]
    return min(affirmative)[1] if affirmative else None


@lru_cache(maxsize=_KEPT)
def clauses(text: str, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Cut ``text[start:end]`` into the clauses that a cue does not reach over."""
    bounds = [start]
    for match in _breaks().finditer(text, start, end):
        if match.start() - bounds[-1] > 12 and end - match.end() > 8:
            bounds.append(match.start())
    # "Although X was noted, there was no Y": the concession ends at its comma.
    opening = pattern("concession").match(text, start, end)
    if opening:
        bounds.append(opening.end())
    return tuple(pairwise(sorted({*bounds, end})))


@cache
def _breaks() -> re.Pattern[str]:
    return union(load_yaml("cues.yaml")["clause_breaks"])


@cache
def _conclusion() -> re.Pattern[str]:
    return union(load_yaml("cues.yaml")["conclusion"])


@lru_cache(maxsize=_KEPT)
def only_concludes(words: str) -> bool:
    """Tell a pure conclusion from one that gives its reason ("Given the lack of red flags, the request is not ...")."""
    if not _conclusion().search(words):
        return False
    if pattern("refers_back").match(words):
        return True
    opening = pattern("sums_up").match(words)
    if opening and not pattern("because").search(words, opening.end()):
        return True
    reason = pattern("reason").match(words)
    if reason is not None and "," in words[: reason.end() + 1] and find_cues(words, 0, reason.end()):
        return False
    verdict = _verdict().search(words)
    return verdict is None or verdict.start() < _REASON_LENGTH or not denies(words, 0, verdict.start())


@cache
def _verdict() -> re.Pattern[str]:
    return union(load_yaml("cues.yaml")["verdict"])


@lru_cache(maxsize=_KEPT)
def reason_end(text: str, start: int, end: int) -> int:
    """Return where the reason of ``text[start:end]`` ends and its verdict begins; ``end`` where that cannot be told."""
    verdict = _verdict().search(text, start, end)
    if verdict is None or verdict.start() - start < _REASON_LENGTH or pattern("because").search(verdict[0]):
        return end
    return verdict.start() if denies(text, start, verdict.start()) else end


def denies(text: str, start: int, end: int) -> bool:
    """Tell whether ``text[start:end]`` holds a negative cue."""
    return any(cue.basis != "met" for cue in find_cues(text, start, end))


@lru_cache(maxsize=_KEPT)
def turn(text: str, start: int, end: int) -> int:
    """Return where a sentence that opens with a guideline's rule ("While page 53 of the MTUS notes ..., here, however")
    turns to the case; ``start`` where it does not open so."""
    if not pattern("rule_first").match(text, start, end):
        return start
    match = pattern("turn").search(text, start + 20, end)
    return match.end() if match else start
