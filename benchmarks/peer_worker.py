"""Times one pipeline in a process of its own: what ``peers.py`` starts, once per pipeline and round.

    python benchmarks/peer_worker.py PIPELINE JOB.json RESULT.json

Imports nothing but the pipeline that it times, so that another environment's interpreter can run it: texts, terms and
cues come in the job, figures go out in the result. Neither holds anything else, and no text is in the result.
"""

from __future__ import annotations

import gc
import json
import logging
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    # Reads texts, or files' bytes, in the way that is meant for many, and returns how many mentions it found in each; None from
    # a pipeline that looks for none.
    Read = Callable[[list[Any]], list[int | None]]
    # Yields None when everything is imported, then what reads.
    Maker = Callable[[dict[str, Any]], Iterator[Read | None]]


class Pipeline(NamedTuple):
    """One pipeline of the comparison: how it is called, the module it needs, what it does, and what makes it."""

    title: str
    needs: str
    does: str
    make: Maker
    from_file: bool = False


def spacy_tokenizer(job: dict[str, Any]) -> Iterator[Read | None]:
    import spacy

    yield None
    tokenizer = spacy.blank("en").tokenizer

    yield lambda texts: [None for _ in tokenizer.pipe(texts)]


def _silence() -> None:
    """medspaCy's sentence splitter writes the text it reads to the debug log; that is slow, and not asked for."""
    from loguru import logger

    logger.remove()
    logging.disable()


def medspacy_default(job: dict[str, Any]) -> Iterator[Read | None]:
    import medspacy

    _silence()
    yield None
    nlp = medspacy.load()
    yield lambda texts: [len(doc.ents) for doc in nlp.pipe(texts)]


def medspacy_parts(job: dict[str, Any]) -> Iterator[Read | None]:
    import medspacy
    import spacy
    from medspacy.target_matcher import TargetRule

    _silence()
    yield None
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    parts = {"medspacy_tokenizer", "medspacy_target_matcher", "medspacy_context", "medspacy_sectionizer"}
    nlp = medspacy.load(nlp, medspacy_enable=parts)
    matcher = nlp.get_pipe("medspacy_target_matcher")
    matcher.add([TargetRule(term, label) for label, terms in job["terms"].items() for term in terms])
    yield lambda texts: [len(doc.ents) for doc in nlp.pipe(texts)]


def edsnlp_parts(job: dict[str, Any]) -> Iterator[Read | None]:
    import edsnlp
    import edsnlp.pipes as eds

    _silence()
    yield None
    cues = job["cues"]
    ends = {"attr": "LOWER", "termination": cues["termination"]}
    nlp = edsnlp.blank("eds")
    nlp.add_pipe(eds.sentences())
    nlp.add_pipe(eds.matcher(terms=job["terms"], attr="LOWER"))
    titles = {name: [re.escape(title) for title in own] for name, own in job["sections"].items()}
    nlp.add_pipe(eds.sections(sections=titles, add_patterns=False, attr="TEXT"))
    negation = cues["negation"]
    nlp.add_pipe(eds.negation(**negation, pseudo=[], preceding_regex=[], verbs=[], **ends))
    nlp.add_pipe(eds.hypothesis(**cues["hypothesis"], pseudo=[], verbs_eds=[], verbs_hyp=[], **ends))
    nlp.add_pipe(eds.history(history=cues["history"], **ends))
    nlp.add_pipe(eds.family(family=cues["family"], use_sections=False, **ends))
    yield lambda texts: [len(doc.ents) for doc in nlp.pipe(texts)]


