"""The record: its documented field names, closed fields from the taxonomy, null and never "", JSON both ways."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import pytest
from unmet import record
from unmet.knowledge import codes
from unmet.reading import read
from unmet.record import SCHEMA_VERSION, Determination, json_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

SPAN = {"start", "end", "text", "page"}
FIELDS: dict[str, set[str]] = {
    "Determination": {
        *("schema_version", "model", "text", "source", "layout", "case", "reviewer", "patient", "sections", "sentences"),
        *("requests", "medications", "mentions", "warnings"),
    },
    "Model": {"name", "version"},
    "SourceInfo": {"path", "sha256", "media_type", "pages", "characters", "ocr"},
    "LayoutInfo": {"era", "is_determination"},
    "Case": {
        *("case_number", "date_assigned", "date_of_injury", "decision_date", "ur_denial_date", "application_received"),
        *("priority", "outcome"),
    },
    "ReviewerInfo": {"licensure", "specialties"},
    "PatientInfo": {"age", "sex"},
    "Span": SPAN,
    "SectionSpan": SPAN | {"kind"},
    "SentenceSpan": SPAN | {"voice", "section"},
    "Request": {
        *("index", "title", "item", "family", "decision", "decision_span", "partial", "inherits_from"),
        *("claims_administrator", "maximus", "rationale", "criteria"),
    },
    "Partial": {"original", "authorized"},
    "Basis": {"text", "mtus", "citations"},
    "Citation": {"body", "chapter", "edition", "sections", "pages"},
    "Criterion": {
        *("id", "type", "statement", "guideline", "catalogue_id", "ordinal", "logic", "values", "status", "unmet_basis"),
        *("decisive", "evidence", "counter_evidence", "confidence", "source"),
    },
    "Value": {"quantity", "asked", "allowed", "unit"},
    "Mention": {"id", "label", "span", "section", "voice", "assertion", "attributes", "source", "rule", "confidence"},
    "Medication": {
        *("name", "ingredient", "drug_class", "rxcui", "strength", "form", "route", "frequency", "quantity", "duration"),
        *("refills", "prn", "assertion", "mentions"),
    },
}
ATTRIBUTES = {
    "FUNCTION": {
        *("dimension", "polarity", "score", "definition_part", "with_treatment", "without_treatment", "before", "after"),
        *("relief_percent", "work_status"),
    },
    "PROCEDURE": {"canonical", "name", "family", "body_part", "laterality", "level", "contrast"},
    "CRITERION": {"type"},
    "MEDICATION": {
        *("class", "drug_class", "ingredients", "strength", "form", "route", "frequency", "quantity", "duration", "prn"),
        "refills",
    },
    "CITATION": {"body", "chapter", "acoem_chapter", "edition", "pages", "sections"},
}
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def letters(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name != "README.md")


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a record with the names that lead to it."""
    yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from walk(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, path + "[]")


@pytest.fixture(scope="module")
def records(samples: Path) -> dict[str, Determination]:
    found = {path.name: read(path, with_text=True) for path in letters(samples)}
    assert len(found) > 30
    return found


@pytest.fixture(scope="module")
def as_json(records: dict[str, Determination]) -> dict[str, dict[str, Any]]:
    return {name: json.loads(determination.to_json()) for name, determination in records.items()}


