"""The disputed requests of a letter and where their parts stand.

One reader per form of request block. The form of 2014 and later prints "TITLE: Upheld", two guideline lines and
a rationale; that of late 2013 a numbered conclusion before the guideline lines; that of 2013 a list of numbered
determinations, printed twice, and a section "Regarding the request for ..." for each; a fourth form poses one
issue and answers it in the heading of its rationale. Line breaks are never consulted: they are lost in some sources.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from unmet.layout.model import Decision, Offsets, RequestParts
from unmet.layout.pattern import form, trim
from unmet.layout.sentences import sentence_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLAIMS = r"Claims Administrator'?s? guidelines? ?:"
_MAXIMUS = r"MAXIMUS guidelines? ?:"
_RATIONALE = r"(?:(?:The )?(?:Expert|Physician) Reviewer['\u2019]?s? )?Decision rationale ?:"
_LABEL = form(rf"(?P<claims>{_CLAIMS})|(?P<maximus>{_MAXIMUS})|(?P<rationale>{_RATIONALE})", re.I)
# A colon behind the last letters of a label: a pattern that begins with a sign is found faster than the label itself.
_COLON = re.compile(r":(?<=(?i:line|ines|nale|[\s\S]{3}\s):)")
_DECISION = form(
    r"(?:(?<=\w)|(?<=[)\].,;%#\"*])) ?(?P<colon>[:\-\u2013]) ?(?P<word>Upheld|Uphold|Overturned|Overturn)\b ?\.? ?\Z",
    re.I,
)
_REVIEWER_RATIONALE = form(r"The (?:Expert|Physician) Reviewer['\u2019]?s? decision rationale ?:", re.I)

_ORIGINAL = form(r"\b(?:was|were|is) (?:part of )?the original request\b", re.I)
_AUTHORIZED = form(
    r" (?:was|were) authorized by the Claims Administrator"
    r"|The Claims Administrator authorized (?P<authorized>.{2,300}?),? leaving\b",
    re.I | re.S,
)
_REMAINING = form(r"\bThe remaining (?:IMR )?(?:eligible )?portion of the original request,? |\bThe original request, ", re.I)
_FINAL_IS = form(r" (?:is|are)\s*\Z", re.I)
_PREFIX = form(r"(?:Associated Surgical Services?|Associated surgical procedures?|Retrospective request for) ?:? ?", re.I)
_VERDICT = r"(?P<verdict>(?:is|are|was|were) ?(?P<negated>not ?)?medically necessary(?: ?and appropriate)?)"
_NOTICE = form(
    r"(?P<number>\d{1,2}) ?\) ?MAXIMUS Federal Services,? ?Inc\.? ?has determined(?: that)? the (?:request|services?) for"
    rf" (?P<item>.{{1,600}}?) {_VERDICT}",
    re.I | re.S,
)
_REGARDING = form(r"(?P<number>\d{1,2}) ?\) ?Regarding the requests? for (?P<item>.{1,600}?) ?:", re.I | re.S)
_RELIED = form(
    r"Sections? of the Medical Treatment Utilization Schedule(?: ?\(MTUS\))? Relied Upon by the (?:Expert|Physician)"
    r" Reviewer to Make (?:His/Her|Their|a) Decision ?:?",
    re.I,
)
_RATIONALE_FOR = form(r"Rationale for the Decision ?:", re.I)
_EFFECT = form(r"Effect of the Decision ?:", re.I)
_REVIEWER_BASED = form(r"(?:The )?(?:Expert|Physician) Reviewer (?:based|did|found|relied)\b", re.I)
_CLAIMS_BASED = form(r"The Claims Administrator (?:based|did|cited|relied)\b", re.I)
_NUMBERED_VERDICT = form(rf"(?P<number>\d{{1,2}})[.)] (?P<item>\S.{{0,600}}?) {_VERDICT} ?\.?", re.I | re.S)
_ISSUE = form(r"ISSUES? AT DISPUTE ?:?|ISSUES? IN DISPUTE ?:?")
_WHY = form(
    r"RATIONALE FOR WHY THE REQUESTED TREATMENT(?: ?/ ?SERVICE)?S? (?:IS|WAS|ARE|WERE)(?: ?/ ?(?:IS|WAS|ARE|WERE))?"
    r" (?P<negated>NOT )?MEDICALLY NECESSARY ?:?",
    re.I,
)
_GUIDELINE_RELIED = form(r"MEDICAL TREATMENT GUIDELINE\(?S?\)? RELIED UPON(?: BY[^:]{0,120}?DECISION)? ?:?")
_QUESTION = form(r"\s*(?:Is|Was|Are|Were|Whether)(?: the)?(?: (?:request|service|treatment)s? for)? (?P<item>.+?)"
                 r" (?:is |was )?medically necessary(?: and appropriate)?[^.?:]{0,40}[?.:]?", re.I | re.S)  # fmt: skip


def find_requests(text: str, issues_start: int) -> tuple[RequestParts, ...]:
    """Return the requests of a letter, in print order and numbered from 1; () where there is none.

    ``issues_start`` is where the heading over the issues ends (0 if there is none): no title begins before it.
    """
    for reader, start in (
        (_labelled_requests, issues_start),
        (_numbered_conclusions, issues_start),
        (_notice_requests, 0),
        (_issue_request, 0),
    ):
        found = tuple(_sound(request) for request in reader(text, start, len(text)))
        if found:
            return found
    return ()


def _sound(request: RequestParts) -> RequestParts:
    """Keep a request whose title was blanked out: the words of its decision then stand for the title."""
    title = _nonempty(request.title) or request.decision_span
    return msgspec.structs.replace(
        request,
        title=title,
        item=_nonempty(request.item) or title,
        original=_nonempty(request.original) if request.original else None,
        authorized=_nonempty(request.authorized) if request.authorized else None,
    )


# --- 2014 and later: "TITLE: Upheld", guideline lines, "Decision rationale:" --------------------------------------


def _labelled_requests(text: str, start: int, end: int) -> Iterator[RequestParts]:
    heads: list[tuple[int, int, re.Match[str]]] = []
    labels = _labels(text, start, end)
    previous_end = start
    for label in labels:
        decision = _DECISION.search(text, max(previous_end, label.start() - 40), label.start())
        if decision:
            heads.append((previous_end, label.start(), decision))
        previous_end = label.end()
    blocks = []
    for number, (after, _, decision) in enumerate(heads, 1):
        title = _title(text, after, decision.start("colon"), is_first=number == 1)
        blocks.append((title, decision))
    for index, (title, decision) in enumerate(blocks, 1):
        block_end = blocks[index][0][0] if index < len(blocks) else end
        parts = _parts(text, labels, decision.end(), block_end)
        original, authorized, item = _partial(text, *title)
        yield RequestParts(
            index=index,
            title=title,
            item=item,
            decision=_decision(decision["word"]),
            decision_span=decision.span("word"),
            original=original,
            authorized=authorized,
            claims_administrator=parts.get("claims"),
            maximus=parts.get("maximus"),
            rationale=parts.get("rationale"),
        )


def _labels(text: str, start: int, end: int) -> list[re.Match[str]]:
    """Return what ``_LABEL`` finds: it holds no colon but the one that it ends with."""
    found = []
    for colon in _COLON.finditer(text, start, end):
        if match := _LABEL.search(text, max(start, text.rfind(":", 0, colon.start()) + 1), colon.end()):
            found.append(match)
    return found


def _decision(word: str) -> Decision:
    return "upheld" if word.lower().startswith("up") else "overturned"


def _parts(text: str, labels: list[re.Match[str]], start: int, end: int) -> dict[str, Offsets]:
    """Cut ``text[start:end]`` at the labels in it; the first of each kind opens its part."""
    own = [label for label in labels if start <= label.start() < end]
    parts: dict[str, Offsets] = {}
    for position, label in enumerate(own):
        kind = label.lastgroup or ""
        stop = own[position + 1].start() if position + 1 < len(own) else end
        if kind == "rationale" and kind not in parts:
            stop = end  # a later "decision rationale:" inside the prose does not end it
        span = trim(text, label.end(), stop)
        if kind == "rationale":
            again = _REVIEWER_RATIONALE.match(text, span[0])
            if again:
                span = trim(text, again.end(), span[1])
        if kind not in parts and span[0] < span[1]:
            parts[kind] = span
        if kind == "rationale":
            break
    return parts


# Prose that closes a rationale. What follows it, up to the decision, is the next title, even without a full stop.
_CONCLUSION = form(
    r"(?:medically (?:necessary|appropriate|indicated|warranted)(?: and appropriate)?(?: at this time)?"
    r"|not (?:certified|supported|recommended|indicated|warranted|approved|necessary|appropriate)"
    r"|(?:is|are|be|was) (?:certified|upheld|overturned|denied|approved|supported|recommended|warranted))"
    r"[\"'\u201d)]*[ .]*(?=(?:[A-Z0-9(#\"]))"
)
_TITLE_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|does|do|did|should|would|could|may|can|cannot|will|must|states?|recommends?|noted"
    r"|documented|follows?|appears?|stands?|comes?|therefore|thus|however|based|given|per|there)\b",
    re.I,
)
_LEAD_IN = form(r"\b(?:below|set forth|as follows|following) ?:", re.I)
_FIRST_COLON = re.compile(r":(?=\s)")


def _lead_in_end(text: str, start: int, colon: int) -> int | None:
    """Find the end of the form sentence over the first title: known words, else a colon that ends a whole clause."""
    known = _LEAD_IN.search(text, start, min(colon, start + 500))
    if known:
        return known.end()
    first = _FIRST_COLON.search(text, start, min(colon, start + 300))
    if first and _TITLE_VERB.search(text, start, first.start()) and not _ORIGINAL.search(text, start, first.start()):
        return first.end()
    return None


def _title(text: str, start: int, colon: int, *, is_first: bool) -> Offsets:
    """Find where the title that ends at ``colon`` begins: after the lead-in, or after the rationale before it."""
    if is_first:
        lead_in = _lead_in_end(text, start, colon)
        if lead_in:
            return trim(text, lead_in, colon)
    # Where the prose before has no full stop, a conclusion formula still marks its end.
    ends = [match.end() for match in _CONCLUSION.finditer(text, start, colon) if match.end() < colon]
    starts = sorted({*sentence_starts(text, start, colon), *ends})
    if not starts:
        return trim(text, start, colon)
    chosen = len(starts) - 1
    while chosen > 0:
        piece = text[starts[chosen] : colon]
        before = text[starts[chosen - 1] : starts[chosen]]
        if (
            (_REMAINING.match(piece.strip()) and (_ORIGINAL.search(before) or _AUTHORIZED.search(before)))
            or (_ORIGINAL.search(piece) and not _ORIGINAL.search(_first_sentence(piece, starts, chosen, colon)))
            or (
                _AUTHORIZED.search(piece)
                and not _ORIGINAL.search(piece)
                and (_ORIGINAL.search(before) or _AUTHORIZED.search(before))
            )
            or _belongs_to_title(before, piece)
        ):
            chosen -= 1
        else:
            break
    return trim(text, starts[chosen], colon)


def _first_sentence(piece: str, starts: list[int], chosen: int, colon: int) -> str:
    stop = starts[chosen + 1] if chosen + 1 < len(starts) else colon
    return piece[: stop - starts[chosen]]


def _belongs_to_title(before: str, piece: str) -> bool:
    """Tell "Norco 10/325mg. #60" (one title over two "sentences") from prose followed by a title."""
    before = before.strip()
    if len(before) > 160 or _TITLE_VERB.search(before) or _CONCLUSION.search(before + " A"):
        return False
    fragment = bool(re.match(r"(?:#|Qty\b|Quantity\b|DOS\b|\d+ ?refills?\b|Refills?\b|x ?\d|for \b|\()", piece.strip(), re.I))
    return fragment or bool(re.search(r"\b(?:no|dx|qty|tab|cap|approx|dos)\.\Z", before, re.I))


def _partial(text: str, start: int, end: int) -> tuple[Offsets | None, Offsets | None, Offsets]:
    """Read a title: what was first asked, what of it was authorized, and the item really in dispute."""
    pieces = [*sentence_starts(text, start, end), end]
    original = authorized = None
    for piece_start, piece_end in pairwise(pieces):
        asked = _ORIGINAL.search(text, piece_start, piece_end)
        granted = _AUTHORIZED.search(text, piece_start, piece_end)
        if asked and original is None:
            original = trim(text, piece_start, asked.start())
        elif granted and authorized is None:
            span = granted.span("authorized") if granted["authorized"] else (piece_start, granted.start())
            authorized = trim(text, *span, strip=",")
    opener = _REMAINING.search(text, start, end)
    item_start = opener.end() if opener else start
    if not opener:
        prefix = _PREFIX.match(text, start, end)
        item_start = prefix.end() if prefix and prefix.end() < end else start
    stop = _FINAL_IS.search(text, item_start, end)
    return original, authorized, trim(text, item_start, stop.start() if stop else end, strip=",")


# --- late 2013: "1. ITEM is not medically necessary and appropriate." before the guideline lines ------------------


def _numbered_conclusions(text: str, start: int, end: int) -> Iterator[RequestParts]:
    rationales = list(_REVIEWER_RATIONALE.finditer(text, start, end))
    if not rationales:
        return
    heads: list[re.Match[str]] = []
    after = start
    for rationale in rationales:
        claims = list(_CLAIMS_BASED.finditer(text, after, rationale.start()))
        limit = claims[-1].start() if claims else rationale.start()
        number = len(heads) + 1
        opens = [m.start() for m in re.finditer(rf"(?<!\S)(?:{number}[.)]|\d{{1,2}}[.)])\s", text[after:limit])]
        head = None
        for offset in opens:
            candidate = _NUMBERED_VERDICT.match(text, after + offset, limit)
            if candidate and (head is None or int(candidate["number"]) == number):
                head = candidate
        if head is None:
            return
        heads.append(head)
        after = rationale.end()
    for index, (head, rationale) in enumerate(zip(heads, rationales, strict=True), 1):
        stop = heads[index].start() if index < len(heads) else end
        claims_span, maximus_span = _guideline_prose(text, head.end(), rationale.start())
        item = trim(text, *head.span("item"), strip=",")
        yield RequestParts(
            index=index,
            title=item,
            item=_without_prefix(text, *item),
            decision="upheld" if head["negated"] else "overturned",
            decision_span=head.span("verdict"),
            claims_administrator=claims_span,
            maximus=maximus_span,
            rationale=_nonempty(trim(text, rationale.end(), stop)),
        )


def _guideline_prose(text: str, start: int, end: int) -> tuple[Offsets | None, Offsets | None]:
    """Cut "The Claims Administrator based ... The Expert Reviewer based ..." in two."""
    reviewer = _REVIEWER_BASED.search(text, start, end)
    claims = _CLAIMS_BASED.search(text, start, reviewer.start() if reviewer else end)
    claims_span = _nonempty(trim(text, claims.start(), reviewer.start() if reviewer else end)) if claims else None
    return claims_span, _nonempty(trim(text, reviewer.start(), end)) if reviewer else None


def _nonempty(span: Offsets) -> Offsets | None:
    return span if span[0] < span[1] else None


def _without_prefix(text: str, start: int, end: int) -> Offsets:
    prefix = _PREFIX.match(text, start, end)
    return trim(text, prefix.end(), end) if prefix and prefix.end() < end else (start, end)


# --- 2013: "1) MAXIMUS Federal Services, Inc. has determined the request for ITEM is not medically necessary ..." --


def _notice_requests(text: str, start: int, end: int) -> Iterator[RequestParts]:
    verdicts: dict[int, re.Match[str]] = {}
    for match in _NOTICE.finditer(text, start, end):
        verdicts.setdefault(int(match["number"]), match)  # printed twice, counted once
    regarding = list(_REGARDING.finditer(text, start, end))
    numbers = sorted({*verdicts, *(int(match["number"]) for match in regarding)})
    sections = {int(match["number"]): (position, match) for position, match in enumerate(regarding)}
    effect = _EFFECT.search(text, regarding[-1].end() if regarding else start, end)
    for index, number in enumerate(numbers, 1):
        verdict = verdicts.get(number)
        claims_span = maximus_span = rationale_span = None
        title: Offsets
        if number in sections:
            position, match = sections[number]
            stop = regarding[position + 1].start() if position + 1 < len(regarding) else (effect.start() if effect else end)
            relied = _RELIED.search(text, match.end(), stop)
            rationale = _RATIONALE_FOR.search(text, match.end(), stop)
            guideline_end = rationale.start() if rationale else stop
            claims_span, maximus_span = _guideline_prose(text, relied.end() if relied else match.end(), guideline_end)
            rationale_span = _nonempty(trim(text, rationale.end(), stop)) if rationale else None
            title = trim(text, *match.span("item"))
            if verdict is None:
                verdict = _last_verdict(text, rationale_span)
        else:
            title = trim(text, *verdicts[number].span("item"))
        if verdict is None:
            continue
        yield RequestParts(
            index=index,
            title=title,
            item=_without_prefix(text, *title),
            decision="upheld" if verdict["negated"] else "overturned",
            decision_span=verdict.span("verdict"),
            claims_administrator=claims_span,
            maximus=maximus_span,
            rationale=rationale_span,
        )


_ANY_VERDICT = form(_VERDICT, re.I)


def _last_verdict(text: str, span: Offsets | None) -> re.Match[str] | None:
    matches = list(_ANY_VERDICT.finditer(text, *span)) if span else []
    return matches[-1] if matches else None


# --- one issue, answered in the heading of its rationale -------------------------------------------------------------


def _issue_request(text: str, start: int, end: int) -> Iterator[RequestParts]:
    issue = _ISSUE.search(text, start, end)
    why = _WHY.search(text, issue.end() if issue else start, end)
    if not issue or not why:
        return
    headings = form(
        r"(?:CASE SUMMARY|DOCUMENTS REVIEWED|MEDICAL TREATMENT GUIDELINE|MEDICAL REVIEWER QUALIFICATIONS|RATIONALE FOR)"
    )
    issue_end = next((m.start() for m in headings.finditer(text, issue.end(), why.end())), why.start())
    stop = next((m.start() for m in headings.finditer(text, why.end(), end)), end)
    question = _QUESTION.match(text, issue.end(), issue_end)
    title = trim(text, *question.span("item")) if question else trim(text, issue.end(), issue_end, strip=".")
    relied = _GUIDELINE_RELIED.search(text, issue_end, why.start())
    guideline_end = next((m.start() for m in headings.finditer(text, relied.end(), why.end())), why.start()) if relied else 0
    rationale = _nonempty(trim(text, why.end(), stop))
    verdict = _last_verdict(text, rationale)
    # A heading left as its template ("IS/WAS NOT") is overruled by a conclusion that says otherwise.
    negated = bool(verdict["negated"]) if verdict else bool(why["negated"])
    yield RequestParts(
        index=1,
        title=title,
        item=_without_prefix(text, *title),
        decision="upheld" if negated else "overturned",
        decision_span=trim(text, *(verdict.span("verdict") if verdict else why.span())),
        maximus=_nonempty(trim(text, relied.end(), guideline_end)) if relied else None,
        rationale=rationale,
    )
