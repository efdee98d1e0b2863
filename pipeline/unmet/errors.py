"""The errors that a user of the package can meet, all under one base class."""

from __future__ import annotations


class UnmetError(Exception):
    """Base of every error that ``unmet`` raises on purpose; its text is one line, fit for a terminal."""


class UnreadableLetterError(UnmetError):
    """The bytes hold no text that could be a letter: damaged, protected, empty, binary or scanned.

    ``path`` names the source as the caller gave it, ``reason`` says what is wrong and what to do. Neither
    ever quotes the letter.
    """

    def __init__(self, path: str, reason: str) -> None:
        # A file name may hold a line break; the message stays one line.
        shown = path.encode("unicode_escape").decode() if any(not c.isprintable() for c in path) else path
        super().__init__(f"{shown}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type[UnreadableLetterError], tuple[str, str]]:
        return type(self), (self.path, self.reason)


class KnowledgeError(UnmetError):
    """A data file under ``knowledge/`` is damaged or names a code that the taxonomy does not have."""
