"""Whole runs at scale: how figures become a table, and the memory of a run's processes."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scaling import COLUMNS, memory, rows_of, run, summarize, tree


def figures(seconds: float, **others: Any) -> dict[str, Any]:
    return {"seconds": seconds, "cpu_seconds": 8.0, "pss_mb": 300.0, "rss_mb": 400.0, "processes": 2, "records": 100, **others}


def test_scaling_compares_workers_within_a_round_and_keeps_the_worst() -> None:
    results = {
        (100, 1): [figures(10.0), figures(30.0)],
        (100, 2): [figures(5.0, records=99), figures(20.0, pss_mb=700.0)],
    }
    _, two = summarize(results)
    assert two["times_one_worker"] == {"median": 1.75, "min": 1.5, "max": 2.0}
    assert two["letters_per_s"] == pytest.approx(8)
    assert two["cpu_ms_per_letter"] == pytest.approx(80)
    assert (two["pss_mb"], two["records"]) == (700.0, 99)


def test_scaling_table_has_a_cell_for_each_column_whatever_is_unknown() -> None:
    [row] = rows_of(summarize({(100, 2): [figures(5.0, pss_mb=None, rss_mb=None, processes=0)]}))
    assert len(row) == len(COLUMNS)
    assert row.count("-") == 4


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="memory is read from /proc")
def test_scaling_counts_the_memory_of_descendants() -> None:
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and len(tree(process.pid)) < 2:
            pass
        alone = memory(os.getpid())
        both = memory(process.pid)
        process.communicate(b"\n")
    assert both.processes == 2
    assert 0 < both.pss <= both.rss
    assert alone.processes >= 3


def test_scaling_run_that_fails_says_what_unmet_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="holds no letters"):
        run(tmp_path, tmp_path / "out.jsonl", 1, "rules")
