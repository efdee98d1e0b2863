"""What a run shows of itself on a terminal: a bar with rate and remaining time, each letter that failed, a summary."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from unmet.errors import UnreadableLetterError

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path
    from types import TracebackType

    from unmet.batch.jobs import Outcome

# What a summary names even where there is none of it.
_ALWAYS = ("read", "failed", "not a determination", "requests")


class RunProgress:
    """Shows a run while it goes on. Nothing of a letter but its name and what became of it is ever shown."""

    def __init__(self, total: int | None) -> None:
        """``total`` is the number of letters, None where it is not known."""
        self.known = 0
        self._console = Console(stderr=True)
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
        # Where nobody watches, a bar would only leave marks in a log.
        self._bar = Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal)
        self._task = self._bar.add_task("reading", total=total, rate="")
        self._read = 0
        self._started = time.monotonic()

    def __enter__(self) -> RunProgress:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def tell(self, outcome: Outcome | None) -> None:
        """Show what became of the next letter; None for one that is in the results already."""
        if outcome is None:
            self.known += 1
            self._bar.advance(self._task)
            return
        self._read += 1
        rate = self._read / max(time.monotonic() - self._started, 1e-9)
        self._bar.update(self._task, advance=1, rate=f"{rate:.1f} letters/s")
        if outcome.state in ("failed", "quarantined"):
            error = UnreadableLetterError(outcome.name, outcome.reason or "")
            self._console.print(f"unmet: {error}", style=None, markup=False, highlight=False, soft_wrap=True)

    def summary(self, counts: Counter[str], output: Path) -> None:
        """Print what the results hold, of this run and of those that it went on with."""
        lines = [f"{name}: {counts[name]}" for name in _ALWAYS]
        lines += [f"{name}: {count}" for name, count in sorted(counts.items()) if count and name not in _ALWAYS]
        if self.known:
            lines.insert(1, f"of these read before: {self.known}")
        for line in [*lines, f"written: {output}"]:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
