"""The pipeline as a spaCy Language: saved and loaded again, Docs sent as bytes and between processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import spacy
import unmet
from spacy.tokens import Doc, DocBin
from unmet.ingest import read_letter
from unmet.loading import COMPONENTS, load
from unmet.reading import loaded

if TYPE_CHECKING:
    from spacy.language import Language

ATTRIBUTES = ("letter", "sentences", "mentions", "criteria", "families")


@pytest.fixture(scope="module")
def nlp() -> Language:
    return loaded()


@pytest.fixture(scope="module")
def texts(samples: Path) -> list[str]:
    return [read_letter(path).text for path in sorted(samples.glob("sample-*"))]


@pytest.fixture(scope="module")
def docs(nlp: Language, texts: list[str]) -> list[Doc]:
    return [nlp(text) for text in texts]


def plain(value: Any) -> Any:
    """Values as any serialisation keeps them: tuples are lists."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def content(doc: Doc) -> dict[str, Any]:
    """All that the pipeline says of a letter."""
    found = {name: plain(getattr(doc._, name)) for name in ATTRIBUTES}
    found["text"] = doc.text
    found["sents"] = [(sent.start, sent.end) for sent in doc.sents]
    found["ents"] = [(ent.start, ent.end, ent.label_) for ent in doc.ents]
    found["spans"] = [(span.start, span.end, span.label_, span.id_) for span in doc.spans["mentions"]]
    return found


def test_loading_gives_the_components_in_their_order(nlp: Language) -> None:
    assert tuple(loaded("rules").pipe_names) == COMPONENTS
    rules = [name for name in nlp.pipe_names if name in COMPONENTS]
    assert rules == [name for name in COMPONENTS if name != "unmet_voice"]
    assert nlp.lang == "en"
    assert nlp.meta["version"] == unmet.__version__
    assert nlp.meta["name"]


def test_loading_a_pipeline_of_ones_own_each_time() -> None:
    assert unmet.load is load
    assert load() is not loaded()


def test_loading_components_have_what_they_require(nlp: Language) -> None:
    assert not any(nlp.analyze_pipes()["problems"].values())


def test_loading_docs_keep_the_text_and_hold_mentions(docs: list[Doc], texts: list[str]) -> None:
    for doc, text in zip(docs, texts, strict=True):
        assert doc.text == text
        assert doc._.mentions
        assert doc._.criteria
        assert len(doc.spans["mentions"]) == len(doc._.mentions)
        for span in doc.spans["mentions"]:
            one = doc._.mentions[int(span.id_)]
            assert one["label"] == span.label_
            assert span.start_char <= one["start"]
            assert one["end"] <= span.end_char
        assert {ent.label_ for ent in doc.ents} <= {"MEDICATION", "PROCEDURE", "CITATION", "CONDITION"}


@pytest.mark.parametrize("text", ["", " ", "\n\n", "Upheld", "The patient takes Norco.", "\u00a0\u200b", "x" * 5000])
def test_loading_the_pipeline_takes_any_text(nlp: Language, text: str) -> None:
    assert nlp(text).text == text


def test_loading_takes_the_raw_text_of_a_letter(nlp: Language, samples: Path) -> None:
    path = samples / "sample-intrathecal-pump.txt"
    raw, repaired = nlp(path.read_text(encoding="utf-8")), nlp(read_letter(path).text)
    assert [one["decision"] for one in raw._.letter["requests"]] == [one["decision"] for one in repaired._.letter["requests"]]
    types = [{(one["type"], one["status"]) for one in doc._.criteria} for doc in (raw, repaired)]
    assert types[0] == types[1]


def test_loading_a_saved_pipeline_says_the_same(nlp: Language, docs: list[Doc], texts: list[str], tmp_path: Path) -> None:
    nlp.to_disk(tmp_path / "pipeline")
    again = spacy.load(tmp_path / "pipeline")
    assert again.pipe_names == nlp.pipe_names
    assert again.meta["name"] == nlp.meta["name"]
    for doc, text in zip(docs, texts, strict=True):
        assert content(again(text)) == content(doc)


