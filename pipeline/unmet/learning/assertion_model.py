"""What a letter says of a medication or procedure, learned: features of a mention and its surroundings.

The rules' decision and ConText's modifiers are features among others; a linear classifier weighs them
(:class:`unmet.learning.hashed.HashedClassifier`).
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from unmet.learning.hashed import buckets

if TYPE_CHECKING:
    from unmet.learning.hashed import Buckets

_WORD = re.compile(r"[a-z]+|\d+|[^\w\s]")
_NEAR = 6
_STEM = 5


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


def features(one: MentionView) -> Buckets:
    """Return the features of a mention, hashed."""
    before, after = _words(one.before), _words(one.after)
    kind = one.section_kind[0]
    place = f"{kind}{one.voice}"
    near = before[-_NEAR:]
    return buckets(
        [
            "b",
            f"l:{one.label}",
            f"k:{place}",
            f"lk:{one.label}{place}",
            f"pv:{one.voice_before}{place}",
            f"a:{one.rule}",
            f"ka:{place}{one.rule}",
            f"la:{one.label}{kind}{one.rule}",
            f"d:{one.disputed}{place}",
            f"da:{one.disputed}{kind}{one.rule}",
            f"f:{one.family}{kind}",
            f"n:{min(one.mark, 3)}{kind}",
            *(f"m:{name}" for name in one.modifiers),
            *(f"km:{place}{name}" for name in one.modifiers),
            *(f"w:{word}" for word in _words(one.words)),
            *(f"-{len(near) - number}:{word}" for number, word in enumerate(near)),
            *(f"-:{word}" for word in set(before)),
            *(f"-s:{word[:_STEM]}" for word in set(before) if len(word) > _STEM),
            *(f"k-:{kind}{word}" for word in set(before)),
            *(f"-2:{first} {second}" for first, second in itertools.pairwise(before)),
            *(f"+{number}:{word}" for number, word in enumerate(after[:_NEAR])),
            *(f"+:{word}" for word in set(after)),
            *(f"+s:{word[:_STEM]}" for word in set(after) if len(word) > _STEM),
            *(f"+2:{first} {second}" for first, second in itertools.pairwise(after)),
            f"s:{kind}{' '.join(before[:2])}",
            f"s3:{kind}{' '.join(before[:3])}",
        ]
    )


def _words(text: str) -> list[str]:
    return ["0" if word.isdigit() else word for word in _WORD.findall(text.lower())]
