"""Where a letter says that the MTUS is silent on a treatment, and other letters cite a chapter of it for that treatment.

That a guideline is silent opens the way to other guidelines (8 CCR 9792.21): who reads the letter for an appeal wants to
know that the statement can be disputed. Precision comes first. A guideline that was not cited is not called silent; a
statement about a detail (how many visits, acute pain) or about another treatment is no claim that can be checked here;
and a chapter about other parts of the body is silent indeed.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from unmet.components.medications import drug_named
from unmet.components.remarks import Remark
from unmet.knowledge import load_yaml
from unmet.layout.guideline_line import Citation
from unmet.layout.pattern import form
from unmet.reasoning.catalogue import ACOEM_ADOPTED, Governing, load_catalogue, of_body, patterns, verified_guidelines

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from unmet.components.mentions import Mention
    from unmet.components.sentences import Sentence
    from unmet.layout.model import Offsets, RequestParts
    from unmet.reasoning.catalogue import Edition

SILENCE_DISPUTED = "guideline.silence_disputed"

_BODIES = ("MTUS", "ACOEM")
_LINES = ("claims_administrator_guideline", "maximus_guideline")
_HOW = r"(?:(?:specifically|directly|explicitly|expressly|specially|currently|clearly) )?"
_ABOUT = r"(?:recommendations?|guidance|guidelines?|mention|reference|provisions?|criteria)"
# What is said of a guideline named before, and what of one named behind.
_SAID_BEHIND = form(
    rf"\bsilent\b|\b(?:do|does|did)(?: not|n['\u2019]t) {_HOW}(?:address|discuss|mention|cover|speak (?:to|of)|comment on)\b"
    rf"|\b(?:do|does|did)(?: not|n['\u2019]t) {_HOW}(?:have|make|contain|provide|offer|give)(?: any| a)?(?: specific)? {_ABOUT}\b"
    rf"|\b(?:has|have|makes?|contains?|provides?|offers?|gives?) no (?:specific )?{_ABOUT}\b"
    rf"|\b(?:fails?|failed) to {_HOW}(?:address|discuss|mention|cover)\b",
    re.I,
)
_SAID_BEFORE = form(
    rf"\b(?:is|are|was|were) not {_HOW}(?:addressed|discussed|covered|mentioned) (?:by|in|within|under|anywhere in) (?:the )?"
    rf"|\bno (?:specific )?{_ABOUT} (?:in|by|within|from|under) (?:the )?",
    re.I,
)
# Words that make the statement one about a detail of the treatment, or about a case for which another chapter is silent.
_DETAIL = form(
    r"\b(?:sub-?acute|acute(?:ly)?|frequenc(?:y|ies)|durations?|numbers?|quantit(?:y|ies)|amount|how (?:many|often|long)|exact"
    r"|length|dos(?:e|es|ing|age)|intervals?|timing|post-?\s?op\w*|post-?\s?surg\w*|pre-?\s?op\w*|repeat\w*|brands?|diagnos[ei]s|condition|setting"
    r"|combination|criteria|refills?|purchase|rental|levels?|type)\b",
    re.I,
)
_REST_OF_NAME = form(
    r"[\s,/()&-]*(?:(?:CA|California|MTUS|ACOEM|and|or|nor|the|guidelines?|treatment|medical|practice|chronic|pain|chapters?|sections?|edition"
    r"|20\d\d|2nd|however|itself|also|both|is|are|was|were|remains?|currently|apparently|largely|completely|entirely)\b[\s,/()&-]*){0,12}",
    re.I,
)
_CLAUSE_END = re.compile(r"[.;:),]|$")
# The whole object of a statement that is about the request as it is.
_REQUEST = form(
    r"\W*(?:(?:in|with) (?:regards?|respect|reference) to |regarding |on |about |as to |concerning |for |to |of )?"
    r"(?:(?:this|the|these|such|that|any) )?(?:(?:specific|current|requested|disputed|particular|above|medical) )*"
    r"(?:requests?|treatments?|issues?|services?|items?|medications?|drugs?|procedures?|topics?|modalit(?:y|ies)|matter|tests?"
    r"|stud(?:y|ies)|therapy|device|equipment|it|question|subject)?"
    r"(?: (?:in question|in dispute|at issue|here|requested|directly|specifically))?\W*\Z",
    re.I,
)


class _Claim(NamedTuple):
    """A statement that guidelines are silent: their names, and the words that say about what."""

    start: int
    end: int
    names: list[tuple[str, str | None]]  # body, chapter
    objects: Offsets  # where the sentence says what they are silent on: up to the end of the clause
    behind: str  # what the clause says after the statement


def disputed_silences(
    text: str,
    requests: Iterable[RequestParts],
    families: dict[str, str],
    sentences: Sequence[Sentence],
    mentions: Sequence[Mention],
    day: dt.date | None,
) -> list[Remark]:
    """Return the statements of silence that the catalogue disputes, in offsets of ``text``.

    ``families`` has the family code of each request by its index. Only guidelines dispute that letters cite for the family
    and the part of the body, and that were in force on ``day``, the decision date; without a date, in force at any time.
    """
    remarks: list[Remark] = []
    catalogue = load_catalogue()
    for request in requests:
        family = catalogue.families.get(families.get(str(request.index), ""))
        if family is None:
            continue
        for sentence in sentences:
            if sentence["request"] != request.index or not _says_so(sentence):
                continue
            for claim in _claims(text, sentence, mentions):
                about = [one for one in mentions if claim.objects[0] <= one["start"] < claim.objects[1] and _family_of(text, one)]
                if about and all(_family_of(text, one) != family.family for one in about):
                    continue
                if not about and not _REQUEST.match(claim.behind):
                    continue
                regions = _regions(about) or _regions([one for one in mentions if _within(one, request.title)])
                known = [
                    (guideline, edition)
                    for guideline, edition in verified_guidelines(family, day)
                    if _in_mtus(edition, day)
                    and _named(edition, claim)
                    and _about(guideline, edition, text[slice(*request.title)], regions)
                ]
                if known:
                    guideline, edition = max(known, key=lambda one: one[0].letters)
                    remarks.append(_remark(claim, guideline, edition, family.family))
    return remarks


def called_silent(text: str, citation: Mention, sentence: Sentence) -> bool:
    """Tell whether ``sentence`` says of the guideline that ``citation`` names in it that it is silent."""
    said = _SAID_BEHIND.search(text, citation["end"], sentence["end"])
    return said is not None and said.start() - citation["end"] <= 40 and _connected(text[citation["end"] : said.start()])


def _says_so(sentence: Sentence) -> bool:
    return sentence["section_kind"] in _LINES or (
        sentence["section_kind"] == "rationale" and sentence["voice"] in ("guideline", "reviewer")
    )


def _claims(text: str, sentence: Sentence, mentions: Sequence[Mention]) -> Iterator[_Claim]:
    start, end = sentence["start"], sentence["end"]
    names = list(_name_pattern().finditer(text, start, end))
    if not names:
        return
    others = [one for one in mentions if one["label"] == "CITATION" and start <= one["start"] < end]
    for said in _SAID_BEHIND.finditer(text, start, end):
        before = [one for one in names if one.end() <= said.start() and said.start() - one.end() <= 90]
        if before and _connected(text[_name_end(before[-1], others) : said.start()]):
            stop = _stop(text, said.end(), end)
            subject = [one for one in before if _one_subject(text[one.end() : before[-1].start()]) or one is before[-1]]
            named = [_name(one, others) for one in subject]
            yield _checked(text, start, subject[0].start(), said.end(), stop, named)
    for said in _SAID_BEFORE.finditer(text, start, end):
        behind = [one for one in names if one.start() >= said.end() and one.start() - said.end() <= 25]
        if behind:
            stop = _stop(text, behind[0].end(), end)
            yield _checked(text, start, start, stop, stop, [_name(one, others) for one in behind])


def _checked(text: str, opening: int, start: int, said: int, stop: int, names: list[tuple[str, str | None]]) -> _Claim:
    detail = _DETAIL.search(text, opening, stop)
    # A statement about a detail names no request: what stands behind it is then never one.
    return _Claim(start, stop, [] if detail else names, (opening, stop), text[said:stop])


def _connected(between: str) -> bool:
    """Tell whether a guideline's name and what is said of it belong together: nothing but the rest of a name stands between."""
    return _REST_OF_NAME.fullmatch(between) is not None


