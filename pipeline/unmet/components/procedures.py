"""``unmet_procedures``: non-drug treatments, tests, devices, visits and surgeries, with body part, side and level.

The lexicon holds the names; body part, laterality, level and contrast words around a name are composed to it by
rule, so that "MRI L-spine", "lumbar MRI" and "magnetic resonance imaging of the lumbar spine" come out as one.
"""

import re
from functools import cache, lru_cache
from itertools import pairwise
from operator import attrgetter
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import letter_text
from unmet.components.mentions import Mention, add_mentions, free, mention, prose_sentences, without_overlaps
from unmet.components.sentences import Sentence
from unmet.components.terms import Terms
from unmet.knowledge import load_yaml
from unmet.layout.pattern import any_of, form


class Procedure(NamedTuple):
    """A lexicon entry: canonical name, treatment family, whether the name is a generic head such as "surgery"."""

    canonical: str
    family: str
    generic: bool


class _Anatomy:
    """Patterns of the words that may stand around a procedure's name inside its noun phrase."""

    def __init__(self) -> None:
        data = load_yaml("anatomy.yaml")
        self.parts: dict[str, str] = {}
        self.plurals: dict[str, str] = {}
        self.sided_terms: dict[str, str] = {term.lower(): side for term, side in data["sided_terms"].items()}
        for one in data["body_parts"]:
            for term in [one["canonical"], *one.get("terms", ()), *one.get("adjectives", ())]:
                self.parts.setdefault(term.lower(), one["canonical"])
            if "plural" in one:
                self.plurals[one["canonical"]] = one["plural"]
                if one["plural"] != one["canonical"]:
                    self.sided_terms.setdefault(one["plural"].lower(), "bilateral")
        self.written: dict[str, str] = data["written"]
        self.capitals = {word.lower(): word for word in data["capitals"]}
        self.implied = {name: frozenset(parts) for name, parts in data["implied_parts"].items()}
        self.without_parts = frozenset(data["without_parts"])
        self.level_parts: dict[str, list[str]] = data["level_parts"]
        self.order = {one["canonical"]: position for position, one in enumerate(data["body_parts"])}
        self.sides = {term.lower(): side for side, terms in data["laterality"].items() for term in terms}
        self.contrast = {term.lower(): kind for kind, terms in data["contrast"].items() for term in terms}
        part = any_of(self.parts)
        side = any_of(self.sides)
        contrast = any_of(self.contrast)
        modifier = any_of(data["modifiers"])
        vertebra = r"[CTLS]\d{1,2}"
        segment = rf"(?:{vertebra}(?: ?[-/\u2013] ?[CTLS]?\d{{1,2}}(?!\d)| (?:(?:to|through|and|&) )?{vertebra})*)"
        level = rf"(?:{segment}|(?:three|two|one|single|multi|both|\d)-?(?: )?(?:level|phase|view)s?)"
        self.segment = form(rf"(?<!\w){segment}(?!\w)", re.I)
        self.contrast_pattern = form(rf"(?<!\w){contrast}(?!\w)", re.I)
        self.place = form(rf"\b(?:(?P<part>{part})|(?P<side>{side}))(?!\w)", re.I)
        word = rf"(?:{side}|{level}|{part})(?!\w)"
        between = r"(?:, ?(?:and )?|\s*/\s*| ?& ?| and (?:the )?| or (?:the )?| ?- ?| )"
        joined = rf"{word}(?:{between}{word})*"
        # One copy of the long list of parts: what joins two of them must not stand last.
        last = r"(?<!and\s)(?<!or\s)(?<!the\s)(?<!,\s)(?<!&\s)(?<!,)(?<!&)"
        self._before = form(rf"(?:\b(?:{modifier}|{word}){between})+{last}\Z", re.I)
        # The last words of all that this can match, for most names stand behind none of them.
        ends = [*data["modifiers"], *self.sides, *self.parts, "level", "levels", "phase", "phases", "view", "views"]
        self._last_words = {_last_word(term) for term in (*ends, "and", "or", "the")}
        # "therapy for low back pain", "follow up of the right knee injury": what hurts is no part of the service.
        aside = r"(?:for|to|at|in|on|over|around|involving|with|and|or|by|due|is|was|are|were|of)\b"
        complaint = rf"{any_of(data['complaints'])}\b"
        no_complaint = rf"(?! (?:(?!{aside})[\w/-]+ |(?:and|or) (?!{complaint})[\w/-]+ ){{0,2}}{complaint})(?!/\w)"
        # A place behind a comma ends the name.
        closes = r"[.,;:\"\u201d)]|\s+is\b|\s+was the\b|\s*\Z"
        tail = (
            r"(?:(?:(?P<comma>, )|(?: (?:visits?|sessions?|treatments?)(?= (?:for|to|of)\b))?"
            r"(?: ?-? ?(?:of|for|to|at|in|on|over|around|involving)\b)?(?: ?:)?(?: (?:the|his|her|their|both|a)\b)? ?)"
            rf"\(?{joined}\)?(?: (?:area|region|muscles?|joints?|levels?))?(?(comma)(?={closes})|{no_complaint})"
            rf"|,? ?{contrast}|,? (?:at|of) (?:the )?{level}(?: levels?)?"
            r"| with (?:instrumentation|(?:allo|auto)graft)\b| ?\([^()]{2,60}\)| under (?:anesthesia|sedation))"
        )
        self.after = form(rf"(?:{tail})+", re.I)
        self.with_whom = form(
            r" (?:with|by|to) (?:an? |the )?(?:[\w-]+ ){0,3}?"
            r"(?:(?:surgeon|specialist|\w+ologist|psychiatrist|orthopedist)s?|pain management)\b",
            re.I,
        )
        self.parenthesis = re.compile(r"\s*\([^()]{2,60}\)")
        self.abbreviation = re.compile(r"\s*\(([^()]{2,60})\)\Z")

    def before(self, text: str, start: int, end: int) -> re.Match[str] | None:
        """Find the words of a procedure's noun phrase that ``text[start:end]`` ends with."""
        words = text[start:end]
        if words.isascii():
            last = _last_word(words)
            if last not in self._last_words and not last[-1:].isdigit():
                return None
        return self._before.search(text, start, end)


