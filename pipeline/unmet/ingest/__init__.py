"""Bytes in, :class:`LetterText` out: one module per file format, one repair for all of them."""

from unmet.ingest.letter_text import LetterText, Source
from unmet.ingest.read import read_letter

__all__ = ["LetterText", "Source", "read_letter"]
