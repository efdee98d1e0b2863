"""The command line as a user meets it: formats, order, exit status, what goes to which stream, and files written whole."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import unmet.assemble
import unmet.reading
from typer.testing import CliRunner
from unmet import __version__
from unmet.cli import app, letters_in
from unmet.ingest import LetterText
from unmet.record import SCHEMA_VERSION, Determination

COMMAND = [sys.executable, "-m", "unmet.cli"]
# Words that stand in no message of ours: where they show up, a letter's words have leaked.
SECRET = "zebrawood marzipan"


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def process(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False, **options)


@pytest.fixture
def letter(samples: Path) -> Path:
    return samples / "sample-2013-notice.txt"


@pytest.fixture
def other(samples: Path) -> Path:
    return samples / "sample-overturned.html"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    path = tmp_path / "empty.txt"
    path.write_bytes(b"")
    return path


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text(f"Please water the {SECRET} while I am away.\n")
    return path


# --- read: formats -------------------------------------------------------------------------------------------------


def test_cli_read_prints_one_json_line_per_file_in_input_order(letter: Path, other: Path) -> None:
    result = run("read", other, letter, other, "--format", "jsonl")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [Determination.from_json(line).source.path for line in lines] == [str(other), str(letter), str(other)]
    assert result.stderr == ""


def test_cli_read_default_in_a_pipe_is_jsonl(letter: Path, other: Path) -> None:
    done = process("read", letter, other)
    assert done.returncode == 0
    assert [json.loads(line)["source"]["path"] for line in done.stdout.splitlines()] == [str(letter), str(other)]
    assert done.stderr == ""


def test_cli_read_default_on_a_terminal_is_the_table(letter: Path) -> None:
    parent, child = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen([*COMMAND, "read", str(letter)], stdout=child, stderr=subprocess.PIPE, env=environment) as running:
        os.close(child)
        shown = b""
        while True:
            try:
                piece = os.read(parent, 65536)
            except OSError:  # Linux says so when the other end is closed
                break
            if not piece:
                break
            shown += piece
        assert running.wait(timeout=120) == 0
    os.close(parent)
    assert "UPHELD" in shown.decode()
    assert not shown.lstrip().startswith(b"{")


def test_cli_read_json_is_indented_and_the_same_record(letter: Path) -> None:
    shown, line = run("read", letter, "--format", "json"), run("read", letter, "--format", "jsonl")
    assert json.loads(shown.stdout) == json.loads(line.stdout)
    assert shown.stdout.count("\n") > 50


def test_cli_read_table_names_requests_and_decisions(letter: Path) -> None:
    result = run("read", letter, "--format", "table")
    assert result.exit_code == 0
    assert "UPHELD" in result.stdout
    assert "OVERTURNED" in result.stdout
    assert "\x1b" not in result.stdout


def test_cli_read_with_text_adds_the_text(letter: Path) -> None:
    record = json.loads(run("read", letter, "--with-text").stdout)
    assert record["text"] == letter.read_text(encoding="utf-8")
    assert not json.loads(run("read", letter).stdout).get("text")


def test_cli_read_a_folder_reads_its_letters_in_sorted_order(samples: Path, tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "notes.csv", ".hidden.txt", "README.md"):
        (tmp_path / name).write_bytes((samples / "sample-2013-notice.txt").read_bytes())
    result = run("read", tmp_path, "--format", "jsonl")
    assert [Path(json.loads(line)["source"]["path"]).name for line in result.stdout.splitlines()] == ["a.txt", "b.txt"]


def test_cli_read_a_named_file_whatever_its_ending(letter: Path, tmp_path: Path) -> None:
    path = tmp_path / "letter.dat"
    path.write_bytes(letter.read_bytes())
    result = run("read", path)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["layout"]["is_determination"] is True


# --- read: what cannot be read -------------------------------------------------------------------------------------


def test_cli_read_names_unreadable_files_on_stderr_and_reads_the_others(
    letter: Path, other: Path, empty: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "missing.pdf"
    result = run("read", letter, empty, missing, other, "--format", "jsonl")
    assert result.exit_code == 1
    assert [json.loads(line)["source"]["path"] for line in result.stdout.splitlines()] == [str(letter), str(other)]
    complaints = result.stderr.splitlines()
    assert len(complaints) == 2
    assert str(empty) in complaints[0]
    assert "empty" in complaints[0].replace(str(empty), "")
    assert str(missing) in complaints[1]
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("format", ["table", "json", "jsonl"])
def test_cli_read_prints_nothing_for_an_unreadable_file(format: str, empty: Path) -> None:
    result = run("read", empty, "--format", format)
    assert (result.exit_code, result.stdout) == (1, "")


def test_cli_read_exit_status_of_the_process(letter: Path, empty: Path) -> None:
    assert process("read", empty).returncode == 1
    assert process("read", letter, "--format", "parchment").returncode == 2


@pytest.mark.parametrize(
    "arguments", [["read"], ["read", "--format", "parchment", "x.txt"], ["read", "--nonsense"], ["unread"], []]
)
def test_cli_wrong_usage_is_exit_status_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == "" or "Usage" in result.stdout


def test_cli_read_what_is_no_determination_is_a_record_with_a_warning(note: Path) -> None:
    result = run("read", note, "--format", "jsonl")
    assert result.exit_code == 0
    record = json.loads(result.stdout)
    assert record["layout"]["is_determination"] is False
    assert record["warnings"][0]["code"] == "layout.not_a_determination"
    assert record["warnings"][0]["message"]


def test_cli_read_an_empty_folder_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "nothing"
    folder.mkdir()
    result = run("read", folder)
    assert result.exit_code in (1, 2)
    assert result.stdout == ""
    assert str(folder) in result.stderr
    assert ".pdf" in result.stderr


def test_cli_read_a_crash_is_reported_without_words_and_others_are_read(
    letter: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = unmet.assemble.assemble

    def crash(source: LetterText, *given: Any, **options: Any) -> Any:
        if source.source.path == str(letter):
            raise RuntimeError(SECRET)
        return whole(source, *given, **options)

    monkeypatch.setattr(unmet.assemble, "assemble", crash)
    result = run("read", letter, other, "--format", "jsonl")
    assert result.exit_code == 1
    assert [json.loads(line)["source"]["path"] for line in result.stdout.splitlines()] == [str(other)]
    assert str(letter) in result.stderr
    assert SECRET not in result.stderr


def test_cli_read_errors_quote_no_word_of_the_file(tmp_path: Path) -> None:
    words = SECRET.encode()
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n" + words * 20)
    (tmp_path / "b.pdf").write_bytes(words)
    (tmp_path / "c.docx").write_bytes(b"PK\x03\x04" + words * 20)
    (tmp_path / "d.txt").write_bytes(words + bytes(range(256)) * 40)
    (tmp_path / "e.txt").write_bytes(b"\xff\xfe" + words + b"\x00\xd8")
    with zipfile.ZipFile(tmp_path / "f.docx", "w") as archive:
        archive.writestr("word/document.xml", f"<w:document>{SECRET}")
        archive.writestr("[Content_Types].xml", f"<Types>{SECRET}")
    paths = sorted(tmp_path.iterdir())
    result = run("read", *paths, "--format", "jsonl")
    read = [json.loads(line)["source"]["path"] for line in result.stdout.splitlines()]
    assert result.exception is None or isinstance(result.exception, SystemExit)
    for path in paths:
        assert (str(path) in result.stderr) != (str(path) in read), path.name
    assert str(tmp_path / "a.pdf") not in read
    for word in SECRET.split():
        assert word not in result.stderr


def test_cli_read_a_file_name_that_is_not_utf8(letter: Path, tmp_path: Path) -> None:
    """Linux file names are bytes; old archives hold names in Latin-1."""
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    try:
        path.write_bytes(letter.read_bytes())
    except (OSError, UnicodeEncodeError):
        pytest.skip("this file system takes UTF-8 names only")
    result = run("read", path, letter, "--format", "jsonl")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert str(letter) in result.stdout


# --- read: writing to a file ---------------------------------------------------------------------------------------


def test_cli_read_output_file_holds_what_would_be_printed(letter: Path, other: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "records.jsonl"
    target.parent.mkdir()
    result = run("read", letter, other, "-o", target)
    assert (result.exit_code, result.stdout) == (0, "")
    assert target.read_text(encoding="utf-8") == run("read", letter, other, "--format", "jsonl").stdout
    assert [path.name for path in target.parent.iterdir()] == ["records.jsonl"]


def test_cli_read_output_table_has_no_colour(letter: Path, tmp_path: Path) -> None:
    target = tmp_path / "table.txt"
    assert run("read", letter, "--format", "table", "-o", target).exit_code == 0
    assert "UPHELD" in target.read_text(encoding="utf-8")
    assert b"\x1b" not in target.read_bytes()


def test_cli_read_output_appears_only_when_it_is_whole(letter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "records.jsonl"
    target.write_text("what was there before\n")
    seen: list[str] = []

    def watch(path: Path, **_: Any) -> Any:
        seen.append(target.read_text())
        if len(seen) == 2:
            raise KeyboardInterrupt
        return whole(path)

    whole = unmet.reading.read
    monkeypatch.setattr(unmet.reading, "read", watch)
    result = run("read", letter, letter, "-o", target)
    assert result.exit_code != 0
    assert seen == ["what was there before\n"] * 2
    assert target.read_text() == "what was there before\n"


@pytest.mark.parametrize("command", ["read", "batch"])
def test_cli_output_in_a_folder_that_is_not_there(command: str, letter: Path, tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "records.jsonl"
    result = run(command, letter, "-o", target)
    assert result.exit_code in (1, 2)
    assert str(target) in result.stderr
    assert isinstance(result.exception, SystemExit)


def test_cli_read_output_that_is_a_folder(letter: Path, tmp_path: Path) -> None:
    target = tmp_path / "records"
    target.mkdir()
    result = run("read", letter, "-o", target)
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code in (1, 2)
    assert str(target) in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["records"]


def test_cli_read_a_reader_that_stops_early_ends_it_quietly(letter: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "read", *[str(letter)] * 12, "--with-text"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        complaints = running.stderr.read()
        running.wait(timeout=120)
    assert b"Traceback" not in complaints
    assert b"Exception ignored" not in complaints


# --- batch ---------------------------------------------------------------------------------------------------------


def test_cli_batch_writes_jsonl_in_order_with_a_summary_on_stderr(letter: Path, other: Path, note: Path, tmp_path: Path) -> None:
    target = tmp_path / "records.jsonl"
    result = run("batch", other, note, letter, "-o", target)
    assert (result.exit_code, result.stdout) == (0, "")
    records = [Determination.from_json(line) for line in target.read_bytes().splitlines()]
    assert [record.source.path for record in records] == [str(other), str(note), str(letter)]
    requests = sum(len(record.requests) for record in records)
    for line in ("read: 3", "failed: 0", "not a determination: 1", f"requests: {requests}"):
        assert line in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["note.txt", "records.jsonl", "records.jsonl.run"]


def test_cli_batch_passes_over_the_unreadable_and_names_them(letter: Path, other: Path, empty: Path, tmp_path: Path) -> None:
    target = tmp_path / "records.jsonl"
    result = run("batch", letter, empty, other, "-o", target)
    assert result.exit_code == 1
    assert len(target.read_bytes().splitlines()) == 2
    assert str(empty) in result.stderr.replace("\n", "")
    assert "failed: 1" in result.stderr


def test_cli_batch_two_workers_write_what_one_writes(samples: Path, tmp_path: Path) -> None:
    paths = sorted(samples.glob("sample-*"))
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    assert run("batch", *paths, "-o", one).exit_code == 0
    assert run("batch", *paths, "-o", two, "--workers", 2).exit_code == 0
    assert one.read_bytes() == two.read_bytes()
    assert len(one.read_bytes().splitlines()) == len(paths)


@pytest.mark.parametrize("name", ["records.txt", "records", "records.json"])
def test_cli_batch_refuses_other_endings(name: str, letter: Path, tmp_path: Path) -> None:
    result = run("batch", letter, "-o", tmp_path / name)
    assert result.exit_code == 2
    assert ".jsonl" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--workers", "0"], ["--workers", "two"], []])
def test_cli_batch_wrong_usage(arguments: list[str], letter: Path, tmp_path: Path) -> None:
    output = ["-o", tmp_path / "records.jsonl"] if arguments else []
    assert run("batch", letter, *output, *arguments).exit_code == 2


def test_cli_batch_an_empty_folder_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "nothing"
    folder.mkdir()
    result = run("batch", folder, "-o", tmp_path / "records.jsonl")
    assert result.exit_code in (1, 2)
    assert str(folder) in result.stderr
    assert not (tmp_path / "records.jsonl").exists()


# --- the rest ------------------------------------------------------------------------------------------------------


def test_cli_letters_in_lists_files_as_given_and_folders_sorted(tmp_path: Path) -> None:
    for name in ("z.PDF", "a.docx", "sub/m.htm", "sub/skip.xlsx", ".git/x.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    named = tmp_path / "sub" / "skip.xlsx"
    assert letters_in([named, tmp_path]) == [named, *(tmp_path / name for name in ("a.docx", "sub/m.htm", "z.PDF"))]


def test_cli_info_shows_versions_and_where_things_are() -> None:
    result = run("info")
    assert result.exit_code == 0
    for words in (f"unmet {__version__}", f"schema {SCHEMA_VERSION}", "spacy", "unmet_layout", "unmet_relations"):
        assert words in result.stdout
    knowledge = next(line for line in result.stdout.splitlines() if line.startswith("knowledge: "))
    assert (Path(knowledge.removeprefix("knowledge: ")) / "taxonomy.yaml").is_file()


@pytest.mark.parametrize("arguments", [["--help"], ["read", "--help"], ["batch", "--help"], ["info", "--help"]])
def test_cli_help(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_cli_help_imports_neither_spacy_nor_numpy() -> None:
    code = (
        "import sys\n"
        "from unmet.cli import main\n"
        "sys.argv = ['unmet', 'read', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'spacy', 'numpy', 'pypdfium2', 'lxml'} & set(sys.modules)\n"
        "sys.exit(f'imported {sorted(heavy)}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage" in done.stdout