def _unmet(model: str | None) -> Maker:
    def make(job: dict[str, Any]) -> Iterator[Read | None]:
        import spacy  # noqa: F401 - the greater part of what importing unmet's components takes
        import unmet
        from unmet import assemble  # noqa: F401 - imported by the first letter otherwise
        from unmet.ingest import read as ingest  # noqa: F401 - as well
        from unmet.loading import register
        from unmet.reading import read_files
        from unmet.together import LETTERS

        register()
        yield None
        nlp = unmet.load(model)

        def read(letters: list[str | bytes]) -> list[int | None]:
            files = [("letter", letter.encode() if isinstance(letter, str) else letter) for letter in letters]
            mentions: list[int | None] = []
            for first in range(0, len(files), LETTERS):
                for found in read_files(files[first : first + LETTERS], nlp=nlp):
                    if isinstance(found, Exception):
                        raise found
                    found.to_json()
                    mentions.append(len(found.mentions))
            return mentions

        yield read

    return make


REFERENCE = "medspacy"
PARTS = "medspacy-parts"

PIPELINES = {
    "spacy-tokenizer": Pipeline("spaCy tokenizer", "spacy", "spacy.blank('en').tokenizer: tokens only", spacy_tokenizer),
    REFERENCE: Pipeline(
        "medspacy.load()",
        "medspacy",
        "as it comes: medspaCy's tokenizer, PyRuSH sentences, target matcher without a rule, ConText; logging silenced",
        medspacy_default,
    ),
    PARTS: Pipeline(
        "medspaCy, parts",
        "medspacy",
        "medspaCy's tokenizer, spaCy's sentencizer, target matcher with the terms, ConText and sections with their own rules",
        medspacy_parts,
    ),
    "edsnlp": Pipeline(
        "EDS-NLP, parts",
        "edsnlp",
        "EDS-NLP's tokenizer and sentences, matcher with the same terms, sections with medspaCy's titles, negation, hypothesis, "
        "history and family with the words of medspaCy's ConText rules; lower case, no normalizer",
        edsnlp_parts,
    ),
    "unmet-rules": Pipeline("unmet, rules", "unmet", "text to record to a line of JSON, rules only", _unmet("rules")),
    "unmet": Pipeline("unmet", "unmet", "text to record to a line of JSON, the pipeline that ships", _unmet(None)),
    "unmet-file": Pipeline(
        "unmet, from files",
        "unmet",
        "the bytes of the file (PDF where the letters are PDF) to a line of JSON, the pipeline that ships",
        _unmet(None),
        from_file=True,
    ),
}


def peak_memory() -> float | None:
    """Return the most memory (MB, resident) that this process has held; None where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s*(\d+) kB", status, re.M)
    return int(found[1]) / 1024 if found else None


def measure(pipeline: Pipeline, job: dict[str, Any]) -> dict[str, Any]:
    """Import and load ``pipeline``, let it read the letters, and return the seconds that each took and what it found."""
    letters = [Path(path).read_bytes() for path in job["paths"]] if pipeline.from_file else job["texts"]
    warm_up, timed = letters[: job["warm_up"]], letters[job["warm_up"] :]
    maker = pipeline.make(job)
    marks = [time.perf_counter()]
    next(maker)
    marks.append(time.perf_counter())
    read = next(maker)
    marks.append(time.perf_counter())
    start_up = time.process_time()
    assert read is not None
    read(warm_up[:1])
    marks.append(time.perf_counter())
    read(warm_up[1:])
    # As in a process that stays: what is loaded is not looked through again and again.
    gc.collect()
    gc.freeze()
    started, busy = time.perf_counter(), time.process_time()
    found = read(timed)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    return {
        "import_s": marks[1] - marks[0],
        "load_s": marks[2] - marks[1],
        "start_up_cpu_s": start_up,
        "first_letter_s": marks[3] - marks[2],
        "seconds": seconds,
        "cpu_seconds": busy,
        "mentions": None if None in found else sum(one for one in found if one is not None),
        "peak_mb": peak_memory(),
    }


def main() -> None:
    name, job_file, result_file = sys.argv[1:]
    pipeline = PIPELINES[name]
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    try:
        result = measure(pipeline, job)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != pipeline.needs:
            raise
        result = {"missing": pipeline.needs}
    Path(result_file).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
