"""Tables and samples of the speed benchmarks."""

from measuring import evenly, spread, table


def test_table_aligns_figures_under_their_columns() -> None:
    lines = table(("pipeline", "ms"), [["short", "5.00"], ["a longer name", "120.00"]]).splitlines()
    assert lines == ["pipeline           ms", "short            5.00", "a longer name  120.00"]


def test_table_lets_a_reason_run_on_without_widening_the_columns() -> None:
    lines = table(("pipeline", "ms", "MB"), [["one", "5.0", "90"], ["other", "not installed: pip install other"]]).splitlines()
    assert lines[1] == "one       5.0  90"
    assert lines[2] == "other     not installed: pip install other"


def test_table_of_reasons_only_is_still_a_table() -> None:
    lines = table(("pipeline", "ms", "MB"), [["one", "not installed"]]).splitlines()
    assert lines == ["pipeline  ms  MB", "one       not installed"]


def test_spread_shows_the_noise() -> None:
    assert spread([3.0, 1.0, 2.0]) == {"median": 2.0, "min": 1.0, "max": 3.0}


def test_evenly_spreads_and_keeps_what_is_few() -> None:
    assert evenly(list(range(10)), 5) == [0, 2, 4, 6, 8]
    assert evenly([1, 2], 5) == [1, 2]
