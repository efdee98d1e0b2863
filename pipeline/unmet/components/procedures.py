"""``unmet_procedures``: non-drug treatments, tests, devices, visits and surgeries, with body part, side and level.

The lexicon holds the names; body part, laterality, level and contrast words around a name are composed to it by
rule, so that "MRI L-spine", "lumbar MRI" and "magnetic resonance imaging of the lumbar spine" come out as one.
"""

import re
from functools import cache
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from unmet.components.letter_layout import letter_text
from unmet.components.mentions import Mention, add_mentions, mention, prose_sentences, without_overlaps
from unmet.components.sentences import Sentence
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
        for part in data["body_parts"]:
            for term in [part["canonical"], *part.get("terms", ()), *part.get("adjectives", ())]:
                self.parts.setdefault(term.lower(), part["canonical"])
        self.sides = {term.lower(): side for side, terms in data["laterality"].items() for term in terms}
        self.contrast = {term.lower(): kind for kind, terms in data["contrast"].items() for term in terms}
        part = any_of(self.parts)
        side = any_of(self.sides)
        contrast = any_of(self.contrast)
        modifier = any_of(data["modifiers"])
        segment = r"(?:[CTLS]\d{1,2}(?: ?(?:-|/|to|through|and|&) ?[CTLS]?\d{1,2})*)"
        level = rf"(?:{segment}|(?:three|two|one|single|multi|\d)-?(?: )?(?:level|phase|view)s?)"
        self.part, self.side, self.level = (form(rf"\b{p}(?!\w)", re.I) for p in (part, side, level))
        self.contrast_pattern = form(rf"(?<!\w){contrast}(?!\w)", re.I)
        word = rf"(?:{side}|{level}|{part})(?!\w)"
        region = rf"{word}(?:(?: |-|/){word})*"
        joined = rf"{region}(?:(?:, ?(?:and )?|\s*/\s*| ?& ?| and (?:the )?| or (?:the )?| ?- ?){region})*"
        self.before = form(rf"(?:\b(?:{modifier}|{joined})(?: |-|/))+\Z", re.I)
        tail = (
            r"(?:(?: ?-? ?(?:of|for|to|at|in|on|over|around|involving))?(?: ?:)?(?: the| his| her| their| both| a)?"
            rf" ?(?:\(?{joined}\)?)(?: (?:area|region|muscles?|joints?))?"
            rf"|,? ?{contrast}|,? (?:at|of) (?:the )?{level}(?: levels?)?"
            r"| ?\([^()]{2,60}\)| under (?:fluoroscop\w+(?: guidance)?|ultrasound guidance|anesthesia|sedation))"
        )
        self.after = form(rf"(?:{tail})+", re.I)
        self.parenthesis = re.compile(r"\s*\([^()]{2,60}\)")


@cache
def _anatomy() -> _Anatomy:
    return _Anatomy()


class _Lexicon(NamedTuple):
    """Terms as listed, and procedures by term without blanks: "x- ray" is "x-ray". ``exact`` terms keep their case."""

    terms: list[str]
    exact_terms: list[str]
    lower: dict[str, Procedure]
    exact: dict[str, Procedure]

    def named(self, words: str) -> Procedure | None:
        """Return the procedure that ``words`` name, or None."""
        letters = "".join(words.split())
        return self.exact.get(letters) or self.lower.get(letters.lower())


def _plural(term: str) -> str:
    return term[:-1] + "ies" if term[-1] == "y" and term[-2:-1] not in "aeiou" else term + "s"


@cache
def _lexicon() -> _Lexicon:
    lexicon = _Lexicon([], [], {}, {})
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
    return lexicon


# Guideline section titles and abbreviations in other senses.
_NOT_A_PROCEDURE = form(r" ?(?:chapter|guidelines?|section|topic)\b", re.I)


