"""``unmet read LETTER --format html``: one letter, one page, nothing written where the letter cannot be read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from unmet.cli import app


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["read", *(str(one) for one in arguments)])


@pytest.fixture
def letter(samples: Path) -> Path:
    return samples / "sample-2013-notice.txt"


def test_read_html_prints_or_writes_the_same_page(letter: Path, tmp_path: Path) -> None:
    printed = run(letter, "--format", "html")
    written = run(letter, "--format", "html", "-o", tmp_path / "letter.html")
    assert (printed.exit_code, written.exit_code) == (0, 0)
    assert written.stdout == ""
    assert printed.stdout.startswith("<!DOCTYPE html>")
    assert (tmp_path / "letter.html").read_text(encoding="utf-8") == printed.stdout


def test_read_html_has_the_text_without_being_asked(letter: Path) -> None:
    first = letter.read_text(encoding="utf-8").split("\n")[0]
    assert first in run(letter, "--format", "html").stdout
    assert run(letter, "--format", "html", "--with-text").stdout == run(letter, "--format", "html").stdout


def test_read_html_of_several_letters_is_refused_in_one_line(letter: Path, samples: Path, tmp_path: Path) -> None:
    result = run(letter, samples / "sample-overturned.html", "--format", "html", "-o", tmp_path / "letters.html")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "one letter" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_read_html_of_an_unreadable_letter_writes_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b"")
    result = run(empty, "--format", "html", "-o", tmp_path / "letter.html")
    assert result.exit_code == 1
    assert str(empty) in result.stderr
    assert list(tmp_path.iterdir()) == [empty]


def test_read_html_of_a_file_name_that_is_not_utf8(letter: Path, tmp_path: Path) -> None:
    name = os.path.join(os.fsencode(tmp_path), b"caf\xe9 <b>.txt")  # noqa: PTH118 - bytes are no Path
    Path(os.fsdecode(name)).write_bytes(letter.read_bytes())
    result = run(os.fsdecode(name), "--format", "html")
    assert result.exit_code == 0
    assert " &lt;b&gt;.txt</span>" in result.stdout
