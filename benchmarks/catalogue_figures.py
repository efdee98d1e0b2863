"""What of the guideline catalogue annotated letters confirm, and how many criteria are linked to it.

    python benchmarks/catalogue_figures.py [--letters FOLDER]... [--counts]

Reads the training and development letters and the two examples. Prints the catalogue by family, the share of criteria with
a link (of the annotated ones, and of those that the rules find), the warnings of disputed silence, and where a count of
letters in the data is not the one found. With ``--counts`` the counts alone, as JSON. No word of a letter is printed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from unmet.components.catalogue_links import CatalogueLinks
from unmet.components.letter_layout import layout_of, letter_text
from unmet.corpus.attach import attach
from unmet.layout.guideline_line import Citation, parse_guideline_line
from unmet.loading import load_rules
from unmet.reasoning.catalogue import Catalogue, Entry, folded, load_catalogue, named_editions
from unmet.reasoning.silence import SILENCE_DISPUTED
from unmet.training.evaluate import rows_of_split

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from unmet.corpus.attach import AnnotatedLetter

SPLITS = ("train", "development", "examples")
NUMBERS = dict(enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]))
HALF = {50: "half"}


class Reading(NamedTuple):
    """A letter's criteria as the rules find them, and as they were annotated; both linked by the component."""

    found: list[dict[str, Any]]
    gold: list[dict[str, Any]]
    doc: Doc
    families: dict[str, str]


def readings(letters: list[AnnotatedLetter]) -> list[Reading]:
    nlp = load_rules()
    result = []
    for one in letters:
        doc = nlp(one.letter.text)
        found = doc._.criteria
        gold = [
            {
                "request": request.index,
                "type": criterion.type,
                "statement": one.to_text(*criterion.statement) if criterion.statement else None,
                "evidence": [one.to_text(*span) for span in criterion.evidence],
            }
            for request in one.row.requests
            for criterion in request.criteria
        ]
        families = {str(request.index): request.family for request in one.row.requests}
        remarks = doc._.remarks
        doc._.families, doc._.criteria = families, gold
        CatalogueLinks()(doc)
        doc._.remarks = remarks
        result.append(Reading(found, gold, doc, families))
    return result


def cited(reading: Reading, index: int | None = None) -> list[Citation]:
    """The citations that name a chapter, or all of it: of the guideline lines and rationales of one request, or of all."""
    doc, text = reading.doc, letter_text(reading.doc)
    citations = []
    for request in layout_of(doc).requests:
        if index is not None and request.index != index:
            continue
        for offsets in (request.maximus, request.claims_administrator):
            citations += parse_guideline_line(text[slice(*offsets)]).citations if offsets else ()
        start, end = request.rationale or (0, 0)
        for one in doc._.mentions:
            if one["label"] == "CITATION" and start <= one["start"] < end and one["attributes"].get("chapter"):
                fields = {key: value for key, value in one["attributes"].items() if key in Citation.__struct_fields__}
                citations.append(Citation(**{key: tuple(v) if isinstance(v, list) else v for key, v in fields.items()}))
    return citations


def counts(catalogue: Catalogue, read: list[Reading]) -> dict[str, Any]:
    """Letters per edition, per guideline of a family (with the pages they cite), and per criterion that they state."""
    editions: dict[str, set[int]] = defaultdict(set)
    governing: dict[str, set[int]] = defaultdict(set)
    pages: dict[str, set[str]] = defaultdict(set)
    criteria: dict[str, set[int]] = defaultdict(set)
    entries = {entry.id: entry for family in catalogue.families.values() for entry in family.criteria}
    for number, reading in enumerate(read):
        header = layout_of(reading.doc).header
        day = dt.date.fromisoformat(header.decision_date) if header.decision_date else None
        own: dict[int, set[str]] = defaultdict(set)
        for index, family in reading.families.items():
            known = {one.id: one for one in catalogue.families[family].guidelines} if family in catalogue.families else {}
            for citation in cited(reading, int(index)):
                for edition in named_editions(citation, day):
                    editions[edition.id].add(number)
                    own[int(index)].add(edition.id)
                    if edition.id in known and _agree(citation.sections, known[edition.id].sections):
                        key = f"{family}|{edition.id}"
                        governing[key].add(number)
                        pages[key] |= {page for page in citation.pages if any(_holds(p, page) for p in known[edition.id].pages)}
        for one in reading.gold:
            if one["statement"] and one["catalogue_id"] and _states(entries[one["catalogue_id"]], reading.doc, one["statement"]):
                citation = Citation(**{k: tuple(v) if isinstance(v, list) else v for k, v in one["guideline"].items()})
                under = {edition.id for edition in named_editions(citation, day)} & entries[one["catalogue_id"]].under.keys()
                if under & own[one["request"]]:
                    criteria[one["catalogue_id"]].add(number)
    return {
        "editions": {key: len(value) for key, value in editions.items()},
        "guidelines": {key: {"letters": len(value), "pages": sorted(pages[key])} for key, value in governing.items()},
        "criteria": {key: len(value) for key, value in criteria.items()},
    }


