"""The voice model: neighbours' odds, and what it learns from sentences of our own."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from unmet.learning.fit_voice import VoiceExample, fit_voice
from unmet.learning.voice_model import SentenceView, VoiceModel, neighbour_odds


def view(text: str, run: int = 0, section_kind: str = "rationale") -> SentenceView:
    return SentenceView(text, section_kind, (), run)


@given(st.lists(st.integers(0, 2), min_size=1, max_size=12).map(sorted))
def test_odds_of_neighbours_stay_within_their_run(runs: list[int]) -> None:
    odds = np.arange(1, len(runs) + 1, dtype="float32").reshape(-1, 1)
    joined = neighbour_odds(odds, runs) / 3.0
    for index, run in enumerate(runs):
        before = odds[index - 1, 0] if index and runs[index - 1] == run else 0
        after = odds[index + 1, 0] if index + 1 < len(runs) and runs[index + 1] == run else 0
        assert joined[index, :3].tolist() == [odds[index, 0], before, after]


def letters(count: int) -> list[VoiceExample]:
    rules = [
        "Splints are recommended for sprains.",
        "A brace is an option after surgery.",
        "Casts are not recommended for burns.",
    ]
    facts = ["The wrist was cast in May.", "She wore the brace daily.", "He was seen for the burn."]
    return [
        VoiceExample(
            [view(rules[number % 3]), view(facts[number % 3]), view("The request is not medically necessary.")],
            ["guideline", "record", "reviewer"],
            written=False,
        )
        for number in range(count)
    ]


def test_a_fitted_model_reads_letters_like_those_it_learned_from() -> None:
    fitted = fit_voice(letters(12))
    read = fitted.model.predict([view("A splint is recommended for burns."), view("He wore the cast in May.")])
    assert [voice for voice, _ in read] == ["guideline", "record"]
    assert all(0 < odds <= 1 for _, odds in read)
    assert [len(voices) for voices in fitted.held_out] == [3] * 12


def test_a_model_reads_back_what_it_saved() -> None:
    model = fit_voice(letters(10)).model
    sentences = letters(1)[0].sentences
    assert VoiceModel.from_arrays(model.arrays()).predict(sentences)[0][0] == model.predict(sentences)[0][0]
