"""``unmet corpus agreement`` and ``unmet corpus select`` as a user runs them."""

from __future__ import annotations

import shutil
from pathlib import Path

from typer.testing import CliRunner
from unmet.cli import app
from unmet.corpus.rows import read_rows, write_rows

ANNOTATIONS = Path(__file__).parents[2] / "annotations"
LETTERS = ANNOTATIONS / "letters"


def run(*arguments: object) -> tuple[int, str, str]:
    """Run ``unmet corpus``; return exit status, standard output and standard error."""
    result = CliRunner().invoke(app, ["corpus", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_agreement_of_the_two_readings_is_what_agreement_md_reports() -> None:
    status, shown, _ = run("agreement", ANNOTATIONS / "first_reading.jsonl", ANNOTATIONS / "second_reading.jsonl")
    assert status == 0
    assert shown.split("\n", 1)[1].strip() in (ANNOTATIONS / "AGREEMENT.md").read_text(encoding="utf-8")


def test_agreement_of_a_reading_with_itself_is_perfect() -> None:
    first = ANNOTATIONS / "first_reading.jsonl"
    status, shown, _ = run("agreement", first, first)
    scores = [line.split()[-2] for line in shown.splitlines()[2:]]
    assert status == 0
    assert set(scores) == {"1.000"}


def test_agreement_of_readings_of_other_letters_is_refused() -> None:
    status, _, said = run("agreement", ANNOTATIONS / "first_reading.jsonl", ANNOTATIONS / "project.jsonl")
    assert status == 1
    assert "no letter in common" in said


def test_select_names_only_letters_without_annotations(tmp_path: Path) -> None:
    rows = list(read_rows(ANNOTATIONS / "project.jsonl"))
    paths = {path.stem: path for path in LETTERS.iterdir()}
    for row in rows[:6]:
        shutil.copy(paths[row.letter], tmp_path)
    annotated = tmp_path / "annotated.jsonl"
    write_rows(annotated, rows[:2])
    status, shown, _ = run("select", tmp_path, "--annotated", annotated, "-n", 3)
    names = [line.split()[-1] for line in shown.splitlines()[1:]]
    assert status == 0
    assert len(names) == 3
    assert set(names) <= {row.letter for row in rows[2:6]}


def test_select_leaves_out_what_it_cannot_read(tmp_path: Path) -> None:
    row = next(iter(read_rows(ANNOTATIONS / "project.jsonl")))
    annotated = tmp_path / "annotated.jsonl"
    write_rows(annotated, [row])
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "invoice.txt").write_text("Invoice for three boxes of paper, payable within a month.", encoding="utf-8")
    status, shown, said = run("select", tmp_path, "--annotated", annotated)
    assert status == 0
    assert shown == ""
    assert "annotated already" in said
    assert "empty.txt" in said
