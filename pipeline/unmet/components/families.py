"""The treatment family of a request's item: from what its title names, read by where it stands in the letter."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from unmet.components.letter_layout import letter_text
from unmet.components.medications import drug_named, lexicon
from unmet.components.procedures import generic_names, procedure_named, procedure_words
from unmet.knowledge import load_yaml
from unmet.reasoning.stretches import beginning_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.tokens import Doc

    from unmet.layout.model import Layout, RequestParts

_ANCILLARY = re.compile(
    r"\b(?:associated\s+surgical|post-?\s?op(?:erative(?:ly)?)?\b|pre-?\s?op(?:erative)?\b"
    r"|(?<!for )(?:pre|post)-?\s?(?:surgical|procedure)\b"
    r"|assistant\s+surgeon|surgical\s+assist|(?:PA|RNFA)\s+assist|co-?surgeon|medical\s+clearance|surgical\s+clearance"
    r"|inpatient\s+stay|hospital\s+stay)",
    re.I,
)
_ASSOCIATED = re.compile(r"\bassociated\s+surgical\s+services?", re.I)
_LABELLED = re.compile(rf"{_ASSOCIATED.pattern}|\bpre-?\s?op(?:erative)?\b", re.I)
# Tests before an operation go with it where it is disputed too; where it is not, they are what they are.
_TESTS = frozenset(["laboratory", "radiograph", "other_diagnostic"])
_TOPICAL = re.compile(r"\b(?:cream|gel|ointment|lotion|balm|topical|base|\d+(?:\.\d+)?\s?%)", re.I)
_PATCH = re.compile(r"\b(?:patch(?:es)?|transdermal)\b", re.I)
_SWALLOWED = re.compile(r"\b(?:tabs?|tablets?|caps?|capsules?|oral(?:ly)?|by mouth)\b", re.I)
_SURGERIES = frozenset(["spine_surgery", "joint_surgery", "other_surgery"])
# What no surgery makes ancillary: it has a family of its own, whenever it is given.
_OF_ITS_OWN = frozenset(["physical_therapy", "advanced_imaging", "electrodiagnostics", *_SURGERIES])
# What a surgery is followed by as a matter of course, so that beside a disputed surgery it needs no label.
_AFTER_SURGERY = frozenset(
    [
        "cold therapy unit",
        "continuous passive motion",
        "dvt prophylaxis device",
        "bone growth stimulator",
        "crutches",
        "walker",
        "compression garment",
        "sedation",
    ]
)
_AFTER_SURGERY_WORDS = re.compile(
    r"\b(?:(?:ultra-?|arm |shoulder |abduction )?slings?|immobili[sz]ers?|knee (?:scooter|walker)|interscalene|regional block"
    r"|cold (?:therapy|pack)|ice machine|cryo\w*)\b",
    re.I,
)
# Operations that are of the spine, or of a joint, by where they are done.
_ANYWHERE = frozenset(["surgery", "hardware removal", "debridement", "bone excision"])
_SPINAL = re.compile(r"\b(?:spin(?:e|al)|lumbar|cervical|thoracic|[CTLS]\d{1,2}\s?(?:[-/]|to)\s?[CTLS]?\d)", re.I)
_OF_JOINT = re.compile(r"\b(?:shoulder|knee|hip)\b", re.I)
# Guidance and sedation serve the treatment beside them.
_SERVING = frozenset(["fluoroscopic guidance", "anesthesia", "sedation", "ct guidance"])
_GUIDED = re.compile(r"[\s-]+guid(?:ed|ance)", re.I)
_LABEL = re.compile(r"\s*[:\u2013]|\s+-\s|\s+#?\d+\s*:")
_REFERRED = re.compile(r"\s+(?:for|to)\s+(?:(?:an?|the|additional|further|\d+|\w+ sessions of|\w+ visits of)\s+)*\Z", re.I)
_REFERRAL = re.compile(r"\b(?:referrals?|referred|authorization|request)\Z", re.I)
# A device that gives a therapy at home is equipment.
_DEVICE = re.compile(r"\b(?:(?<!\d )unit|device|machine|appliance|heating pad|purchase|rental|home use)\b", re.I)
_GIVEN_AT_HOME = frozenset(["physical_therapy", "massage"])
_GIVEN_IN_SESSIONS = re.compile(r"\b(?:therapy|treatments?|sessions?|visits|modalit(?:y|ies)|heat|hot|massage)\b", re.I)
# Drugs that a physician injects: with "injection" behind the name it is the injection that is asked for.
_INJECTED = frozenset(["nsaid", "corticosteroid", "local_anesthetic", "hyaluronate", "botulinum_toxin"])
_INJECTION = re.compile(r"\b(?:injections?|IM\b)", re.I)
_KIT = re.compile(r"\b(?:kit|pen|vial|auto-?injector)s?\b", re.I)
# Hormones and the like that are rubbed in to act elsewhere.
_THROUGH_THE_SKIN = frozenset(["androgen", "estrogen_progestin"])
_CODE = re.compile(r"\b(?:(?:CPT|HCPCS)\s*(?:codes?)?\s*[:#]?\s*)?([A-Z]\d{4}|\d{5})\b", re.I)
_WORD = re.compile(r"[A-Za-z0-9][\w'.&-]*")
# The longest names of the lexicons, in words; shorter words than this are not corrected.
_LONGEST, _SHORTEST_CORRECTED = 7, 7


class _Named(NamedTuple):
    """A drug or procedure that a title names, where it stands in it; ``drug_class`` is None for a procedure."""

    start: int
    end: int
    family: str
    canonical: str
    drug_class: str | None


def request_family(doc: Doc, request: RequestParts, layout: Layout) -> str:
    """Return the ``treatment_family`` code of a request's item; ``other`` where the title names nothing known.

    Post-operative slings, cold therapy, clearance and assistants of a disputed surgery are ``surgical_ancillary``;
    post-operative physical therapy stays ``physical_therapy`` (ANNOTATION conventions).
    """
    deciding, family = _deciding(doc, request)
    if (deciding and deciding.drug_class is not None) or family in _OF_ITS_OWN:
        return family
    title = letter_text(doc)[slice(*request.title)]
    if _ANCILLARY.search(title) or (_belongs_to_surgery(deciding, title) and _surgery_disputed(doc, request, layout)):
        labelled = _ASSOCIATED if family in _TESTS else _LABELLED
        if family in ("consultation_visit", "other_injection", *_TESTS) and not labelled.search(title):
            return "surgical_ancillary" if _surgery_disputed(doc, request, layout) else family
        return "surgical_ancillary"
    return family


def _belongs_to_surgery(deciding: _Named | None, title: str) -> bool:
    return bool((deciding and deciding.canonical in _AFTER_SURGERY) or _AFTER_SURGERY_WORDS.search(title))


def _surgery_disputed(doc: Doc, request: RequestParts, layout: Layout) -> bool:
    """Tell whether another request of the letter is a surgery: one that is itself asked for, not the reason of a visit."""
    return any(_deciding(doc, other)[1] in _SURGERIES for other in layout.requests if other.index != request.index)


def _deciding(doc: Doc, request: RequestParts) -> tuple[_Named | None, str]:
    """Return what decides the family of a request's item, None where but words of the genre do, and the family."""
    text = letter_text(doc)
    spans = [request.item, request.title] if request.item != request.title else [request.item]
    for span in spans:
        words = text[slice(*span)]
        found = _by_opening(words) or _by_names(words, _mentioned(doc, *span)) or _by_names(words, _looked_up(words))
        if found:
            return found
    for span in spans:
        words = _corrected(text[slice(*span)])
        found = _by_names(words, _looked_up(words)) or _by_words(words)
        if found:
            return found
    return None, "other"


