"""What a letter says of a medication or procedure, learned: features of a mention and its surroundings.

The rules' decision and ConText's modifiers are features among others; a linear classifier weighs them
(:class:`unmet.learning.hashed.HashedClassifier`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain
from typing import NamedTuple
from zlib import crc32

from unmet.learning.hashed import hashes

_WORD = re.compile(r"[a-z]+|\d+|[^\w\s]")
_NEAR = 6
_STEM = 5
# The features of so many words, and of so many places of a mention, are kept once they were hashed.
_WORDS_KEPT, _PLACES_KEPT = 8192, 4096


class MentionView(NamedTuple):
    """A mention as the classifier sees it; ``before`` and ``after`` are the rest of its sentence, ``mark`` its number
    among the mentions of the sentence."""

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
    """A word, and the hashes of the features that it has wherever it stands: in a mention, before it, after it. The states
    of the hash are those of pairs of words that begin with it, before a mention and after it."""

    spelt: str
    encoded: bytes
    inside: int
    before: tuple[int, ...]
    after: tuple[int, ...]
    pair_before: int
    pair_after: int


@lru_cache(maxsize=_WORDS_KEPT)
def _word(printed: str, kind: str) -> _Word:
    word = "0" if printed.isdigit() else printed
    stem = [word[:_STEM]] if len(word) > _STEM else []
    inside, pair_before, pair_after = hashes([f"w:{word}", f"-2:{word} ", f"+2:{word} "])
    before = hashes([f"-:{word}", f"k-:{kind}{word}", *(f"-s:{one}" for one in stem)])
    after = hashes([f"+:{word}", *(f"+s:{one}" for one in stem)])
    return _Word(word, word.encode(), inside, tuple(before), tuple(after), pair_before, pair_after)


# The state of the hash of a feature that begins like this, by the distance from the mention.
_BEFORE, _AFTER = (tuple(crc32(f"{sign}{number}:".encode()) for number in range(_NEAR + 1)) for sign in "-+")


def features(one: MentionView) -> list[int]:
    """Return the features of a mention, hashed."""
    kind = one.section_kind[0]
    words, before, after = (
        [_word(word, kind) for word in _WORD.findall(text.lower())] for text in (one.words, one.before, one.after)
    )
    near = before[-_NEAR:]
    found = [word.inside for word in words]
    # A feature of two words, or of a place and a word, is the hash of what it begins with, run on by the word.
    found += chain.from_iterable([word.before for word in before])
    found += map(crc32, [word.encoded for word in before[1:]], [word.pair_before for word in before])
    found += map(crc32, [word.encoded for word in near], _BEFORE[len(near) : 0 : -1])
    found += chain.from_iterable([word.after for word in after])
    found += map(crc32, [word.encoded for word in after[1:]], [word.pair_after for word in after])
    found += map(crc32, [word.encoded for word in after[:_NEAR]], _AFTER)
    found += _of_place(
        one.label, kind, one.voice, one.voice_before, one.rule, one.modifiers, one.disputed, min(one.mark, 3), one.family
    )
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
    modifiers: tuple[str, ...],
    disputed: bool,
    mark: int,
    family: str,
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
        f"f:{family}{kind}",
        f"n:{mark}{kind}",
        *(f"m:{name}" for name in modifiers),
        *(f"km:{place}{name}" for name in modifiers),
    ]
    return tuple(hashes(found))
