"""How mentions of rules and model are merged, and what the voice classifier may not overrule."""

from __future__ import annotations

from typing import Any

import pytest
from unmet.components.learned_mentions import LearnedMentions, Place
from unmet.components.mentions import Mention, mention
from unmet.components.sentences import Sentence
from unmet.components.voice import carried, voice_cues
from unmet.reading import loaded

TEXT = "A brace is for the first weeks, for a documented instability, or after surgery of the ankle."
SENTENCE = Sentence(start=0, end=len(TEXT), section_kind="rationale", request=1, voice="guideline")


def at(words: str) -> tuple[int, int]:
    return TEXT.index(words), TEXT.index(words) + len(words)


def ruled(words: str) -> Mention:
    return mention("CRITERION", SENTENCE, *at(words), rule="a rule", attributes={"type": "other"})


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        ("rules", ["the first weeks", "after surgery", "ankle"]),
        ("model", ["first weeks", "documented instability"]),
        ("both", ["first weeks", "documented instability", "after surgery", "ankle"]),
        ("first", ["the first weeks", "documented instability", "after surgery", "ankle"]),
        ("supported", ["first weeks", "documented instability", "after surgery"]),
    ],
)
def test_mentions_are_merged_as_the_policy_says(policy: str, kept: list[str]) -> None:
    doc: Any = loaded("rules").make_doc(TEXT)
    doc._.letter_text, doc._.sentences = TEXT, [SENTENCE]
    found: list[Place] = [
        (*at("first weeks"), 0.9),
        (*at("weeks"), 0.6),  # weaker than what it overlaps
        (*at("documented instability"), 0.7),
        (*at("after surgery of"), 0.35),  # too weak by itself
    ]
    component = LearnedMentions(doc.vocab, {"CRITERION": policy}, 0.5)
    merged = component._merged(doc, "CRITERION", found, [ruled(words) for words in ("the first weeks", "after surgery", "ankle")])
    assert [TEXT[one["start"] : one["end"]] for one in merged] == kept
    assert all((one["source"] == "model") == (one["rule"] == "unmet_letters") for one in merged)


def corrected(sentences: list[tuple[str, str]]) -> list[str]:
    """The voices after what is certain was put right; sentences are given with the classifier's voices."""
    text, placed = "", []
    for words, voice in sentences:
        placed.append(Sentence(start=len(text), end=len(text) + len(words), section_kind="rationale", request=1, voice=voice))
        text += words + " "
    carried(text, placed, [0] * len(placed), [voice_cues(words) for words, _ in sentences])
    return [one["voice"] for one in placed]


def test_a_guidelines_list_runs_on() -> None:
    listed = [
        ("ODG recommends a pump if all of these are met:", "guideline"),
        ("1. Other treatment has failed.", "record"),
        ("2. A trial was successful.", "reviewer"),
        ("The patient had no trial.", "reviewer"),
    ]
    assert corrected(listed) == ["guideline", "guideline", "guideline", "reviewer"]


def test_a_guidelines_quotation_runs_to_its_end() -> None:
    quoted = [('MTUS states, "Braces are an option.', "guideline"), ('They are worn by day."', "record"), ("It broke.", "record")]
    assert corrected(quoted) == ["guideline", "guideline", "record"]


def test_utilization_review_beside_a_quotation_speaks() -> None:
    assert corrected([('The UR letter denied the brace, as "no instability was shown."', "reviewer")]) == ["utilization_review"]
