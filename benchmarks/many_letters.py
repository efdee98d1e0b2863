"""Makes as many different letters as a run at scale needs, from the few that are at hand.

    python benchmarks/many_letters.py LETTERS... -n 20000 -o FOLDER [--seed 0]

Each letter is one of those given with another's case summary and with rationales of other letters (of the same treatment
family where there are any), other dates, ages, strengths, quantities, scores and case numbers, and the odd slip of the
keyboard, because that is how the vocabulary of real letters keeps growing. The same arguments give the same files, and
the first letters of a larger run are those of a smaller one. No two have the same text. Their facts mean nothing: they are
for timing, never for training or scoring.

The files hold words of the letters given: FOLDER must lie outside the repository.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from unmet.cli import letters_in
from unmet.errors import UnreadableLetterError
from unmet.ingest import read_letter
from unmet.loading import RULES, load
from unmet.reading import determine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
# Files per folder.
SHELF = 1000
# One long word in so many of the exchanged parts has two letters changed about: about one new word per letter, as it is in
# real letters after the first thousands (by the growth over 80 of them, exponent 0.37).
SLIPS = 250
# How often a letter is drawn again that is word for word like one before.
DRAWS = 50
SUMMARY = "case_summary"

_NUMBER = re.compile(
    r"""
      (?P<case>\b(?:CM|IMR[- ]?)\d\d-\d{4,7}\b)
    | (?P<date>\b(?P<month>\d{1,2})(?P<mark>[/-])(?P<day>\d{1,2})(?P=mark)(?P<year>\d{4}|\d\d)\b)
    | (?P<age>\b\d\d(?=[ -]years?[ -]old\b))
    | (?P<score>\b\d{1,2}(?=\s?/\s?10\b|\sout\sof\s10\b))
    | (?P<strength>(?<![\d.,/-])\d{1,4}(?=\s?(?:mg|mcg|ml)\b))
    | (?P<quantity>(?<=\#)\d{1,3}\b)
    | (?P<percent>(?<![\d.])\d{1,3}(?=\s?%))
    | (?P<count>(?<![\w.,/:(-])\d{2,3}(?![\w./:%)-]|,\d))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LONG_WORD = re.compile(r"\b[a-z]{6,}\b")


class Part(NamedTuple):
    """A stretch of a letter that another's takes the place of: ``[start, end)`` of its text, and a treatment family or None."""

    start: int
    end: int
    family: str | None


class Frame(NamedTuple):
    """A letter at hand: its source text and the parts of it that are exchanged, in order."""

    text: str
    parts: list[Part]


def frames_of(paths: Iterable[Path]) -> Iterator[Frame]:
    """Yield the determinations among ``paths``; says which files are passed over."""
    nlp = load(RULES)
    for path in paths:
        try:
            letter = read_letter(path)
        except UnreadableLetterError as error:
            print(f"passed over: {error}", file=sys.stderr)
            continue
        found = determine(letter, nlp=nlp)
        if not found.layout.is_determination:
            print(f"passed over: {path}: is no determination", file=sys.stderr)
            continue
        parts = [Part(section.start, section.end, None) for section in found.sections if section.kind == SUMMARY]
        parts += [Part(one.rationale.start, one.rationale.end, one.family) for one in found.requests if one.rationale]
        # Requests decided together share one rationale.
        apart: list[Part] = []
        for part in sorted(parts):
            if not apart or part.start >= apart[-1].end:
                apart.append(part)
        yield Frame(letter.source_text, apart)


class Maker:
    """Makes letters from ``frames``; ``letter(number)`` is always the same for the same frames and seed."""

    def __init__(self, frames: Sequence[Frame], seed: int) -> None:
        self.frames = frames
        self.seed = seed
        self.pools: dict[str | None, list[str]] = {}
        for frame in frames:
            for part in frame.parts:
                self.pools.setdefault(part.family, []).append(frame.text[part.start : part.end])

    def letter(self, number: int, draw: int = 0) -> str:
        """Return the text of letter ``number``; another ``draw`` of it is another text."""
        dice = random.Random(f"{self.seed}-{number}-{draw}")
        frame = self.frames[number % len(self.frames)]
        pieces, at = [], 0
        for part in frame.parts:
            pieces += [frame.text[at : part.start], self._slips(dice.choice(self.pools[part.family]), dice)]
            at = part.end
        pieces.append(frame.text[at:])
        return _NUMBER.sub(lambda found: _other(found, dice), "".join(pieces))

    def _slips(self, text: str, dice: random.Random) -> str:
        return _LONG_WORD.sub(lambda found: _slip(found[0], dice) if dice.random() < 1 / SLIPS else found[0], text)


def _slip(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _other(found: re.Match[str], dice: random.Random) -> str:
    """Return another number of the kind that was found, written as it was."""
    kind, number = found.lastgroup, found[0]
    if found["case"]:
        head, _, digits = number.rpartition("-")
        return f"{head}-{dice.randrange(10 ** len(digits)):0{len(digits)}}"
    if found["date"]:
        year = str(dice.randrange(1998, 2018))[-len(found["year"]) :]
        month, day = (f"{dice.randint(1, most):0{len(found[part])}}" for part, most in (("month", 12), ("day", 28)))
        return found["mark"].join((month, day, year))
    if kind == "age":
        return str(dice.randint(19, 78))
    if kind == "score":
        return str(dice.randint(1, 10))
    if kind == "percent":
        return str(dice.randrange(5, 100))
    if kind == "strength":
        return str(dice.choice((5, 10, 20, 25, 30, 37, 50, 60, 75, 100, 150, 200, 250, 300, 400, 500, 550, 600, 750, 800)))
    if kind == "quantity":
        return str(dice.randrange(10, 181))
    return str(dice.randrange(10 ** (len(number) - 1), 10 ** len(number)))


def write_letters(maker: Maker, count: int, folder: Path) -> None:
    """Write ``count`` letters into ``folder``, a thousand to a folder of its own.

    Raises ``ValueError`` where the letters at hand do not give so many different ones.
    """
    seen: set[bytes] = set()
    for number in range(count):
        for draw in range(DRAWS):
            text = maker.letter(number, draw)
            digest = hashlib.sha256(text.encode()).digest()
            if digest not in seen:
                break
        else:
            raise ValueError(f"only {number} different letters can be made from those given; name more, or longer ones")
        seen.add(digest)
        shelf = folder / f"{number // SHELF:04}"
        shelf.mkdir(parents=True, exist_ok=True)
        (shelf / f"letter-{number:07}.txt").write_bytes(text.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("letters", nargs="+", type=Path, help="letters or folders of letters")
    parser.add_argument("-n", "--count", type=int, default=20000, help="how many to make")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write them to, outside the repository")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    folder: Path = arguments.output.resolve()
    if folder.is_relative_to(ROOT):
        raise SystemExit(
            f"many_letters: {arguments.output}: lies in the repository, where no letters belong; name another folder"
        )
    if folder.exists() and any(folder.iterdir()):
        raise SystemExit(f"many_letters: {arguments.output}: is not empty; name a new folder")
    try:
        frames = list(frames_of(letters_in(arguments.letters)))
        if not frames:
            raise ValueError("none of the letters is a determination; name others")
        write_letters(Maker(frames, arguments.seed), arguments.count, folder)
    except ValueError as error:
        raise SystemExit(f"many_letters: {error}") from None
    print(f"{arguments.count} letters from {len(frames)} in {arguments.output}")


if __name__ == "__main__":
    main()