_WORD_BACKWARDS = re.compile(r"[^a-z0-9]*([a-z0-9]*)")


def _last_word(words: str) -> str:
    """Return the last word of ``words``, in lower case; what is neither letter nor figure is passed over."""
    found = _WORD_BACKWARDS.match(words.lower()[::-1])
    return found[1][::-1] if found else ""


@cache
def _anatomy() -> _Anatomy:
    return _Anatomy()


class _Lexicon(NamedTuple):
    """Terms as listed, and procedures by term without blanks: "x- ray" is "x-ray". ``exact`` terms keep their case."""

    terms: list[str]
    exact_terms: list[str]
    lower: dict[str, Procedure]
    exact: dict[str, Procedure]
    short: frozenset[str]

    def named(self, words: str) -> Procedure | None:
        """Return the procedure that ``words`` name, or None."""
        letters = "".join(words.split())
        return self.exact.get(letters) or self.lower.get(letters.lower())


def _plural(term: str) -> str:
    return term[:-1] + "ies" if term[-1] == "y" and term[-2:-1] not in "aeiou" else term + "s"


@cache
def _lexicon() -> _Lexicon:
    short = load_yaml("anatomy.yaml")["short_names"]
    lexicon = _Lexicon([], [], {}, {}, frozenset(short))
    for entry in load_yaml("procedures.yaml"):
        procedure = Procedure(entry["canonical"], entry["family"], bool(entry.get("generic")))
        terms = [term.lower() for term in entry.get("terms", ())]
        terms += [_plural(term) for term in terms if term[-1].isalpha() and term[-1] != "s"]
        for term in terms:
            lexicon.lower.setdefault("".join(term.split()), procedure)
        for term in entry.get("exact", ()):
            lexicon.exact.setdefault("".join(term.split()), procedure)
        lexicon.terms.extend(terms)
        lexicon.exact_terms.extend(entry.get("exact", ()))
        for term, canonical in short.items():
            if canonical == procedure.canonical:
                lexicon.lower[term] = procedure
                lexicon.terms.append(term)
    return lexicon


