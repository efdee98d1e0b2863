"""Letters read together: each reads as it does alone, and what is kept of letters is bounded."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from unmet.errors import UnreadableLetterError
from unmet.reading import loaded, read_files
from unmet.record import Determination
from unmet.together import LETTERS, Recent


def test_letters_read_together_read_as_each_does_alone(samples: Path) -> None:
    files = [(path.name, path.read_bytes()) for path in sorted(samples.glob("sample-*"))]
    files.insert(1, ("empty.txt", b" "))
    nlp = loaded()
    alone = [read_files([file], nlp=nlp)[0] for file in files]
    together = read_files([*files, *reversed(files)], nlp=nlp)
    for one, *others in zip(alone, together, reversed(together), strict=False):
        for other in others:
            if isinstance(one, UnreadableLetterError):
                assert isinstance(other, UnreadableLetterError)
                assert other.reason == one.reason == "is empty"
            else:
                assert isinstance(other, Determination)
                assert other.to_json() == one.to_json()


@given(st.lists(st.integers(0, 3 * LETTERS), max_size=100))
def test_the_last_values_are_kept_and_no_more(numbers: list[int]) -> None:
    recent: Recent[str] = Recent()
    for place, number in enumerate(numbers):
        assert recent.add(number, str(place)) == str(place)
        assert recent.get(number) == str(place)
    kept = [number for number in range(3 * LETTERS + 1) if recent.get(number) is not None]
    assert len(kept) <= LETTERS
    assert set(numbers[-1:]) <= set(kept)
