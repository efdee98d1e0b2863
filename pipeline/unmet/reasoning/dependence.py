"""What a request depends on: another request of the letter, or the same test done before."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from unmet.reasoning.words import families, pattern

if TYPE_CHECKING:
    from unmet.components.mentions import Mention
    from unmet.layout.model import RequestParts
    from unmet.reasoning.findings import Argument

# A rationale that only passes the denial on is this short; a longer one argues for itself.
_SHORT = 3


class Inheritance(NamedTuple):
    """The index of the request that this one falls with (None if none is found), and the sentence that says so."""

    parent: int | None
    sentence: int


def inheritance(argument: Argument, requests: tuple[RequestParts, ...], family_of: dict[int, str]) -> Inheritance | None:
    """Return what an upheld request inherits its denial from, or None where it is denied for reasons of its own."""
    if not argument.upheld or not argument.sentences:
        return None
    text, request = argument.text, argument.request
    ancillary = bool(pattern("ancillary").search(text[slice(*request.title)]))
    if not ancillary and len(argument.sentences) > _SHORT:
        return None
    upheld = [other for other in requests if other.index != request.index and other.decision == "upheld"]
    if not upheld and not ancillary:
        return None
    for index, sentence in enumerate(argument.sentences):
        words = text[sentence["start"] : sentence["end"]]
        if pattern("inherits").search(words) and pattern("denial").search(words):
            parents = [other for other in upheld if not pattern("ancillary").search(text[slice(*other.title)])]
            surgeries = [other for other in parents if family_of.get(other.index) in families("surgeries")]
            return Inheritance(_nearest(surgeries or parents, request.index), index)
    return None


def _nearest(candidates: list[RequestParts], index: int) -> int | None:
    """Return the last candidate printed before request ``index``, else the first after it."""
    before = [other.index for other in candidates if other.index < index]
    return before[-1] if before else next((other.index for other in candidates), None)


def done_before(argument: Argument, mentions: list[Mention]) -> list[int]:
    """Return the sentences (indices) of a rationale that say the same test, of the same body part, was done already."""
    rationale, title = argument.request.rationale, argument.request.title
    if argument.family not in families("tests") or rationale is None or not argument.upheld:
        return []
    procedures = [one for one in mentions if one["label"] == "PROCEDURE"]
    item = next((one for one in procedures if title[0] <= one["start"] < title[1]), None)
    if item is None:
        return []
    places = [
        one["start"]
        for one in procedures
        if rationale[0] <= one["start"] < rationale[1]
        and one["voice"] in ("reviewer", "record")
        and _same_test(one, item)
        and pattern("done_before").search(argument.text, max(rationale[0], one["start"] - 60), min(one["end"] + 60, rationale[1]))
    ]
    return [
        index
        for index, sentence in enumerate(argument.sentences)
        if any(sentence["start"] <= place < sentence["end"] for place in places)
    ]


def _same_test(one: Mention, item: Mention) -> bool:
    parts, own = set(item["attributes"].get("body_part", ())), set(one["attributes"].get("body_part", ()))
    return one["attributes"].get("canonical") == item["attributes"].get("canonical") and (not own or bool(parts & own))