def procedure_named(words: str) -> Procedure | None:
    """Return the lexicon's entry for a name as written, without body part and side; whitespace does not count."""
    return _lexicon().named(words)


def procedure_words() -> list[str]:
    """Return the names of the lexicon, in lower case."""
    return _lexicon().terms


@cache
def generic_names() -> frozenset[str]:
    """Return the canonical names that are generic heads: "surgery", "injection"."""
    return frozenset(one.canonical for one in _lexicon().lower.values() if one.generic)


# Guideline section titles, diagnoses and scores in the words of a procedure.
_TITLE_OR_DIAGNOSIS = form(r" ?(?:chapter|guidelines?|section|topic|syndrome|philosoph\w+|in the ODG)\b", re.I)
_SCORED = form(r"(?:-?II)? ?(?:score)? ?(?:(?:was|of|is|stood at|at) )?\d", re.I)
_RESTED = form(r"\b(?:with|by|at|than|should|the|to|than|and then)\s\Z", re.I)
_SEDATING = form(r"\b(?:IV|intravenous|conscious|moderate|monitored|under|deep|procedural|twilight) \Z", re.I)
_POST = re.compile(r"post[- ]\s*\Z", re.I)
_AFTER_CARE = form(r" treatment", re.I)
_SPACE = form(r" (?:space|hematoma|abscess|fibrosis|lipomatosis|fat|anesthesia)\b", re.I)
# "RFA" is a request for authorization unless a place, a level or words of treatment stand beside it.
_AUTHORIZATION = form(r" ?(?:form|dated|\(?\d|\(?\#|received|request|was received|submitted|signed|of \w* ?\d|from)", re.I)
_ABLATED = form(
    r"\b(?:underwent|undergo|repeat|cooled|pulsed|status post|s/p|prior|relief from|relief with|responded to) \Z", re.I
)
# What joins two services, and the attributes that say where one is done.
_COORDINATED = form(r",? (?:and|or) |, ?| ?& ?| ?/ ?", re.I)
_PLACED = frozenset(["body_part", "laterality", "level"])
_TRAILING = form(r"(?: (?:of|at|for|to|and|or|in|on|the|both(?: regions?)?|a))+\Z", re.I)


class _Head(NamedTuple):
    """A lexicon name where it stands."""

    start: int
    end: int
    procedure: Procedure


class Procedures:
    """Finds lexicon names and grows each to its noun phrase."""

    def __init__(self) -> None:
        lexicon = _lexicon()
        self._names = (Terms(lexicon.terms), Terms(lexicon.exact_terms, exact=True))

    def __call__(self, doc: Doc) -> Doc:
        text = letter_text(doc)
        heads = self._heads(doc, text)
        found: list[Mention] = []
        sentences = list(prose_sentences(doc))
        at = 0
        for position, head in enumerate(heads):
            while at < len(sentences) and sentences[at]["end"] <= head.start:
                at += 1
            if at == len(sentences):
                break
            sentence = sentences[at]
            if head.start < sentence["start"] or head.end > sentence["end"] or _means_else(text, sentence, head):
                continue
            left = max(sentence["start"], heads[position - 1].end if position else 0)
            right = min(sentence["end"], heads[position + 1].start if position + 1 < len(heads) else sentence["end"])
            found += _grown(text, sentence, head, left, right)
        found = sorted(without_overlaps(found), key=lambda one: one["start"])
        _share_places(text, found)
        taken = [(m["start"], m["end"]) for m in found]
        # A drug inside a procedure's name ("steroid injection") is no drug on its own.
        doc._.mentions = [
            m
            for m in doc._.mentions or []
            if m["label"] != "MEDICATION" or not any(a <= m["start"] and m["end"] <= b for a, b in taken)
        ]
        add_mentions(doc, found)
        return doc

    def _heads(self, doc: Doc, text: str) -> list[_Head]:
        """Return the names in the letter, the longest at a place; short ones only beside the full name."""
        lexicon = _lexicon()
        heads: list[_Head] = []
        taken: list[tuple[int, int]] = []
        spans = {span for names in self._names for span in names.find(doc)}
        for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
            procedure = lexicon.named(text[start:end])
            if procedure is not None and free((start, end), taken):
                heads.append(_Head(start, end, procedure))
        heads.sort(key=attrgetter("start"))
        if not lexicon.short:
            return heads
        named = {h.procedure.canonical for h in heads if text[h.start : h.end].lower() not in lexicon.short}
        return [h for h in heads if h.procedure.canonical in named or text[h.start : h.end].lower() not in lexicon.short]


