"""Files in, records out: one by one, many in order, and what becomes of those that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
import unmet
import unmet.assemble
from unmet.errors import UnmetError, UnreadableLetterError
from unmet.ingest import LetterText, read_letter
from unmet.loading import load
from unmet.reading import determine, loaded, read, read_many


@pytest.fixture
def three(samples: Path) -> list[Path]:
    return [samples / "sample-overturned.html", samples / "sample-2013-notice.txt", samples / "sample-early-2014.pdf"]


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    path = tmp_path / "empty.txt"
    path.write_bytes(b"")
    return path


def test_reading_read_takes_a_string_or_a_path(samples: Path) -> None:
    path = samples / "sample-overturned.html"
    assert read(path).to_json() == read(str(path)).to_json() == unmet.read(path).to_json()


def test_reading_the_source_is_named_as_it_was_given(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(samples)
    assert read("sample-overturned.html").source.path == "sample-overturned.html"


def test_reading_the_same_letter_twice_gives_the_same_bytes(samples: Path) -> None:
    path = samples / "sample-multi-request.md"
    assert read(path, with_text=True).to_json() == read(path, with_text=True).to_json()


def test_reading_takes_the_pipeline_that_is_given(samples: Path) -> None:
    path = samples / "sample-overturned.html"
    assert read(path).model.name == "unmet_letters"
    assert read(path, model="rules").model.name == "unmet_rules"
    nlp = load("rules")
    nlp.meta["name"] = "of_my_own"
    assert determine(read_letter(path), nlp=nlp).model.name == "of_my_own"


def test_reading_loads_a_pipeline_once() -> None:
    assert loaded() is loaded()


def test_reading_read_raises_for_what_is_unreadable(empty: Path, tmp_path: Path) -> None:
    for path in (empty, tmp_path / "nowhere.txt", tmp_path):
        with pytest.raises(UnreadableLetterError) as caught:
            read(path)
        assert isinstance(caught.value, UnmetError)
        assert caught.value.path == str(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_reading_a_readable_file_that_is_no_determination_gives_a_record(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("Please water the plants while I am away.")
    determination = read(path)
    assert determination.layout.is_determination is False
    assert [warning.code for warning in determination.warnings] == ["layout.not_a_determination"]


def test_reading_many_gives_records_in_input_order(three: list[Path]) -> None:
    assert [one.source.path for one in read_many(three)] == [str(path) for path in three]
    assert [one.to_json() for one in read_many(three)] == [read(path).to_json() for path in three]


def test_reading_many_with_text(three: list[Path]) -> None:
    assert all(one.text for one in read_many(three, with_text=True))
    assert not any(one.text for one in read_many(three))


def test_reading_many_of_none_gives_none() -> None:
    assert list(read_many([])) == []


def test_reading_many_gives_errors_to_on_error_and_goes_on(three: list[Path], empty: Path) -> None:
    errors: list[UnreadableLetterError] = []
    found = list(read_many([three[0], empty, three[1]], on_error=errors.append))
    assert [one.source.path for one in found] == [str(three[0]), str(three[1])]
    assert [(error.path, type(error)) for error in errors] == [(str(empty), UnreadableLetterError)]


def test_reading_many_without_on_error_raises_when_the_turn_comes(three: list[Path], empty: Path) -> None:
    found = read_many([three[0], empty, three[1]])
    assert next(found).source.path == str(three[0])
    with pytest.raises(UnreadableLetterError):
        next(found)


def test_reading_many_is_lazy(three: list[Path]) -> None:
    def forever() -> object:
        while True:
            yield three[1]

    found = read_many(forever())  # type: ignore[arg-type]
    assert next(found).source.path == next(found).source.path == str(three[1])


def test_reading_many_with_two_workers_equals_one_byte_for_byte(three: list[Path], empty: Path, tmp_path: Path) -> None:
    paths = [*three, empty, tmp_path / "nowhere.pdf", *reversed(three)]
    results = []
    for workers in (1, 2):
        errors: list[UnreadableLetterError] = []
        lines = [one.to_json() for one in read_many(paths, workers=workers, with_text=True, on_error=errors.append)]
        results.append((lines, [(error.path, error.reason) for error in errors]))
    assert results[0] == results[1]
    assert [path for path, _ in results[0][1]] == [str(empty), str(tmp_path / "nowhere.pdf")]


def test_reading_many_reports_a_crash_and_goes_on(three: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = unmet.assemble.assemble

    def crash(letter: LetterText, *given: object, **options: object) -> object:
        if letter.source.path == str(three[1]):
            raise RuntimeError("the words of a letter")
        return whole(letter, *given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(unmet.assemble, "assemble", crash)
    errors: list[UnreadableLetterError] = []
    found = list(read_many(three, on_error=errors.append))
    assert [one.source.path for one in found] == [str(three[0]), str(three[2])]
    assert [error.path for error in errors] == [str(three[1])]
    assert "RuntimeError" in errors[0].reason
    assert "words" not in str(errors[0])


@pytest.mark.parametrize("workers", [0, -1])
def test_reading_many_refuses_less_than_one_worker(workers: int, three: list[Path]) -> None:
    with pytest.raises(ValueError, match="workers"):
        list(read_many(three, workers=workers))
