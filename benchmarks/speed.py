"""Times pipelines and their components over the same letters, in one run on one core, so that they can be compared.

    python benchmarks/speed.py LETTERS

Prints letters per second for reading, for each component, and for unmet beside the reference, ``medspacy.load()``: after
a warm-up, on a sample of the letters, the pipelines by turns, the median of the rounds.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

# Before anything imports NumPy.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import spacy
import unmet
from loguru import logger
from unmet.cli import letters_in
from unmet.errors import UnreadableLetterError
from unmet.ingest import read_letter
from unmet.loading import load_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from spacy.language import Language

REFERENCE = "medspacy.load()"
RULES = "unmet, rules"
WARM_UP = 5  # letters


def timed(name: str, count: int, work: Callable[[], object]) -> None:
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    print(f"{name:24} {count / seconds:9.1f} letters/s {1000 * seconds / count:8.2f} ms/letter")


def pipelines() -> dict[str, Callable[[], Language]]:
    """Return the pipelines to compare, by name: the reference, the rules and, where it is installed, the trained one."""

    def reference() -> Language:
        import medspacy

        logger.remove()
        logging.disable()
        nlp: Language = medspacy.load()
        return nlp

    found = {REFERENCE: reference, RULES: load_rules}
    if find_spec("unmet_letters"):
        found["unmet, trained"] = unmet.load
    return found


def side_by_side(loaded: Mapping[str, Language], texts: Sequence[str], rounds: int) -> dict[str, float]:
    """Return the seconds that each pipeline takes for a letter: by turns, the median of ``rounds`` after a warm-up."""
    for nlp in loaded.values():
        for text in texts[:WARM_UP]:
            nlp(text)
    seconds: dict[str, list[float]] = {name: [] for name in loaded}
    for _ in range(rounds):
        for name, nlp in loaded.items():
            started = time.perf_counter()
            for text in texts:
                nlp(text)
            seconds[name].append((time.perf_counter() - started) / len(texts))
    return {name: median(own) for name, own in seconds.items()}


def spread(texts: Sequence[str], count: int) -> list[str]:
    """Return ``count`` of ``texts``, evenly spread, or all where there are no more."""
    step = max(1.0, len(texts) / count)
    return [texts[int(position * step)] for position in range(min(count, len(texts)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("letters", nargs="+", type=Path)
    parser.add_argument("--sample", type=int, default=30, help="letters on which the pipelines are compared")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    paths = letters_in(arguments.letters)
    letters = []

    def read_all() -> None:
        for path in paths:
            try:
                letters.append(read_letter(path))
            except UnreadableLetterError as error:
                print(f"passed over: {error}")

    timed("ingest", len(paths), read_all)
    texts = [letter.text for letter in letters]
    loaded = {}
    for name, load in pipelines().items():
        started = time.perf_counter()
        loaded[name] = load()
        print(f"{'load ' + name:24} {time.perf_counter() - started:9.2f} s")
    nlp = loaded[RULES]
    blank = spacy.blank("en")
    for text in texts[:WARM_UP]:
        nlp(text)
    timed("spaCy tokenizer", len(texts), lambda: [blank.tokenizer(text) for text in texts])
    timed("letter tokenizer", len(texts), lambda: [nlp.tokenizer(text) for text in texts])
    docs = [nlp.make_doc(text) for text in texts]
    for name, component in nlp.pipeline:
        timed(name, len(docs), lambda component=component: [component(doc) for doc in docs])
    timed("whole pipeline", len(texts), lambda: [nlp(text) for text in texts])

    sample = spread(texts, arguments.sample)
    print(f"\n{len(sample)} letters, by turns, median of {arguments.rounds} rounds, one core")
    found = side_by_side(loaded, sample, arguments.rounds)
    for name, seconds in found.items():
        ratio = found[REFERENCE] / seconds
        print(f"{name:24} {1 / seconds:9.1f} letters/s {1000 * seconds:8.2f} ms/letter {ratio:6.2f} times {REFERENCE}")


if __name__ == "__main__":
    main()
