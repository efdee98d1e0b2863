"""How far the confidence of criteria can be believed: the calibration error of a split, and its reliability diagram.

    python benchmarks/calibration.py [--split test] [--model FOLDER|rules] [--plot FILE.svg]

The diagram needs matplotlib (extra ``bench``). Only figures are shown, nothing of the letters.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from unmet.corpus.attach import attach
from unmet.corpus.from_record import row_of
from unmet.loading import load
from unmet.reading import determine
from unmet.training.calibration import calibration, claims_of
from unmet.training.evaluate import rows_of_split

if TYPE_CHECKING:
    from unmet.training.calibration import Calibration


def plot(found: Calibration, path: Path, title: str) -> None:
    """Write the reliability diagram; areas of the dots are the numbers of criteria."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.6), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.6", linestyle="--", linewidth=1)
    confidence, right = [one.confidence for one in found.bins], [one.right for one in found.bins]
    axes.plot(confidence, right, color="#1f4e79", linewidth=1)
    axes.scatter(confidence, right, s=[12 + 1.5 * one.claims for one in found.bins], color="#1f4e79", zorder=3)
    for one in found.bins:
        axes.annotate(str(one.claims), (one.confidence, one.right), xytext=(9, -9), textcoords="offset points", fontsize=8)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence of the record", ylabel="share of criteria that are right", title=title)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Print the bins and the error; write the diagram where one is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--split", default="development")
    parser.add_argument("--annotations", type=Path, default=Path("annotations"))
    parser.add_argument("--letters", type=Path, action="append", default=[])
    parser.add_argument("--model")
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    folders = [*given.letters, *([Path(os.environ["UNMET_LETTERS"])] if "UNMET_LETTERS" in os.environ else [])]
    nlp = load(given.model)
    claims = []
    letters = 0
    for one in attach(rows_of_split(given.annotations, "real.jsonl", given.split), folders):
        determination = determine(one.letter, nlp=nlp)
        claims += claims_of(one.row, row_of(determination, one.row.letter, one.collapsed), determination)
        letters += 1
    found = calibration(claims)
    print("confidence   right  criteria")
    for own in found.bins:
        print(f"{own.confidence:10.2f} {own.right:7.2f} {own.claims:9d}")
    print(f"calibration error {found.error:.3f} (95% interval over letters {found.low:.3f} to {found.high:.3f})")
    if given.plot:
        plot(found, given.plot, f"{len(claims)} criteria of {letters} letters\ncalibration error {found.error:.3f}")


if __name__ == "__main__":
    main()
