"""Where letters come from: each kind of input, its order, and what is damaged in it."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.batch.sources import Source, SourceError, count_of, fetch, sources, walk
from unmet.errors import UnreadableLetterError

LIMIT = 1 << 20


def found(*inputs: str | Path, limit: int = LIMIT) -> list[Source]:
    return list(sources([str(given) for given in inputs], limit))


def contents(*inputs: str | Path) -> list[tuple[str, bytes | str]]:
    return [(one.name, one.error or (one.data if one.url is None else fetch(one.url, LIMIT)) or b"") for one in found(*inputs)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "letters"
    for name in ("z.PDF", "a.docx", "sub/m.htm", "sub/skip.xlsx", ".git/x.txt", "readme.md", "sub/.hidden.txt", "B.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def test_sources_a_folder_is_searched_in_sorted_order(folder: Path) -> None:
    names = [str(folder / name) for name in ("B.txt", "a.docx", "sub/m.htm", "z.PDF")]
    assert [one.name for one in found(folder)] == names
    assert [str(path) for path in walk(folder)] == names
    assert count_of([str(folder)]) == 4


def test_sources_a_file_is_taken_whatever_its_name(folder: Path) -> None:
    path = folder / "sub" / "skip.xlsx"
    assert contents(path, path) == [(str(path), b"sub/skip.xlsx")] * 2


def test_sources_a_glob_is_sorted_and_may_go_down(folder: Path) -> None:
    assert [Path(one.name).name for one in found(folder / "*.[tP]*")] == ["B.txt", "z.PDF"]
    assert [Path(one.name).name for one in found(folder / "**/*.htm")] == ["m.htm"]
    assert count_of([str(folder / "*.[tP]*")]) == 2


def test_sources_a_file_whose_name_looks_like_a_glob(tmp_path: Path) -> None:
    path = tmp_path / "letter [1].txt"
    path.write_bytes(b"x")
    assert contents(path) == [(str(path), b"x")]


@pytest.mark.parametrize("given", ["empty", "*.nothing"])
def test_count_of_refuses_what_holds_no_letters(given: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"holds no letters|matches no file") as caught:
        count_of([str(tmp_path / given)])
    assert given in str(caught.value)


@pytest.mark.parametrize("name", ["letters.zip", "letters.tar.gz", "letters.tgz", "letters.tar", "LETTERS.ZIP"])
def test_sources_an_archive_gives_its_letters_in_its_order(name: str, tmp_path: Path) -> None:
    members = {"b/2.txt": b"two", "readme.md": b"", "a/1.pdf": b"one", "__MACOSX/a/1.pdf": b"", "a/x.csv": b"", "a/.x.txt": b""}
    path = (zipped if name.lower().endswith("zip") else tarred)(tmp_path / name, members)
    assert contents(path) == [(f"{path}/b/2.txt", b"two"), (f"{path}/a/1.pdf", b"one")]


@pytest.mark.parametrize("name", ["letters.zip", "letters.tar.gz"])
def test_sources_a_damaged_archive_is_named_and_what_precedes_it_goes_on(name: str, tmp_path: Path, folder: Path) -> None:
    members = {f"{number}.txt": bytes([number]) * 5000 + str(hash(number)).encode() for number in range(60)}
    path = (zipped if name.endswith("zip") else tarred)(tmp_path / name, members)
    path.write_bytes(path.read_bytes()[:-200])
    outcome = found(path, folder / "B.txt")
    assert outcome[-1].name == str(folder / "B.txt")
    assert "damaged" in str(outcome[-2].error)
    assert outcome[-2].name == str(path)


def test_sources_one_damaged_member_does_not_stop_the_rest(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"1.txt": b"first" * 50, "2.txt": b"second" * 50})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("1.txt").header_offset + 35
    data[start : start + 10] = b"\xff" * 10
    path.write_bytes(data)
    first, second = contents(path)
    assert "unpacked" in str(first[1])
    assert second[1] == b"second" * 50


def test_sources_an_archive_without_letters_says_so(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"x.csv": b""})
    assert contents(path) == [(str(path), "holds no letters")]


def test_sources_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"1.txt": bytes(300 << 20), "2.txt": b"small"})
    tracemalloc.start()
    outcome = contents(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome == [(f"{path}/1.txt", "is larger than 1 MB; a letter is far smaller"), (f"{path}/2.txt", b"small")]
    assert peak < 30 << 20


@pytest.mark.parametrize("name", ["letters.jsonl", "letters.jsonl.gz"])
def test_sources_json_lines_by_id_or_line(name: str, tmp_path: Path) -> None:
    lines = [
        json.dumps({"text": "one", "id": "IMR-1", "more": 1}),
        "",
        json.dumps({"text": "twö", "id": 7}),
        json.dumps({"text": "three"}),
        json.dumps({"other": "x"}),
        "no json",
        json.dumps({"text": "x" * 2 * LIMIT}),
        json.dumps({"text": "last"}),
    ]
    path = tmp_path / name
    data = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    bad = 'is no line of JSON with "text" (and perhaps "id")'
    assert contents(path) == [
        (f"{path}#IMR-1", b"one"),
        (f"{path}#7", "twö".encode()),
        (f"{path}:4", b"three"),
        (f"{path}:5", bad),
        (f"{path}:6", bad),
        (f"{path}:7", "is larger than 1 MB; a letter is far smaller"),
        (f"{path}:8", b"last"),
    ]


@pytest.mark.parametrize("name", ["nowhere.zip", "nowhere.tar.gz", "nowhere.jsonl", "no.jsonl.gz"])
def test_sources_an_archive_that_is_not_there_is_a_letter_that_failed(name: str, tmp_path: Path) -> None:
    [(shown, error)] = contents(tmp_path / name)
    assert shown == str(tmp_path / name)
    assert "no such file" in str(error).lower()


def standard_input(data: bytes, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes | str]]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    return contents("-")


def test_sources_standard_input_with_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = f"{folder / 'B.txt'}\n\n{folder / 'sub'}\n".encode()
    assert standard_input(data, monkeypatch) == [
        (str(folder / "B.txt"), b"B.txt"),
        (str(folder / "sub/m.htm"), b"sub/m.htm"),
    ]


def test_sources_standard_input_with_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    assert standard_input(b'\n{"text": "one"}\n{"text": "two", "id": "b"}', monkeypatch) == [
        ("stdin:1", b"one"),
        ("stdin#b", b"two"),
    ]


def test_sources_empty_standard_input_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert standard_input(b"", monkeypatch) == []


def test_sources_addresses_of_an_object_store() -> None:
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    for name in ("/letters/b.txt", "/letters/a.txt", "/letters/x.csv"):
        store.pipe(name, name.encode())
    assert contents("memory://letters") == [(f"memory:///letters/{n}.txt", f"/letters/{n}.txt".encode()) for n in "ab"]
    assert contents("memory://letters/b*") == [("memory:///letters/b.txt", b"/letters/b.txt")]
    with pytest.raises(UnreadableLetterError, match="larger"):
        fetch("memory://letters/a.txt", 3)
    with pytest.raises(UnreadableLetterError, match="cannot be opened"):
        fetch("memory://letters/nowhere.txt", 3)
    with pytest.raises(SourceError, match="nosuch"):
        list(sources(["nosuch://bucket/a.pdf"], LIMIT))


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.jsonl", "-"])
def test_count_of_does_not_read_what_must_be_unpacked_to_be_counted(name: str, tmp_path: Path) -> None:
    assert count_of([str(tmp_path / name) if name != "-" else name]) is None


@given(st.binary(max_size=2000), st.sampled_from([".zip", ".tar", ".tar.gz", ".jsonl", ".jsonl.gz"]))
def test_sources_any_bytes_under_any_name_raise_nothing(data: bytes, ending: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"letters{ending}"
        path.write_bytes(data)
        for one in found(path):
            assert (one.error is None) != (one.data is None)