def test_record_json_round_trip_gives_the_same_record(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        line = determination.to_json()
        again = Determination.from_json(line)
        assert again == determination, name
        assert again.to_json() == line, name
        assert Determination.from_json(line.decode()) == determination, name


def test_record_json_is_one_line_of_utf8(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        line = determination.to_json()
        assert len(line.splitlines()) == 1, name
        assert not line.endswith(b"\n"), name
        line.decode("utf-8")


@pytest.mark.parametrize("struct", sorted(FIELDS))
def test_record_fields_are_those_of_the_design(struct: str) -> None:
    assert set(getattr(record, struct).__struct_fields__) == FIELDS[struct]


def test_record_json_keys_are_the_field_names(as_json: dict[str, dict[str, Any]]) -> None:
    for name, one in as_json.items():
        assert set(one) == FIELDS["Determination"], name
        assert set(one["case"]) == FIELDS["Case"], name
        for request in one["requests"]:
            assert set(request) == FIELDS["Request"], name
            for criterion in request["criteria"]:
                assert set(criterion) == FIELDS["Criterion"], name
        for mention in one["mentions"]:
            assert set(mention) == FIELDS["Mention"], name


def test_record_mention_attributes_are_those_of_their_label(records: dict[str, Determination]) -> None:
    seen = set()
    for name, determination in records.items():
        for mention in determination.mentions:
            seen.add(mention.label)
            assert set(mention.attributes) <= ATTRIBUTES.get(mention.label, set()), (name, mention.id, mention.label)
    assert seen == {"MEDICATION", "PROCEDURE", "CRITERION", "FUNCTION", "CITATION", "CONDITION"}


def test_record_mentions_have_the_attributes_that_their_label_cannot_lack(records: dict[str, Determination]) -> None:
    needed = {"FUNCTION": {"dimension", "polarity"}, "PROCEDURE": {"canonical", "family"}, "CRITERION": {"type"}}
    for name, determination in records.items():
        for mention in determination.mentions:
            assert needed.get(mention.label, set()) <= set(mention.attributes), (name, mention.id)


def test_record_function_mentions_name_the_part_of_the_definition(records: dict[str, Determination]) -> None:
    """Which part of the definition of functional improvement (8 CCR 9792.20) a finding speaks to."""
    function = [m for d in records.values() for m in d.mentions if m.label == "FUNCTION" and m.attributes["dimension"] == "work"]
    assert function
    assert any(mention.attributes.get("definition_part") is not None for mention in function)


def test_record_unknown_is_null_never_an_empty_string(as_json: dict[str, dict[str, Any]]) -> None:
    for name, one in as_json.items():
        empty = [path for path, value in walk(one) if isinstance(value, str) and not value.strip()]
        assert not empty, (name, empty[:3])


def test_record_text_only_on_request(samples: Path, records: dict[str, Determination]) -> None:
    path = samples / "sample-multi-request.md"
    assert read(path).text is None
    assert records[path.name].text == path.read_text(encoding="utf-8")


def test_record_case_fields_read_from_the_letter(records: dict[str, Determination]) -> None:
    one = records["sample-intrathecal-pump.txt"]
    assert msgspec.to_builtins(one.case) == {
        "case_number": "CM99-0000001",
        "date_assigned": "2014-02-21",
        "date_of_injury": "2006-03-14",
        "decision_date": "2014-04-28",
        "ur_denial_date": "2014-02-03",
        "application_received": "2014-02-12",
        "priority": "Standard",
        "outcome": "upheld",
    }
    assert (one.patient.age, one.patient.sex) == (49, "female")
    assert one.reviewer.licensure == ["California", "Nevada"]


def test_record_dates_are_iso(records: dict[str, Determination]) -> None:
    dates = ("date_assigned", "date_of_injury", "decision_date", "ur_denial_date", "application_received")
    printed = [getattr(d.case, field) for d in records.values() for field in dates]
    assert any(printed)
    assert all(ISO_DATE.match(date) for date in printed if date is not None)


# --- closed fields -------------------------------------------------------------------------------------------------


def closed(determination: Determination) -> Iterator[tuple[str, str]]:
    """Every (field of the taxonomy, value) that a record holds."""
    yield "layout", determination.layout.era
    for section in determination.sections:
        yield "section_kind", section.kind
    for sentence in determination.sentences:
        yield "voice", sentence.voice
        yield "section_kind", sentence.section
    for request in determination.requests:
        yield "decision", request.decision
        yield "treatment_family", request.family
        for criterion in request.criteria:
            yield "criterion_type", criterion.type
            yield "criterion_status", criterion.status
            if criterion.unmet_basis is not None:
                yield "unmet_basis", criterion.unmet_basis
    for mention in determination.mentions:
        yield "voice", mention.voice
        yield "section_kind", mention.section
        if mention.assertion is not None:
            yield "assertion", mention.assertion
        if mention.label == "FUNCTION":
            yield "function_dimension", mention.attributes["dimension"]
            yield "function_polarity", mention.attributes["polarity"]
        if mention.label == "CRITERION":
            yield "criterion_type", mention.attributes["type"]
        if mention.label == "PROCEDURE":
            yield "treatment_family", mention.attributes["family"]
    for medication in determination.medications:
        if medication.assertion is not None:
            yield "assertion", medication.assertion


def test_record_closed_fields_take_their_values_from_the_taxonomy(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        strange = {(field, value) for field, value in closed(determination) if value not in codes(field)}
        assert not strange, name


def test_record_literals_are_those_of_the_taxonomy() -> None:
    assert set(record.Decision.__args__) == codes("decision")
    assert set(record.Status.__args__) == codes("criterion_status")
    basis = json_schema()["$defs"]["Criterion"]["properties"]["unmet_basis"]
    allowed = {value for one in basis["anyOf"] for value in one.get("enum", ())}
    assert allowed - {None} == codes("unmet_basis")


def test_record_taxonomy_is_the_shared_one() -> None:
    shared = Path(__file__).resolve().parents[2] / "shared" / "taxonomy.yaml"
    if not shared.is_file():
        pytest.skip("no shared/taxonomy.yaml beside the repository")
    import yaml
    from unmet.knowledge import load_yaml

    assert load_yaml("taxonomy.yaml") == yaml.safe_load(shared.read_text(encoding="utf-8"))


def test_record_assertion_for_medications_and_procedures_only(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        for mention in determination.mentions:
            asserted = mention.label in ("MEDICATION", "PROCEDURE")
            assert (mention.assertion is not None) == asserted, (name, mention.id)


def test_record_confidences_lie_between_0_and_1(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        values = [c.confidence for r in determination.requests for c in r.criteria]
        values += [m.confidence for m in determination.mentions]
        assert all(0 <= value <= 1 for value in values), name


# --- the JSON schema -----------------------------------------------------------------------------------------------


def test_record_json_schema_is_a_valid_schema() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    json.dumps(schema)


def test_record_json_schema_accepts_every_record(as_json: dict[str, dict[str, Any]]) -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    for name, one in as_json.items():
        assert [error.message for error in validator.iter_errors(one)] == [], name


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("requests", 0, "decision"), "denied"),
        (("requests", 0, "criteria", 0, "status"), "unclear"),
        (("requests", 0, "criteria", 0, "unmet_basis"), "silent"),
        (("case", "outcome"), "mixed"),
        (("patient", "sex"), "f"),
        (("mentions", 0, "label"), "DRUG"),
        (("source", "sha256"), None),
    ],
)
def test_record_json_schema_and_reader_refuse_a_wrong_value(
    as_json: dict[str, dict[str, Any]], place: tuple[str | int, ...], value: Any
) -> None:
    damaged = json.loads(json.dumps(as_json["sample-multi-request.md"]))
    inner = damaged
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(damaged)
    with pytest.raises(msgspec.ValidationError):
        Determination.from_json(json.dumps(damaged))


@pytest.mark.parametrize("line", ["", "{", "[]", "null", '{"schema_version": "1.0"}'])
def test_record_from_json_refuses_what_is_no_record(line: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        Determination.from_json(line)


def test_record_says_its_schema_version_and_model(records: dict[str, Determination]) -> None:
    from unmet import __version__

    for determination in records.values():
        assert determination.schema_version == SCHEMA_VERSION
        assert determination.model.version == __version__
        assert determination.model.name
