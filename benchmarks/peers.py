"""Times unmet beside its peers: the same letters, one core, one thread, each pipeline in a process of its own, by turns.

    python benchmarks/peers.py LETTERS... [--sample 30] [--rounds 3] [--only NAME]... [--edsnlp-python PATH] [--json FILE]

Every pipeline is given the repaired text of the letters (``unmet.ingest``); unmet is timed from there to its line of JSON,
its peers from there to their Doc. Ratios are of processor time and taken within a round, so that other programs on the
machine count little; letters per second are of the clock on the wall. Letters of the warm-up are not among those timed.
"start CPU s" is the processor time until a pipeline is loaded, the interpreter's own start included.

EDS-NLP needs a newer spaCy and NumPy than medspaCy allows on Python 3.11, so it has an environment of its own:

    python3 -m venv .venv-edsnlp && .venv-edsnlp/bin/pip install edsnlp==0.23.0

That environment is used where it is found; ``--edsnlp-python`` names another one's interpreter.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import ahocorasick
from measuring import ONE_THREAD, evenly, machine, pin, spread, table, write_json
from peer_worker import PARTS, PIPELINES, REFERENCE
from unmet.cli import letters_in
from unmet.errors import UnreadableLetterError
from unmet.ingest import read_letter
from unmet.knowledge import load_yaml, read_knowledge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Result = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
WORKER = Path(__file__).with_name("peer_worker.py")
EDSNLP_PYTHON = ROOT / ".venv-edsnlp" / "bin" / "python"
# As many terms as the comparison that the project set out from.
TERMS = 274
# By then everything that a pipeline makes on first use is made.
# Letters that are read before any is timed: a batch is in its stride for nearly all of its letters.
WARM_UP = 60
INSTALL = {"edsnlp": "python3 -m venv .venv-edsnlp && .venv-edsnlp/bin/pip install edsnlp==0.23.0"}
COLUMNS = (
    "pipeline",
    "letters/s",
    "words/s",
    "ms/letter",
    "least-most",
    "CPU ms",
    f"x {PIPELINES[REFERENCE].title}",
    f"x {PIPELINES[PARTS].title}",
    "mentions",
    "import s",
    "load s",
    "start CPU s",
    "1st letter s",
    "peak MB",
)


def lexicon_terms() -> dict[str, str]:
    """Return the names of the project's lexicons in lower case, each with its label."""
    rows = csv.DictReader(read_knowledge("medications.tsv").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    terms = {row["name"].lower(): "MEDICATION" for row in rows}
    for one in load_yaml("procedures.yaml"):
        for term in (*one.get("terms", ()), *one.get("exact", ())):
            terms.setdefault(str(term).lower(), "PROCEDURE")
    return terms


def commonest(terms: Mapping[str, str], texts: Iterable[str], count: int) -> dict[str, list[str]]:
    """Return, by label, the ``count`` of ``terms`` that stand in most of ``texts``."""
    automaton = ahocorasick.Automaton()
    for term in terms:
        automaton.add_word(term, term)
    automaton.make_automaton()
    letters: Counter[str] = Counter()
    for text in texts:
        lower = f" {text.lower()} "
        letters.update(
            {term for end, term in automaton.iter(lower) if not lower[end - len(term)].isalnum() and not lower[end + 1].isalnum()}
        )
    found: dict[str, list[str]] = {}
    for term in sorted(letters, key=lambda term: (-letters[term], term))[:count]:
        found.setdefault(terms[term], []).append(term)
    return found


def cues_of(rules: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the words of medspaCy's ConText ``rules`` in the form in which EDS-NLP takes them."""
    by_kind: dict[tuple[str, str], list[str]] = {}
    ends = []
    for rule in rules:
        if rule["direction"] == "TERMINATE":
            ends.append(rule["literal"])
        else:
            by_kind.setdefault((rule["category"], rule["direction"]), []).append(rule["literal"])

    def words(direction: str, *categories: str) -> list[str]:
        return [word for category in categories for word in by_kind.get((category, direction), ())]

    unsure = ("POSSIBLE_EXISTENCE", "HYPOTHETICAL")
    return {
        "negation": {
            "preceding": words("FORWARD", "NEGATED_EXISTENCE"),
            "following": words("BACKWARD", "NEGATED_EXISTENCE"),
        },
        "hypothesis": {"preceding": words("FORWARD", *unsure), "following": words("BACKWARD", *unsure)},
        "history": words("FORWARD", "HISTORICAL"),
        "family": words("FORWARD", "FAMILY"),
        "termination": sorted(set(ends)),
    }


def medspacy_rules() -> dict[str, Any]:
    """Return medspaCy's own cues and section titles; empty where it is not installed, which leaves EDS-NLP without any."""
    specification = find_spec("medspacy")
    rules: list[dict[str, Any]] = []
    titles: dict[str, list[str]] = {}
    if specification and specification.origin:
        folder = Path(specification.origin).parents[1] / "resources" / "en"
        rules = json.loads((folder / "context_rules.json").read_text(encoding="utf-8"))["context_rules"]
        for one in json.loads((folder / "section_patterns.json").read_text(encoding="utf-8"))["section_rules"]:
            titles.setdefault(one["category"], []).append(one["literal"])
    return {"cues": cues_of(rules), "sections": titles}


def texts_of(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """Return the letters among ``paths`` that can be read, and their repaired texts; says which are passed over."""
    readable, texts = [], []
    for path in paths:
        try:
            texts.append(read_letter(path).text)
            readable.append(path)
        except UnreadableLetterError as error:
            print(f"passed over: {error}", file=sys.stderr)
    return readable, texts


def run_worker(name: str, job: Path, python: str) -> Result:
    """Run one pipeline over the letters of ``job`` in a process of its own, and return its figures or why there are none."""
    result = job.with_name("result.json")
    result.unlink(missing_ok=True)
    environment = {**os.environ, **ONE_THREAD}
    if python != sys.executable:
        environment.pop("PYTHONPATH", None)
    try:
        finished = subprocess.run(
            [python, str(WORKER), name, str(job), str(result)], env=environment, capture_output=True, text=True, check=False
        )
    except OSError:
        return {"missing": PIPELINES[name].needs}
    if finished.returncode:
        # The kind of error only: its message may quote a letter.
        last = (finished.stderr.strip().splitlines() or [""])[-1]
        kind = re.match(r"[\w.]+(?=:|$)", last)
        return {"failed": f"{kind[0] if kind else 'ended'} (exit {finished.returncode})"}
    figures: Result = json.loads(result.read_text(encoding="utf-8"))
    return figures


def summarize(results: Mapping[str, Sequence[Result]], letters: int, words: int) -> dict[str, Result]:
    """Return the figures of each pipeline over its rounds: medians, with least and most where noise matters.

    ``results`` holds, by pipeline, one result per round. A ratio says how many times as fast as the reference a pipeline
    is, by the processor time of both in the same round.
    """
    summary: dict[str, Result] = {}
    for name, rounds in results.items():
        without = next((one for one in rounds if "seconds" not in one), None)
        if without is not None:
            summary[name] = dict(without)
            continue
        milliseconds = spread([1000 * one["seconds"] / letters for one in rounds])
        seconds = milliseconds["median"] / 1000
        own: Result = {
            "letters_per_s": 1 / seconds,
            "words_per_s": words / letters / seconds,
            "ms_per_letter": milliseconds,
            "cpu_ms_per_letter": spread([1000 * one["cpu_seconds"] / letters for one in rounds]),
            "mentions_per_letter": None if rounds[0]["mentions"] is None else rounds[0]["mentions"] / letters,
            "peak_mb": None if rounds[0]["peak_mb"] is None else max(one["peak_mb"] for one in rounds),
        }
        for part in ("import_s", "load_s", "start_up_cpu_s", "first_letter_s"):
            own[part] = median(one[part] for one in rounds)
        for reference in (REFERENCE, PARTS):
            others = results.get(reference, ())
            if others and all("seconds" in one for one in others):
                own[f"times_{reference}"] = spread(
                    [other["cpu_seconds"] / one["cpu_seconds"] for one, other in zip(rounds, others, strict=True)]
                )
        summary[name] = own
    return summary


def rows_of(summary: Mapping[str, Result]) -> list[list[str]]:
    """Return the rows of the table, one per pipeline; one without figures says why."""
    rows = []
    for name, own in summary.items():
        title = PIPELINES[name].title
        if "missing" in own:
            command = INSTALL.get(own["missing"], f"pip install {own['missing']}")
            rows.append([title, f"not installed: {command}"])
            continue
        if "failed" in own:
            rows.append([title, f"did not run: {own['failed']}"])
            continue
        clock = own["ms_per_letter"]
        rows.append(
            [
                title,
                f"{own['letters_per_s']:.1f}",
                f"{own['words_per_s']:,.0f}",
                f"{clock['median']:.2f}",
                f"{clock['min']:.2f}-{clock['max']:.2f}",
                f"{own['cpu_ms_per_letter']['median']:.2f}",
                _ratio(own.get(f"times_{REFERENCE}")),
                _ratio(own.get(f"times_{PARTS}")),
                _or_dash(own["mentions_per_letter"], ".1f"),
                f"{own['import_s']:.2f}",
                f"{own['load_s']:.2f}",
                f"{own['start_up_cpu_s']:.2f}",
                f"{own['first_letter_s']:.2f}",
                _or_dash(own["peak_mb"], ".0f"),
            ]
        )
    return rows


def _ratio(times: Mapping[str, float] | None) -> str:
    return "-" if times is None else f"{times['median']:.2f} ({times['min']:.2f}-{times['max']:.2f})"


def _or_dash(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def arguments_of(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("letters", nargs="+", type=Path, help="letters or folders of letters")
    parser.add_argument("--sample", type=int, default=30, help="letters to time, evenly spread over those given")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=list(PIPELINES), help="time this pipeline (repeat for more)")
    parser.add_argument("--edsnlp-python", type=Path, help="interpreter of an environment with edsnlp")
    parser.add_argument("--core", type=int, help="core to use; default: the first")
    parser.add_argument("--json", type=Path, help="write the figures of all rounds here")
    return parser.parse_args(given)


def main() -> None:
    arguments = arguments_of()
    core = pin(arguments.core)
    try:
        paths = letters_in(arguments.letters)
    except ValueError as error:
        raise SystemExit(f"peers: {error}") from None
    # More than the sample: what is read to warm up is not timed.
    paths, texts = texts_of(evenly(paths, arguments.sample + WARM_UP))
    if len(texts) <= WARM_UP:
        raise SystemExit(f"peers: {len(texts)} letters can be read; name more than {WARM_UP}, which are read to warm up")
    timed = texts[WARM_UP:]
    letters, words = len(timed), sum(len(text.split()) for text in timed)
    _, own_texts = texts_of(letters_in([ROOT / "annotations" / "letters"]))
    terms = commonest(lexicon_terms(), own_texts, TERMS)
    names = [name for name in PIPELINES if not arguments.only or name in arguments.only]
    pythons = dict.fromkeys(names, sys.executable)
    if arguments.edsnlp_python or EDSNLP_PYTHON.exists():
        pythons["edsnlp"] = str(arguments.edsnlp_python or EDSNLP_PYTHON)
    facts = machine()
    results: dict[str, list[Result]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "job.json"
        content = {"texts": texts, "paths": [str(path.resolve()) for path in paths], "warm_up": WARM_UP, "terms": terms}
        job.write_text(json.dumps({**content, **medspacy_rules()}), encoding="utf-8")
        for number in range(arguments.rounds):
            for name in names:
                print(f"round {number + 1}: {PIPELINES[name].title}", file=sys.stderr)
                results[name].append(run_worker(name, job, pythons[name]))

    summary = summarize(results, letters, words)
    print(f"{letters} letters of {words / letters:.0f} words, {arguments.rounds} rounds by turns, one thread on core {core}")
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    print(f"{sum(map(len, terms.values()))} terms: the names of the project's lexicons that stand in most of its own letters\n")
    print(table(COLUMNS, rows_of(summary)), end="\n\n")
    for name in names:
        print(f"{PIPELINES[name].title}: {PIPELINES[name].does}")
    if arguments.json:
        measured = {
            "machine": facts,
            "letters": letters,
            "words": words,
            "rounds": arguments.rounds,
            "terms": sum(map(len, terms.values())),
            "pipelines": {name: {"does": PIPELINES[name].does, **summary[name], "each": results[name]} for name in names},
        }
        write_json(arguments.json, measured)


if __name__ == "__main__":
    main()
