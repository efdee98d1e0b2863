"""``unmet_criteria``: phrases that state a requirement, in a guideline's voice, typed by ``taxonomy.yaml``.

One statement per requirement: the items of a list apart, each in the item that it stands in; alternatives of one kind ("red
flags or serious pathology") together; each limit with its own number.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from spacy.language import Language
from spacy.tokens import Doc

from unmet.components.letter_layout import layout_of, letter_text
from unmet.components.mentions import Mention, add_mentions, mention, prose_sentences, without_overlaps
from unmet.components.rules import criterion_rules
from unmet.components.sentences import Sentence
from unmet.layout.model import Offsets
from unmet.layout.pattern import form, trim
from unmet.reasoning.cues import turn
from unmet.reasoning.limits import Amount, amounts
from unmet.reasoning.lists import Item, list_items

# A guideline sentence states a requirement only if it permits, limits or forbids something.
_NORMATIVE = form(
    r"\b(?:recommend\w*|indicat\w*|criteri\w*|require\w*|should|must|only|necessary|warrant\w*|support\w*|appropriate|option"
    r"|reserved|until|unless|after|if|when|for|with|not|may|can|up\s+to|contingent|expected|documentation|evidence|failure|limit\w*"
    r"|unresponsive|need\w*|trial|\d)\b",
    re.I,
)


# A sentence that tells of studies or of a remedy's merits states no requirement.
_TELLS = form(
    r"\b(?:placebo|meta-?analys[ei]s|confidence\s+interval|case\s+series|number\s+needed|widely\s+used|widely\s+accepted|incurred|rates?\s+were"
    r"|insufficient\s+(?:evidence|scientific)|studies\s+(?:show|indicate|suggest|have))\b|\bcome\s+with\b",
    re.I,
)
_SHORTEST_ITEM = 4
# A list is no longer than this.
_LONGEST = 10_000  # characters
# An item that a place stands in is among so many before it.
_DEEP = 100
# A single word ("gain") names no requirement, nor does the service that others are asked before ("ordering imaging studies").
_SHORTEST = 8
_SERVICE = re.compile(r"(?:imaging|diagnostic|electrodiagnostic|radiographic)\s+(?:stud(?:y|ies)|tests?)", re.I)
# That a service is "not recommended" or "not needed until ..." is no word of the service that it depends on.
_REFUSED = re.compile(r"\bnot\s+(?:\w+ly\s+)?(?:recommended|needed|indicated|required|supported|appropriate)\b", re.I)
# What a match may begin and end with and a requirement does not.
_LEAD_IN = re.compile(r"(?:(?:is|are|a|an)\s+)+(?=\w)", re.I)
_PRAISE = re.compile(
    r"(?:(?:primarily|only|generally|specifically)\s+)?(?:recommended|indicated|reserved|used|appropriate|useful|considered|prescribed"
    r"|effective|approved|option)\s+(?:(?:only|primarily|as\s+an\s+option|specifically|generally)\s+)*(?:for|in|to\s+treat)\s+"
    r"(?:(?:the\s+)?treatment\s+(?:of|for)\s+)?(?:the\s+)?(?=\w)",
    re.I,
)
_JUDGED = re.compile(
    r",?\s+(?:(?:is|are|may\s+be|can\s+be)\s+(?:\w+\s+)?(?:recommended|sufficient|appropriate|obtained|indicated|supported|warranted)"
    r"|in\s+order\s+to|when\s+the|before\s+ordering|with\s+documentation)\b",
    re.I,
)
_DANGLING = re.compile(
    r"(?:[\s,]+(?:of|for|in|with|to|or|and|the|a|an|by|on|at|from|that|is|are|as|than|upon|before|after))+\s*\Z", re.I
)
# How far a match that was cut short within a clause goes on.
_CLAUSE_REST = re.compile(r"[^.;:,()\"\u201d]*?(?=[.;:,()\"\u201d]|\s(?:if|when|unless|until|and|or|but|for|with|as|in)\b|\Z)")
_REST = 40  # characters
# Between two phrases of one type that state one requirement: alternatives, or evidence and what it shows.
_ALTERNATIVE = re.compile(
    r"\s*,?\s*(?:and/or|or|that|which|indicat(?:es?|ing)|of|show(?:s|ing))\s+(?:(?:an?|the|other|any|has|have)\s+)*", re.I
)
# Between two requirements of one list item.
_PARTED = re.compile(r"[\s,;](?:and|if|when|unless|provided)\s+", re.I)
# A list of which every item is one of the indications asked for.
_INDICATIONS = re.compile(
    r"\bfollowing\s+(?:\w+\s+)?(?:indications?|conditions?|diagnos[ei]s)\b[^.]{0,30}(?:\(?\w{1,3}[.)])?\s*\Z", re.I
)
# Words of a limit before and behind its number.
_BEFORE_NUMBER = re.compile(
    r"(?:\b(?:(?:an?|initial|trial|treatment|clinical|total|maximum|of|up|to|at|least|no|not|more|than|exceed|only|over|additional)[\s-]+)+)\Z",
    re.I,
)
_TO_TIME = re.compile(r"\s*,?\s*(?:over|in|within|per|for|during)\s+(?:an?\s+)?(?:period\s+of\s+)?", re.I)


class CriterionStatements:
    """Marks the stated criteria of every guideline sentence of a rationale."""

    def __call__(self, doc: Doc) -> Doc:
        text = letter_text(doc)
        lists = {request.index: list_items(text, *request.rationale) for request in layout_of(doc).requests if request.rationale}
        found: list[Mention] = []
        for sentence in prose_sentences(doc):
            if sentence["section_kind"] != "rationale":
                continue
            stop = sentence["end"]
            if sentence["voice"] == "reviewer":
                stop = turn(text, sentence["start"], sentence["end"])
            elif sentence["voice"] != "guideline":
                continue
            items = lists.get(sentence["request"] or 0, ())
            for start, end, item in _parts(sentence["start"], stop, items):
                if _TELLS.search(text, start, end) or not (item or _NORMATIVE.search(text, start, end)):
                    continue
                stated = _stated(text, sentence, start, end)
                if item is not None:
                    first, last = _item_words(text, item, start, end)
                    stated = _of_item(text, sentence, stated, first, last)
                    if not stated and last - first >= _SHORTEST_ITEM and _lists_indications(text, item, items):
                        stated = [_statement(sentence, first, last, "specific_indication")]
                found += without_overlaps(stated)
        add_mentions(doc, found)
        return doc


def _parts(start: int, end: int, items: Sequence[Item]) -> list[tuple[int, int, Item | None]]:
    """Cut ``[start, end)`` at the list items in it; each part with the innermost item that it stands in."""
    first = bisect_left(items, start, key=lambda one: one.start)
    items = items[max(0, first - _DEEP) : bisect_left(items, end, key=lambda one: one.start)]
    bounds = {start, end}
    for item in items:
        bounds |= {place for place in (item.start, item.end) if start < place < end}
    edges = sorted(bounds)
    parts: list[tuple[int, int, Item | None]] = []
    for begin, stop in pairwise(edges):
        # The mark of an item that the sentence begins with stands before the item. The last that reaches here is the innermost.
        before = items[: bisect_left(items, stop, key=lambda one: one.start)]
        parts.append((begin, stop, next((item for item in reversed(before[-_DEEP:]) if begin < item.end), None)))
    return parts


def _stated(text: str, sentence: Sentence, start: int, end: int) -> list[Mention]:
    """Return the requirements that the rules find in ``text[start:end]``."""
    rules = criterion_rules()
    found: list[Mention] = []
    for match in rules.search(rules.stated, text, start, end):
        begin, stop = _requirement(text, match.start, match.end, end, match.name)
        if match.name == "parent_service" and _REFUSED.search(text, match.start, match.end):
            continue
        if stop - begin >= _SHORTEST and not _SERVICE.fullmatch(text, begin, stop):
            found.append(_statement(sentence, begin, stop, match.name))
    return _limits_apart(text, sentence, _alternatives_together(text, found), start, end)


def _statement(sentence: Sentence, start: int, end: int, kind: str) -> Mention:
    return mention("CRITERION", sentence, start, end, rule=f"criteria.{kind}", attributes={"type": kind})


def _requirement(text: str, start: int, end: int, stop: int, kind: str) -> tuple[int, int]:
    """Narrow a match to the requirement: whole words, without what the guideline says about it."""
    if end < stop and text[end].isalnum() and text[end - 1].isalnum():
        rest = _CLAUSE_REST.match(text, end, min(stop, end + _REST))
        if rest and (rest.end() < end + _REST or rest.end() == stop):
            end = rest.end()
        else:
            end = max(text.rfind(" ", start, end), text.rfind("\n", start, end), start)
    lead = _LEAD_IN.match(text, start, end)
    start = lead.end() if lead else start
    praise = _PRAISE.match(text, start, end) if kind == "specific_indication" else None
    start = praise.end() if praise else start
    judged = _JUDGED.search(text, start + _SHORTEST, end)
    end = judged.start() if judged else end
    dangling = _DANGLING.search(text, start, end)
    return trim(text, start, dangling.start() if dangling else end, strip=',.;:"\u201c\u201d')


def _alternatives_together(text: str, found: list[Mention]) -> list[Mention]:
    """Join phrases of one type that state one requirement between them ("red flags or serious pathology")."""
    joined: list[Mention] = []
    for one in sorted(found, key=lambda each: (each["start"], -each["end"])):
        last = next((each for each in reversed(joined) if each["attributes"] == one["attributes"]), None)
        if last and last["end"] <= one["start"] and _ALTERNATIVE.fullmatch(text, last["end"], one["start"]):
            last["end"] = one["end"]
        else:
            joined.append(one)
    return joined


def _limits_apart(text: str, sentence: Sentence, found: list[Mention], start: int, end: int) -> list[Mention]:
    """Give each number of visits a statement of its own, from the words that make it a limit to the time it is for."""
    if all(one["attributes"]["type"] != "quantity_limit" for one in found):
        return found
    counted = [one for one in amounts(text, start, end) if one.quantity == "visits"]
    apart: list[Mention] = []
    cut: set[Offsets] = set()
    for one in found:
        inside = [each for each in counted if each.start < one["end"] and one["start"] < each.end]
        if one["attributes"]["type"] != "quantity_limit" or not inside or inside[0].start - one["start"] > _REST:
            apart.append(one)
            continue
        for place, each in enumerate(inside):
            bounds = _limit(text, each, one["start"] if place == 0 else inside[place - 1].end, end)
            if bounds not in cut:
                cut.add(bounds)
                apart.append(_statement(sentence, *bounds, "quantity_limit"))
    return apart


def _limit(text: str, one: Amount, start: int, end: int) -> Offsets:
    before = _BEFORE_NUMBER.search(text, start, one.start)
    time = _TO_TIME.match(text, one.end, end)
    if time:
        times = [each for each in amounts(text, time.end(), end) if each.start == time.end() and each.quantity == "duration"]
        end = times[0].end if times else one.end
    else:
        end = one.end
    return trim(text, before.start() if before else one.start, end)


def _item_words(text: str, item: Item, start: int, end: int) -> Offsets:
    """Return the words of a list item in ``text[start:end]``, without its mark and the "and" before the next one."""
    start, end = trim(text, max(start, item.start), min(end, item.end), strip='.,;:&"\u201c\u201d')
    dangling = _DANGLING.search(text, start, end)
    return trim(text, start, dangling.start(), strip=",;") if dangling else (start, end)


def _lists_indications(text: str, item: Item, items: Sequence[Item]) -> bool:
    """Tell a list that names the indications one by one ("recommended for the following conditions: 1. ...")."""
    first = next(
        one.start
        for one in items[bisect_left(items, item.start - _LONGEST, key=lambda one: one.start) :]
        if one.group == item.group
    )
    return _INDICATIONS.search(text, max(0, first - 120), first) is not None


def _of_item(text: str, sentence: Sentence, found: list[Mention], start: int, end: int) -> list[Mention]:
    """Read a list item as one criterion, of the type that it names first, or as two where it is parted between two types."""
    found = [one for one in sorted(without_overlaps(found), key=lambda one: one["start"]) if start <= one["start"] < end]
    if not found:
        return []
    pieces: list[Mention] = []
    for one in found:
        kind = str(one["attributes"]["type"])
        last = pieces[-1] if pieces else None
        parting = list(_PARTED.finditer(text, last["end"], one["start"])) if last else []
        if last is None:
            pieces.append(_statement(sentence, start, one["end"], kind))
        elif kind != last["attributes"]["type"] and parting:
            last["end"] = trim(text, last["start"], parting[-1].start(), strip=",;")[1]
            pieces.append(_statement(sentence, parting[-1].end(), one["end"], kind))
        else:
            last["end"] = one["end"]
    pieces[-1]["end"] = end
    return pieces


@Language.factory("unmet_criteria", requires=["doc._.sentences"], assigns=["doc._.mentions"])
def create_criterion_statements(nlp: Language, name: str) -> CriterionStatements:
    """Make the component."""
    return CriterionStatements()
