"""Remarks on a letter as the components hand them on: plain values in ``doc._.remarks``, the warnings of the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from spacy.tokens import Doc

if TYPE_CHECKING:
    from collections.abc import Iterable

if not Doc.has_extension("remarks"):
    Doc.set_extension("remarks", default=None)


class Remark(TypedDict):
    """A warning in the making: stable ``code``, ``message`` for people, offsets into the text of the Doc."""

    code: str
    message: str
    start: int
    end: int


def add_remarks(doc: Doc, found: Iterable[Remark]) -> None:
    """Add ``found`` to the remarks of ``doc``."""
    doc._.remarks = [*(doc._.remarks or []), *found]


def remarks_of(doc: Doc) -> list[Remark]:
    """Return the remarks of ``doc``, in the order they were made."""
    return list(doc._.remarks or [])
