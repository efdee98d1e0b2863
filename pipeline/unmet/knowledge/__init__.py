"""Data files (lexicons, patterns, vocabularies) and the one function that loads them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from unmet.errors import KnowledgeError

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # a PyYAML built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]


def read_knowledge(name: str) -> str:
    """Return the text of the data file ``name``; raises ``KnowledgeError`` if it is missing."""
    try:
        return files(__package__).joinpath(name).read_text(encoding="utf-8")
    except OSError as error:
        raise KnowledgeError(f"knowledge/{name}: is missing; reinstall the package") from error


@cache
def load_yaml(name: str) -> Any:
    """Return the content of the YAML data file ``name``, parsed once; callers must not change it."""
    try:
        return yaml.load(read_knowledge(name), Loader=_Loader)
    except yaml.YAMLError as error:
        raise KnowledgeError(f"knowledge/{name}: is no valid YAML ({str(error).splitlines()[0]})") from error


@cache
def codes(field: str) -> frozenset[str]:
    """Return the codes of a field of the shared vocabulary (``taxonomy.yaml``), such as ``criterion_type``."""
    return frozenset(load_yaml("taxonomy.yaml")[field])