def _mentioned(doc: Doc, start: int, end: int) -> list[_Named]:
    text = letter_text(doc)
    named = []
    for one in beginning_in(doc._.mentions or [], start, end):
        if end < one["end"]:
            continue
        at, to = one["start"] - start, one["end"] - start
        if one["label"] == "PROCEDURE":
            attributes = one["attributes"]
            named.append(_Named(at, to, str(attributes.get("family", "other")), str(attributes.get("canonical", "")), None))
        elif one["label"] == "MEDICATION":
            drug = drug_named(text[one["start"] : one["end"]])
            named.append(_Named(at, to, drug.family if drug else "other_drug", "", drug.drug_class if drug else ""))
    return named


def _looked_up(words: str) -> list[_Named]:
    """Return the names of the lexicons in ``words``, for titles outside the prose that mentions are looked for in."""
    tokens = [match.span() for match in _WORD.finditer(words)]
    named: list[_Named] = []
    first = 0
    while first < len(tokens):
        for last in range(min(first + _LONGEST, len(tokens)), first, -1):
            start, end = tokens[first][0], tokens[last - 1][1]
            one = _name(words[start:end].rstrip(".-"), start)
            if one:
                named.append(one)
                first = last
                break
        else:
            first += 1
    return named


def _name(words: str, start: int) -> _Named | None:
    if len(words) < 3 or (len(words) == 3 and not words.isupper()) or words == "RFA":
        return None
    procedure = procedure_named(words)
    if procedure:
        return _Named(start, start + len(words), procedure.family, procedure.canonical, None)
    drug = drug_named(words)
    return _Named(start, start + len(words), drug.family, "", drug.drug_class) if drug and not drug.ambiguous else None


def _by_opening(words: str) -> tuple[None, str] | None:
    """Read what an item opens with where that decides alone: a billing code, or a service that is named for its goal."""
    code = _CODE.match(words.lstrip())
    family = code and _family_of_code(code[1].upper())
    if family:
        return None, family
    opening = _opening().match(words)
    return (None, str(opening.lastgroup)) if opening else None


