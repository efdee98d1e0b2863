"""What a letter says of a medication or procedure, learned: features of a mention and its surroundings.

The rules' decision and ConText's modifiers are features among others; a linear classifier weighs them
(:class:`unmet.learning.hashed.HashedClassifier`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from unmet.learning.hashed import hashes

_WORD = re.compile(r"[a-z]+|\d+|[^\w\s]")
_STEM = 5
# The features of so many words, and of so many places of a mention, are kept once they were hashed.
_WORDS_KEPT, _PLACES_KEPT = 8192, 4096


class MentionView(NamedTuple):
    """A mention as the classifier sees it; ``before`` and ``after`` are what stands around it in its sentence, ``mark``
    its number among the mentions of the sentence."""

    label: str
    words: str
    before: str
    after: str
    section_kind: str
    voice: str
    voice_before: str
    rule: str  # the rules' assertion
    modifiers: tuple[str, ...]  # ConText's categories
    disputed: bool  # named in a request's title
    mark: int
    family: str


class _Word(NamedTuple):
    """A word, and the hashes of the features that it has wherever it stands: in a mention, before it, after it."""

    spelt: str
    inside: int
    before: tuple[int, ...]
    after: tuple[int, ...]


@lru_cache(maxsize=_WORDS_KEPT)
def _word(printed: str, kind: str) -> _Word:
    word = "0" if printed.isdigit() else printed
    stem = [word[:_STEM]] if len(word) > _STEM else []
    (inside,) = hashes([f"w:{word}"])
    before = hashes([f"-:{word}", f"k-:{kind}{word}", *(f"-s:{one}" for one in stem)])
    after = hashes([f"+:{word}", *(f"+s:{one}" for one in stem)])
    return _Word(word, inside, tuple(before), tuple(after))


def features(one: MentionView) -> list[int]:
    """Return the features of a mention, hashed."""
    kind = one.section_kind[0]
    before = [_word(word, kind) for word in _WORD.findall(one.before.lower())]
    found = [_word(word, kind).inside for word in _WORD.findall(one.words.lower())]
    for word in before:
        found += word.before
    for printed in _WORD.findall(one.after.lower()):
        found += _word(printed, kind).after
    found += _of_place(one.label, kind, one.voice, one.voice_before, one.rule, one.disputed)
    found += _of_family(kind, min(one.mark, 3), one.family)
    found += _of_modifiers(kind, one.voice, one.modifiers)
    opening = [word.spelt for word in before[:3]]
    found += hashes([f"s:{kind}{' '.join(opening[:2])}", f"s3:{kind}{' '.join(opening)}"])
    return found


# What is known of a mention besides the words repeats.
@lru_cache(maxsize=_PLACES_KEPT)
def _of_place(
    label: str,
    kind: str,
    voice: str,
    voice_before: str,
    rule: str,
    disputed: bool,
) -> tuple[int, ...]:
    place = f"{kind}{voice}"
    found = [
        "b",
        f"l:{label}",
        f"k:{place}",
        f"lk:{label}{place}",
        f"pv:{voice_before}{place}",
        f"a:{rule}",
        f"ka:{place}{rule}",
        f"la:{label}{kind}{rule}",
        f"d:{disputed}{place}",
        f"da:{disputed}{kind}{rule}",
    ]
    return tuple(hashes(found))


@lru_cache(maxsize=_PLACES_KEPT)
def _of_family(kind: str, mark: int, family: str) -> tuple[int, ...]:
    return tuple(hashes([f"f:{family}{kind}", f"n:{mark}{kind}"]))


@lru_cache(maxsize=_PLACES_KEPT)
def _of_modifiers(kind: str, voice: str, modifiers: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(hashes([one for name in modifiers for one in (f"m:{name}", f"km:{kind}{voice}{name}")])) if modifiers else ()
