"""Openings: a pattern tried where its first words stand finds what it finds alone."""

from __future__ import annotations

import re

import pytest
import spacy
from unmet.components.openings import Openings, matches
from unmet.components.tokenizer import LetterTokenizer

PATTERN = re.compile(r"(?<!\w)(?:left|neck|2nd)?\s*(?:neck|toe)\s+(?:pain|strain)(?!\w)", re.I)
OPENINGS = Openings(["left", "neck", "toe", "2nd"])


@pytest.mark.parametrize(
    "text",
    [
        "Left neck pain, then neck strain and toe\npain.",
        "NECK PAIN is the worker's neck pain.",
        "so-called 'neck pain' and item 3.2nd toe pain",
        "bottleneck pain is no neck painting",
        "neck neck pain neck",
        "",
    ],
)
def test_the_matches_are_those_of_the_pattern(text: str) -> None:
    doc = LetterTokenizer(spacy.blank("en").vocab)(text)
    places = OPENINGS.places(doc, text)
    for start in range(len(text) + 1):
        expected = [match.span() for match in PATTERN.finditer(text, start)]
        assert [match.span() for match in matches(PATTERN, text, start, len(text), places)] == expected
