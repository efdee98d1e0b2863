"""Times the stations of the pipeline over real letters, in one run, so that their shares can be compared.

    python benchmarks/speed.py LETTERS

Prints letters per second for reading, for each component, and for spaCy's blank tokenizer beside ours.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import spacy
import unmet
from unmet.cli import letters_in
from unmet.errors import UnreadableLetterError
from unmet.ingest import read_letter

if TYPE_CHECKING:
    from collections.abc import Callable


def timed(name: str, count: int, work: Callable[[], object]) -> None:
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    print(f"{name:24} {count / seconds:9.1f} letters/s {1000 * seconds / count:8.2f} ms/letter")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("letters", nargs="+", type=Path)
    paths = letters_in(parser.parse_args().letters)
    letters = []

    def read_all() -> None:
        for path in paths:
            try:
                letters.append(read_letter(path))
            except UnreadableLetterError as error:
                print(f"passed over: {error}")

    timed("ingest", len(paths), read_all)
    started = time.perf_counter()
    nlp = unmet.load()
    print(f"{'load':24} {time.perf_counter() - started:9.2f} s")
    blank = spacy.blank("en")
    timed("spaCy tokenizer", len(letters), lambda: [blank.tokenizer(letter.text) for letter in letters])
    timed("letter tokenizer", len(letters), lambda: [nlp.tokenizer(letter.text) for letter in letters])
    docs = [nlp.make_doc(letter.text) for letter in letters]
    for name, component in nlp.pipeline:
        timed(name, len(docs), lambda component=component: [component(doc) for doc in docs])
    timed("whole pipeline", len(letters), lambda: [nlp(letter.text) for letter in letters])


if __name__ == "__main__":
    main()
