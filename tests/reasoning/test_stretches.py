"""What stands in a stretch of a letter."""

from unmet.components.sentences import Sentence
from unmet.reasoning.stretches import beginning_in, touching


def sentence(start: int, end: int) -> Sentence:
    return Sentence(start=start, end=end, section_kind="rationale", request=1, voice="reviewer")


SENTENCES = [sentence(0, 10), sentence(11, 20), sentence(21, 30)]


def test_stretches_begin_where_a_stretch_begins_and_not_where_it_ends() -> None:
    assert beginning_in(SENTENCES, 11, 21) == SENTENCES[1:2]
    assert beginning_in(SENTENCES, 1, 22) == SENTENCES[1:]
    assert beginning_in(SENTENCES, 0, 0) == []


def test_stretches_touch_the_sentences_that_they_share_a_character_with() -> None:
    assert touching(SENTENCES, 9, 12) == SENTENCES[:2]
    assert touching(SENTENCES, 10, 11) == []
    assert touching(SENTENCES, 15, 16) == SENTENCES[1:2]
