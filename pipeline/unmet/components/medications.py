"""``unmet_medications``: drugs, brands, compounds and drug classes, with the regimen printed beside them."""

import csv
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise, zip_longest
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import letter_text
from unmet.components.mentions import Mention, add_mentions, mention, prose_sentences, without_overlaps
from unmet.components.sentences import Sentence
from unmet.components.terms import Terms
from unmet.knowledge import load_yaml, read_knowledge
from unmet.layout.pattern import form


class Drug(NamedTuple):
    """A row of the lexicon: what a name stands for. ``family`` is the treatment family of a request for it.

    ``rxcui`` is the RxNorm identifier of the ingredient, where it is known and there is one only.
    """

    ingredients: tuple[str, ...]
    drug_class: str
    kind: str
    family: str
    ambiguous: bool
    rxcui: str | None = None


# A name inside one of these is no drug: "baclofen pump", "opioid agreement", "morphine equivalent".
_NOT_A_DRUG = form(
    r" ?-?(?:pumps?|agreements?|contracts?|equivalents?|equivalency|levels?|use disorder"
    r"|risk (?:assessments?|tools?|screen(?:s|ing)?|scores?|stratification)|abuse|dependen(?:ce|cy)|addiction"
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
# Fields that are printed as they stand, without what labels them: "quantity 60", "refills x2".
_LABEL = form(r"(?:qty|quantity|count|dispense|disp|refills?)\.? ?(?:[:=.]|of|times)* ?(?=[#x\u00d7\d])", re.I)
_RELEASE = re.compile(r"(?:[A-Z]{2,3}|\w+[ -]release)\Z", re.I)
_GRAMS = form(r"(\d+(?:\.\d+)?) ?(?:grams?|gms?|g)\Z", re.I)
# So many grams of a drug are no longer its strength but what is handed out.
_MOST_GRAMS = 60
# How far before a name its regimen may begin.
_BEFORE = 40
# A drug beside another: the same product under another name, or the next ingredient of a compound.
_OTHER_NAME = form(r"[\u00ae\u2122]? ?[/-] ?")
_NAMES_IN_PARENTHESIS = form(
    r" ?(?:[\d.]+ ?(?:%|mgs?))?(?: ?(?:[/,+-]|and) ?[A-Za-z]+(?: ?[\d.]+ ?(?:%|mgs?))?){0,5} ?[)\]]", re.I
)
# Names of drugs that, right behind another, are its salt.
_SALTS = frozenset(["sodium", "potassium", "calcium", "magnesium", "zinc"])
_LIST = re.compile(r"(?:,|\b(?:and|or|with|plus))\s*\Z", re.I)
_NEXT_INGREDIENT = form(r"[\u00ae\u2122]? ?\d*\.?\d+ ?(?:%|percent) ?(?:[,/&+-]? ?(?:and )?)\Z", re.I)


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
            row["rxcui"] or None,
        )
        for row in rows
    }


def drug_named(words: str) -> Drug | None:
    """Return the lexicon's entry for a name as written: case and whitespace (after a hyphen, say) do not count."""
    return _by_letters().get("".join(words.lower().split()))


@cache
def _by_letters() -> dict[str, Drug]:
    return {"".join(name.split()): drug for name, drug in lexicon().items()}


class _Patterns(NamedTuple):
    """``knowledge/regimen.yaml``: an element of a regimen, what may stand between two, and what before a name."""

    element: re.Pattern[str]
    strength: re.Pattern[str]
    between: re.Pattern[str]
    reason: re.Pattern[str]
    before: dict[str, re.Pattern[str]]


@cache
def _regimen() -> _Patterns:
    data = load_yaml("regimen.yaml")

    def filled(pattern: str) -> str:
        while (expanded := re.sub(r"\{([a-z]+)\}", lambda name: data["snippets"][name[1]], pattern)) != pattern:
            pattern = expanded
        return pattern

    fields = {field: filled("|".join(patterns)) for field, patterns in data["fields"].items()}
    return _Patterns(
        element=form("|".join(f"(?P<{field.upper()}>{pattern})" for field, pattern in fields.items()), re.I),
        strength=form(fields["strength"], re.I),
        between=form(filled("|".join(data["between"])), re.I),
        reason=form(filled(data["reason"]), re.I),
        before={field: form(filled(pattern), re.I) for field, pattern in data["before"].items()},
    )


