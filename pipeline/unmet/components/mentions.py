"""Mentions as the components hand them on: plain values in ``doc._.mentions``, in the order they stand."""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from spacy.tokens import Doc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from unmet.components.sentences import Sentence

if not Doc.has_extension("mentions"):
    Doc.set_extension("mentions", default=None)

# Where mentions are looked for; form text and guideline lines hold none.
PROSE = frozenset(["case_summary", "request_title", "rationale"])


class Mention(TypedDict):
    """One mention: label and character offsets, what it means, who says so (``rule``) and how surely."""

    label: str
    start: int
    end: int
    attributes: dict[str, Any]
    assertion: str | None
    section_kind: str
    voice: str
    source: str
    rule: str
    confidence: float
    context: NotRequired[list[str]]  # ConText's categories, of medications and procedures
    disputed: NotRequired[bool]  # whether a title of the letter names the same drug or procedure


def add_mentions(doc: Doc, found: Iterable[Mention]) -> None:
    """Add ``found`` to the mentions of ``doc`` and keep them in the order they stand in the text."""
    doc._.mentions = sorted([*(doc._.mentions or []), *found], key=_place)


_place = itemgetter("start", "end", "label")


def prose_sentences(doc: Doc) -> Iterator[Sentence]:
    """Yield the sentences in which mentions are looked for: case summary, titles, rationales, no form text."""
    for sentence in doc._.sentences:
        if sentence["section_kind"] in PROSE and not (
            sentence["voice"] == "boilerplate" and sentence["section_kind"] != "request_title"
        ):
            yield sentence


def mention(
    label: str,
    sentence: Sentence,
    start: int,
    end: int,
    *,
    rule: str,
    attributes: dict[str, Any] | None = None,
    confidence: float = 0.9,
) -> Mention:
    """Make a mention found by the rule named ``rule`` in ``sentence``."""
    return Mention(
        label=label,
        start=start,
        end=end,
        attributes=attributes or {},
        assertion=None,
        section_kind=sentence["section_kind"],
        voice=sentence["voice"],
        source="rule",
        rule=rule,
        confidence=confidence,
    )


def without_overlaps(found: list[Mention]) -> list[Mention]:
    """Keep the longest of overlapping mentions of one label, the first of equally long ones."""
    if len(found) < 2:
        return found
    kept: list[Mention] = []
    taken: list[tuple[int, int]] = []
    for candidate in sorted(found, key=lambda m: (m["start"] - m["end"], m["start"])):
        own = (candidate["start"], candidate["end"])
        if free(own, taken):
            kept.append(candidate)
    return kept


def free(own: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    """Tell whether the offsets ``own`` overlap none of ``taken``, which are in order and overlap nowhere; add them if so."""
    place = bisect_left(taken, own)
    if (place and taken[place - 1][1] > own[0]) or (place < len(taken) and taken[place][0] < own[1]):
        return False
    taken.insert(place, own)
    return True
