"""Where the time goes: the milliseconds of each station, from a letter's bytes to its line of JSON, on one core.

Letters are read together, as a run reads them.

    python benchmarks/budget.py LETTERS... [--model rules|FOLDER] [--sample 60] [--rounds 3] [--json FILE]

The last two columns say what 1,000 words cost in the shorter half of the letters and in the longer half: a station whose
cost grows faster than the text shows there. ``peers.py`` compares with other pipelines, ``scaling.py`` times whole runs.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from measuring import ONE_THREAD, evenly, machine, pin, table, write_json

# Before anything imports NumPy.
os.environ.update(ONE_THREAD)

import unmet
from unmet import record
from unmet.assemble import assemble
from unmet.cli import letters_in
from unmet.errors import UnmetError, UnreadableLetterError
from unmet.ingest.read import letter_from_bytes
from unmet.together import LETTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spacy.language import Language

COLUMNS = ("station", "ms/letter", "share", "short, ms/1,000 words", "long, ms/1,000 words")


def stations(nlp: Language, together: Sequence[bytes]) -> list[tuple[dict[str, float], int]]:
    """Read letters together and return of each the seconds of each station, in their order, and how many words it has.

    Raises ``UnreadableLetterError``.
    """
    seconds: list[dict[str, float]] = [{} for _ in together]

    def timed(station: str, step: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
        made = []
        for own, value in zip(seconds, values, strict=True):
            start = time.perf_counter()
            made.append(step(value))
            own[station] = time.perf_counter() - start
        return made

    model = record.Model(name=str(nlp.meta["name"]), version=str(nlp.meta["version"]))
    letters = timed("file to text", lambda data: letter_from_bytes(data, "letter"), together)
    docs = timed("tokens", lambda letter: nlp.make_doc(letter.text), letters)
    for name, component in nlp.pipeline:
        docs = timed(name, component, docs)
    found = timed("record", lambda pair: assemble(*pair, model), list(zip(letters, docs, strict=True)))
    timed("JSON", lambda determination: determination.to_json(), found)
    return [(own, len(letter.text.split())) for own, letter in zip(seconds, letters, strict=True)]


def summarize(rounds: Sequence[Sequence[dict[str, float]]], words: Sequence[int]) -> dict[str, dict[str, float]]:
    """Return the figures of each station and of the whole; ``rounds`` holds, by round, the stations of each letter."""
    # A letter's time is the median of the rounds.
    letters = [
        {station: median(one[number][station] for one in rounds) for station in rounds[0][number]} for number in range(len(words))
    ]
    for letter in letters:
        letter["whole"] = sum(letter.values())
    by_length = sorted(range(len(words)), key=lambda number: words[number])
    halves = {"short": by_length[: len(words) // 2], "long": by_length[len(words) // 2 :]}
    whole = sum(letter["whole"] for letter in letters)
    summary = {}
    for station in letters[0]:
        total = sum(letter[station] for letter in letters)
        own = {"ms_per_letter": 1000 * total / len(letters), "share": total / whole}
        for name, half in halves.items():
            if half:
                thousands = sum(words[number] for number in half) / 1000
                own[f"{name}_ms_per_1000_words"] = 1000 * sum(letters[number][station] for number in half) / thousands
        summary[station] = own
    return summary


def rows_of(summary: dict[str, dict[str, float]]) -> list[list[str]]:
    return [
        [
            station,
            f"{own['ms_per_letter']:.2f}",
            f"{own['share']:.1%}",
            *(
                f"{own[f'{name}_ms_per_1000_words']:.2f}" if f"{name}_ms_per_1000_words" in own else "-"
                for name in ("short", "long")
            ),
        ]
        for station, own in summary.items()
    ]


def bytes_of(paths: Sequence[Path]) -> list[bytes]:
    """Return the bytes of the letters that can be read; says which are passed over."""
    found = []
    for path in paths:
        try:
            data = path.read_bytes()
            letter_from_bytes(data, str(path))
        except (OSError, UnreadableLetterError) as error:
            print(f"passed over: {error}", file=sys.stderr)
        else:
            found.append(data)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("letters", nargs="+", type=Path, help="letters or folders of letters")
    parser.add_argument("--model", help="'rules' or the folder of a pipeline; default: the one that ships")
    parser.add_argument("--sample", type=int, default=60, help="letters to time, evenly spread over those given")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures here")
    arguments = parser.parse_args()
    core = pin()
    try:
        letters = bytes_of(evenly(letters_in(arguments.letters), arguments.sample))
        nlp = unmet.load(arguments.model)
    except (UnmetError, ValueError) as error:
        raise SystemExit(f"budget: {error}") from None
    if not letters:
        raise SystemExit("budget: no letter can be read; name others")
    facts = machine()
    groups = [letters[first : first + LETTERS] for first in range(0, len(letters), LETTERS)]
    stations(nlp, groups[0])
    # As in a process that stays: what is loaded is not looked through again and again.
    gc.collect()
    gc.freeze()
    rounds: list[list[dict[str, float]]] = []
    words: list[int] = []
    for _ in range(arguments.rounds):
        read = [one for group in groups for one in stations(nlp, group)]
        rounds.append([seconds for seconds, _ in read])
        words = [count for _, count in read]
    summary = summarize(rounds, words)
    print(
        f"{nlp.meta['name']}: {len(letters)} letters of {sum(words) / len(words):.0f} words, "
        f"{arguments.rounds} rounds, core {core}"
    )
    print(", ".join(f"{name} {value}" for name, value in facts.items()), end="\n\n")
    print(table(COLUMNS, rows_of(summary)))
    if arguments.json:
        measured: dict[str, Any] = {"machine": facts, "letters": len(letters), "words": sum(words), "stations": summary}
        write_json(arguments.json, measured)


if __name__ == "__main__":
    main()
