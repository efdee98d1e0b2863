"""The data files: rows and patterns that are well formed, codes that the taxonomy has, no trace of real cases."""

from __future__ import annotations

import csv
import re
import signal
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from unmet import knowledge
from unmet.components.medications import drug_named, lexicon
from unmet.components.rules import criterion_rules
from unmet.errors import KnowledgeError
from unmet.knowledge import codes, load_yaml, read_knowledge
from unmet.layout.pattern import form

DATA_FILES = sorted(path.name for path in files("unmet.knowledge").iterdir() if Path(path.name).suffix in (".yaml", ".tsv"))
YAML_FILES = [name for name in DATA_FILES if name.endswith(".yaml")]
CASE_NUMBER = re.compile(r"CM\d\d-\d{7}|IMR[ -]?\d\d-\d{4,7}")


@pytest.fixture(scope="module")
def drugs() -> list[dict[str, str]]:
    return list(csv.DictReader(read_knowledge("medications.tsv").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture(scope="module")
def procedures() -> list[dict[str, Any]]:
    return list(load_yaml("procedures.yaml"))


# --- medications.tsv -----------------------------------------------------------------------------------------------


def test_knowledge_medications_rows_are_whole() -> None:
    rows = [line.split("\t") for line in read_knowledge("medications.tsv").splitlines()]
    assert rows[0][:6] == ["name", "ingredients", "drug_class", "kind", "family", "ambiguous"]
    assert {len(row) for row in rows} == {len(rows[0])}
    assert all(cell == cell.strip() for row in rows for cell in row)


def test_knowledge_medications_are_many_and_named_once(drugs: list[dict[str, str]]) -> None:
    names = Counter(drug["name"].lower() for drug in drugs)
    assert len(names) >= 1200
    assert [name for name, count in names.items() if count > 1] == []
    assert all(drug["name"] for drug in drugs)


def test_knowledge_medications_are_in_the_families_of_the_taxonomy(drugs: list[dict[str, str]]) -> None:
    assert {drug["family"] for drug in drugs} <= codes("treatment_family")


def test_knowledge_medications_have_ingredients_unless_they_are_a_class(drugs: list[dict[str, str]]) -> None:
    assert {drug["kind"] for drug in drugs} <= {"brand", "generic", "misspelling", "class", "compound"}
    assert {drug["ambiguous"] for drug in drugs} <= {"", "y"}
    assert [drug["name"] for drug in drugs if not drug["drug_class"]] == []
    assert [drug["name"] for drug in drugs if not drug["ingredients"] and drug["kind"] != "class"] == []


def test_knowledge_medications_that_differ_in_blanks_only_are_the_same_drug() -> None:
    by_letters: dict[str, Any] = {}
    for name, drug in lexicon().items():
        letters = "".join(name.split())
        other = by_letters.setdefault(letters, drug)
        assert (drug.ingredients, drug.family) == (other.ingredients, other.family), name


@pytest.mark.parametrize(
    ("name", "ingredients", "family"),
    [
        ("Norco", {"hydrocodone", "acetaminophen"}, "opioid"),
        ("naproxen", {"naproxen"}, "nsaid"),
        ("CYCLOBENZAPRINE", {"cyclobenzaprine"}, "muscle_relaxant"),
        ("Omeprazole", {"omeprazole"}, "gastroprotective"),
        ("gabapentin", {"gabapentin"}, "anticonvulsant"),
        ("Ambien", {"zolpidem"}, "sedative_hypnotic"),
    ],
)
def test_knowledge_medications_hold_the_common_drugs(name: str, ingredients: set[str], family: str) -> None:
    drug = drug_named(name)
    assert drug is not None
    assert (set(drug.ingredients), drug.family) == (ingredients, family)


# --- procedures.yaml -----------------------------------------------------------------------------------------------


def test_knowledge_procedures_are_in_the_families_of_the_taxonomy(procedures: list[dict[str, Any]]) -> None:
    assert {entry["family"] for entry in procedures} <= codes("treatment_family")


def test_knowledge_procedures_have_names_of_their_own(procedures: list[dict[str, Any]]) -> None:
    names = Counter(entry["canonical"] for entry in procedures)
    assert [name for name, count in names.items() if count > 1] == []
    assert [name for name in names if name != name.lower().strip() or not name] == []


def test_knowledge_procedures_have_terms_and_known_keys(procedures: list[dict[str, Any]]) -> None:
    for entry in procedures:
        assert set(entry) <= {"canonical", "family", "terms", "exact", "generic"}, entry["canonical"]
        terms = [*entry.get("terms", ()), *entry.get("exact", ())]
        assert terms, entry["canonical"]
        assert all(isinstance(term, str) and term.strip() == term and term for term in terms), entry["canonical"]


def test_knowledge_procedures_share_no_term(procedures: list[dict[str, Any]]) -> None:
    owners: dict[str, set[str]] = {}
    for entry in procedures:
        for term in entry.get("terms", ()):
            owners.setdefault(" ".join(term.lower().split()), set()).add(entry["canonical"])
    assert {term: sorted(names) for term, names in owners.items() if len(names) > 1} == {}


# --- criteria.yaml and the other patterns --------------------------------------------------------------------------


def test_knowledge_criteria_are_types_of_the_taxonomy() -> None:
    data = load_yaml("criteria.yaml")
    assert set(data["types"]) <= codes("criterion_type")
    for name, rules in data["types"].items():
        assert set(rules) <= {"topics", "stated", "applied", "contrary", "fulfilled"}, name
        assert any(rules.values()), name


def test_knowledge_criteria_cover_nearly_every_type() -> None:
    missing = codes("criterion_type") - set(load_yaml("criteria.yaml")["types"])
    assert missing <= {"other", "parent_service", "guideline_support"}


def criterion_patterns() -> Iterator[tuple[str, str]]:
    data = load_yaml("criteria.yaml")
    for name, rules in data["types"].items():
        for field, patterns in rules.items():
            for number, pattern in enumerate(patterns):
                for snippet, text in data["snippets"].items():
                    pattern = pattern.replace("{" + snippet + "}", text)
                yield f"{name}.{field}[{number}]", pattern


def test_knowledge_criteria_every_pattern_compiles_and_matches_something_only() -> None:
    for where, pattern in criterion_patterns():
        compiled = form(pattern, re.I)
        assert compiled.search("") is None, where
        assert not re.search(r"\{[a-z_]+\}", pattern), f"{where}: a snippet that is not defined"


def test_knowledge_criteria_rules_load() -> None:
    rules = criterion_rules()
    text = "after failure of conservative care; documented functional improvement"
    for table in (rules.stated, rules.applied):
        assert {name for name, _ in table.finditer(text, 0, len(text))} >= {"conservative_care_failed", "functional_improvement"}


def all_patterns() -> Iterator[tuple[str, str]]:
    """Every regular expression of the data files, with where it stands."""

    def inside(value: Any, where: str) -> Iterator[tuple[str, str]]:
        if isinstance(value, str) and re.search(r"[\\(*+?|]", value):
            yield where, value
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
            yield from inside(inner, f"{where}.{key}")

    yield from criterion_patterns()
    for name in ("cues", "function", "guidelines", "regimen", "relations", "voice"):
        yield from inside(load_yaml(f"{name}.yaml"), name)


def test_knowledge_patterns_do_not_lose_themselves_in_long_sentences() -> None:
    """Words that nearly match, over and over, as in a letter without punctuation: seconds of processor time are a fault."""
    texts = [
        "the patient has no documented objective functional improvement with medications and physical therapy in the ",
        "there was improvement in the relief of the pain and in his use of the arm with no evidence that ",
        "significant objective specific clear physical abnormal positive current ",
    ]

    def lost(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, lost)
    slow = []
    try:
        for where, pattern in all_patterns():
            for text in texts:
                signal.setitimer(signal.ITIMER_VIRTUAL, 2.0)
                try:
                    list(form(pattern, re.I).finditer((text * 40)[:2500]))
                except TimeoutError:
                    slow.append(where)
                finally:
                    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    finally:
        signal.signal(signal.SIGVTALRM, before)
    assert slow == []


def test_knowledge_function_rules_take_their_codes_from_the_taxonomy() -> None:
    rules = load_yaml("function.yaml")["rules"]
    assert {rule["dimension"] for rule in rules} <= codes("function_dimension")
    assert {rule["polarity"] for rule in rules} <= codes("function_polarity")
    for rule in rules:
        assert form(rule["pattern"], re.I).search("") is None


def test_knowledge_context_rules_take_their_categories_from_the_taxonomy() -> None:
    entries = load_yaml("context.yaml")
    # TERMINATE ends the reach of another phrase; it asserts nothing.
    assert {entry["category"] for entry in entries} <= codes("assertion") | {"TERMINATE"}
    says: dict[tuple[str, str], set[str]] = {}
    for entry in entries:
        for phrase in entry["phrases"]:
            says.setdefault((phrase.lower(), entry["direction"]), set()).add(entry["category"])
    assert {phrase: categories for phrase, categories in says.items() if len(categories) > 1} == {}


# --- all files -----------------------------------------------------------------------------------------------------


def test_knowledge_files_are_there() -> None:
    assert {"taxonomy.yaml", "medications.tsv", "procedures.yaml", "criteria.yaml"} <= set(DATA_FILES)


@pytest.mark.parametrize("name", DATA_FILES)
def test_knowledge_files_hold_no_case_number(name: str) -> None:
    found = [number for number in CASE_NUMBER.findall(read_knowledge(name)) if "99-" not in number]
    assert found == []


@pytest.mark.parametrize("name", DATA_FILES)
def test_knowledge_files_are_tidy_text(name: str) -> None:
    text = read_knowledge(name)
    assert "\r" not in text
    assert "\ufeff" not in text
    assert text.endswith("\n")
    assert name.endswith(".tsv") or "\t" not in text


@pytest.mark.parametrize("name", YAML_FILES)
def test_knowledge_yaml_files_load_and_name_nothing_twice(name: str) -> None:
    import yaml

    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [loader.construct_object(key, deep=True) for key, _ in node.value]  # type: ignore[no-untyped-call]
        assert len(set(keys)) == len(keys), f"{name}: a key stands twice in {node.start_mark.line + 1}"
        return loader.construct_mapping(node, deep=True)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    assert yaml.load(read_knowledge(name), Loader=Strict) == load_yaml(name)


def test_knowledge_a_missing_file_is_named() -> None:
    with pytest.raises(KnowledgeError, match=r"nowhere\.yaml"):
        read_knowledge("nowhere.yaml")


def test_knowledge_a_damaged_file_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knowledge, "read_knowledge", lambda name: "a: [1, 2\nb: }")
    with pytest.raises(KnowledgeError, match=r"damaged\.yaml") as caught:
        load_yaml("damaged.yaml")
    assert "\n" not in str(caught.value)