class Procedures:
    """Finds lexicon names and grows each to its noun phrase."""

    def __init__(self, nlp: Language) -> None:
        lexicon = _lexicon()
        self._lower = PhraseMatcher(nlp.vocab, attr="LOWER")
        self._lower.add("PROCEDURE", [nlp.tokenizer(term) for term in lexicon.terms])
        self._exact = PhraseMatcher(nlp.vocab, attr="ORTH")
        self._exact.add("PROCEDURE", [nlp.tokenizer(term) for term in lexicon.exact_terms])

    def __call__(self, doc: Doc) -> Doc:
        text = letter_text(doc)
        heads: list[tuple[int, int, Procedure]] = []
        for matcher in (self._lower, self._exact):
            for _, a, b in matcher(doc):
                start, end = doc[a].idx, doc[b - 1].idx + len(doc[b - 1])
                procedure = _lexicon().named(text[start:end])
                if procedure is not None:
                    heads.append((start, end, procedure))
        heads = _longest(heads)
        found: list[Mention] = []
        sentences = list(prose_sentences(doc))
        at = 0
        for position, (start, end, procedure) in enumerate(heads):
            while at < len(sentences) and sentences[at]["end"] <= start:
                at += 1
            if at == len(sentences):
                break
            sentence = sentences[at]
            if start < sentence["start"] or end > sentence["end"] or _NOT_A_PROCEDURE.match(text, end, sentence["end"]):
                continue
            left = max(sentence["start"], heads[position - 1][1] if position else 0)
            right = min(sentence["end"], heads[position + 1][0] if position + 1 < len(heads) else sentence["end"])
            found.append(self._grow(text, sentence, start, end, procedure, left, right))
        found = without_overlaps(found)
        taken = [(m["start"], m["end"]) for m in found]
        # A drug inside a procedure's name ("steroid injection") is no drug on its own.
        doc._.mentions = [
            m
            for m in doc._.mentions or []
            if m["label"] != "MEDICATION" or not any(a <= m["start"] and m["end"] <= b for a, b in taken)
        ]
        add_mentions(doc, found)
        return doc

    def _grow(self, text: str, sentence: Sentence, start: int, end: int, procedure: Procedure, left: int, right: int) -> Mention:
        anatomy = _anatomy()
        before = anatomy.before.search(text, max(left, start - 90), start)
        if before:
            start = before.start()
            while text[start] in " -/,&" or text[start : start + 4].lower() == "and ":
                start += 4 if text[start : start + 4].lower() == "and " else 1
        after = anatomy.after.match(text, end, right)
        if after:
            grown = after.end()
            while grown > end and text[grown - 1] in " ,-/:":
                grown -= 1
            # A bracket belongs to the name only if it explains it, not if it counts or dates.
            bracket = anatomy.parenthesis.search(text, end, grown)
            if bracket and not self._explains(bracket[0]):
                grown = bracket.start()
                while grown > end and text[grown - 1] in " ,-/:":
                    grown -= 1
            end = max(end, grown)
        return mention(
            "PROCEDURE",
            sentence,
            start,
            end,
            rule="lexicon.procedure",
            attributes=self._attributes(text[start:end], procedure),
        )

    @staticmethod
    def _explains(bracket: str) -> bool:
        inner = bracket.strip(" ()")
        return _lexicon().named(inner) is not None or bool(re.fullmatch(r"[A-Z][A-Za-z/-]{1,6}s?", inner))

    @staticmethod
    def _attributes(words: str, procedure: Procedure) -> dict[str, Any]:
        anatomy = _anatomy()
        parts = list(dict.fromkeys(anatomy.parts[re.sub(r"\s+", " ", m[0].lower())] for m in anatomy.part.finditer(words)))
        sides = list(dict.fromkeys(anatomy.sides[re.sub(r"\s+", " ", m[0].lower())] for m in anatomy.side.finditer(words)))
        levels = list(dict.fromkeys(m[0].strip() for m in anatomy.level.finditer(words) if re.match(r"[CTLS]\d", m[0], re.I)))
        contrast = anatomy.contrast_pattern.search(words)
        attributes: dict[str, Any] = {"canonical": procedure.canonical, "family": procedure.family}
        if parts:
            attributes["body_part"] = parts
        if sides:
            attributes["laterality"] = "bilateral" if len(sides) > 1 else sides[0]
        if levels:
            attributes["level"] = levels
        if contrast:
            attributes["contrast"] = anatomy.contrast[re.sub(r"\s+", " ", contrast[0].lower())]
        return attributes


def _longest(heads: list[tuple[int, int, Procedure]]) -> list[tuple[int, int, Procedure]]:
    kept: list[tuple[int, int, Procedure]] = []
    for head in sorted(set(heads), key=lambda h: (h[0] - h[1], h[0])):
        if all(head[1] <= other[0] or head[0] >= other[1] for other in kept):
            kept.append(head)
    return sorted(kept, key=lambda h: h[0])


@Language.factory("unmet_procedures", requires=["doc._.sentences"], assigns=["doc._.mentions"])
def create_procedures(nlp: Language, name: str) -> Procedures:
    """Make the component."""
    return Procedures(nlp)
