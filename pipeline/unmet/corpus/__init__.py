"""Annotated letters: stand-off rows, the letters they belong to, and what is done with both."""

from unmet.corpus.attach import AnnotatedLetter, attach
from unmet.corpus.rows import Row, read_rows, write_rows

__all__ = ["AnnotatedLetter", "Row", "attach", "read_rows", "write_rows"]
