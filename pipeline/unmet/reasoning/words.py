"""The patterns and the sets of types and families that the steps of reasoning share (``knowledge/relations.yaml``)."""

from __future__ import annotations

import re
from functools import cache

from unmet.errors import KnowledgeError
from unmet.knowledge import codes, load_yaml
from unmet.layout.pattern import form


@cache
def pattern(name: str) -> re.Pattern[str]:
    """Return a named pattern of ``knowledge/relations.yaml``, compiled once."""
    return form("|".join(f"(?:{one})" for one in load_yaml("relations.yaml")["patterns"][name]), re.I)


@cache
def types(name: str) -> frozenset[str]:
    """Return a named set of criterion types; raises ``KnowledgeError`` if one is not in the taxonomy."""
    return _checked(name, load_yaml("relations.yaml")["types"][name], "criterion_type")


@cache
def families(name: str) -> frozenset[str]:
    """Return a named set of treatment families; raises ``KnowledgeError`` if one is not in the taxonomy."""
    return _checked(name, load_yaml("relations.yaml")["families"][name], "treatment_family")


@cache
def basis_by_type(name: str) -> dict[str, str]:
    """Return a named mapping of criterion types to the basis that goes with them."""
    mapping = dict(load_yaml("relations.yaml")["types"][name])
    _checked(name, list(mapping), "criterion_type")
    _checked(name, list(mapping.values()), "unmet_basis")
    return mapping


@cache
def type_by_type(name: str) -> dict[str, str]:
    """Return a named mapping of criterion types to criterion types."""
    mapping = dict(load_yaml("relations.yaml")["types"][name])
    _checked(name, [*mapping, *mapping.values()], "criterion_type")
    return mapping


def _checked(name: str, listed: list[str], field: str) -> frozenset[str]:
    unknown = set(listed) - codes(field)
    if unknown:
        raise KnowledgeError(f"knowledge/relations.yaml, {name}: unknown {field} {sorted(unknown)}")
    return frozenset(listed)
