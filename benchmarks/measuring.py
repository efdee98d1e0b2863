"""What the speed benchmarks share: one thread on one core, where the figures were measured, tables and JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")

# Read by the libraries of linear algebra when they are imported.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")


def pin(core: int | None = None) -> int | None:
    """Keep this process on one core, the first that it may use unless ``core`` is given; None where that cannot be done."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    chosen = min(os.sched_getaffinity(0)) if core is None else core
    os.sched_setaffinity(0, {chosen})
    return chosen


def machine() -> dict[str, Any]:
    """Return what figures depend on: processor, its load before measuring, Python and the versions of what was measured."""
    found: dict[str, Any] = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": [round(one, 2) for one in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
    }
    for package in ("unmet", "spacy", "medspacy", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the median of ``values``, the least and the greatest: how far they lie apart is the noise of the machine."""
    return {"median": median(values), "min": min(values), "max": max(values)}


def evenly(values: Sequence[T], count: int) -> list[T]:
    """Return ``count`` of ``values``, evenly spread, or all where there are no more."""
    step = max(1.0, len(values) / count)
    return [values[int(position * step)] for position in range(min(count, len(values)))]


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return ``rows`` under ``columns`` as lines of text, the first column flush left, the others flush right.

    A row may be shorter than ``columns``: its last cell then runs on, which is where a reason stands instead of figures.
    """
    full = [row for row in rows if len(row) == len(columns)]
    widths = [max(len(column), *(len(row[place]) for row in full), 0) for place, column in enumerate(columns)]
    widths[0] = max(len(columns[0]), *(len(row[0]) for row in rows), 0)
    lines = []
    for row in (columns, *rows):
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=False)]
        if len(row) < len(columns):
            cells[-1] = row[-1]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip())
    return "\n".join(lines)


def write_json(path: Path, measured: Mapping[str, Any]) -> None:
    """Write figures to ``path``, with what they depend on beside them."""
    path.write_text(json.dumps(measured, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