def test_loading_a_doc_survives_bytes(nlp: Language, docs: list[Doc]) -> None:
    for doc in docs:
        again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
        assert content(again) == content(doc)


def test_loading_docs_survive_a_docbin(nlp: Language, docs: list[Doc]) -> None:
    packed = DocBin(store_user_data=True, docs=docs).to_bytes()
    found = list(DocBin(store_user_data=True).from_bytes(packed).get_docs(nlp.vocab))
    assert [content(doc) for doc in found] == [content(doc) for doc in docs]


def test_loading_a_docs_data_is_plain(docs: list[Doc]) -> None:
    """Nothing but plain values stays behind in a Doc."""

    def strange(value: Any) -> bool:
        if isinstance(value, dict):
            return any(strange(inner) for pair in value.items() for inner in pair)
        if isinstance(value, (list, tuple)):
            return any(strange(inner) for inner in value)
        return not (value is None or isinstance(value, (str, int, float, bool)))

    for doc in docs:
        assert [key for key, value in doc.user_data.items() if strange(value)] == []
        assert set(doc.spans) == {"mentions"}


def test_loading_piped_letters_read_as_they_do_one_by_one(nlp: Language, docs: list[Doc], texts: list[str]) -> None:
    found = list(nlp.pipe(texts, batch_size=2))
    assert [content(doc) for doc in found] == [content(doc) for doc in docs]


PIPED = """
import sys
from pathlib import Path

import unmet
from unmet.ingest import read_letter

if __name__ == "__main__":
    nlp = unmet.load()
    texts = [read_letter(path).text for path in sys.argv[1:]]
    expected = [doc._.mentions for doc in map(nlp, texts)]
    found = [doc._.mentions for doc in nlp.pipe(texts, n_process=2, batch_size=1)]
    assert found == expected and all(found)
    print("alike")
"""


def test_loading_pipe_with_two_processes(samples: Path, tmp_path: Path) -> None:
    script = tmp_path / "piped.py"
    script.write_text(PIPED)
    letters = sorted(str(path) for path in samples.glob("sample-*"))[:3]
    # A session of its own: where a worker fails, spaCy may wait for it forever, and none must stay behind.
    with subprocess.Popen(
        [sys.executable, str(script), *letters], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        try:
            shown, complaints = running.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.communicate()
            pytest.fail("nlp.pipe(..., n_process=2) does not come to an end")
    assert running.returncode == 0, complaints[-500:]
    assert shown.strip() == "alike"


# --- what importing and loading do to the process ------------------------------------------------------------------


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)


def test_loading_import_of_the_package_imports_no_spacy() -> None:
    done = python("import sys, unmet, unmet.record, unmet.cli\nsys.exit('spacy' in sys.modules)")
    assert (done.returncode, done.stderr) == (0, "")


def test_loading_the_package_offers_what_it_says() -> None:
    assert set(unmet.__all__) == {"__version__", "load", "read", "read_many"}
    assert all(getattr(unmet, name) for name in unmet.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = unmet.nonsense


def test_loading_leaves_warnings_and_logging_as_they_were() -> None:
    done = python(
        "import logging, warnings, unmet\n"
        "level = logging.getLogger().level\n"
        "unmet.load()('A letter.')\n"
        "warnings.warn('still shown')\n"
        "warnings.warn('of mine', RuntimeWarning)\n"
        "assert logging.getLogger().level == level and not logging.getLogger().handlers\n"
    )
    assert done.returncode == 0, done.stderr
    assert "UserWarning: still shown" in done.stderr
    assert "RuntimeWarning: of mine" in done.stderr
    assert done.stdout == ""


def test_loading_says_nothing_on_stdout_or_stderr() -> None:
    done = python("import unmet\nunmet.load()('The request for Norco is upheld. ' * 3)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