def _one_subject(between: str) -> bool:
    return bool(re.fullmatch(r"[\s\w,/()&-]{0,40}", between)) and not re.search(r"\b(?:is|are|does?|states?)\b", between, re.I)


def _stop(text: str, start: int, end: int) -> int:
    found = _CLAUSE_END.search(text, start, end)
    return found.start() if found else end


def _name_end(match: re.Match[str], citations: Sequence[Mention]) -> int:
    """Return where a name ends, the chapter behind it included."""
    return max([match.end(), *(one["end"] for one in citations if one["start"] <= match.start() < one["end"])])


def _name(match: re.Match[str], citations: Sequence[Mention]) -> tuple[str, str | None]:
    body = next(body for body in _BODIES if match[body])
    inside = next((one for one in citations if one["start"] <= match.start() < one["end"]), None)
    return body, inside["attributes"].get("chapter") if inside else None


@cache
def _name_pattern() -> re.Pattern[str]:
    listed = {entry["body"]: "|".join(entry["patterns"]) for entry in load_yaml("guidelines.yaml")["bodies"]}
    return form(r"(?<!\w)(?:" + "|".join(f"(?P<{body}>{listed[body]})" for body in _BODIES) + r")(?!\w)", re.I)


def _family_of(text: str, mention: Mention) -> str | None:
    """Return the family that a mention of a treatment is of, None for other mentions."""
    if mention["label"] == "PROCEDURE":
        return str(mention["attributes"].get("family", "other"))
    if mention["label"] == "MEDICATION":
        drug = drug_named(text[mention["start"] : mention["end"]])
        return drug.family if drug else "other_drug"
    return None