def _means_else(text: str, sentence: Sentence, head: _Head) -> bool:
    """Tell whether the words of ``head`` say something else here: a chapter's title, a diagnosis, a score, a form."""
    start, end, stop = head.start, head.end, sentence["end"]
    if _TITLE_OR_DIAGNOSIS.match(text, end, stop):
        return True
    word = text[start:end].lower()
    before = max(sentence["start"], start - 20)
    if word in ("rest", "rests"):
        return word == "rests" or bool(_RESTED.search(text, before, start))
    if word == "sedation":
        return not _SEDATING.search(text, before, start)
    if word.startswith(("bdi", "bai", "beck ")):
        return bool(_SCORED.match(text, end, stop))
    if word in ("injection", "surgery"):
        return bool(_POST.search(text, before, start) and _AFTER_CARE.match(text, end, stop))
    if word in ("epidural", "epidurals"):
        return bool(_SPACE.match(text, end, stop))
    if word in ("rfa", "rfas"):
        return not _is_ablation(text, sentence, head)
    return head.procedure.canonical == "associated surgical service" and text[end : end + 1] == ":"


def _is_ablation(text: str, sentence: Sentence, head: _Head) -> bool:
    if _AUTHORIZATION.match(text, head.end, sentence["end"]):
        return False
    left = max(sentence["start"], head.start - 60)
    if _ABLATED.search(text, left, head.start) or _anatomy().before(text, left, head.start):
        return True
    after = _anatomy().after.match(text, head.end, sentence["end"])
    return bool(after and (_anatomy().place.search(after[0]) or _anatomy().segment.search(after[0])))


def _grown(text: str, sentence: Sentence, head: _Head, left: int, right: int) -> list[Mention]:
    """Return the noun phrase around ``head``; a bracket at its end that repeats the name is a mention of its own."""
    anatomy = _anatomy()
    start, end = head.start, head.end
    before = anatomy.before(text, max(left, start - 90), start)
    if before:
        start = before.start()
        while text[start] in " -/,&" or text[start : start + 4].lower() == "and ":
            start += 4 if text[start : start + 4].lower() == "and " else 1
    after = anatomy.after.match(text, end, right)
    if after:
        grown = _without_trailing(text, end, after.end())
        if right < sentence["end"] and after["comma"] and not text[grown:right].strip():
            # Between two procedures, a place behind a comma belongs to the second.
            grown = _without_trailing(text, end, max(end, text.rfind(",", end, grown)))
        # A bracket belongs to the name only if it explains it, not if it counts or dates.
        bracket = anatomy.parenthesis.search(text, end, grown)
        if bracket and not _explains(bracket[0]):
            grown = _without_trailing(text, end, bracket.start())
        end = max(end, grown)
    service_end = end
    if head.procedure.family == "consultation_visit":
        whom = anatomy.with_whom.match(text, end, sentence["end"])
        end = whom.end() if whom else end
    repeated = anatomy.abbreviation.search(text, start, end)
    spans = [(start, end)]
    if repeated and repeated.start() > start and _lexicon().named(repeated[1]):
        spans = [(start, repeated.start()), repeated.span(1)]
    found = []
    for own_start, own_end in spans:
        inner = (max(head.start, own_start) - own_start, min(head.end, own_end) - own_start)
        attributes = _attributes(text[own_start : min(own_end, service_end)], inner, head.procedure)
        found.append(mention("PROCEDURE", sentence, own_start, own_end, rule="lexicon.procedure", attributes=attributes))
    return found