@cache
def _opening() -> re.Pattern[str]:
    openings = load_yaml("families.yaml")["openings"]
    named = "|".join(rf"(?P<{family}>{words})" for family, words in openings.items())
    return re.compile(rf"\W*(?:(?:one|an?|the|\d+|x|request for|retrospective|unknown|additional)\W+)*(?:{named})\b", re.I)


@cache
def _code_ranges() -> list[tuple[str, str, str]]:
    return [(str(first), str(last), family) for first, last, family in load_yaml("families.yaml")["codes"]]


def _family_of_code(code: str) -> str | None:
    return next((family for first, last, family in _code_ranges() if first <= code <= last), None)


def _by_names(words: str, named: list[_Named]) -> tuple[_Named, str] | None:
    """Return the name that decides among ``named`` and the family it gives the item."""
    if not named:
        return None
    one = _head(words, named)
    if one.drug_class is not None:
        return one, _drug_family(words, one)
    if one.family in _GIVEN_AT_HOME and _DEVICE.search(words):
        return one, "dme_brace"
    if one.canonical == "diagnostic ultrasound" and _GIVEN_IN_SESSIONS.search(words):
        return one, "physical_therapy"
    if one.canonical in _ANYWHERE and _SPINAL.search(words):
        return one, "spine_surgery"
    if one.canonical == "surgery" and _OF_JOINT.search(words):
        return one, "joint_surgery"
    return one, one.family


def _head(words: str, named: list[_Named]) -> _Named:
    """Return the name that the others depend on: the first, unless it only labels, guides or refers to the next."""
    for one, following in pairwise(named):
        if one.canonical in _SERVING or _GUIDED.match(words, one.end):
            continue
        if one.canonical in generic_names() and (_LABEL.match(words, one.end) or one.canonical == "associated surgical service"):
            continue
        if (
            one.canonical == "follow-up"
            and not words[one.end : following.start].strip()
            and following.family != "consultation_visit"
        ):
            continue
        referred = _REFERRAL.search(words[one.start : one.end]) and _REFERRED.fullmatch(words, one.end, following.start)
        if referred and following.family not in (*_SURGERIES, "consultation_visit"):
            continue
        return one
    return named[-1]


def _drug_family(words: str, one: _Named) -> str:
    injected = _INJECTION.search(words, one.end) and not _KIT.search(words, one.end)
    if one.drug_class in _INJECTED and injected and not _SWALLOWED.search(words):
        return "other_injection"
    if one.drug_class in _THROUGH_THE_SKIN or _SWALLOWED.search(words):
        return one.family
    rubbed = _TOPICAL.search(words) or (one.family in ("nsaid", "muscle_relaxant") and _PATCH.search(words))
    return "topical" if rubbed else one.family


@cache
def _tiers() -> list[re.Pattern[str]]:
    return [
        re.compile("|".join(rf"(?P<{family}>(?<!\w)(?:{words})(?!\w))" for family, words in tier.items()), re.I)
        for tier in load_yaml("families.yaml")["words"]
    ]


def _by_words(words: str) -> tuple[None, str] | None:
    for tier in _tiers():
        match = tier.search(words)
        if match:
            return None, str(match.lastgroup)
    code = next((family for match in _CODE.finditer(words) if (family := _family_of_code(match[1].upper()))), None)
    return (None, code) if code else None


@cache
def _spellings() -> dict[str, list[str]]:
    """Return the longer words of the lexicons by their first letter."""
    spelled: dict[str, set[str]] = {}
    for word in _lexicon_words():
        if len(word) >= _SHORTEST_CORRECTED:
            spelled.setdefault(word[0], set()).add(word)
    return {letter: sorted(found) for letter, found in spelled.items()}


def _lexicon_words() -> Iterator[str]:
    for name in [*lexicon(), *procedure_words()]:
        yield from (match[0].lower() for match in _WORD.finditer(name))


def _corrected(words: str) -> str:
    """Return ``words`` with its longer words spelled as the lexicons spell them, where but a letter or two differ."""
    return _WORD.sub(lambda match: _spelled(match[0]), words)


# Bounded: titles bring ever new words.
@lru_cache(maxsize=4096)
def _spelled(word: str) -> str:
    lower = word.lower()
    if len(word) < _SHORTEST_CORRECTED or not lower.isalpha():
        return word
    candidates = _spellings().get(lower[0], [])
    if lower in candidates:
        return word
    # Whether the letters are the same, in any order, is told faster than whether they follow each other.
    near = [
        one for one in candidates if abs(len(one) - len(lower)) <= 1 and SequenceMatcher(None, lower, one).quick_ratio() > _ALIKE
    ]
    best = max(near, key=lambda one: SequenceMatcher(None, lower, one).ratio(), default=word)
    return best if SequenceMatcher(None, lower, best).ratio() > _ALIKE else word


_ALIKE = 0.87
