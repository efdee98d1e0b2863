"""Makes the pipeline: a spaCy ``Language`` with the letter tokenizer and the components in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language

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
    "unmet_spans",
)


def register() -> None:
    """Import the components, so that spaCy knows their factories."""
    from unmet.components import (  # noqa: F401
        assertion,
        citations,
        conditions,
        criterion_statements,
        function_findings,
        letter_layout,
        medications,
        procedures,
        relations,
        sentences,
        spans,
        tokenizer,
        voice,
    )


def load() -> Language:
    """Return the pipeline of rules. Give it the ``text`` of a :class:`~unmet.ingest.LetterText`.

    A letter's raw text works too; hard-wrapped lines are read over, mark-up and page footers are not.
    """
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
