"""Where the time goes: every station is there, and the shares make up the whole."""

from pathlib import Path

import pytest
from budget import COLUMNS, rows_of, stations, summarize
from unmet.loading import load


def test_budget_times_every_station_of_a_letter_in_order(samples: Path) -> None:
    nlp = load("rules")
    ((seconds, words),) = stations(nlp, [(samples / "sample-multi-request.md").read_bytes()])
    assert list(seconds) == ["file to text", "tokens", *nlp.pipe_names, "record", "JSON"]
    assert all(value > 0 for value in seconds.values())
    assert words > 300


def test_budget_tells_what_grows_faster_than_the_text() -> None:
    rounds = [[{"steady": 0.001, "steep": 0.001}, {"steady": 0.002, "steep": 0.006}]] * 3
    summary = summarize(rounds, words=[500, 1000])
    assert summary["whole"]["ms_per_letter"] == pytest.approx(5)
    assert summary["steady"]["share"] + summary["steep"]["share"] == pytest.approx(1)
    assert summary["steady"]["long_ms_per_1000_words"] == pytest.approx(summary["steady"]["short_ms_per_1000_words"])
    assert summary["steep"]["long_ms_per_1000_words"] == pytest.approx(3 * summary["steep"]["short_ms_per_1000_words"])
    assert {len(row) for row in rows_of(summary)} == {len(COLUMNS)}


def test_budget_of_one_letter_has_no_shorter_half() -> None:
    [row, whole] = rows_of(summarize([[{"only": 0.001}]], words=[500]))
    assert row[0] == "only"
    assert whole[1:4] == ["1.00", "100.0%", "-"]
