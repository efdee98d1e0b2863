"""A pattern table finds what its alternatives joined would find."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.components.rules import ignoring_case
from unmet.knowledge import load_yaml
from unmet.layout.literals import PatternTable, needed

WORDS = [
    "no",
    "documentation",
    "of",
    "pain",
    "relief",
    "failed",
    "Failed",
    "physical",
    "therapy",
    "first-line",
    "10",
    "%",
    "to",
    "the",
]
ALTERNATIVES = {
    "proof": ["no (?:documentation|evidence)", "failed to \\w+", "(?<!un)documented"],
    "relief": ["pain relief", "relief(?: of pain)?", "\\d+ ?%"],
    "care": ["(?:physical )?therapy", "first[- ]line|relief", "failed|no (?:pain|therapy)|"],
}


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        ("not\\s+document\\w*", [{" document"}, {"not "}]),
        ("(?:rate[sd]?|scored?)\\s+at", [{"rate ", "rates ", "rated ", "score ", "scored "}, {" at"}]),
        ("(?:very\\s+)?\\w+", []),
        ("(?<=unmet )x{2,}", []),
        ("\\b(?:MRI|CT)\\b", [{" mri ", " ct "}]),
        ("\\b(?:his|her)\\b", [{" his ", " her "}]),
        ("(?<!\\w)x[- ]?ray(?!\\w)", [{" x ray ", " xray "}]),
        ("(?:[(,]\\s*)?of the", [{"of the"}]),
        ("(?:four|4)\\s?A", [{"four", "4"}]),
        ("no(?:ne)?(?:\\s|$)", [{"no ", "none "}]),
        ("(?:un)?met(?:\\s+\\w+)?", [{"met", "unmet"}]),
        ("(?:pain\\s+)?(?:relief|\\w+)", []),
        ("pain(?:\\s+pain)?", [{"pain"}]),
    ],
)
def test_needed_names_what_every_match_holds(pattern: str, literals: list[set[str]]) -> None:
    assert needed(re.compile(pattern, re.I)) == literals


@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_a_table_finds_what_the_joined_alternatives_find(words: list[str]) -> None:
    text = " ".join(words)
    table = PatternTable(ALTERNATIVES, ignoring_case)
    expected = [
        (name, match.span())
        for name, own in ALTERNATIVES.items()
        for match in ignoring_case("|".join(f"(?:{one})" for one in own)).finditer(text)
    ]
    assert [(name, match.span()) for name, match in table.finditer(text, 0, len(text))] == expected


# Patterns built of what the rules are built of: words, numbers, signs, whitespace and any word; in groups, alternated, repeated.
_PIECES = [
    "pain",
    "no",
    "of",
    "a",
    "x",
    "un",
    "\\d",
    "\\d{1,2}",
    "10",
    ">",
    "\\(?",
    ",?",
    "%",
    " ",
    " ?",
    "[- ]",
    "\\w+",
    "\\b",
    "(?<!\\w)",
    "^",
]
_SIGNED = st.recursive(
    st.lists(st.sampled_from(_PIECES), min_size=1, max_size=3).map("".join),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.tuples(st.lists(inner, min_size=1, max_size=3), st.sampled_from(["", "?", "*", "+", "{0,2}", "{2}", "*?"])).map(
            lambda one: f"(?:{'|'.join(one[0])}){one[1]}"
        ),
    ),
    max_leaves=6,
)
_SIGNED_TEXT = st.lists(
    st.sampled_from(["pain", "no", "of", "a", "x", "un", "7", "10", ">", "(", ",", "%", " ", "-", "\n"]), max_size=12
).map("".join)


@given(_SIGNED, _SIGNED_TEXT)
def test_a_table_finds_what_a_pattern_finds_among_signs(pattern: str, text: str) -> None:
    found = [match.span() for _, match in PatternTable({"one": [pattern]}, ignoring_case).finditer(text, 0, len(text))]
    assert found == [match.span() for match in ignoring_case(pattern).finditer(text)]


@given(st.data())
def test_no_rule_of_the_knowledge_is_hidden_by_its_literals(data: st.DataObject) -> None:
    types = load_yaml("criteria.yaml")["types"]
    name = data.draw(st.sampled_from(sorted(types)))
    own = [
        one for field in ("topics", "stated") for one in types[name].get(field, ()) if "{" not in re.sub(r"\{\d*,?\d*\}", "", one)
    ]
    if not own:
        return
    pattern = data.draw(st.sampled_from(own))
    plain = re.compile(pattern.replace(" ?", r"\s*").replace(" ", r"\s+"), re.I)
    text = data.draw(st.from_regex(plain, fullmatch=True))
    found = [match.span() for _, match in PatternTable({"one": [pattern]}, ignoring_case).finditer(text, 0, len(text))]
    assert found == [match.span() for match in plain.finditer(text)]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("\\bher\\b", "her"),
        ("\\bher\\b", "told\u201dher\u2019s"),
        ("(?:sick|kin)", "\u017f\u0131c\u212a"),
        ("na[i\u00ef]ve", "NA\u00cfVE"),
        ("caf\u00e9 au", "CAF\u00c9\u00a0au"),
        ("s/p|status[- ]post", "S/P"),
    ],
)
def test_letters_and_signs_outside_of_ascii_hide_nothing(pattern: str, text: str) -> None:
    found = [match.span() for _, match in PatternTable({"one": [pattern]}, ignoring_case).finditer(text, 0, len(text))]
    assert found == [match.span() for match in ignoring_case(pattern).finditer(text)] != []


def test_the_edges_of_the_stretch_searched_are_edges_of_words() -> None:
    table = PatternTable({"one": ["\\bpain\\b"]}, ignoring_case)
    assert [match.span() for _, match in table.finditer("no painful part", 3, 7)] == [(3, 7)]
    assert not list(table.finditer("repaint", 2, 6))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("\\d+ visits", "12 visits, \u0663 visits"),
        ("(?:(?:a|one) )?\\w+ trial", "one failed trial and another trial"),
        ("(?:up to |at least )?(?:\\d+|six) visits", "up to 6 visits, at least six visits, six visits"),
        ("(?<=no\\s)pain|(?:no )+relief", "no pain, no no relief"),
        ("\\b(?:un)?met\\w*", "unmet, met; metal"),
        ("(?:very )*poor", "very very poor, poor"),
        ("[(]see\\b|see also", "(see also)"),
    ],
)
def test_a_match_is_found_wherever_it_begins(pattern: str, text: str) -> None:
    found = [match.span() for _, match in PatternTable({"one": [pattern]}, ignoring_case).finditer(text, 0, len(text))]
    assert found == [match.span() for match in ignoring_case(pattern).finditer(text)] != []


@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_a_table_names_what_it_finds(words: list[str]) -> None:
    text = " ".join(words)
    table = PatternTable(ALTERNATIVES, ignoring_case)
    assert table.names(text, 0, len(text)) == list(dict.fromkeys(name for name, _ in table.finditer(text, 0, len(text))))