def _agree(printed: tuple[str, ...], listed: tuple[str, ...]) -> bool:
    """Whether a citation is about the family: one of its sections is one of the family's, or either names none."""
    pairs = [(folded(one), folded(other)) for one in printed for other in listed]
    return not pairs or any(one.startswith(other) or other.startswith(one) for one, other in pairs)


def _holds(pages: str, page: str) -> bool:
    first, _, last = pages.partition("-")
    cited = page.partition("-")[0]
    return cited.isdigit() and int(first) <= int(cited) <= int(last or first)


def _states(entry: Entry, doc: Doc, statement: tuple[int, int]) -> bool:
    """Whether the sentence of a statement has every number of the entry; a number nobody wrote is not confirmed."""
    text = letter_text(doc)
    around = [one for one in doc._.sentences if one["start"] < statement[1] and statement[0] < one["end"]]
    words = text[min([statement[0], *(one["start"] for one in around)]) : max([statement[1], *(one["end"] for one in around)])]
    for limit in entry.limits:
        number = int(limit.allowed if limit.allowed is not None else limit.at_least or 0)
        written = [str(number), NUMBERS.get(number, ""), HALF.get(number, "")]
        if not re.search(rf"(?<![\d.])(?:{'|'.join(filter(None, written))})(?![\d])", words, re.I):
            return False
    return True


def share(criteria: list[dict[str, Any]]) -> str:
    lines = []
    for name, chosen in (
        ("all", criteria),
        ("with a citation", [one for one in criteria if one["guideline"]]),
        ("stated, with a citation", [one for one in criteria if one["guideline"] and one["statement"]]),
    ):
        linked = sum(1 for one in chosen if one["catalogue_id"])
        lines.append(f"{name} {linked}/{len(chosen)} ({linked / max(len(chosen), 1):.0%})")
    return "; ".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--annotations", type=Path, default=Path("annotations"))
    parser.add_argument("--letters", type=Path, action="append", default=[])
    parser.add_argument("--counts", action="store_true")
    options = parser.parse_args()
    named = os.environ.get("UNMET_LETTERS")
    folders = [*options.letters, *([Path(named)] if named else [])]
    rows = [row for split in SPLITS for row in rows_of_split(options.annotations, "real.jsonl", split)]
    catalogue = load_catalogue()
    read = readings(list(attach(rows, folders)))
    found = counts(catalogue, read)
    if options.counts:
        print(json.dumps(found))
        return
    print("| family | guidelines | in letters | criteria | in letters |\n|---|---|---|---|---|")
    total: Counter[str] = Counter()
    for name, family in sorted(catalogue.families.items()):
        row = {
            "guidelines": len(family.guidelines),
            "guidelines seen": sum(one.verified == "letters" for one in family.guidelines),
            "criteria": len(family.criteria),
            "criteria seen": sum(one.verified == "letters" for one in family.criteria),
        }
        total.update(row)
        print(f"| {name} | " + " | ".join(map(str, row.values())) + " |")
    print("| all | " + " | ".join(str(total[key]) for key in row) + " |\n")
    print(f"{len(read)} letters")
    print("annotated criteria linked:", share([one for reading in read for one in reading.gold]))
    print("found criteria linked:", share([one for reading in read for one in reading.found]))
    print("warnings", SILENCE_DISPUTED, sum(one["code"] == SILENCE_DISPUTED for reading in read for one in reading.doc._.remarks))
    held = {edition.id: edition.letters for edition in catalogue.editions.values()}
    held |= {f"{name}|{one.id}": one.letters for name, family in catalogue.families.items() for one in family.guidelines}
    held |= {one.id: one.letters for family in catalogue.families.values() for one in family.criteria}
    now = found["editions"] | {key: value["letters"] for key, value in found["guidelines"].items()} | found["criteria"]
    for key, value in held.items():
        if value != now.get(key, 0):
            print(f"{key}: {value} letters in the data, {now.get(key, 0)} found")


if __name__ == "__main__":
    main()
