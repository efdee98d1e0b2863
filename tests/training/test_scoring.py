"""Counts against annotations, on rows made by hand so that every number can be checked by reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.corpus import Row, read_rows
from unmet.corpus.rows import SCHEMA_VERSION, RowCriterion, RowMention, RowRequest, RowSentence
from unmet.training.scoring import (
    MEASURES,
    RequestPair,
    Tally,
    count,
    inherits_as,
    linked,
    overlap,
    pair_requests,
    pair_sentences,
    regimen,
    same_place,
)

if TYPE_CHECKING:
    from pathlib import Path

SPANS = st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def row(**fields: Any) -> Row:
    given_fields: dict[str, Any] = {"sections": [], "sentences": [], "requests": [], "mentions": []} | fields
    return Row(
        schema_version=SCHEMA_VERSION,
        letter="made-1",
        sha256="0" * 64,
        characters=1000,
        quality="gold",
        readers=["test"],
        **given_fields,
    )


def mention(label: Any, start: int, end: int, assertion: str | None = None, **attributes: Any) -> RowMention:
    return RowMention(id=f"m{label}{start}-{end}", label=label, start=start, end=end, assertion=assertion, attributes=attributes)


def criterion(kind: str, status: Any, basis: str | None = None, evidence: tuple[tuple[int, int], ...] = ()) -> RowCriterion:
    return RowCriterion(id=f"{kind}{status}{basis}", type=kind, status=status, unmet_basis=basis, evidence=list(evidence))


def request(index: int, start: int, criteria: tuple[RowCriterion, ...] = (), **fields: Any) -> RowRequest:
    given_fields = {"title": (start, start + 20), "item": (start, start + 20), "decision": "upheld", "family": "opioid"} | fields
    return RowRequest(index=index, criteria=list(criteria), **given_fields)


def accuracy(right: int, cases: int) -> Tally:
    return Tally(right, cases, right, cases)


def test_count_names_every_measure_once_and_in_order() -> None:
    names = [measure.name for measure in MEASURES]
    assert list(count(row(), row())) == names
    assert len(set(names)) == len(names)


def test_annotations_against_themselves_have_no_error(samples: Path) -> None:
    for gold in read_rows(samples.parent / "project.jsonl"):
        for name, tally in count(gold, gold).items():
            assert tally.right == tally.predicted, (gold.letter, name)
            assert tally.found == tally.gold == tally.predicted, (gold.letter, name)


def test_nothing_found_counts_every_annotation_as_missed(samples: Path) -> None:
    for gold in read_rows(samples.parent / "project.jsonl")[:5]:
        counts = count(gold, row())
        assert counts["mentions.all.strict"] == (0, 0, 0, len(gold.mentions))
        assert counts["requests.paired"] == (0, 0, 0, len(gold.requests))
        assert counts["requests.decision"] == accuracy(0, len(gold.requests))
        assert counts["criteria.type"].gold == sum(len({one.type for one in each.criteria}) for each in gold.requests)
        assert counts["criteria.basis"] == accuracy(0, 0)


def test_strict_asks_for_equal_spans_and_overlap_for_a_shared_character() -> None:
    gold = row(mentions=[mention("PROCEDURE", 0, 10, "present"), mention("PROCEDURE", 20, 30, "present")])
    predicted = row(
        mentions=[
            mention("PROCEDURE", 0, 10, "present"),
            mention("PROCEDURE", 29, 40, "present"),
            mention("PROCEDURE", 10, 12, "present"),  # touches, shares nothing
        ]
    )
    counts = count(gold, predicted)
    assert counts["mentions.PROCEDURE.strict"] == (1, 3, 1, 2)
    assert counts["mentions.PROCEDURE.overlap"] == (2, 3, 2, 2)


def test_overlap_counts_precision_over_predictions_and_recall_over_gold() -> None:
    gold = row(mentions=[mention("FUNCTION", 0, 40)])
    predicted = row(mentions=[mention("FUNCTION", 0, 10), mention("FUNCTION", 15, 20), mention("FUNCTION", 60, 70)])
    assert count(gold, predicted)["mentions.FUNCTION.overlap"] == (2, 3, 1, 1)


def test_a_mention_of_another_label_is_no_match() -> None:
    counts = count(row(mentions=[mention("FUNCTION", 0, 9)]), row(mentions=[mention("CRITERION", 0, 9)]))
    assert counts["mentions.FUNCTION.overlap"] == (0, 0, 0, 1)
    assert counts["mentions.CRITERION.overlap"] == (0, 1, 0, 0)
    assert counts["mentions.all.overlap"] == (0, 1, 0, 1)


def test_assertion_and_polarity_are_judged_where_spans_are_equal() -> None:
    gold = row(
        mentions=[
            mention("MEDICATION", 0, 5, "present"),
            mention("PROCEDURE", 10, 15, "requested"),
            mention("PROCEDURE", 20, 25, "planned"),
            mention("FUNCTION", 30, 35, polarity="improved"),
        ]
    )
    predicted = row(
        mentions=[
            mention("MEDICATION", 0, 5, "present"),
            mention("PROCEDURE", 10, 15, "planned"),
            mention("PROCEDURE", 20, 26, "historical"),
            mention("FUNCTION", 30, 35, polarity="undocumented"),
        ]
    )
    counts = count(gold, predicted)
    assert counts["mentions.assertion"] == accuracy(1, 2)
    assert counts["mentions.polarity"] == accuracy(0, 1)


def test_regimen_values_are_compared_folded_and_absent_ones_are_not_values() -> None:
    gold = row(mentions=[mention("MEDICATION", 0, 5, "present", strength="10 MG", route="oral", prn=True, quantity="#60")])
    said = {"strength": "10  mg", "frequency": "daily", "prn": False, "quantity": "#30", "class": True}
    counts = count(gold, row(mentions=[mention("MEDICATION", 0, 5, "present", **said)]))
    assert counts["regimen.strength"] == (1, 1, 1, 1)
    assert counts["regimen.route"] == (0, 0, 0, 1)
    assert counts["regimen.frequency"] == (0, 1, 0, 0)
    assert counts["regimen.quantity"] == (0, 1, 0, 1)
    assert counts["regimen.prn"] == (0, 0, 0, 1)
    assert counts["regimen.all"] == (1, 3, 1, 4)
    assert regimen(mention("MEDICATION", 0, 5, "present", strength=None, form="")) == {}


def test_voices_are_judged_over_paired_sentences() -> None:
    gold = row(sentences=[RowSentence(start=start, end=start + 10, voice="reviewer") for start in (0, 10, 30)])
    # One predicted sentence spans the first two; the third is only half there.
    predicted = row(sentences=[RowSentence(start=0, end=20, voice="reviewer"), RowSentence(start=35, end=60, voice="record")])
    counts = count(gold, predicted)
    assert counts["sentences.paired"] == accuracy(2, 3)
    assert counts["sentences.voice"] == accuracy(2, 2)


def test_a_sentence_pairs_with_the_one_that_shares_most_of_it() -> None:
    gold = RowSentence(start=0, end=20, voice="reviewer")
    near, best = RowSentence(start=0, end=5, voice="record"), RowSentence(start=5, end=20, voice="guideline")
    assert list(pair_sentences([gold], [near, best])) == [(gold, best)]


def test_requests_pair_by_title_and_not_by_index() -> None:
    gold = row(requests=[request(1, 100), request(2, 200, family="topical")])
    predicted = row(requests=[request(1, 205, family="topical"), request(2, 400)])
    counts = count(gold, predicted)
    assert counts["requests.number"] == accuracy(1, 1)
    assert counts["requests.paired"] == (1, 2, 1, 2)
    assert counts["requests.title"] == accuracy(0, 2)
    assert counts["requests.family"] == accuracy(1, 2)
    assert counts["requests.decision"] == accuracy(1, 2)


def test_a_title_over_two_requests_pairs_with_the_one_it_shares_more_with() -> None:
    first, second = request(1, 100), request(2, 130)
    wide = request(1, 100, title=(110, 150))
    assert pair_requests([first, second], [wide]) == [RequestPair(first, None), RequestPair(second, wide)]


@given(st.lists(SPANS, max_size=6), st.lists(SPANS, max_size=6))
def test_every_request_is_in_one_pair(gold: list[tuple[int, int]], predicted: list[tuple[int, int]]) -> None:
    ours, theirs = ([request(i, 0, title=span) for i, span in enumerate(spans, 1)] for spans in (gold, predicted))
    pairs = pair_requests(ours, theirs)
    assert [pair.gold.index for pair in pairs if pair.gold] == [one.index for one in ours]
    assert sorted(pair.predicted.index for pair in pairs if pair.predicted) == [one.index for one in theirs]
    assert all(overlap(pair.gold.title, pair.predicted.title) for pair in pairs if pair.gold and pair.predicted)


def test_parents_are_compared_through_the_pairs() -> None:
    gold = row(requests=[request(1, 100), request(2, 200, inherits_from=1), request(3, 300, inherits_from=1), request(4, 400)])
    # The same requests, counted from 5; the third falls with the wrong one, the fourth with one that is not in dispute.
    predicted = row(
        requests=[
            request(5, 100),
            request(6, 200, inherits_from=5),
            request(7, 300, inherits_from=6),
            request(8, 400, inherits_from=9),
            request(9, 900),
        ]
    )
    pairs = pair_requests(gold.requests, predicted.requests)
    assert [inherits_as(pair, pairs) for pair in pairs] == [None, 1, 2, 0, None]
    counts = count(gold, predicted)
    assert counts["requests.inherits_from"] == accuracy(2, 4)
    assert counts["requests.inherited"] == (1, 3, 1, 2)


def test_criteria_are_sets_of_types_per_request() -> None:
    gold = [
        criterion("step_therapy", "unmet", "undocumented"),
        criterion("step_therapy", "met"),
        criterion("exam_findings", "not_addressed"),
    ]
    predicted = [criterion("step_therapy", "unmet", "contradicted"), criterion("duration_limit", "unmet", "exceeded")]
    counts = count(row(requests=[request(1, 100, tuple(gold))]), row(requests=[request(1, 100, tuple(predicted))]))
    assert counts["criteria.type"] == (1, 2, 1, 2)
    assert counts["criteria.type_status"] == (1, 2, 1, 2)
    assert counts["criteria.unmet"] == (1, 2, 1, 1)
    assert counts["criteria.basis"] == accuracy(0, 1)


def test_a_criterion_of_another_request_is_no_match() -> None:
    unmet = (criterion("step_therapy", "unmet", "undocumented", ((500, 550),)),)
    counts = count(
        row(requests=[request(1, 100, unmet), request(2, 200)]), row(requests=[request(1, 100), request(2, 200, unmet)])
    )
    for name in ("type", "type_status", "unmet", "link"):
        assert counts[f"criteria.{name}"] == (0, 1, 0, 1), name


def test_a_type_that_stands_twice_may_have_either_basis() -> None:
    two = (criterion("step_therapy", "unmet", "undocumented"), criterion("step_therapy", "unmet", "contradicted"))
    one, other = two[:1], (criterion("step_therapy", "unmet", "exceeded"),)
    for said, right in ((one, 1), (two, 1), (other, 0)):
        counts = count(row(requests=[request(1, 100, two)]), row(requests=[request(1, 100, said)]))
        assert counts["criteria.basis"] == accuracy(right, 1)


def test_links_ask_for_the_type_and_more_than_half_of_the_sentence() -> None:
    gold = (criterion("step_therapy", "met", None, ((500, 600), (600, 700))),)
    predicted = (
        criterion("step_therapy", "met", None, ((540, 640), (900, 950))),
        criterion("duration_limit", "met", None, ((500, 600),)),
    )
    counts = count(row(requests=[request(1, 100, gold)]), row(requests=[request(1, 100, predicted)]))
    assert counts["criteria.link"] == (1, 3, 1, 2)
    assert linked(("step_therapy", (0, 10)), [("step_therapy", (4, 50))])
    assert not linked(("step_therapy", (0, 10)), [("step_therapy", (5, 50)), ("duration_limit", (0, 10))])


@given(SPANS, SPANS)
def test_spans_share_the_characters_that_are_in_both(first: tuple[int, int], second: tuple[int, int]) -> None:
    shared = len(set(range(*first)) & set(range(*second)))
    assert overlap(first, second) == overlap(second, first) == shared
    assert same_place(first, second) == (shared > min(first[1] - first[0], second[1] - second[0]) / 2)


def test_tallies_add_up() -> None:
    assert Tally(1, 2, 3, 4) + Tally(10, 20, 30, 40) == Tally(11, 22, 33, 44)
    plain = (1, 2, 3, 4)
    with pytest.raises(TypeError):
        Tally(1, 2, 3, 4) + plain
