"""Reads Independent Medical Review determination letters and says which guideline criterion sank each request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unmet.loading import load
    from unmet.reading import read, read_many

__version__ = "0.1.0"
__all__ = ["__version__", "load", "read", "read_many"]


def __getattr__(name: str) -> Any:
    # spaCy takes half a second to import; "unmet --help" does not need it.
    if name == "load":
        from unmet.loading import load

        return load
    if name in ("read", "read_many"):
        from unmet import reading

        return getattr(reading, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
