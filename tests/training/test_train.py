"""Training on letters of the project: the pipeline reads letters, is written without words, and comes out the same."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import spacy
import unmet
from typer.testing import CliRunner
from unmet.cli import app
from unmet.corpus.rows import read_rows, write_rows
from unmet.loading import ModelError, load_rules

ROOT = Path(__file__).parents[2]
LETTERS = 24


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small corpus of letters written for the project, and a configuration that is soon done."""
    folder = tmp_path_factory.mktemp("corpus")
    rows = [row for row in read_rows(ROOT / "annotations" / "project.jsonl") if row.letter.startswith(("drugs", "therapy"))]
    write_rows(folder / "project.jsonl", rows[:LETTERS])
    rationales = (ROOT / "annotations" / "rationales.jsonl").read_text().splitlines()
    (folder / "rationales.jsonl").write_text("\n".join(rationales[::40]) + "\n")
    (folder / "letters").symlink_to(ROOT / "annotations" / "letters")
    config = (ROOT / "configs" / "letters.cfg").read_text()
    (folder / "short.cfg").write_text(re.sub(r"max_epochs = \d+", "max_epochs = 2", config))
    return folder


def trained(corpus: Path, output: Path) -> Path:
    done = CliRunner().invoke(
        app, ["train", str(corpus / "short.cfg"), "--annotations", str(corpus), "-o", str(output)], env={"UNMET_LETTERS": ""}
    )
    assert done.exit_code == 0, done.output
    return output


@pytest.fixture(scope="module")
def model(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(corpus, tmp_path_factory.mktemp("model") / "first")


def test_train_writes_a_pipeline_that_reads_letters(model: Path) -> None:
    sample = next((ROOT / "annotations" / "letters").glob("sample-multi-request.md"))
    determination = unmet.read(sample, model=str(model))
    assert determination.model.name == "unmet_letters"
    assert {one.voice for one in determination.sentences if one.section == "rationale"} >= {"guideline", "reviewer"}
    assert "model" in {one.source for request in determination.requests for one in request.criteria}
    assert all(one.assertion for one in determination.mentions if one.label in ("MEDICATION", "PROCEDURE"))


def test_train_the_pipeline_is_one_that_spacy_loads(model: Path) -> None:
    nlp = spacy.load(model / "pipeline")
    assert "unmet_learned_mentions" in nlp.pipe_names
    assert nlp("The request for a brace is upheld.")._.sentences is not None


def test_train_writes_no_word_of_the_letters(model: Path) -> None:
    allowed = set(load_rules().vocab.strings)
    stores = list(model.rglob("strings.json"))
    assert stores
    for store in stores:
        words = set(json.loads(store.read_text())) - allowed
        assert words <= {"ROOT"} | {"MEDICATION", "PROCEDURE", "CRITERION", "FUNCTION"}, store
    for weights in model.rglob("*.npz"):
        with np.load(weights, allow_pickle=False) as arrays:
            assert all(array.dtype.kind in "iuf" for name, array in arrays.items() if not name.endswith("labels"))
    # Letters of the project name their invented employers and places; none may stand in any file of the package.
    rare = [word.encode() for word in ("roofer", "skylight", "upholsterer", "forklift")]
    assert not any(word in path.read_bytes() for path in model.rglob("*") if path.is_file() for word in rare)


def test_train_again_gives_the_same_weights(corpus: Path, model: Path, tmp_path: Path) -> None:
    again = trained(corpus, tmp_path / "again")
    for path in sorted(model.rglob("*.npz")):
        with np.load(path) as first, np.load(again / path.relative_to(model)) as second:
            assert all(np.array_equal(first[name], second[name]) for name in first.files), path.name
    for path in sorted(model.rglob("model")):
        assert path.read_bytes() == (again / path.relative_to(model)).read_bytes(), path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "no.cfg", "-o", "out"], "no.cfg: no such configuration"),
        (["train", str(ROOT / "configs" / "letters.cfg"), "--annotations", "nowhere", "-o", "out"], "holds no annotated letters"),
        (["read", str(ROOT / "README.md"), "--model", "nowhere"], "nowhere: holds no trained pipeline"),
    ],
)
def test_train_and_models_name_what_is_missing(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, arguments, env={"UNMET_LETTERS": ""})
    assert done.exit_code != 0
    assert said in done.output
    assert "Traceback" not in done.output


def test_train_an_unknown_model_is_refused() -> None:
    with pytest.raises(ModelError, match="unmet train"):
        unmet.load("no/such/folder")
