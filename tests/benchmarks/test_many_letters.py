"""Many letters from a few: the same every time, no two alike, and still letters."""

import hashlib
import re
import sys
from pathlib import Path

import many_letters
import pytest
from many_letters import Frame, Maker, Part, frames_of, write_letters
from unmet.reading import read

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def frames(samples: Path) -> list[Frame]:
    names = ("sample-multi-request.md", "sample-2013-notice.txt", "sample-early-2014.pdf", "drugs-01.txt", "therapy-02.txt")
    return list(frames_of(samples / name for name in names))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_many_letters_same_arguments_give_the_same_files(frames: list[Frame], tmp_path: Path) -> None:
    for folder, count, seed in (("a", 12, 3), ("b", 12, 3), ("fewer", 5, 3), ("other", 12, 4)):
        write_letters(Maker(frames, seed), count, tmp_path / folder)
    written = contents(tmp_path / "a")
    assert len(written) == 12
    assert contents(tmp_path / "b") == written
    assert list(contents(tmp_path / "fewer").items()) == list(written.items())[:5]
    assert contents(tmp_path / "other") != written


def test_many_letters_all_differ_and_bring_new_words(frames: list[Frame], tmp_path: Path) -> None:
    write_letters(Maker(frames, 0), 200, tmp_path / "many")
    texts = list(contents(tmp_path / "many").values())
    assert len({hashlib.sha256(text).hexdigest() for text in texts}) == 200
    first, all_words = (set(b" ".join(some).split()) for some in (texts[:100], texts))
    assert len(all_words) > 1.1 * len(first)


def test_many_letters_are_read_as_determinations(frames: list[Frame], tmp_path: Path) -> None:
    write_letters(Maker(frames, 0), len(frames), tmp_path / "many")
    for path in (tmp_path / "many").rglob("*.txt"):
        found = read(path, model="rules")
        assert found.layout.is_determination
        assert found.requests
        assert all(one.rationale for one in found.requests)


def test_many_letters_change_numbers_and_keep_how_they_are_written() -> None:
    text = (
        "Case CM99-0123456 of 03/07/2016: a 52 year old, pain 7/10, Norco 10 mg #60, 1-2-16, L4-5, section 9792.24.2, 40% better."
    )
    other = Maker([Frame(text, [])], 1).letter(0)
    assert other != text
    shape = (
        r"Case CM99-\d{7} of \d\d/\d\d/\d{4}: a \d\d year old, pain \d{1,2}/10, Norco \d+ mg #\d+, \d{1,2}-\d{1,2}-\d\d, L4-5, "
        r"section 9792\.24\.2, \d\d% better\."
    )
    assert re.fullmatch(shape, other)


def test_many_letters_exchange_rationales_of_one_family_only() -> None:
    frames = [
        Frame("One: opioid words.", [Part(5, 17, "opioid")]),
        Frame("Two: other words.", [Part(5, 16, "opioid")]),
        Frame("Three: massage.", [Part(7, 14, "massage")]),
    ]
    made = {Maker(frames, seed).letter(0) for seed in range(20)}
    assert made == {"One: opioid words.", "One: other words."}


def test_many_letters_that_cannot_differ_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only 1 different letters"):
        write_letters(Maker([Frame("No number here.", [])], 0), 2, tmp_path / "many")


@pytest.mark.parametrize(("folder", "reason"), [(ROOT / "out" / "many", "in the repository"), (None, "not empty")])
def test_many_letters_write_to_a_new_folder_outside_the_repository(
    folder: Path | None, reason: str, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there.txt").write_text("something")
    arguments = ["many_letters", str(samples / "drugs-01.txt"), "-n", "2", "-o", str(folder or tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit, match=reason):
        many_letters.main()
    assert not (ROOT / "out" / "many").exists()
