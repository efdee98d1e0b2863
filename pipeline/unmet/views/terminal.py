"""Text for a terminal: what is to be seen goes in, a string comes out, with colour codes only where they are asked for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType


def printed(parts: Iterable[RenderableType], *, color: bool, width: int | None) -> str:
    """Return ``parts`` one under another in lines of ``width`` columns (the terminal's own if None)."""
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=color,
        color_system="auto" if color else None,
        no_color=not color,
        width=width,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    for part in parts:
        console.print(part)
    return buffer.getvalue()
