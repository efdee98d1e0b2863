"""Where the criteria of a split go wrong, as counts: by criterion type, form of letter, writer's style, decision, family.

    python benchmarks/error_analysis.py --split test [--model FOLDER|rules]

Only numbers are printed, so a test split can be analysed without being read. Styles are told by the word that a rationale
uses for the worker; the letters are found as ``unmet evaluate`` finds them.
"""

from __future__ import annotations

import argparse
import os
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from unmet.corpus.attach import attach
from unmet.corpus.from_record import row_of
from unmet.loading import load
from unmet.reading import determine
from unmet.training.evaluate import rows_of_split
from unmet.training.scoring import RequestPair, Tally, bases, linked, links, pair_requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unmet.corpus.attach import AnnotatedLetter
    from unmet.corpus.rows import Row

_WORDS = {
    "applicant": r"\bapplicants?\b",
    "injured worker": r"\b(?:injured workers?|IW)\b",
    "claimant": r"\bclaimants?\b",
    "worker, employee": r"\b(?:worker|employee)s?\b",
    "patient": r"\bpatients?\b",
}


class Case(NamedTuple):
    """One thing counted: under which headings, unmet types and links."""

    headings: list[tuple[str, str]]
    unmet: Tally
    link: Tally


def style(rationale: str) -> str:
    """Name a rationale's style by the word it uses most for the worker; "none" where it uses none."""
    counts = {name: len(re.findall(pattern, rationale, re.I)) for name, pattern in _WORDS.items()}
    counts["worker, employee"] -= counts["injured worker"]
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] > 0 else "none"


def cases(letter: AnnotatedLetter, predicted: Row, era: str) -> Iterator[Case]:
    """Yield a case per request, and one per criterion type of it."""
    pairs = pair_requests(letter.row.requests, predicted.requests)
    rationales = [one for one in letter.row.sections if one.kind == "rationale"]
    for pair in pairs:
        own = next((one for one in rationales if pair.gold and one.request == pair.gold.index), None)
        words = letter.collapsed.text[own.start : own.end] if own else ""
        length = len(words.split())
        gold, said = set(bases(pair.gold)), set(bases(pair.predicted))
        headings = [
            ("era", era),
            ("style", style(words)),
            ("decision", pair.gold.decision if pair.gold else "none"),
            ("requests of the letter", "one" if len(pairs) == 1 else "2 or 3" if len(pairs) <= 3 else "4 and more"),
            ("words of the rationale", "under 60" if length < 60 else "60 to 150" if length < 150 else "more"),
            ("all", "all"),
        ]
        yield Case(headings, Tally.of_sets(gold, said), _links(pair))
        for name in sorted(gold | said):
            yield Case([("type", name)], Tally.of_sets(gold & {name}, said & {name}), _links(pair, name))


def _links(pair: RequestPair, only: str | None = None) -> Tally:
    gold, said = ({one for one in links(request) if only in (None, one[0])} for request in (pair.gold, pair.predicted))
    return Tally(sum(linked(one, gold) for one in said), len(said), sum(linked(one, said) for one in gold), len(gold))


def main() -> None:
    """Print a table per heading."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", default="development")
    parser.add_argument("--annotations", type=Path, default=Path("annotations"))
    parser.add_argument("--rows", default="real.jsonl")
    parser.add_argument("--letters", type=Path, action="append", default=[])
    parser.add_argument("--model")
    given = parser.parse_args()
    folders = [*given.letters, *([Path(os.environ["UNMET_LETTERS"])] if "UNMET_LETTERS" in os.environ else [])]
    rows = rows_of_split(given.annotations, given.rows, given.split)
    nlp = load(given.model)
    totals: dict[tuple[str, str], list[Tally]] = defaultdict(lambda: [Tally(0, 0, 0, 0), Tally(0, 0, 0, 0)])
    for letter in attach(rows, folders):
        determination = determine(letter.letter, nlp=nlp)
        predicted = row_of(determination, letter.row.letter, letter.collapsed)
        for case in cases(letter, predicted, determination.layout.era):
            for heading in case.headings:
                totals[heading] = [totals[heading][0] + case.unmet, totals[heading][1] + case.link]
    last = ""
    for (heading, name), tallies in sorted(totals.items(), key=lambda pair: (pair[0][0], -pair[1][0].gold)):
        if heading != last:
            print("", _line(heading, [("unmet", "gold", "found", "said"), ("links", "gold", "found", "said")]), sep="\n")
            last = heading
        print(_line(name, [(_f1(one), one.gold, one.found, one.predicted) for one in tallies]))


def _line(name: str, columns: list[tuple[object, ...]]) -> str:
    return f"{name:32s}" + "   ".join("".join(f"{value!s:>7s}" for value in own) for own in columns)


def _f1(tally: Tally) -> str:
    total = tally.predicted + tally.gold
    return f"{(tally.right + tally.found) / total:.2f}" if total else "–"


if __name__ == "__main__":
    main()
