"""Runs two versions of the pipeline over the same letters and lists what the change won and lost.

    python benchmarks/diff_rules.py BASE LETTERS [--out DIR]

BASE is a git revision; the second version is the working tree. Writes DIR/gains.html and prints the list. Both
results hold words of the letters: DIR stays out of version control.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def read_with(package_root: Path, letters: list[str], output: Path) -> None:
    """Read the letters with the package under ``package_root``, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(package_root), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "unmet.cli", "batch", *letters, "-o", str(output)]
    finished = subprocess.run(command, env=environment, check=False)
    if finished.returncode == 2 or not output.exists():
        raise SystemExit(f"diff_rules: the version under {package_root} did not run")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("base", help="git revision to compare the working tree with")
    parser.add_argument("letters", nargs="+", help="letters or folders of letters")
    parser.add_argument("--out", type=Path, default=ROOT / "out", help="where results and the web page go")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    before, after = arguments.out / "before.jsonl", arguments.out / "after.jsonl"
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "base.tar"
        subprocess.run(["git", "-C", str(ROOT), "archive", "-o", str(archive), arguments.base, "pipeline"], check=True)
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        read_with(Path(folder) / "pipeline", arguments.letters, before)
    read_with(ROOT / "pipeline", arguments.letters, after)
    page = arguments.out / "gains.html"
    return subprocess.call([sys.executable, "-m", "unmet.training.gains", str(before), str(after), "--html", str(page)])


if __name__ == "__main__":
    raise SystemExit(main())
