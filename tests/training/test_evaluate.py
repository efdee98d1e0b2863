"""Evaluation from annotated letters to table, JSON, comparison and error page."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from unmet.corpus import Row, read_rows
from unmet.corpus.rows import CorpusError
from unmet.errors import UnmetError
from unmet.record import Model
from unmet.training.error_list import Miss, misses, render_errors
from unmet.training.evaluate import (
    Evaluation,
    Reading,
    compare,
    evaluate,
    evaluation_of,
    read_evaluation,
    read_letters,
    render_comparison,
    render_table,
    to_json,
)
from unmet.training.scoring import LABELS, MEASURES, count

ANNOTATIONS = Path(__file__).resolve().parents[2] / "annotations"
# Two of each: several formats, inherited denials, many drugs.
CHOSEN = (
    "carpal-tunnel-7",
    "compound-topicals-3",
    "fusion-6",
    "medication-panel-6",
    "opioids-postop-2",
    "sample-partial-approval",
)


def chosen_rows() -> list[Row]:
    return [row for row in read_rows(ANNOTATIONS / "project.jsonl") if row.letter in CHOSEN]


@cache
def readings() -> list[Reading]:
    return list(read_letters(chosen_rows(), [ANNOTATIONS / "letters"]))


def perfect() -> Evaluation:
    return evaluation_of(reading._replace(predicted=reading.gold) for reading in readings())


def test_evaluate_scores_every_measure_within_its_interval(samples: Path) -> None:
    evaluation = evaluate(chosen_rows(), [samples])
    assert [one.letter for one in evaluation.letters] == sorted(CHOSEN)
    assert [score.measure for score in evaluation.scores] == [measure.name for measure in MEASURES]
    for score in evaluation.scores:
        if score.value is not None:
            assert score.low is not None
            assert score.high is not None
            assert 0 <= score.low <= score.value <= score.high <= 1, score.measure
        assert (score.kind == "f1") or (score.precision is None and score.right == score.found)


def test_scores_are_sums_over_letters() -> None:
    evaluation = evaluation_of(readings())
    for i, score in enumerate(evaluation.scores):
        totals = [sum(one.counts[i][j] for one in evaluation.letters) for j in range(4)]
        assert totals == [score.right, score.predicted, score.found, score.gold], score.measure


def test_annotations_themselves_score_one() -> None:
    assert {score.value for score in perfect().scores} <= {1.0, None}


def test_a_second_run_gives_the_same_bytes(samples: Path) -> None:
    first = to_json(evaluate(chosen_rows(), [samples]))
    assert to_json(evaluate(reversed(chosen_rows()), [samples])) == first


def test_json_reads_back_and_holds_no_words_of_a_letter(tmp_path: Path) -> None:
    evaluation = evaluation_of(readings())
    path = tmp_path / "results.json"
    path.write_bytes(to_json(evaluation))
    assert read_evaluation(path) == evaluation
    allowed = {measure.name for measure in MEASURES} | set(CHOSEN) | {"f1", "accuracy", evaluation.schema_version}
    allowed |= {evaluation.model.name, evaluation.model.version} | {one.annotation for one in evaluation.letters}
    assert set(strings(json.loads(path.read_text()))) <= allowed


def strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return strings(list(value.values()))
    if isinstance(value, list):
        return [found for one in value for found in strings(one)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"measures": 3}'])
def test_a_damaged_results_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(content)
    with pytest.raises(UnmetError, match=r"results\.json: is damaged"):
        read_evaluation(path)
    with pytest.raises(UnmetError, match=r"none\.json: cannot be opened"):
        read_evaluation(tmp_path / "none.json")


def test_a_results_file_with_counts_left_out_is_named(tmp_path: Path) -> None:
    evaluation = perfect()
    evaluation.letters[0].counts.pop()
    path = tmp_path / "results.json"
    path.write_bytes(to_json(evaluation))
    with pytest.raises(UnmetError, match="do not go together"):
        read_evaluation(path)


def test_rows_that_cannot_be_judged_on_are_refused(samples: Path) -> None:
    row = chosen_rows()[0]
    with pytest.raises(CorpusError, match=f"{row.letter}: is annotated as silver"):
        evaluate([msgspec.structs.replace(row, quality="silver")], [samples])
    with pytest.raises(CorpusError, match=f"{row.letter}: is annotated twice"):
        evaluate([row, row], [samples])
    with pytest.raises(CorpusError, match="no annotated letter"):
        evaluate([], [samples])
    with pytest.raises(CorpusError, match="checksum differs"):
        evaluate([msgspec.structs.replace(row, sha256="0" * 64)], [samples])


def test_the_table_shows_every_measure_as_plain_text() -> None:
    evaluation = evaluation_of(readings())
    table = render_table(evaluation)
    assert all(measure.name in table for measure in MEASURES)
    assert "\x1b" not in table
    assert max(map(len, table.splitlines())) <= 110
    line = next(line for line in table.splitlines() if line.startswith("requests.decision "))
    score = next(score for score in evaluation.scores if score.measure == "requests.decision")
    assert f"{score.value:.3f}" in line
    assert f" {score.gold} " in line


def test_the_table_has_colour_on_request() -> None:
    assert "\x1b[" in render_table(perfect(), color=True)


def test_comparison_finds_no_difference_of_a_system_from_itself() -> None:
    comparison = compare(perfect(), perfect())
    assert {one.difference for one in comparison.differences} == {0.0, None}
    assert {one.p for one in comparison.differences} == {1.0, None}
    assert to_json(comparison) == to_json(compare(perfect(), perfect()))


def test_comparison_is_second_minus_first() -> None:
    ours = evaluation_of(readings())
    comparison = compare(ours, perfect())
    assert comparison.letters == len(CHOSEN)
    for one in comparison.differences:
        if one.difference is not None and one.first is not None and one.second is not None:
            assert one.difference == pytest.approx(one.second - one.first, abs=2e-6)
            assert one.difference >= 0
    shown = render_comparison(comparison)
    assert "mentions.all.strict" in shown
    assert "+0." in shown


def test_comparison_is_refused_over_other_letters_or_annotations() -> None:
    whole, fewer = evaluation_of(readings()), evaluation_of(readings()[1:])
    with pytest.raises(UnmetError, match=readings()[0].gold.letter):
        compare(whole, fewer)
    changed = msgspec.structs.replace(readings()[0].gold, readers=["another"])
    other = evaluation_of([readings()[0]._replace(gold=changed), *readings()[1:]])
    with pytest.raises(UnmetError, match="same annotated letters"):
        compare(whole, other)
    with pytest.raises(UnmetError, match="different measures"):
        compare(whole, msgspec.structs.replace(whole, measures=["one"]))


def of_kind(found: list[Miss]) -> Counter[tuple[str, str]]:
    return Counter((miss.topic, miss.kind) for miss in found)


def test_the_error_list_has_as_many_mentions_as_are_counted() -> None:
    for reading in readings():
        counts, listed = count(reading.gold, reading.predicted), of_kind(list(misses(reading)))
        for label in LABELS:
            strict, loose = counts[f"mentions.{label}.strict"], counts[f"mentions.{label}.overlap"]
            assert listed[label, "missed"] == loose.gold - loose.found, (reading.gold.letter, label)
            assert listed[label, "wrong"] == loose.predicted - loose.right, (reading.gold.letter, label)
            assert listed[label, "missed"] + listed[label, "boundary"] == strict.gold - strict.right, (reading.gold.letter, label)
        voice = counts["sentences.voice"]
        assert listed["voice", "attribute"] == voice.gold - voice.right


def test_the_error_list_has_as_many_criteria_as_are_counted() -> None:
    for reading in readings():
        counts = count(reading.gold, reading.predicted)["criteria.type"]
        found = [miss for miss in misses(reading) if miss.request and miss.topic != "request" and miss.detail != "evidence"]
        assert sum(miss.kind == "missed" for miss in found) == counts.gold - counts.found
        assert sum(miss.kind == "wrong" for miss in found) == counts.predicted - counts.right


def test_a_miss_stands_in_its_sentence() -> None:
    for reading in readings():
        sentences = {reading.text[one.start : one.end] for one in reading.gold.sentences}
        for miss in misses(reading):
            if miss.topic == "voice":
                assert {"".join(one) for one in miss.excerpts} <= sentences
            assert all(one.marked and one.marked in reading.text for one in miss.excerpts)


def test_annotations_themselves_have_no_errors() -> None:
    page = render_errors(reading._replace(predicted=reading.gold) for reading in readings())
    assert page.count(": 0 errors") == 2


def test_a_request_without_partner_is_listed_once() -> None:
    reading = readings()[0]
    bare = msgspec.structs.replace(reading.gold, requests=reading.gold.requests[:-1])
    missed = [miss for miss in misses(reading._replace(predicted=bare)) if miss.topic == "request"]
    wrong = [miss for miss in misses(reading._replace(gold=bare, predicted=reading.gold)) if miss.topic == "request"]
    assert [(miss.kind, miss.detail) for miss in missed] == [("missed", "the request with its criteria")]
    assert [miss.kind for miss in wrong] == ["wrong"]


class Page(HTMLParser):
    """What a browser would make of a page: elements, addresses, balance of tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_error_page_is_whole_and_stands_alone() -> None:
    page = render_errors(readings())
    parsed = Page(page)
    assert parsed.open == []
    assert parsed.tags["li"] == sum(len(list(misses(reading))) for reading in readings())
    assert parsed.links
    assert {link.removeprefix("#") for link in parsed.links} == set(parsed.ids)
    assert "prefers-color-scheme:dark" in page
    assert parsed.tags["script"] == parsed.tags["link"] == parsed.tags["img"] == 0


def test_the_error_page_escapes_the_letter() -> None:
    reading = readings()[0]
    text = "".join("<" if character == "e" else "&" if character == "a" else character for character in reading.text)
    hostile = Reading(reading.gold, reading.predicted, text, Model(name="<b>", version="1"))
    plain = Page(render_errors([reading]))
    assert Page(render_errors([hostile])).tags == plain.tags


def test_real_letters_of_the_training_split(real_letters: Path) -> None:
    train = set(json.loads((ANNOTATIONS / "splits.json").read_text())["train"])
    rows = [row for row in read_rows(ANNOTATIONS / "real.jsonl") if row.letter in train][:8]
    scores = {score.measure: score for score in evaluate(rows, [real_letters / "real"]).scores}
    assert scores["requests.number"].value == 1
    assert (scores["requests.decision"].value or 0) > 0.95
    assert (scores["mentions.MEDICATION.strict"].value or 0) > 0.9
