"""Rows become doccano examples and come back as they were; what an annotator changes comes back changed."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.corpus.attach import CollapsedText
from unmet.corpus.doccano_format import (
    Entity,
    Example,
    Relation,
    from_example,
    label_file,
    relation_types,
    span_types,
    to_example,
)
from unmet.corpus.rows import (
    SCHEMA_VERSION,
    CorpusError,
    Row,
    RowCriterion,
    RowMention,
    RowRequest,
    RowSection,
    RowSentence,
    read_rows,
)
from unmet.ingest import read_letter
from unmet.knowledge import codes

ROOT = Path(__file__).resolve().parents[2]


def through_server(example: Example, seed: int = 0) -> Example:
    """What the server does: JSON, ids of its own in the order of arrival, lists in any order, keys of its own."""
    shuffle = random.Random(seed).shuffle
    entities = [msgspec.structs.replace(one, id=one.id * 3 + 1000) for one in example.entities]
    relations = [
        msgspec.structs.replace(one, id=one.id * 2 + 50, from_id=one.from_id * 3 + 1000, to_id=one.to_id * 3 + 1000)
        for one in example.relations
    ]
    shuffle(entities)
    shuffle(relations)
    sent = msgspec.json.encode(msgspec.structs.replace(example, id=7, entities=entities, relations=relations))
    return msgspec.json.decode(msgspec.json.encode(msgspec.json.decode(sent) | {"Comments": []}), type=Example)


@st.composite
def rows(draw: st.DrawFn) -> tuple[Row, str]:
    """Any sound row, however unlikely: spans that coincide, lists in no order, several criteria at one place."""
    text = draw(st.text(st.characters(codec="utf-8"), min_size=2, max_size=30))

    def offsets() -> Any:
        # Few different places, so that spans coincide and overlap.
        return st.integers(0, len(text) - 1).flatmap(
            lambda start: st.integers(start + 1, len(text)).map(lambda end: (start, end))
        )

    def code(field: str) -> Any:
        return st.sampled_from(sorted(codes(field))[:3])

    def spans(most: int) -> Any:
        return st.lists(offsets(), max_size=most)

    identifier = st.from_regex(r"[a-z][0-9]{1,2}", fullmatch=True)
    loose = st.dictionaries(
        st.sampled_from(["strength", "form", "quantity", "class", "prn"]),
        st.one_of(st.text(max_size=5), st.booleans(), st.integers(-9, 9), st.none()),
        max_size=3,
    )
    mentions = []
    for name in draw(st.lists(identifier, unique=True, max_size=5)):
        label = draw(st.sampled_from(["MEDICATION", "PROCEDURE", "FUNCTION", "CRITERION"]))
        start, end = draw(offsets())
        attributes: dict[str, Any] = draw(loose)
        assertion = None
        if label == "FUNCTION":
            attributes |= {"dimension": draw(code("function_dimension")), "polarity": draw(code("function_polarity"))}
        elif label == "CRITERION":
            attributes |= {"type": draw(code("criterion_type"))}
        else:
            assertion = draw(code("assertion"))
        mentions.append(RowMention(id=name, label=label, start=start, end=end, assertion=assertion, attributes=attributes))
    indices = draw(st.lists(st.integers(0, 9), unique=True, max_size=3))
    names = iter(draw(st.lists(identifier, unique=True, min_size=6, max_size=6)))
    requests = []
    for index in indices:
        criteria = []
        for _ in range(draw(st.integers(0, 2))):
            status = draw(st.sampled_from(["met", "unmet", "not_addressed"]))
            criteria.append(
                RowCriterion(
                    id=next(names),
                    type=draw(code("criterion_type")),
                    status=status,
                    unmet_basis=draw(code("unmet_basis")) if status == "unmet" else None,
                    decisive=draw(st.booleans()),
                    statement=draw(st.none() | offsets()),
                    evidence=draw(spans(3)),
                    counter_evidence=draw(spans(2)),
                )
            )
        requests.append(
            RowRequest(
                index=index,
                title=draw(offsets()),
                item=draw(offsets()),
                decision=draw(st.sampled_from(["upheld", "overturned"])),
                family=draw(code("treatment_family")),
                inherits_from=draw(st.none() | st.sampled_from([one for one in indices if one != index] or [None])),
                criteria=criteria,
            )
        )
    sections = [
        RowSection(
            kind=draw(code("section_kind")), start=start, end=end, request=draw(st.none() | st.sampled_from([*indices, 77]))
        )
        for start, end in draw(spans(2))
    ]
    row = Row(
        schema_version=SCHEMA_VERSION,
        letter=draw(st.text(min_size=1, max_size=8)),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        characters=len(text),
        quality=draw(st.sampled_from(["gold", "silver"])),
        readers=draw(st.lists(st.text(max_size=5), max_size=2)),
        sections=sections,
        sentences=[RowSentence(start=start, end=end, voice=draw(code("voice"))) for start, end in draw(spans(4))],
        requests=requests,
        mentions=mentions,
    )
    return row, text


@given(rows(), st.integers())
def test_doccano_round_trip_is_the_identity(drawn: tuple[Row, str], seed: int) -> None:
    row, text = drawn
    returned = through_server(to_example(row, text), seed)
    assert returned.text == text
    assert from_example(returned) == row


def test_doccano_labels_are_those_of_the_label_set(annotated: Example) -> None:
    assert {entity.label for entity in annotated.entities} <= set(span_types())
    assert {relation.type for relation in annotated.relations} <= set(relation_types())


@pytest.mark.parametrize(("name", "types"), [("span_types", span_types()), ("relation_types", relation_types())])
def test_doccano_label_files_are_up_to_date(name: str, types: dict[str, str]) -> None:
    file = ROOT / "configs" / "doccano" / f"{name}.json"
    assert file.read_bytes() == label_file(types), "run: unmet corpus doccano labels configs/doccano"


LETTER = "acupuncture-4"


@pytest.fixture
def row() -> Row:
    return next(row for row in read_rows(ROOT / "annotations" / "project.jsonl") if row.letter == LETTER)


@pytest.fixture
def annotated(row: Row, samples: Path) -> Example:
    return through_server(to_example(row, CollapsedText.of(read_letter(samples / f"{LETTER}.txt").source_text).text))


def entity_of(example: Example, label: str, number: int = 0) -> Entity:
    found = sorted((one for one in example.entities if one.label.startswith(label)), key=lambda one: one.start_offset)
    return found[number]


def changed(example: Example, old: Entity, **new: Any) -> Example:
    entities = [msgspec.structs.replace(one, **new) if one == old else one for one in example.entities]
    return msgspec.structs.replace(example, entities=entities)


def without(example: Example, gone: Entity) -> Example:
    """Deleting a span deletes its arrows, as on the server."""
    return msgspec.structs.replace(
        example,
        entities=[one for one in example.entities if one != gone],
        relations=[one for one in example.relations if gone.id not in (one.from_id, one.to_id)],
    )


def with_span(example: Example, label: str, start: int, end: int) -> tuple[Example, Entity]:
    new = Entity(max(one.id for one in example.entities) + 1, label, start, end)
    return msgspec.structs.replace(example, entities=[*example.entities, new]), new


def with_arrow(example: Example, source: Entity, target: Entity, kind: str) -> Example:
    new = Relation(max(one.id for one in example.relations) + 1, source.id, target.id, kind)
    return msgspec.structs.replace(example, relations=[*example.relations, new])


def test_doccano_relabelled_mention_keeps_id_and_attributes(row: Row, annotated: Example) -> None:
    drug = entity_of(annotated, "MEDICATION:discontinued")
    pulled = from_example(changed(annotated, drug, label="MEDICATION:absent"))
    assert pulled.mentions[0] == msgspec.structs.replace(row.mentions[0], assertion="absent")
    assert pulled.mentions[1:] == row.mentions[1:]


def test_doccano_moved_mention_keeps_id_and_attributes(row: Row, annotated: Example) -> None:
    drug = entity_of(annotated, "MEDICATION:discontinued")
    pulled = from_example(changed(annotated, drug, end_offset=drug.end_offset + 4))
    assert pulled.mentions[0] == msgspec.structs.replace(row.mentions[0], end=row.mentions[0].end + 4)


def test_doccano_new_and_deleted_mentions(row: Row, annotated: Example) -> None:
    first = entity_of(annotated, "MEDICATION:discontinued")
    example, _ = with_span(without(annotated, first), "FUNCTION:sleep/improved", 700, 710)
    pulled = from_example(example)
    assert [one.id for one in pulled.mentions] == [f"m{len(row.mentions) + 1}", *(one.id for one in row.mentions[1:])]
    assert pulled.mentions[0].attributes == {"dimension": "sleep", "polarity": "improved"}


def test_doccano_new_criterion_gets_an_id_and_its_status(row: Row, annotated: Example) -> None:
    example, node = with_span(annotated, "APPLIED:pain_level", 4748, 4814)
    example = with_arrow(example, node, entity_of(example, "REQUEST:overturned"), "unmet:undocumented")
    example = with_arrow(example, entity_of(example, "VOICE:", -2), node, "evidence")
    criteria = from_example(example).requests[1].criteria
    assert criteria[:-1] == row.requests[1].criteria
    assert criteria[-1] == RowCriterion(
        id="r2c4", type="pain_level", status="unmet", unmet_basis="undocumented", evidence=[(4748, 4814)]
    )


def test_doccano_new_evidence_goes_in_the_order_of_the_text(row: Row, annotated: Example) -> None:
    example = with_arrow(annotated, entity_of(annotated, "VOICE:guideline"), entity_of(annotated, "APPLIED:"), "evidence")
    assert from_example(example).requests[0].criteria[0].evidence == [(2738, 3104), *row.requests[0].criteria[0].evidence]


def test_doccano_retyped_criterion_keeps_its_id(annotated: Example) -> None:
    node = entity_of(annotated, "APPLIED:step_therapy")
    criterion = from_example(changed(annotated, node, label="APPLIED:other")).requests[0].criteria[0]
    assert (criterion.id, criterion.type, criterion.decisive) == ("r1c1", "other", True)


def unknown_label(example: Example) -> Example:
    return changed(example, entity_of(example, "MEDICATION"), label="MEDICATON:present")


def unknown_arrow(example: Example) -> Example:
    return msgspec.structs.replace(example, relations=[msgspec.structs.replace(example.relations[0], type="mett")])


def wrong_arrow(example: Example) -> Example:
    return with_arrow(example, entity_of(example, "VOICE"), entity_of(example, "REQUEST"), "met")


def no_status(example: Example) -> Example:
    return with_span(example, "APPLIED:other", 10, 20)[0]


def two_statuses(example: Example) -> Example:
    node = entity_of(example, "APPLIED")
    return with_arrow(example, node, entity_of(example, "REQUEST"), "met")


def no_item(example: Example) -> Example:
    return without(example, entity_of(example, "ITEM"))


def loose_evidence(example: Example) -> Example:
    return with_span(example, "EVIDENCE", 10, 20)[0]


def outside(example: Example) -> Example:
    return changed(example, entity_of(example, "VOICE", -1), end_offset=99_999)


def other_text(example: Example) -> Example:
    return msgspec.structs.replace(example, text=example.text[:-1] + "?")


def foreign(example: Example) -> Example:
    return msgspec.structs.replace(example, doc_id=None)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (unknown_label, "'MEDICATON:present'"),
        (unknown_arrow, "'mett'"),
        (wrong_arrow, "but goes from APPLIED to REQUEST"),
        (no_status, "APPLIED:other at 10-20 needs one relation to a REQUEST"),
        (two_statuses, "and has 2"),
        (no_item, "needs one ITEM"),
        (loose_evidence, "EVIDENCE at 10-20 has no relation"),
        (outside, "outside the text"),
        (other_text, "checksum"),
        (foreign, "example 7: was not pushed by unmet"),
    ],
)
def test_doccano_faults_are_named_without_the_letter(annotated: Example, spoil: Any, words: str) -> None:
    with pytest.raises(CorpusError) as caught:
        from_example(spoil(annotated))
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert annotated.text[4000:4020] not in message


def test_doccano_refuses_a_row_of_another_text(row: Row) -> None:
    with pytest.raises(CorpusError, match="checksum"):
        to_example(row, "Another text.")
