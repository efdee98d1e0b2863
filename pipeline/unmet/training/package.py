"""Writes a trained pipeline as a package, without a word of the letters it was trained on."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any, cast

from unmet.components.learned_mentions import LearnedMentions
from unmet.loading import PIPELINE, load_rules

if TYPE_CHECKING:
    from pathlib import Path

    from spacy.language import Language

NAME = "unmet_letters"
_SPACY = ">=3.7.5,<3.9"


def without_words(nlp: Language) -> Language:
    """Return the same pipeline with vocabularies that hold the rules' own words and labels alone.

    spaCy's string store keeps every word that a pipeline has seen. The weights need none of them: embedding layers and
    classifiers know features by their hashes.
    """
    clean = load_rules()
    clean.remove_pipe("unmet_voice")
    rules = frozenset(clean.pipe_names)
    for position, (name, component) in enumerate(nlp.pipeline):
        if name in rules:
            continue
        before = nlp.pipe_names[position - 1]
        config = nlp.get_pipe_config(name)
        new: Any = clean.add_pipe(name, after=before, config={key: value for key, value in config.items() if key != "factory"})
        for field in ("model", "phrases"):
            if hasattr(component, field):
                setattr(new, field, getattr(component, field))
        if isinstance(component, LearnedMentions):
            new.spans = _spans_without_words(cast("Language", component.spans))
    clean.meta.update({key: nlp.meta[key] for key in ("name", "version", "description")})
    return clean


def _spans_without_words(spans: Language) -> Language:
    from spacy.util import load_model_from_config

    config = spans.config.copy()
    for section in ("corpora", "paths", "training", "initialize"):
        config.pop(section, None)
    clean = load_model_from_config(config, auto_fill=True)
    # The configuration names this machine's folders, the meta scores on the letters that showed the progress of training.
    own = ["vocab", "tokenizer", "config", "meta"]
    clean.from_bytes(spans.to_bytes(exclude=own), exclude=own)
    clean.meta.update({"name": f"{NAME}_spans", "spacy_version": _SPACY})
    return clean


def write_package(nlp: Language, folder: Path) -> None:
    """Write ``nlp`` to ``folder/pipeline``; what stood there goes."""
    from unmet import __version__

    nlp.meta.update(
        {
            "name": NAME,
            "version": __version__,
            "description": "Rules and trained components that read Independent Medical Review determination letters.",
            "license": "MIT",
            "spacy_version": _SPACY,
        }
    )
    clean = without_words(nlp)
    target = folder / PIPELINE
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    clean.to_disk(target)
    meta = json.loads((target / "meta.json").read_text(encoding="utf-8"))
    meta.update({key: nlp.meta[key] for key in ("name", "version", "description", "license", "spacy_version")})
    (target / "meta.json").write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
