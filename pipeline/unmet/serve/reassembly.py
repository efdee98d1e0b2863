"""The letter of a record that was written without its text: put together from the spans of the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unmet.record import Determination, Span

_GAP = "[…]"


def reassembled(determination: Determination) -> str:
    """Return a text as long as the source, with every span of the record at its place; the rest is told by "[…]"."""
    size = determination.source.characters
    text: list[str | None] = [None] * size
    for span in _spans(determination):
        if 0 <= span.start <= span.end <= size and span.end - span.start == len(span.text):
            text[span.start : span.end] = span.text
    at = 0
    while at < size:
        if text[at] is not None:
            at += 1
            continue
        end = at
        while end < size and text[end] is None:
            end += 1
        text[at:end] = _filled(end - at)
        at = end
    return "".join(character or "" for character in text)


def _spans(determination: Determination) -> Iterator[Span]:
    yield from determination.sections
    yield from determination.sentences
    for mention in determination.mentions:
        yield mention.span
    for request in determination.requests:
        yield from (request.title, request.decision_span)
        yield from filter(None, (request.rationale, request.maximus.text, request.claims_administrator.text))


def _filled(length: int) -> str:
    """Line ends where little is missing, which is mostly what it was; spaces at a line's end take no room."""
    if length == 1:
        return " "
    if length < len(_GAP) + 4:
        return "\n".ljust(length - 1) + "\n"
    return f"\n{_GAP}".ljust(length - 1) + "\n"
