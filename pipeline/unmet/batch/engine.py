"""What a run asks of whatever reads its letters, one machine's processes or a cluster, and how order is kept."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Protocol, TypeVar

from unmet.batch.jobs import Job, Pointer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from unmet.batch.jobs import Outcome

Other = TypeVar("Other")


class Answer(Protocol):
    """The outcomes of some letters, now or later."""

    def result(self) -> Sequence[Outcome | None]:
        """Wait for them, in the order of the letters; None for a letter whose content is known."""


class Engine(Protocol):
    """Reads letters somewhere."""

    fetches: bool  # whether its workers fetch letters by themselves, so that it is to be given pointers
    chunk: int  # letters to submit at a time
    capacity: int  # letters under way at most

    def submit(self, letters: Sequence[Job | Pointer]) -> Answer:
        """Have these letters read; they are tried until there is an outcome for each."""

    def close(self) -> None:
        """Give up what is under way."""


def in_order(letters: Iterable[Job | Pointer | Other], engine: Engine) -> Iterator[Outcome | Other | None]:
    """Yield what became of each letter, in the order of the letters; what is no letter to read passes through.

    No more letters are taken from ``letters`` than the engine's capacity beyond those that were yielded.
    """
    todo = iter(letters)
    under_way: deque[tuple[list[Job | Pointer | Other], Answer | None]] = deque()
    count = 0
    while True:
        while count < engine.capacity and (chunk := list(islice(todo, engine.chunk))):
            to_read = [letter for letter in chunk if isinstance(letter, Job | Pointer)]
            under_way.append((chunk, engine.submit(to_read) if to_read else None))
            count += len(chunk)
        if not under_way:
            return
        chunk, answer = under_way.popleft()
        count -= len(chunk)
        outcomes = iter(answer.result() if answer else ())
        for letter in chunk:
            yield next(outcomes) if isinstance(letter, Job | Pointer) else letter