Regimen = dict[str, object]


def regimen_after(text: str, start: int, end: int, *, topical: bool = False) -> tuple[Regimen, int]:
    """Read the regimen that begins at ``start``, element by element, up to the first word that is none, and where it ends.

    The first value of a field counts; a dosage form ("tablet") takes the place of a release form ("ER").
    """
    found: Regimen = {}
    read = at = start
    while at < end:
        match = _regimen().element.match(text, at, end)
        if match and _whole_word(text, match):
            field, value = _element(match)
            if field == "quantity" and not topical and not found.keys() & {"strength", "form"} and _is_dose(value):
                field = "strength"
            if field not in found or (field == "form" and _RELEASE.match(str(found[field]))):
                found[field] = True if field == "prn" else value
            read = at = match.end()
            continue
        between = _regimen().between.match(text, at, end) or ("prn" in found and _regimen().reason.match(text, at, end))
        if not between or between.end() == at:
            break
        at = between.end()
    return found, read


def regimen_before(text: str, start: int, end: int, *, joined: bool = False) -> tuple[Regimen, int]:
    """Read what of a regimen stands right before a name at ``end``, not before ``start``, and where it begins.

    ``joined`` asks for what surely belongs to this name, not to a drug before it.
    """
    found: Regimen = {}
    begin = end
    while True:
        words = text[max(start, end - _BEFORE) : begin].rstrip()
        for field, pattern in _regimen().before.items():
            match = None if field in found else pattern.search(words)
            if match and (not joined or found or _of_the_next(field, match, words)):
                found[field] = _clean(match[field])
                begin = begin - len(text[max(start, end - _BEFORE) : begin]) + match.start()
                break
        else:
            return found, begin


def _of_the_next(field: str, match: re.Match[str], words: str) -> bool:
    if field == "strength":
        return bool(_LIST.search(words, 0, match.start()))
    return field == "route" or match[0].lower().endswith(" of")


def _whole_word(text: str, match: re.Match[str]) -> bool:
    before = text[match.start() - 1 : match.start()]
    return not (before.isalnum() and match[0][0].isalpha())


def _element(match: re.Match[str]) -> tuple[str, str]:
    field = next(name.lower() for name, value in match.groupdict().items() if value and name.isupper())
    inner = match.groupdict().get(field)
    return field, _clean(inner or match[0])


def _clean(words: str) -> str:
    words = _LABEL.sub("", re.sub(r"\s+", " ", words).strip(" ,"), count=1)
    return words[:-1] if words.endswith(".") and "." not in words[:-1] else words


def _is_dose(value: str) -> bool:
    grams = _GRAMS.match(value)
    return bool(grams and float(grams[1]) < _MOST_GRAMS)


