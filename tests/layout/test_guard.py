"""A guarded pattern finds what it finds without its guard."""

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.knowledge import load_yaml
from unmet.layout.guard import _characters, guarded, split_alternatives

SIGNS = "aAbkKsi1 ]-.\u017f\u212a\u0130\u0131\u00e9"
ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "k",
        "s",
        "i",
        "1",
        "\\s",
        "\\d",
        "\\w",
        ".",
        "[ab]",
        "[^a]",
        "[a-k]",
        "[]a]",
        "[^]|]",
        "\\]",
        "-",
        "\u00e9",
        "(?-i:A)",
    ]
)
EDGES = st.sampled_from(["\\b", "(?<!\\w)", "(?=a)", "(?!b)", "^", "$", ""])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("(?:{}{})".format, EDGES, inner),
        st.builds("({}|{})".format, inner, inner),
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{0,3}?", "*+"])),
        st.builds("{}|{}".format, inner, inner).map(lambda one: f"(?:{one})"),
        st.builds("(?>{})".format, inner),
    ),
    max_leaves=8,
)


def places(pattern: str, flags: int, text: str) -> list[tuple[tuple[int, int], tuple[str | None, ...]]]:
    return [(match.span(), match.groups()) for match in re.compile(pattern, flags).finditer(text)]


@given(st.lists(PATTERNS, min_size=1, max_size=3), st.sampled_from([0, re.I]), st.text(SIGNS, max_size=12))
def test_guard_changes_no_match(alternatives: list[str], flags: int, text: str) -> None:
    pattern = "|".join(alternatives)
    assert places(guarded(pattern, flags), flags, text) == places(pattern, flags, text)


@given(st.data())
def test_guard_hides_nothing_a_rule_of_the_knowledge_matches(data: st.DataObject) -> None:
    patterns = load_yaml("relations.yaml")["patterns"]
    joined = "|".join(f"(?:{one})" for one in patterns[data.draw(st.sampled_from(sorted(patterns)))])
    text = data.draw(st.text(max_size=8)) + data.draw(st.from_regex(re.compile(joined, re.I)))
    assert places(guarded(joined, re.I), re.I, text) == places(joined, re.I, text)


@pytest.mark.parametrize(
    ("pattern", "guard"),
    [
        ("no proof", "(?=(?-i:[Nn]))(?=(?-i:[Nn][Oo]))"),
        ("\\bno", "\\b(?=(?-i:[Nn]))(?=(?-i:[Nn][Oo]))"),
        ("(?:\\d|x)?\\s", "(?=(?-i:[\\dXx\\s]))(?=(?-i:[\\s]|[\\dXx][\\s]))"),
        (".*x", ""),
        ("x?", ""),
        ("[^x]", ""),
    ],
)
def test_guard_asks_for_what_a_match_begins_with(pattern: str, guard: str) -> None:
    assert guarded(pattern, re.I) == (f"{guard}(?:{pattern})" if guard else pattern)


@pytest.mark.parametrize("letter", "abcdefghijklmnopqrstuvwxyz")
def test_guard_knows_every_case_of_a_letter(letter: str) -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    matched = set(re.findall(letter, every, re.I))
    assert set(re.findall(f"[{_characters([ord(letter)], re.I)}]", every)) == matched


@given(st.lists(PATTERNS, min_size=1, max_size=5))
def test_guard_cuts_alternatives_at_the_outermost_bar(alternatives: list[str]) -> None:
    assert split_alternatives("|".join(alternatives)) == alternatives
