"""The trained pipeline of ``unmet``: ``unmet_letters.load()`` is what ``unmet.load()`` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.language import Language


def load(**overrides: Any) -> Language:
    """Return the pipeline; ``overrides`` are those of ``spacy.load``."""
    from spacy.util import load_model_from_path
    from unmet.loading import pipeline_folder, register

    register()
    return load_model_from_path(pipeline_folder(None), **overrides)
