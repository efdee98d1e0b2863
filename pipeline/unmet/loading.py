"""Makes the pipeline: a spaCy ``Language`` with the letter tokenizer and the components in their order."""

from __future__ import annotations

import gc
import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unmet.errors import UnmetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.language import Language

# The name of the pipeline without trained components, and the folder of a package that holds a trained one.
RULES = "rules"
PIPELINE = "pipeline"

COMPONENTS = (
    "unmet_layout",
    "unmet_sentences",
    "unmet_voice",
    "unmet_medications",
    "unmet_procedures",
    "unmet_conditions",
    "unmet_function",
    "unmet_citations",
    "unmet_criteria",
    "unmet_assertion",
    "unmet_relations",
    "unmet_catalogue_links",
    "unmet_criterion_values",
    "unmet_counter_evidence",
    "unmet_disagreements",
    "unmet_spans",
)


class ModelError(UnmetError):
    """There is no such pipeline; the text says what to do."""


def register() -> None:
    """Import the components, so that spaCy knows their factories."""
    from unmet.components import (  # noqa: F401
        assertion,
        assertion_classifier,
        catalogue_links,
        citations,
        clause_suggester,
        conditions,
        counter_evidence,
        criterion_statements,
        criterion_values,
        disagreements,
        function_findings,
        learned_mentions,
        letter_layout,
        medications,
        procedures,
        relation_classifier,
        relations,
        sentences,
        spans,
        tokenizer,
        voice,
        voice_classifier,
    )


def load(model: str | Path | None = None) -> Language:
    """Return a pipeline. Give it the ``text`` of a :class:`~unmet.ingest.LetterText`.

    ``model`` is None for the trained pipeline that the project ships (package ``unmet_letters``), :data:`RULES` for the
    rules alone, or the folder of a trained one (``unmet train -o``). Raises :class:`ModelError` where there is none.
    A letter's raw text works too; hard-wrapped lines are read over, mark-up and page footers are not.
    """
    with _uncollected():
        if model == RULES:
            return load_rules()
        from spacy.util import load_model_from_path

        register()
        return load_model_from_path(pipeline_folder(model))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let the garbage collector rest: what is loaded stays, and to look through all of it again and again takes a third of
    the time of loading."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def pipeline_folder(model: str | Path | None) -> Path:
    """Return the folder of a trained pipeline, the shipped one for None; raises :class:`ModelError` where there is none."""
    from importlib.util import find_spec

    if model is None:
        spec = find_spec("unmet_letters")
        folder = Path(str(spec.origin)).with_name(PIPELINE) if spec and spec.origin else Path("unmet_letters")
        missing = f"the package unmet_letters is not installed; install the project again, or name {RULES!r} as the model"
    else:
        folder = Path(model) / PIPELINE if (Path(model) / PIPELINE).is_dir() else Path(model)
        missing = f"{model}: holds no trained pipeline; name a folder that 'unmet train' wrote, or {RULES!r}"
    if not (folder / "config.cfg").is_file():
        raise ModelError(missing)
    return folder


def load_rules() -> Language:
    """Return the pipeline of rules: no trained component."""
    import spacy

    register()
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "unmet.LetterTokenizer.v1"}}})
    nlp.meta["name"] = "unmet_rules"
    nlp.meta["version"] = _version()
    nlp.meta["description"] = "Rules only: layout, voice, mentions, assertion, criteria and relations of IMR letters."
    for name in COMPONENTS:
        nlp.add_pipe(name)
    return nlp


def _version() -> str:
    from unmet import __version__

    return __version__


def shipped_meta() -> dict[str, Any] | None:
    """Return the ``meta.json`` of the trained pipeline that is installed, without loading it; None where there is none."""
    try:
        folder = pipeline_folder(None)
    except ModelError:
        return None
    meta: dict[str, Any] = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return meta
