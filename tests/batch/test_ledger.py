"""The ledger: what is committed is there, whatever happens; what is not, is not there at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from unmet.batch.jobs import Outcome
from unmet.batch.ledger import Ledger, LedgerError, has_unfinished_run, run_folder

SETTINGS = {"version of unmet": "1", "model": "abc"}


def read(number: int, **tally: int) -> Outcome:
    return Outcome(f"{number}.txt", f"{number:064}", "read", b'{"letter": %d}' % number, None, {"requests": 2, **tally})


def failed(name: str, sha256: str | None = None) -> Outcome:
    return Outcome(name, sha256, "failed", reason="is empty")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "results.jsonl"


@pytest.fixture
def ledger(output: Path) -> Iterator[Ledger]:
    with closing(Ledger(output, SETTINGS)) as opened:
        yield opened


def test_ledger_gives_back_what_was_committed_in_order(ledger: Ledger) -> None:
    ledger.commit([read(2), failed("x.txt", "f" * 64), read(1)])
    ledger.commit([Outcome("copy.txt", f"{1:064}", "duplicate", reason="1.txt")])
    ledger.commit([read(3, **{"warning layout.header_missing": 1})])
    assert list(ledger.records()) == [b'{"letter": 2}', b'{"letter": 1}', b'{"letter": 3}']
    assert [(row.path, row.state, row.reason) for row in ledger.files()] == [
        ("2.txt", "read", None),
        ("x.txt", "failed", "is empty"),
        ("1.txt", "read", None),
        ("copy.txt", "duplicate", "1.txt"),
        ("3.txt", "read", None),
    ]
    assert ledger.counts() == {"read": 3, "failed": 1, "duplicate": 1, "requests": 6, "warning layout.header_missing": 1}


def test_ledger_knows_letters_by_content(ledger: Ledger) -> None:
    ledger.commit([read(1), failed("x.txt", "f" * 64)])
    assert ledger.is_known("1.txt", f"{1:064}")
    assert ledger.is_known("x.txt", "f" * 64)
    assert not ledger.is_known("1.txt", "0" * 64)
    assert not ledger.is_known("2.txt", f"{1:064}")
    assert ledger.content_of("1.txt") == f"{1:064}"
    assert ledger.content_of("2.txt") is None
    first = ledger.settled(f"{1:064}")
    assert first is not None
    assert first.path == "1.txt"
    assert ledger.settled("f" * 64) is None  # what could not be read under one name may be read under another


def test_ledger_is_there_when_it_is_opened_again(output: Path) -> None:
    with closing(Ledger(output, SETTINGS)) as first:
        first.commit([read(1)])
    assert has_unfinished_run(output)
    with closing(Ledger(output, SETTINGS)) as second:
        assert list(second.records()) == [b'{"letter": 1}']
        second.commit([read(2)])
        assert len(list(second.records())) == 2
        second.finish()
    assert not has_unfinished_run(output)


def test_ledger_drops_what_a_killed_run_had_not_committed(output: Path) -> None:
    with closing(Ledger(output, SETTINGS)) as first:
        first.commit([read(1)])
    parts = run_folder(output) / "parts"
    (parts / "0000002.jsonl.gz").write_bytes(b"a part that the ledger was not told of")
    (parts / "0000003.jsonl.partial").write_bytes(b"half a part")
    with closing(Ledger(output, SETTINGS)) as second:
        second.commit([read(2)])
        assert list(second.records()) == [b'{"letter": 1}', b'{"letter": 2}']
    assert sorted(path.name for path in parts.iterdir()) == ["0000001.jsonl.gz", "0000002.jsonl.gz"]


def test_ledger_a_letter_that_can_be_opened_at_last_is_no_failure_any_more(ledger: Ledger) -> None:
    ledger.commit([failed("1.txt"), failed("2.txt")])
    ledger.commit([read(1), failed("2.txt")])
    assert [(row.path, row.state) for row in ledger.files()] == [("1.txt", "read"), ("2.txt", "failed")]
    assert (ledger.counts()["failed"], ledger.counts()["read"]) == (1, 1)


@pytest.mark.parametrize("other", [{"model": "other"}, {"version of unmet": "2"}, {"--with-text": "True"}])
def test_ledger_begun_with_other_settings_is_not_gone_on_with(output: Path, other: dict[str, str]) -> None:
    Ledger(output, SETTINGS).close()
    with pytest.raises(LedgerError, match=f"another {next(iter(other))}"):
        Ledger(output, {**SETTINGS, **other})


def test_ledger_is_open_for_one_run_at_a_time(ledger: Ledger, output: Path) -> None:
    with pytest.raises(LedgerError, match="another run is writing"):
        Ledger(output, SETTINGS)


def test_ledger_that_is_damaged_is_named(output: Path) -> None:
    run_folder(output).mkdir()
    (run_folder(output) / "ledger.sqlite").write_bytes(b"nothing of a database" * 100)
    with pytest.raises(LedgerError, match="damaged") as caught:
        Ledger(output, SETTINGS)
    assert str(run_folder(output)) in str(caught.value)


@pytest.mark.parametrize("damage", ["cut", "gone", "changed"])
def test_ledger_a_damaged_part_is_named(ledger: Ledger, output: Path, damage: str) -> None:
    ledger.commit([read(number) for number in range(50)])
    part = run_folder(output) / "parts" / "0000001.jsonl.gz"
    data = part.read_bytes()
    if damage == "gone":
        part.unlink()
    else:
        part.write_bytes(data[:-9] if damage == "cut" else data[:60] + bytes([data[60] ^ 1]) + data[61:])
    with pytest.raises(LedgerError, match="is damaged") as caught:
        list(ledger.records())
    assert str(part) in str(caught.value)


def test_ledger_keeps_no_word_of_a_letter_outside_its_parts(ledger: Ledger, output: Path) -> None:
    ledger.commit([read(1)])
    ledger.close()
    assert b'"letter"' not in (run_folder(output) / "ledger.sqlite").read_bytes()


def test_ledger_a_commit_that_fails_leaves_nothing_of_it(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Ledger(output, SETTINGS)) as first:
        first.commit([read(1)])
        with pytest.raises(LedgerError, match="cannot be written"):
            first.commit([read(2), Outcome("3.txt", object(), "failed")])  # type: ignore[arg-type]
    with closing(Ledger(output, SETTINGS)) as second:
        assert list(second.records()) == [b'{"letter": 1}']
        assert [row.path for row in second.files()] == ["1.txt"]
        assert second.counts()["read"] == 1
