"""Agreement of two readings: each figure on rows small enough to count by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from unmet.corpus.agreement import Measure, agreement, cohen_kappa, render
from unmet.corpus.rows import CorpusError, Row, RowCriterion, RowMention, RowRequest, RowSentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unmet.corpus.rows import Label, Offsets


def mention(
    start: int, end: int, label: Label = "PROCEDURE", assertion: str | None = "requested", **attributes: Any
) -> RowMention:
    return RowMention(id=f"m{start}-{end}", label=label, start=start, end=end, assertion=assertion, attributes=attributes)


def criterion(
    kind: str, status: str = "unmet", basis: str | None = "undocumented", evidence: Sequence[Offsets] = ()
) -> RowCriterion:
    return RowCriterion(
        id=kind,
        type=kind,
        status=status,  # type: ignore[arg-type]
        unmet_basis=basis if status == "unmet" else None,
        evidence=list(evidence),
    )


def row(
    letter: str = "CM17-0000001",
    mentions: Sequence[RowMention] = (),
    voices: Sequence[str] = (),
    criteria: Sequence[RowCriterion] = (),
    family: str = "physical_therapy",
    sha256: str = "0" * 64,
) -> Row:
    return Row(
        schema_version="1.0",
        letter=letter,
        sha256=sha256,
        characters=1000,
        quality="gold",
        readers=["reader"],
        sections=[],
        sentences=[RowSentence(start=10 * i, end=10 * i + 9, voice=voice) for i, voice in enumerate(voices)],
        requests=[
            RowRequest(index=1, title=(0, 20), item=(0, 20), decision="upheld", family=family, criteria=list(criteria)),
        ],
        mentions=list(mentions),
    )


def figure(measures: Sequence[Measure], name: str, kind: str) -> tuple[float | None, int]:
    (one,) = [measure for measure in measures if (measure.name, measure.kind) == (name, kind)]
    return one.value, one.n


def test_kappa_of_cohens_two_by_two_table() -> None:
    # 20 and 15 on the diagonal, 5 and 10 off it: observed 0.7, expected 0.5.
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    assert cohen_kappa(pairs) == pytest.approx(0.4)


@pytest.mark.parametrize("pairs", [[], [("a", "a")], [("a", "a"), ("a", "a")]])
def test_kappa_is_undefined_without_a_choice(pairs: list[tuple[str, str]]) -> None:
    assert cohen_kappa(pairs) is None


def test_kappa_of_chance_agreement_is_zero_and_of_opposites_minus_one() -> None:
    assert cohen_kappa([("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")]) == 0
    assert cohen_kappa([("a", "b"), ("b", "a")]) == -1


def test_a_reading_agrees_with_itself() -> None:
    one = row(
        mentions=[mention(0, 5), mention(8, 12, assertion="absent")],
        voices=["record", "reviewer"],
        criteria=[criterion("red_flags", evidence=[(20, 29)]), criterion("pain_level", "not_addressed")],
    )
    assert {measure.value for measure in agreement([one], [one]) if measure.kind != "count"} <= {1.0, None}


def test_same_span_and_overlap_are_counted_apart() -> None:
    first = row(mentions=[mention(0, 5), mention(10, 20), mention(30, 35)])
    second = row(mentions=[mention(0, 5), mention(10, 14), mention(15, 20)])
    measures = agreement([first], [second])
    assert figure(measures, "PROCEDURE, same span", "F1") == (pytest.approx(1 / 3), 6)
    # Two of three found one way, three of three the other way: 2 * 2/3 * 1 / (2/3 + 1).
    assert figure(measures, "PROCEDURE, overlapping", "F1") == (pytest.approx(0.8), 6)


def test_spans_of_another_label_or_letter_do_not_count() -> None:
    first = [row("a", [mention(0, 5)]), row("b", [mention(10, 15)])]
    second = [row("a", [mention(0, 5, "MEDICATION")]), row("b", []), row("c", [mention(10, 15)])]
    measures = agreement(first, second)
    assert figure(measures, "letters", "count") == (None, 2)
    assert figure(measures, "PROCEDURE, overlapping", "F1") == (0.0, 2)
    assert figure(measures, "assertion", "kappa") == (None, 0)


def test_swapping_the_readings_changes_nothing() -> None:
    first = row(mentions=[mention(0, 5), mention(10, 20)], voices=["record", "patient"], criteria=[criterion("red_flags")])
    second = row(mentions=[mention(0, 4)], voices=["record", "record"], criteria=[criterion("pain_level")], family="massage")
    assert agreement([first], [second]) == agreement([second], [first])


def test_codes_of_equal_spans_only() -> None:
    first = row(
        mentions=[
            mention(0, 5),
            mention(10, 15, assertion="absent"),
            mention(20, 25, "FUNCTION", None, polarity="improved", dimension="pain"),
            mention(30, 35, "FUNCTION", None, polarity="improved", dimension="pain"),
        ]
    )
    second = row(
        mentions=[
            mention(0, 5),
            mention(10, 15, assertion="requested"),
            mention(20, 25, "FUNCTION", None, polarity="not_improved", dimension="pain"),
            mention(30, 36, "FUNCTION", None, polarity="improved", dimension="pain"),
        ]
    )
    measures = agreement([first], [second])
    assert figure(measures, "assertion", "agreement") == (0.5, 2)
    assert figure(measures, "polarity of FUNCTION", "agreement") == (0.0, 1)
    assert figure(measures, "dimension of FUNCTION", "agreement") == (1.0, 1)


def test_two_criteria_on_one_span_pair_with_their_like() -> None:
    first = row(mentions=[mention(0, 5, "CRITERION", None, type=kind) for kind in ("dose_limit", "pain_level")])
    second = row(mentions=[mention(0, 5, "CRITERION", None, type=kind) for kind in ("pain_level", "red_flags")])
    assert figure(agreement([first], [second]), "type of CRITERION", "agreement") == (0.5, 2)


def test_voices_of_shared_sentences() -> None:
    first, second = row(voices=["record", "reviewer", "patient"]), row(voices=["record", "record"])
    assert figure(agreement([first], [second]), "voice of a sentence", "agreement") == (0.5, 2)


def test_criteria_of_a_request() -> None:
    first = row(
        criteria=[
            criterion("red_flags", basis="contradicted", evidence=[(100, 150)]),
            criterion("pain_level", "met", evidence=[(160, 200)]),
            criterion("dose_limit", "not_addressed"),
        ]
    )
    second = row(
        criteria=[
            criterion("red_flags", basis="undocumented", evidence=[(120, 150), (210, 220)]),
            criterion("pain_level", "unmet", evidence=[(160, 200)]),
        ],
    )
    measures = agreement([first], [second])
    assert figure(measures, "criterion types of a request", "F1") == (pytest.approx(0.8), 5)
    assert figure(measures, "type with status", "F1") == (pytest.approx(0.5), 4)
    assert figure(measures, "unmet types", "F1") == (pytest.approx(2 / 3), 3)
    assert figure(measures, "basis of unmet types", "agreement") == (0.0, 1)
    assert figure(measures, "evidence links", "F1") == (pytest.approx(0.8), 5)
    assert figure(measures, "family of a request", "agreement") == (1.0, 1)


def test_evidence_must_share_more_than_half_of_the_shorter() -> None:
    first, second = (row(criteria=[criterion("red_flags", evidence=[span])]) for span in ((100, 120), (110, 130)))
    assert figure(agreement([first], [second]), "evidence links", "F1") == (0.0, 2)


def test_requests_pair_by_their_titles_not_their_number() -> None:
    first, second = row(), row(family="massage")
    second.requests[0].title = (500, 520)
    assert figure(agreement([first], [second]), "family of a request", "kappa") == (None, 0)


def test_different_texts_are_refused() -> None:
    with pytest.raises(CorpusError, match="different texts"):
        agreement([row()], [row(sha256="1" * 64)])


def test_no_common_letter_leaves_every_figure_empty() -> None:
    assert {(one.value, one.n) for one in agreement([row("a")], [row("b")])} == {(None, 0)}


def test_table_and_json() -> None:
    measures = agreement([row(mentions=[mention(0, 5)])], [row(mentions=[mention(0, 5)])])
    table = render(measures).splitlines()
    assert len(table) == len(measures) + 1
    assert table[4].split() == ["PROCEDURE,", "same", "span", "F1", "1.000", "2"]
    assert table[2].split()[-2:] == ["-", "0"]
    assert msgspec.json.decode(msgspec.json.encode(measures), type=list[Measure]) == measures
