"""What a change of the pipeline won and lost: two results files over the same letters, compared entry by entry.

Every rule change is judged by this list. Run ``make diff-rules``, or compare two files of ``unmet batch`` with
``python -m unmet.training.gains BEFORE AFTER``.
"""

from __future__ import annotations

import argparse
import html
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from unmet.errors import UnmetError
from unmet.record import Determination

if TYPE_CHECKING:
    from collections.abc import Iterator


class Entry(NamedTuple):
    """One thing that a record says: where (request, or ""), of which kind, what, and the words it rests on."""

    place: str
    kind: str
    value: str
    words: str


class LetterChange(NamedTuple):
    """What one letter's record says now and did not before (``won``), and the other way round (``lost``)."""

    letter: str
    won: list[Entry]
    lost: list[Entry]


def compare(before: Path, after: Path) -> list[LetterChange]:
    """Return the letters whose records differ, in order of their names.

    Raises ``UnmetError`` naming the file and line where a results file is damaged.
    """
    first, second = _load(before), _load(after)
    changes = []
    for letter in sorted(first.keys() | second.keys()):
        old, new = first.get(letter, Counter()), second.get(letter, Counter())
        won, lost = sorted((new - old).elements()), sorted((old - new).elements())
        if won or lost:
            changes.append(LetterChange(letter, won, lost))
    return changes


def _load(path: Path) -> dict[str, Counter[Entry]]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UnmetError(f"{path}: cannot be opened ({(error.strerror or 'error').lower()})") from error
    found: dict[str, Counter[Entry]] = {}
    for number, line in enumerate(lines, 1):
        try:
            determination = Determination.from_json(line)
        except msgspec.MsgspecError as error:
            raise UnmetError(f"{path}, line {number}: is no record of this version; make the results again") from error
        found[determination.source.path] = Counter(_entries(determination))
    names = Counter(Path(path).name for path in found)
    # A letter goes by its file's name; those that share one by their whole paths.
    return {path if names[Path(path).name] > 1 else Path(path).name: entries for path, entries in found.items()}


def _entries(determination: Determination) -> Iterator[Entry]:
    for field, value in msgspec.structs.asdict(determination.case).items():
        yield Entry("", f"case.{field}", str(value), "")
    for request in determination.requests:
        place = f"request {request.index}"
        yield Entry(place, "decision", request.decision, request.title.text)
        yield Entry(place, "item", "", request.item.text)
        yield Entry(place, "family", request.family, request.item.text)
        for criterion in request.criteria:
            status = f"{criterion.type} {criterion.status} {criterion.unmet_basis or ''}".strip()
            yield Entry(place, "criterion", status, " ".join(span.text for span in criterion.evidence))
    for mention in determination.mentions:
        detail = mention.assertion or str(mention.attributes.get("polarity") or mention.attributes.get("type") or "")
        yield Entry("", f"mention.{mention.label}", detail, mention.span.text)
    for sentence in determination.sentences:
        yield Entry("", "voice", sentence.voice, sentence.text)


def _totals(changes: list[LetterChange]) -> list[tuple[str, int, int]]:
    won = Counter(entry.kind for change in changes for entry in change.won)
    lost = Counter(entry.kind for change in changes for entry in change.lost)
    return [(kind, won[kind], lost[kind]) for kind in sorted(won.keys() | lost.keys())]


def render_text(changes: list[LetterChange]) -> str:
    """Return the changes as text: "+" won, "-" lost, by letter, then the totals by kind."""
    lines = []
    for change in changes:
        lines.append(change.letter)
        for sign, entries in (("+", change.won), ("-", change.lost)):
            lines += [f"  {sign} {_line(entry)}" for entry in entries]
    lines.append(f"{len(changes)} letters changed")
    lines += [f"  {kind}: +{won} -{lost}" for kind, won, lost in _totals(changes)]
    return "\n".join(lines) + "\n"


def _line(entry: Entry) -> str:
    words = " ".join(entry.words.split())
    shown = words if len(words) <= 110 else words[:107] + "..."
    return " · ".join(part for part in (entry.place, entry.kind, entry.value, shown) if part)


def render_html(changes: list[LetterChange], before: str, after: str) -> str:
    """Return the changes as one self-contained page; every word of a letter is escaped."""
    rows = []
    for change in changes:
        rows.append(f"<h2>{html.escape(change.letter)}</h2><ul>")
        for name, entries in (("won", change.won), ("lost", change.lost)):
            rows += [f'<li class="{name}"><b>{name}</b> {html.escape(_line(entry))}</li>' for entry in entries]
        rows.append("</ul>")
    totals = "".join(
        f"<tr><td>{html.escape(kind)}</td><td>{won}</td><td>{lost}</td></tr>" for kind, won, lost in _totals(changes)
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Gains and losses</title><style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;"
        "max-width:70rem;margin:2rem auto;padding:0 1rem}ul{list-style:none;padding:0}li{padding:.2rem .5rem;"
        "border-left:.3rem solid}li.won{border-color:#2a7d2a}li.lost{border-color:#b3261e}td,th{padding:.1rem 1rem .1rem 0;"
        "text-align:left}h2{font-size:1.1rem}</style></head><body><h1>Gains and losses</h1>"
        f"<p>From {html.escape(before)} to {html.escape(after)}: {len(changes)} letters changed.</p>"
        f"<table><tr><th>what</th><th>won</th><th>lost</th></tr>{totals}</table>{''.join(rows)}</body></html>\n"
    )


def main() -> int:
    """Compare two results files; exit status 0, or 1 where one cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m unmet.training.gains", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("before", type=Path, help="results of the first version (JSON Lines)")
    parser.add_argument("after", type=Path, help="results of the second version, over the same letters")
    parser.add_argument("--html", type=Path, help="also write the list as a web page")
    arguments = parser.parse_args()
    try:
        changes = compare(arguments.before, arguments.after)
    except UnmetError as error:
        print(f"gains: {error}", file=sys.stderr)
        return 1
    print(render_text(changes), end="")
    if arguments.html:
        arguments.html.write_text(render_html(changes, arguments.before.name, arguments.after.name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