def _share_places(text: str, found: list[Mention]) -> None:
    """Give a service the place that stands behind the next of its family: in "EMG and NCS of the arm" both are of the arm."""
    anatomy = _anatomy()
    for first, second in reversed(list(pairwise(found))):
        own, next_ = first["attributes"], second["attributes"]
        if own["family"] != next_["family"] or own.keys() & _PLACED or not next_.keys() & _PLACED:
            continue
        start, end = second["start"], second["end"]
        if not _COORDINATED.fullmatch(text, first["end"], start):
            continue
        places = [one for pattern in (anatomy.place, anatomy.segment) if (one := pattern.search(text, start, end))]
        place = min((one.start() for one in places), default=start)
        procedure = _lexicon().named(text[first["start"] : first["end"]])
        # A place before the next one's name is of that one alone.
        if procedure and _lexicon().named(text[start : _without_trailing(text, start, place)]):
            named = text[first["start"] : first["end"]]
            first["attributes"] = _attributes(f"{named} of {text[place:end]}", (0, len(named)), procedure)


def _without_trailing(text: str, start: int, end: int) -> int:
    """Return where ``text[start:end]`` ends without punctuation, prepositions and articles at its end."""
    while True:
        before = end
        while end > start and (text[end - 1].isspace() or text[end - 1] in ",-/:"):
            end -= 1
        trailing = _TRAILING.search(text, start, end)
        if trailing:
            end = trailing.start()
        if end == before:
            return end


def _explains(bracket: str) -> bool:
    inner = bracket.strip(" ()")
    return _lexicon().named(inner) is not None or bool(re.fullmatch(r"[A-Z][A-Za-z/-]{1,6}s?", inner))


class _Place(NamedTuple):
    """A body part with its side, or a side without a part; ``inside`` the lexicon's own words."""

    part: str | None
    side: str | None
    inside: bool


def _attributes(words: str, head: tuple[int, int], procedure: Procedure) -> dict[str, Any]:
    """Return what the words of a mention say; ``head`` is where the lexicon's name stands in them."""
    known = _attributes_of(words, head, procedure)
    return {field: value.copy() if isinstance(value, list) else value for field, value in known.items()}


@lru_cache(maxsize=4096)
def _attributes_of(words: str, head: tuple[int, int], procedure: Procedure) -> dict[str, Any]:
    anatomy = _anatomy()
    places = _places(words, head)
    levels = _levels(words)
    contrast = anatomy.contrast_pattern.search(words)
    parts = list(dict.fromkeys(place.part for place in places if place.part))
    sides = {place.side for place in places if place.side}
    attributes: dict[str, Any] = {"canonical": procedure.canonical, "family": procedure.family}
    if parts:
        attributes["body_part"] = parts
    if sides:
        attributes["laterality"] = "bilateral" if len(sides) > 1 else next(iter(sides))
    if levels:
        attributes["level"] = levels
    if contrast:
        attributes["contrast"] = anatomy.contrast[" ".join(contrast[0].lower().split())]
    attributes["name"] = _name(procedure, places, levels, attributes.get("contrast"))
    return attributes


def _places(words: str, head: tuple[int, int]) -> list[_Place]:
    """Pair sides with body parts: a side goes with the parts behind it up to the next side, else with those before."""
    anatomy = _anatomy()
    places: list[_Place] = []
    side: str | None = None
    used = True
    for match in anatomy.place.finditer(words):
        word = " ".join(match[0].lower().split())
        inside = head[0] <= match.start() and match.end() <= head[1]
        if match["side"]:
            if not used:
                places.append(_Place(None, side, inside=False))
            side, used = anatomy.sides[word], False
            continue
        part = anatomy.parts[word]
        paired = part in anatomy.plurals
        own = side if paired or not used else None
        places.append(_Place(part, own or (anatomy.sided_terms.get(word) if paired else None), inside))
        used = True
    if side and not used:
        bare = [place for place in places if place.part and not place.side]
        if bare:
            places = [place._replace(side=side) if place in bare else place for place in places]
        else:
            places.append(_Place(None, side, inside=False))
    return places


