"""``unmet_medications``: drugs, brands, compounds and drug classes, with the regimen printed beside them."""

import csv
import re
from functools import cache
from typing import NamedTuple

from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from unmet.components.letter_layout import letter_text
from unmet.components.mentions import Mention, add_mentions, mention, prose_sentences, without_overlaps
from unmet.components.sentences import Sentence
from unmet.knowledge import load_yaml, read_knowledge
from unmet.layout.pattern import form


class Drug(NamedTuple):
    """A row of the lexicon: what a name stands for. ``family`` is the treatment family of a request for it."""

    ingredients: tuple[str, ...]
    drug_class: str
    kind: str
    family: str
    ambiguous: bool


# A name inside one of these is no drug: "baclofen pump", "opioid agreement", "morphine equivalent".
_NOT_A_DRUG = form(
    r" ?-?(?:pumps?|agreements?|contracts?|equivalents?|equivalency|levels?|use disorder|abuse|dependen(?:ce|cy)|addiction"
    r"|misuse|naive|overdose|treatment guidelines?|guidelines?|allerg(?:y|ies)|na[i\u00ef]ve|induced)\b"
    r"|[,:]? (?:criteria for use|for chronic pain and chronic)",
    re.I,
)
# An ambiguous name ("iron", "steroids") is a drug only where a prescription shows beside it.
_PRESCRIBED_BEFORE = form(
    r"(?:\b(?:oral|topical|systemic|prescribed?|taking|takes|took|tapered|course of"
    r"|trial of|dose of|use of|received|on|intake of)\s*)\Z",
    re.I,
)
_WINDOW = 90
_NEXT = re.compile(r"[.;:]\s|,\s+(?!(?:one|two|three|\d|#|apply|as needed|by mouth|twice|with)\b)", re.I)


@cache
def lexicon() -> dict[str, Drug]:
    """Return the drug lexicon by lower-case name (``knowledge/medications.tsv``)."""
    rows = csv.DictReader(read_knowledge("medications.tsv").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {
        row["name"]: Drug(
            tuple(part.strip() for part in row["ingredients"].split(";") if part.strip()),
            row["drug_class"],
            row["kind"],
            row["family"],
            row["ambiguous"] == "y",
        )
        for row in rows
    }


def drug_named(words: str) -> Drug | None:
    """Return the lexicon's entry for a name as written: case and whitespace (after a hyphen, say) do not count."""
    return _by_letters().get("".join(words.lower().split()))


@cache
def _by_letters() -> dict[str, Drug]:
    return {"".join(name.split()): drug for name, drug in lexicon().items()}


@cache
def _regimen() -> dict[str, list[re.Pattern[str]]]:
    return {field: [form(pattern, re.I) for pattern in patterns] for field, patterns in load_yaml("regimen.yaml").items()}


class Medications:
    """Finds lexicon names as whole words, whatever their case, and reads the regimen that follows."""

    def __init__(self, nlp: Language) -> None:
        self._matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
        self._matcher.add("MEDICATION", [nlp.tokenizer(name) for name in lexicon()])

    def __call__(self, doc: Doc) -> Doc:
        found: list[Mention] = []
        text = letter_text(doc)
        spans = [(doc[a].idx, doc[b - 1].idx + len(doc[b - 1])) for _, a, b in self._matcher(doc)]
        sentences = iter(prose_sentences(doc))
        sentence = next(sentences, None)
        for start, end in sorted(spans):
            while sentence is not None and sentence["end"] <= start:
                sentence = next(sentences, None)
            if sentence is None:
                break
            if start < sentence["start"] or end > sentence["end"]:
                continue
            drug = drug_named(text[start:end])
            if drug is None or not self._is_drug(text, start, end, drug, sentence):
                continue
            attributes: dict[str, object] = {"drug_class": drug.drug_class}
            if drug.kind == "class":
                attributes["class"] = True
            elif drug.ingredients:
                attributes["ingredients"] = list(drug.ingredients)
            found.append(mention("MEDICATION", sentence, start, end, rule=f"lexicon.{drug.kind}", attributes=attributes))
        found = without_overlaps(found)
        self._add_regimens(text, found, list(prose_sentences(doc)))
        add_mentions(doc, found)
        return doc

    @staticmethod
    def _is_drug(text: str, start: int, end: int, drug: Drug, sentence: Sentence) -> bool:
        if _NOT_A_DRUG.match(text, end, sentence["end"]):
            return False
        if not drug.ambiguous:
            return True
        if drug.kind == "generic" or drug.kind == "class":
            before = _PRESCRIBED_BEFORE.search(text, max(sentence["start"], start - 25), start)
            strength = any(p.match(text, end + 1, min(end + 25, sentence["end"])) for p in _regimen()["strength"])
            return bool(before or strength)
        return any(p.match(text, end + 1, min(end + 25, sentence["end"])) for p in _regimen()["strength"])

    @staticmethod
    def _add_regimens(text: str, found: list[Mention], sentences: list[Sentence]) -> None:
        """Read each drug's regimen from the stretch up to the next drug or the end of its clause."""
        ordered = sorted(found, key=lambda m: m["start"])
        ends = {(s["start"], s["end"]) for s in sentences}
        for index, current in enumerate(ordered):
            sentence_end = min(end for start, end in ends if start <= current["start"] < end)
            limit = min(sentence_end, current["end"] + _WINDOW)
            if index + 1 < len(ordered):
                limit = min(limit, max(ordered[index + 1]["start"], current["end"]))
            stop = _NEXT.search(text, current["end"], limit)
            tail = text[current["end"] : stop.start() if stop else limit]
            if current["attributes"].get("class"):
                continue
            for field, patterns in _regimen().items():
                for pattern in patterns:
                    match = pattern.search(tail)
                    if match:
                        current["attributes"][field] = True if field == "prn" else re.sub(r"\s+", " ", match[0]).strip(" ,")
                        break


@Language.factory("unmet_medications", requires=["doc._.sentences"], assigns=["doc._.mentions"])
def create_medications(nlp: Language, name: str) -> Medications:
    """Make the component."""
    return Medications(nlp)
