"""Rows and letters come together only where the text is the one that was annotated."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import unmet
from hypothesis import given
from hypothesis import strategies as st
from unmet.corpus import attach, read_rows
from unmet.corpus.attach import CollapsedText
from unmet.corpus.docbin import from_docbin, to_docbin
from unmet.corpus.from_record import row_of
from unmet.corpus.rows import CorpusError, row_faults
from unmet.corpus.select import select

ANNOTATIONS = Path(__file__).parents[2] / "annotations"
PROJECT = read_rows(ANNOTATIONS / "project.jsonl")


def test_attach_every_project_letter_is_the_annotated_text(samples: Path) -> None:
    letters = list(attach(PROJECT, [samples]))
    assert [letter.row.letter for letter in letters] == [row.letter for row in PROJECT]


def test_attach_every_real_letter_is_the_annotated_text(real_letters: Path) -> None:
    rows = read_rows(ANNOTATIONS / "real.jsonl")
    assert len(list(attach(rows, [real_letters]))) == len(rows)


def test_attach_mentions_map_to_the_same_words_in_every_text(samples: Path) -> None:
    for annotated in attach(PROJECT, [samples]):
        for mention in annotated.row.mentions:
            words = annotated.collapsed.text[mention.start : mention.end]
            start, end = annotated.to_text(mention.start, mention.end)
            assert annotated.letter.text[start:end].replace("- ", "-").split() == words.replace("- ", "-").split()
            assert annotated.from_text(start, end) == (mention.start, mention.end)


def test_attach_evidence_lies_in_the_requests_own_rationale(samples: Path) -> None:
    for annotated in attach(PROJECT, [samples]):
        rationales = {one.request: one for one in annotated.row.sections if one.kind == "rationale"}
        for request in annotated.row.requests:
            for criterion in request.criteria:
                for start, end in criterion.evidence:
                    assert rationales[request.index].start <= start < end <= rationales[request.index].end


def test_attach_changed_letter_is_refused(tmp_path: Path, samples: Path) -> None:
    row = next(row for row in PROJECT if row.letter == "sample-intrathecal-pump")
    text = (samples / "sample-intrathecal-pump.txt").read_text(encoding="utf-8")
    (tmp_path / "sample-intrathecal-pump.txt").write_text(text.replace("psychological", "physical", 1), encoding="utf-8")
    with pytest.raises(CorpusError, match=r"sample-intrathecal-pump\.txt: is not the text that was annotated"):
        list(attach([row], [tmp_path]))


def test_attach_rewrapped_letter_is_the_same_letter(tmp_path: Path, samples: Path) -> None:
    row = next(row for row in PROJECT if row.letter == "sample-intrathecal-pump")
    text = (samples / "sample-intrathecal-pump.txt").read_text(encoding="utf-8")
    (tmp_path / "sample-intrathecal-pump.txt").write_text("\n\n".join(text.split()), encoding="utf-8")
    assert [one.row for one in attach([row], [tmp_path])] == [row]


def test_attach_missing_letter_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=PROJECT[0].letter):
        list(attach(PROJECT[:1], [tmp_path]))


@given(st.text(alphabet=st.sampled_from("ab \n\t\u00a0é"), max_size=60))
def test_attach_collapsed_text_maps_back_to_its_own_words(source: str) -> None:
    collapsed = CollapsedText.of(source)
    assert collapsed.text == " ".join(source.split())
    for start in range(len(collapsed.text)):
        for end in range(start + 1, len(collapsed.text) + 1):
            words = collapsed.text[start:end]
            if words == words.strip():
                source_start, source_end = collapsed.to_source(start, end)
                assert source[source_start:source_end].split() == words.split()
                assert collapsed.from_source(source_start, source_end) == (start, end)


def test_from_record_gives_a_sound_row(samples: Path) -> None:
    for annotated in attach(PROJECT[:12], [samples]):
        determination = unmet.read(annotated.letter.source.path)
        row = row_of(determination, annotated.row.letter, annotated.collapsed)
        assert not list(row_faults(row))
        assert row.sha256 == annotated.row.sha256
        assert row.quality == "silver"


def test_docbin_round_trip_is_exact(samples: Path) -> None:
    letters = list(attach(PROJECT, [samples]))
    nlp = unmet.load()
    docbin = to_docbin(letters, nlp)
    reread = type(docbin)(store_user_data=True).from_bytes(docbin.to_bytes())
    assert list(from_docbin(reread, nlp.vocab, letters)) == [letter.row for letter in letters]


def test_docbin_keeps_a_corrected_span(samples: Path) -> None:
    letters = list(attach(PROJECT[:1], [samples]))
    nlp = unmet.load()
    doc = next(iter(to_docbin(letters, nlp).get_docs(nlp.vocab)))
    first = doc.spans["mentions"][0]
    doc.spans["mentions"] = [doc.char_span(first.start_char, first.end_char, label="PROCEDURE", span_id="new")]
    rows = list(from_docbin(type(to_docbin([], nlp))(docs=[doc], store_user_data=True), nlp.vocab, letters))
    assert [mention.label for mention in rows[0].mentions] == ["PROCEDURE"]


def test_select_prefers_doubt_and_news(samples: Path) -> None:
    paths = sorted(samples.glob("sample-*.txt"))
    records = [(path.stem, unmet.read(path)) for path in paths]
    chosen = select(records, [records[0][1]], 2)
    assert len(chosen) == 2
    assert chosen[0].score >= chosen[1].score
    known = next(one for one in select(records, [records[0][1]], len(records)) if one.letter == records[0][0])
    assert known.novelty == 0
    assert msgspec.json.encode(select(records, [], 3)) == msgspec.json.encode(select(records, [], 3))
