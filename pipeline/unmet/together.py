"""Letters that are read together: each component reads all of them before the next one begins.

A component's code, tables and weights then stay in the processor's cache from letter to letter (``docs/speed.md``), and what
several components ask of a letter is kept for as many letters.
"""

from __future__ import annotations

from typing import Generic, TypeVar

LETTERS = 16

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The values that were added last, as many as letters are read together, by numbers."""

    def __init__(self) -> None:
        self._values: dict[int, Value] = {}

    def get(self, number: int) -> Value | None:
        """Return the value of ``number`` if it is kept."""
        return self._values.get(number)

    def add(self, number: int, value: Value) -> Value:
        """Keep ``value``, and return it."""
        for old in list(self._values)[: max(0, len(self._values) + 1 - LETTERS)]:
            self._values.pop(old, None)
        self._values[number] = value
        return value