def _levels(words: str) -> list[str]:
    """Return the spinal levels, each in full: "L4-5 and L5/S1" is L4-L5 and L5-S1."""
    levels: list[str] = []
    for match in _anatomy().segment.finditer(words):
        for part in re.split(r"\s+AND\s+|\s*&\s*|(?<=\d)\s+(?=[CTLS]\d)", match[0].upper()):
            numbers = re.split(r"\s*[-/\u2013]\s*|\s+(?:TO|THROUGH)\s+", part)
            full = [numbers[0]]
            for number in numbers[1:]:
                letter = full[-1][0]
                if not number[0].isalpha():
                    # Behind L5 comes S1, behind C7 and T12 the next part of the spine.
                    number = (_NEXT_PART.get(letter, letter) if int(number) < int(full[-1][1:]) else letter) + number
                full.append(number)
            levels += [f"{upper}-{lower}" for upper, lower in pairwise(full)] if len(full) > 1 else full
    return list(dict.fromkeys(levels))


_NEXT_PART = {"C": "T", "T": "L", "L": "S"}


def _name(procedure: Procedure, places: list[_Place], levels: list[str], contrast: str | None) -> str:
    """Write the full name in its fixed order: service, side and body part, levels, contrast."""
    anatomy = _anatomy()
    canonical = procedure.canonical
    name, own = _named_parts(canonical)
    known = own | anatomy.implied.get(canonical, frozenset())
    if levels:
        known = known | {part for level in levels for part in anatomy.level_parts[level[0]]}
    hides_inner = bool(own) or canonical in anatomy.implied or procedure.family in anatomy.without_parts
    sides: dict[str | None, set[str]] = {}
    for place in places:
        part = None if place.part in known or (place.inside and hides_inner) else place.part
        sides.setdefault(part, set()).update([place.side] if place.side else [])
    loose = sides.pop(None, set())
    if len(sides) == 1 and loose:
        next(iter(sides.values())).update(loose)
        loose = set()
    if procedure.family in ("advanced_imaging", "radiograph"):
        # An image of the spine shows both its sides anyhow.
        for part in sides.keys() - anatomy.plurals.keys():
            sides[part].discard("bilateral")
    written = [_written(part, sides[part]) for part in sorted(sides, key=lambda part: anatomy.order[str(part)]) if part]
    if written:
        name += " of " + ", ".join(written[:-1]) + (" and " if written[:-1] else "") + written[-1]
        loose = set()
    if loose:
        side = "bilateral" if len(loose) > 1 else next(iter(loose))
        name += f" {side}" if levels else f", {side}"
    if levels:
        ordered = sorted(levels, key=lambda level: ("CTLS".index(level[0]), int(re.findall(r"\d+", level)[0])))
        name += " " + ", ".join(ordered)
    return f"{name} {contrast.replace('_', ' ')} contrast" if contrast else name


@cache
def _named_parts(canonical: str) -> tuple[str, frozenset[str]]:
    """Return a lexicon name as it is written, and the body parts in it."""
    anatomy = _anatomy()
    name = anatomy.written.get(canonical) or re.sub(r"[\w-]+", lambda m: anatomy.capitals.get(m[0], m[0]), canonical)
    return name, frozenset(anatomy.parts[m["part"].lower()] for m in anatomy.place.finditer(canonical) if m["part"])


def _written(part: str, sides: set[str]) -> str:
    if not sides:
        return f"the {part}"
    if len(sides) == 1 and "bilateral" not in sides:
        return f"the {next(iter(sides))} {part}"
    plural = _anatomy().plurals.get(part)
    return f"both {plural}" if plural else f"the bilateral {part}"


@Language.factory("unmet_procedures", requires=["doc._.sentences"], assigns=["doc._.mentions"])
def create_procedures(nlp: Language, name: str) -> Procedures:
    """Make the component."""
    return Procedures()