def _within(mention: Mention, offsets: Offsets) -> bool:
    return offsets[0] <= mention["start"] < offsets[1]


def _regions(mentions: Iterable[Mention]) -> set[str]:
    return {part for one in mentions if one["label"] == "PROCEDURE" for part in one["attributes"].get("body_part", ())}


def _in_mtus(edition: Edition, day: dt.date | None) -> bool:
    """Tell whether an edition was part of the MTUS: "MTUS/ACOEM" means the chapters of the ACOEM that it adopts."""
    return edition.body == "MTUS" or (edition.body == "ACOEM" and day is not None and day >= ACOEM_ADOPTED)


def _named(edition: Edition, claim: _Claim) -> bool:
    """Tell whether a claim names the guideline: by its chapter, or by its body alone."""
    citation = Citation(body=edition.body, chapter=edition.chapter)
    return any(chapter == edition.chapter if chapter else of_body(citation, body) for body, chapter in claim.names)


def _about(guideline: Governing, edition: Edition, title: str, regions: set[str]) -> bool:
    """Tell whether a guideline of the family is about this treatment of it and the part of the body."""
    allowed = set(guideline.regions or edition.regions)
    if allowed and not (regions and regions <= allowed):
        return False
    return not guideline.covers or any(pattern.search(title) for pattern in patterns(guideline.covers))


def _remark(claim: _Claim, guideline: Governing, edition: Edition, family: str) -> Remark:
    year = f" ({edition.edition})" if edition.edition else ""
    section = f", section {guideline.sections[0]}" if guideline.sections else ""
    cited = f"{edition.body} {edition.chapter}{year}{section}"
    return Remark(
        code=SILENCE_DISPUTED,
        message=f"called silent, but letters cite {cited} for this kind of treatment ({family.replace('_', ' ')})",
        start=claim.start,
        end=claim.end,
    )
