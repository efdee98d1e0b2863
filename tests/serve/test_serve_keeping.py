"""Letters kept on request: appended once, never into a file that is damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from unmet.batch.jobs import Outcome
from unmet.record import Determination
from unmet.results.errors import ResultsError
from unmet.results.read import read_results
from unmet.serve.keeping import Keeper


def test_keeping_adds_a_letter_once(read_sample: Callable[..., Outcome], tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    record = read_sample("", b"").record
    for _ in range(2):  # also when the server is started again
        keeper = Keeper(path)
        for _ in range(2):
            keeper.add(Determination.from_json(record).source.sha256, record)
    (kept,) = read_results(path)
    assert kept.text
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "content"), [("kept.csv", b""), ("kept.jsonl", b"{}\n"), ("kept.jsonl", b'{"schema_ver'), ("no/kept.jsonl", None)]
)
def test_keeping_refuses_a_file_that_will_not_do(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ResultsError, match=path.name):
        Keeper(path)
    if content is not None:
        assert path.read_bytes() == content


def test_keeping_refuses_a_file_without_its_last_line_end(read_sample: Callable[..., Outcome], tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_bytes(read_sample("", b"").record)
    with pytest.raises(ResultsError, match="whole line"):
        Keeper(path)


def test_keeping_is_told_of_letters_that_are_dropped(
    start: Callable, tmp_path: Path, read_sample: Callable[..., Outcome]
) -> None:
    path = tmp_path / "kept.jsonl"
    client = start(answers=read_sample, keep_in=path)
    assert "are added to the file" in client.get("/").text
    assert client.post("/api/read", content=b"x").status_code == 200
    assert len(list(read_results(path))) == 1


def test_keeping_nothing_is_written_without_being_asked(
    start: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_sample: Callable[..., Outcome]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    client = start(answers=read_sample)
    assert client.post("/letters", files={"letter": ("a.txt", b"x" * 5_000_000)}, follow_redirects=False).status_code == 303
    assert "Nothing is written to disk" in client.get("/").text
    assert list(tmp_path.iterdir()) == []
