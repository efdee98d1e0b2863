"""unmet beside its peers: ratios, what is said of a peer without figures, and the same terms and cues for all."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from peer_worker import PARTS, PIPELINES, REFERENCE
from peers import COLUMNS, commonest, cues_of, lexicon_terms, rows_of, run_worker, summarize


def figures(seconds: float, **others: Any) -> dict[str, Any]:
    same = {"import_s": 0.5, "load_s": 1.0, "start_up_cpu_s": 1.2, "first_letter_s": 0.1, "mentions": 40, "peak_mb": 200.0}
    return {"seconds": seconds, "cpu_seconds": seconds, **same, **others}


def test_peers_ratio_is_taken_within_a_round() -> None:
    # The second round fell on a busy machine, for both.
    results = {REFERENCE: [figures(2.0), figures(8.0)], "unmet": [figures(0.5), figures(2.0)]}
    summary = summarize(results, letters=20, words=10_000)
    assert summary["unmet"][f"times_{REFERENCE}"] == {"median": 4.0, "min": 4.0, "max": 4.0}
    assert summary["unmet"]["ms_per_letter"] == {"median": 62.5, "min": 25.0, "max": 100.0}
    assert summary["unmet"]["letters_per_s"] == pytest.approx(16)
    assert summary["unmet"]["words_per_s"] == pytest.approx(8_000)
    assert summary["unmet"]["mentions_per_letter"] == 2
    assert f"times_{PARTS}" not in summary["unmet"]


def test_peers_missing_or_failed_peer_has_a_row_that_says_so() -> None:
    results = {REFERENCE: [figures(2.0)], "edsnlp": [{"missing": "edsnlp"}], PARTS: [{"failed": "MemoryError (exit 1)"}]}
    summary = summarize(results, letters=20, words=10_000)
    rows = {row[0]: row[1:] for row in rows_of(summary)}
    [reason] = rows[PIPELINES["edsnlp"].title]
    assert reason.startswith("not installed: ")
    assert "pip install edsnlp" in reason
    assert rows[PIPELINES[PARTS].title] == ["did not run: MemoryError (exit 1)"]
    assert len(rows[PIPELINES[REFERENCE].title]) == len(COLUMNS) - 1


@pytest.fixture
def job(tmp_path: Path) -> Path:
    content = {"texts": ["Norco is upheld.", "The MRI is overturned."], "paths": [], "warm_up": 1, "terms": {}}
    path = tmp_path / "job.json"
    path.write_text(json.dumps({**content, "cues": cues_of([]), "sections": {}}))
    return path


def test_peers_worker_times_a_pipeline_in_a_process_of_its_own(job: Path) -> None:
    result = run_worker("spacy-tokenizer", job, sys.executable)
    assert result["seconds"] > 0
    assert result["import_s"] > 0
    assert result["mentions"] is None


def test_peers_worker_without_interpreter_or_package_is_missing(job: Path) -> None:
    assert run_worker("edsnlp", job, "/nowhere/bin/python") == {"missing": "edsnlp"}
    if find_spec("edsnlp") is None:
        assert run_worker("edsnlp", job, sys.executable) == {"missing": "edsnlp"}


def test_peers_failed_worker_tells_the_kind_of_error_and_no_text(job: Path) -> None:
    job.write_text("{}")
    assert run_worker("spacy-tokenizer", job, sys.executable) == {"failed": "KeyError (exit 1)"}


def test_peers_terms_are_those_that_stand_in_most_letters() -> None:
    terms = {"norco": "MEDICATION", "mri": "PROCEDURE", "soma": "MEDICATION", "gym": "PROCEDURE"}
    texts = ["Norco and an MRI.", "norco, Norco", "MRI of the knee; Norco 10", "a gymnast in Somalia"]
    assert commonest(terms, texts, 2) == {"MEDICATION": ["norco"], "PROCEDURE": ["mri"]}
    assert commonest(terms, texts, 10) == {"MEDICATION": ["norco"], "PROCEDURE": ["mri"]}


def test_peers_lexicon_holds_drugs_and_procedures() -> None:
    terms = lexicon_terms()
    assert terms["gabapentin"] == "MEDICATION"
    assert terms["mri"] == "PROCEDURE"


def test_peers_cues_keep_kind_and_direction() -> None:
    rules = [
        {"category": "NEGATED_EXISTENCE", "direction": "FORWARD", "literal": "no"},
        {"category": "NEGATED_EXISTENCE", "direction": "BACKWARD", "literal": "denied"},
        {"category": "NEGATED_EXISTENCE", "direction": "TERMINATE", "literal": "but"},
        {"category": "HISTORICAL", "direction": "TERMINATE", "literal": "but"},
        {"category": "HYPOTHETICAL", "direction": "FORWARD", "literal": "if"},
        {"category": "FAMILY", "direction": "FORWARD", "literal": "mother"},
    ]
    assert cues_of(rules) == {
        "negation": {"preceding": ["no"], "following": ["denied"]},
        "hypothesis": {"preceding": ["if"], "following": []},
        "history": [],
        "family": ["mother"],
        "termination": ["but"],
    }
