"""A tokenizer for letters: words, numbers and signs apart, so that any span a reader would mark has token bounds.

"10mg#60", "EMG/NCV", "L5-S1" and "9792.20f" are cut where letters, digits and signs meet. spaCy's own tokenizer
keeps such strings whole and is several times slower (``benchmarks/``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from spacy.tokens import Doc
from spacy.util import registry

from unmet.components import letter_layout  # noqa: F401 (where doc._.letter_text is made known)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from spacy.language import Language
    from spacy.vocab import Vocab

# A token and the blank after it; what is left of longer whitespace is a token of its own.
TOKEN = re.compile(r"([^\W\d_]+(?:['\u2019][^\W\d_]{1,2}(?![^\W\d_]))?|\d+(?:\.\d+)?|\s+|[^\w\s]|_)( ?)")
# The same in a text of ASCII alone, as nearly all letters are: its classes are found faster.
_ASCII_TOKEN = re.compile(r"([A-Za-z]+(?:'[A-Za-z]{1,2}(?![A-Za-z]))?|[0-9]+(?:\.[0-9]+)?|\s+|[^\w\s]|_)( ?)")


class LetterTokenizer:
    """Callable tokenizer; it has no state beyond the vocabulary, so nothing is written to disk."""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab

    def __call__(self, text: str) -> Doc:
        """Return a Doc over exactly ``text``; whitespace other than single blanks becomes tokens of its own."""
        pieces = (_ASCII_TOKEN if text.isascii() else TOKEN).findall(text)
        doc = Doc(self.vocab, words=[word for word, _ in pieces], spaces=[blank == " " for _, blank in pieces])
        doc._.letter_text = text
        return doc

    def to_bytes(self, **_: Any) -> bytes:
        """Return nothing: there is no state."""
        return b""

    def from_bytes(self, _data: bytes, **_kwargs: Any) -> LetterTokenizer:
        """Return the tokenizer as it is."""
        return self

    def to_disk(self, _path: str | Path, **_: Any) -> None:
        """Write nothing: there is no state."""

    def from_disk(self, _path: str | Path, **_: Any) -> LetterTokenizer:
        """Return the tokenizer as it is."""
        return self


@registry.tokenizers("unmet.LetterTokenizer.v1")  # type: ignore[untyped-decorator]
def create_letter_tokenizer() -> Callable[[Language], LetterTokenizer]:
    """Make the tokenizer factory that spaCy's config system asks for."""

    def create(nlp: Language) -> LetterTokenizer:
        return LetterTokenizer(nlp.vocab)

    return create
