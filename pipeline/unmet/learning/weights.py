"""Weights on disk: compressed arrays of numbers and labels, read without executing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


def write_weights(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write ``arrays`` to ``path`` (.npz); its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save: Any = np.savez_compressed  # numpy 1 and 2 type its arguments differently
    save(path, **arrays)


def read_weights(path: Path) -> dict[str, NDArray[Any]]:
    """Read what :func:`write_weights` wrote; pickled objects are refused."""
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)