class Medications:
    """Finds lexicon names as whole words, whatever their case, and reads the regimen that follows."""

    def __init__(self) -> None:
        self._names = Terms(lexicon())

    def __call__(self, doc: Doc) -> Doc:
        found: list[Mention] = []
        ends: dict[int, int] = {}
        text = letter_text(doc)
        sentences = iter(prose_sentences(doc))
        sentence = next(sentences, None)
        for start, end in sorted(self._names.find(doc)):
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
            ends[start] = sentence["end"]
            found.append(mention("MEDICATION", sentence, start, end, rule=f"lexicon.{drug.kind}", attributes=attributes))
        found = sorted(without_overlaps(found), key=lambda m: m["start"])
        found = [*found[:1], *(one for before, one in pairwise(found) if not _is_part(text, one, before))]
        self._add_regimens(text, found, ends)
        add_mentions(doc, found)
        return doc

    @staticmethod
    def _is_drug(text: str, start: int, end: int, drug: Drug, sentence: Sentence) -> bool:
        if _NOT_A_DRUG.match(text, end, sentence["end"]):
            return False
        if not drug.ambiguous:
            return True
        strength = _regimen().strength.match(text, end + 1, min(end + 25, sentence["end"]))
        if drug.kind == "generic" or drug.kind == "class":
            before = _PRESCRIBED_BEFORE.search(text, max(sentence["start"], start - 25), start)
            return bool(before or strength)
        return bool(strength)

    @staticmethod
    def _add_regimens(text: str, found: list[Mention], ends: dict[int, int]) -> None:
        """Give each drug the regimen beside it; names of one product share theirs. ``ends``: of sentences, by mention start."""
        groups = list(_products(text, found, ends))
        free = 0
        for group, following in zip_longest(groups, groups[1:]):
            first, last = group[0], group[-1]
            before, _ = regimen_before(text, free, first["start"])
            if _is_class(first):
                first["attributes"].update({field: value for field, value in before.items() if field == "route"})
                continue
            limit = ends[first["start"]]
            if following and following[0]["start"] < limit:
                limit = regimen_before(text, last["end"], following[0]["start"], joined=True)[1]
            # What stands within "(lidocaine 4%/menthol 4%)" is of the one drug, what follows it of all names.
            inner = _inner_end(text, group)
            shared, free = regimen_after(text, inner, limit, topical=_is_topical(last))
            ends_of = [*(other["start"] for other in group[1:]), inner]
            own = [regimen_after(text, one["end"], end)[0] for one, end in zip(group, ends_of, strict=True)]
            for one, regimen in zip(group, own, strict=True):
                # An ingredient with a strength of its own has the form of its compound.
                one["attributes"].update({**before, **(own[0] if "strength" in regimen else {}), **shared, **regimen})


def _is_class(one: Mention) -> bool:
    return bool(one["attributes"].get("class"))


def _is_topical(one: Mention) -> bool:
    return str(one["attributes"].get("drug_class", "")).startswith("topical")


def _products(text: str, ordered: list[Mention], ends: dict[int, int]) -> Iterator[list[Mention]]:
    """Yield the mentions that name one product together: "Ultram (tramadol)", "flurbiprofen 20%, lidocaine 5%"."""
    group: list[Mention] = []
    for one in ordered:
        if group and not (ends[one["start"]] == ends[group[-1]["start"]] and _joined(text, group[-1], one)):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _joined(text: str, first: Mention, second: Mention) -> bool:
    if _is_class(first) or _is_class(second):
        return False
    start, end = first["end"], second["start"]
    between = text[start:end]
    if _NEXT_INGREDIENT.fullmatch(between) or _OTHER_NAME.fullmatch(between):
        return True
    opening = between.rstrip()
    if not opening.endswith(("(", "[")) or not _NAMES_IN_PARENTHESIS.match(text, second["end"], second["end"] + 100):
        return False
    # Between name and parenthesis there is nothing but a regimen: "Terocin patches (lidocaine 4%)".
    return not text[regimen_after(text, start, end)[1] : end].strip(" ([\u00ae\u2122\n\t,")


def _inner_end(text: str, group: list[Mention]) -> int:
    """Return where the parenthesis closes that the last of several names stands in, else the end of that name."""
    end = group[-1]["end"]
    opened = any(text[one["end"] : other["start"]].rstrip().endswith(("(", "[")) for one, other in pairwise(group))
    closed = opened and _NAMES_IN_PARENTHESIS.match(text, end, end + 100)
    return closed.end() - 1 if closed else end


def _is_part(text: str, one: Mention, before: Mention) -> bool:
    """Whether what stands right behind a drug's name belongs to it: "naproxen sodium", "Biofreeze topical cream"."""
    if text[before["end"] : one["start"]].strip():
        return False
    if _is_class(one):
        return regimen_after(text, one["start"], one["end"])[1] == one["end"]
    return text[one["start"] : one["end"]].lower() in _SALTS


@Language.factory("unmet_medications", requires=["doc._.sentences"], assigns=["doc._.mentions"])
def create_medications(nlp: Language, name: str) -> Medications:
    """Make the component."""
    return Medications()
