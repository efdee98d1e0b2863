"""What a change won and lost: the comparison of two results files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from unmet.errors import UnmetError
from unmet.reading import read
from unmet.record import Determination
from unmet.training import gains
from unmet.training.gains import Entry, LetterChange, compare, render_html, render_text


@pytest.fixture(scope="module")
def lines(samples: Path) -> list[bytes]:
    names = ("sample-multi-request.md", "sample-2013-notice.txt", "sample-overturned.html")
    return [read(samples / name).to_json() for name in names]


@pytest.fixture
def before(lines: list[bytes], tmp_path: Path) -> Path:
    return written(tmp_path / "before.jsonl", lines)


def written(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def test_gains_identical_files_have_none(before: Path, lines: list[bytes], tmp_path: Path) -> None:
    assert compare(before, before) == []
    assert compare(before, written(tmp_path / "after.jsonl", list(reversed(lines)))) == []
    assert render_text([]) == "0 letters changed\n"


def test_gains_two_empty_files_have_none(tmp_path: Path) -> None:
    assert compare(written(tmp_path / "a.jsonl", []), written(tmp_path / "b.jsonl", [])) == []


def test_gains_a_changed_record_has_won_and_lost(before: Path, lines: list[bytes], tmp_path: Path) -> None:
    changed = Determination.from_json(lines[0])
    was = changed.requests[0].decision
    changed.requests[0].decision = "overturned"
    after = written(tmp_path / "after.jsonl", [changed.to_json(), *lines[1:]])
    assert was == "upheld"
    (change,) = compare(before, after)
    assert change.letter == "sample-multi-request.md"
    title = changed.requests[0].title.text
    assert change.won == [Entry("request 1", "decision", "overturned", title)]
    assert change.lost == [Entry("request 1", "decision", "upheld", title)]
    (back,) = compare(after, before)
    assert (back.won, back.lost) == (change.lost, change.won)


def test_gains_sees_criteria_mentions_voices_and_header(before: Path, lines: list[bytes], tmp_path: Path) -> None:
    changed = Determination.from_json(lines[0])
    gone = changed.requests[0].criteria.pop(0)
    changed.mentions.pop(0)
    changed.sentences[-1].voice = "record" if changed.sentences[-1].voice != "record" else "reviewer"
    changed.case.case_number = None
    (change,) = compare(before, written(tmp_path / "after.jsonl", [changed.to_json(), *lines[1:]]))
    lost = {entry.kind.split(".")[0] for entry in change.lost}
    assert lost == {"criterion", "mention", "voice", "case"}
    assert any(gone.type in entry.value for entry in change.lost)


def test_gains_counts_what_stands_twice(before: Path, lines: list[bytes], tmp_path: Path) -> None:
    changed = Determination.from_json(lines[0])
    changed.mentions.append(changed.mentions[0])
    (change,) = compare(before, written(tmp_path / "after.jsonl", [changed.to_json(), *lines[1:]]))
    assert len(change.won) == 1
    assert change.lost == []


def test_gains_a_letter_in_one_file_only_is_all_won_or_all_lost(before: Path, lines: list[bytes], tmp_path: Path) -> None:
    after = written(tmp_path / "after.jsonl", lines[:-1])
    (change,) = compare(before, after)
    assert change.letter == "sample-overturned.html"
    assert change.lost
    assert change.won == []


def test_gains_offsets_alone_are_no_change(before: Path, lines: list[bytes], tmp_path: Path) -> None:
    changed = Determination.from_json(lines[0])
    for sentence in changed.sentences:
        sentence.start, sentence.end = sentence.start + 7, sentence.end + 7
    assert compare(before, written(tmp_path / "after.jsonl", [changed.to_json(), *lines[1:]])) == []


@pytest.mark.parametrize("damage", [b"{", b"", b"[]", b"\xff", b'{"schema_version": "0.1"}'])
def test_gains_a_damaged_line_is_named_with_its_file(before: Path, lines: list[bytes], tmp_path: Path, damage: bytes) -> None:
    after = written(tmp_path / "after.jsonl", [lines[0], damage, lines[1]])
    with pytest.raises(UnmetError) as caught:
        compare(before, after)
    assert str(after) in str(caught.value)
    assert "line 2" in str(caught.value)
    with pytest.raises(UnmetError, match="line 2"):
        compare(after, before)


def test_gains_a_missing_file_is_named(before: Path, tmp_path: Path) -> None:
    with pytest.raises(UnmetError) as caught:
        compare(before, tmp_path / "nowhere.jsonl")
    assert str(tmp_path / "nowhere.jsonl") in str(caught.value)


CHANGES = [
    LetterChange(
        "a<b>.pdf",
        [Entry("request 1", "criterion", "pain_relief unmet", "Relief of <script>alert(1)</script> & more.")],
        [Entry("", "mention.MEDICATION", "present", "Norco\n  10/325"), Entry("", "voice", "record", "x" * 300)],
    )
]


def test_gains_text_lists_won_and_lost_by_letter_and_totals() -> None:
    shown = render_text(CHANGES).splitlines()
    assert shown[0] == "a<b>.pdf"
    assert shown[1].startswith("  + request 1 · criterion · pain_relief unmet · Relief of")
    assert shown[2] == "  - mention.MEDICATION · present · Norco 10/325"
    assert len(shown[3]) < 150
    assert shown[4:] == ["1 letters changed", "  criterion: +1 -0", "  mention.MEDICATION: +0 -1", "  voice: +0 -1"]


def test_gains_html_escapes_what_letters_say() -> None:
    page = render_html(CHANGES, "<before>.jsonl", 'after"&.jsonl')
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more." in page
    assert "a&lt;b&gt;.pdf" in page
    assert "&lt;before&gt;.jsonl" in page
    assert "<before>" not in page


def test_gains_html_is_one_page_of_its_own() -> None:
    page = render_html(CHANGES, "a", "b")
    assert page.startswith("<!doctype html>")
    assert "http" not in page
    assert page.count('<li class="won">') == 1
    assert page.count('<li class="lost">') == 2


def test_gains_main_prints_the_list_and_writes_the_page(
    before: Path, lines: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    after, page = written(tmp_path / "after.jsonl", lines[:-1]), tmp_path / "gains.html"
    monkeypatch.setattr(sys, "argv", ["gains", str(before), str(after), "--html", str(page)])
    assert gains.main() == 0
    assert "1 letters changed" in capsys.readouterr().out
    assert "sample-overturned.html" in page.read_text(encoding="utf-8")


def test_gains_main_fails_in_one_line(
    before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gains", str(before), str(tmp_path / "nowhere.jsonl")])
    assert gains.main() == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
    assert "nowhere.jsonl" in shown.err
