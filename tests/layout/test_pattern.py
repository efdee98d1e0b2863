"""What a pattern can be written as: all it matches, and a tree of prefixes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmet.knowledge import load_yaml
from unmet.layout.pattern import any_of, form, spelled_out

NAMES = [name for field in ("qualifiers", "heads", "names") for name in load_yaml("conditions.yaml")[field]]


@pytest.mark.parametrize(
    ("pattern", "terms"),
    [
        ("injur(?:y|ies)", {"injury", "injuries"}),
        ("full[- ]thickness", {"full-thickness", "full thickness"}),
        ("(?:post-?)?traumatic", {"posttraumatic", "post-traumatic", "traumatic"}),
        ("CRPS(?: I+)?", None),
        ("\\w", None),
    ],
)
def test_spelled_out_lists_all_that_a_pattern_matches(pattern: str, terms: set[str] | None) -> None:
    spelled = spelled_out(pattern)
    assert (None if spelled is None else set(spelled)) == terms


@given(st.data())
def test_spelled_out_terms_of_the_knowledge_match_what_their_patterns_match(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(NAMES))
    terms = spelled_out(pattern)
    if terms is None:
        return
    text = data.draw(st.from_regex(re.compile(pattern.replace(" ", r"\s"), re.I), fullmatch=True))
    assert form(any_of(terms), re.I).fullmatch(text)
    assert all(form(pattern, re.I).fullmatch(term) for term in terms)
