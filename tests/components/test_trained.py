"""The shipped pipeline: what its trained components change, and that every figure of theirs is in its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import unmet
import unmet_letters
from unmet.components.medications import lexicon
from unmet.components.procedures import procedure_words
from unmet.ingest import read_letter
from unmet.knowledge import load_yaml
from unmet.loading import load, load_rules
from unmet.reading import loaded


def test_the_shipped_pipeline_is_the_default() -> None:
    assert loaded().meta["name"] == "unmet_letters"
    assert unmet_letters.load().pipe_names == loaded().pipe_names
    assert "unmet_voice_classifier" in loaded().pipe_names
    assert "unmet_voice_classifier" not in load("rules").pipe_names


def test_the_shipped_pipeline_is_small_and_without_foreign_words() -> None:
    folder = Path(unmet_letters.__file__).parent
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 25_000_000
    nlp = load_rules()
    exact = [term for entry in load_yaml("procedures.yaml") for term in entry.get("exact", ())]
    for name in (*lexicon(), *procedure_words(), *exact, "MEDICATION PROCEDURE"):
        nlp.tokenizer(name)
    allowed = set(nlp.vocab.strings) | {"ROOT"}
    for store in folder.rglob("strings.json"):
        assert set(json.loads(store.read_text())) <= allowed
    # Nor folders of the machine that trained it, nor scores on what it was trained on.
    for path in [*folder.rglob("*.json"), *folder.rglob("*.cfg")]:
        if path.name != "strings.json":
            assert "/tmp" not in path.read_text(), path.name
            assert '"ents_f":' not in path.read_text(), path.name


def test_voice_of_plain_sentences(samples: Path) -> None:
    determination = unmet.read(samples / "sample-multi-request.md")
    voices = {one.voice for one in determination.sentences}
    assert {"reviewer", "guideline", "record", "boilerplate"} <= voices
    assert all(one.voice == "boilerplate" for one in determination.sentences if one.section == "how_made")


@pytest.mark.parametrize("name", ["sample-multi-request.md", "sample-intrathecal-pump.txt"])
def test_criteria_are_found_by_the_model_and_typed(name: str, samples: Path) -> None:
    criteria = [one for one in unmet.read(samples / name).mentions if one.label == "CRITERION"]
    assert criteria
    assert {one.source for one in criteria} == {"model"}
    assert all(one.attributes["type"] and 0 < one.confidence <= 1 for one in criteria)


def test_the_pipeline_reads_the_same_twice_and_in_batches(samples: Path) -> None:
    text = read_letter(samples / "sample-multi-request.md").text
    nlp = loaded()
    first = nlp(text)._.mentions
    assert first == nlp(text)._.mentions == next(nlp.pipe([text]))._.mentions
