"""Counter-evidence: what the case summary tells as a fact, against a reviewer's finding that it is not documented.

It supports an appeal for a plainly erroneous finding of fact (Cal. Lab. Code 4610.6(h)(5)); hence precision first. What
the reviewer says is missing must stand next to the cue of missing proof, and a statement of the summary must answer just
that: the same treatment or sign, at the same place and side, with failure, recency or length of time where the reviewer asks for
them. Plans, requests, guideline text and the utilization review's opinion answer nothing, nor does a summary that tells the same
silence. A finding that was looked for and is said not to be there ("the examination revealed no deficit") is answered by
findings of an examination only. What answers what is data: ``knowledge/counter_evidence.yaml``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from unmet.components.rules import Found, ignoring_case, union
from unmet.errors import KnowledgeError
from unmet.knowledge import codes, load_yaml
from unmet.layout.literals import PatternTable
from unmet.layout.pattern import trim
from unmet.reasoning.cues import clauses, find_cues, governing
from unmet.reasoning.dates import Dated, dates_in
from unmet.reasoning.places import Place, places, within
from unmet.reasoning.stretches import beginning_in
from unmet.reasoning.words import families

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from unmet.components.mentions import Mention
    from unmet.components.sentences import Sentence
    from unmet.layout.model import Offsets, RequestParts
    from unmet.reasoning.cues import Cue

# Whose statements in the summary are facts of the case; the provider's, where they are no plan.
_TOLD_BY = frozenset(["record", "patient", "provider"])
_HAD = frozenset(["historical", "present", "discontinued"])
_REVIEW = "utilization_review"
# "Recent" is what is no older than this, counted back from the last date of the summary.
_RECENT = 90  # days
# A body part is carried on to the sentences behind it that name none, this many at most.
_CARRIED = 2
# What is longer is no statement.
_LONGEST = 4000  # characters
# A longer sentence is shown from the comma before the answer to the one behind it.
_QUOTABLE = 200  # characters


class Answer(NamedTuple):
    """One entry of ``answers`` in the data file, compiled."""

    name: str
    types: frozenset[str]
    families: frozenset[str]
    denied: bool
    missing: re.Pattern[str]
    unless: re.Pattern[str] | None
    words: re.Pattern[str] | None
    place: str | None
    negated: bool
    signs: bool
    tried: dict[str, Any] | None
    study: dict[str, Any] | None
    gain: frozenset[str]
    better: re.Pattern[str] | None
    state: frozenset[str]
    score: bool
    sessions: bool


class Ask(NamedTuple):
    """One thing that a reviewer's clause says is missing, and what is asked of it."""

    answer: Answer
    failed: bool
    recent: bool
    measured: bool
    objective: bool
    specific: bool
    significant: bool
    function: bool
    proof: bool
    days: int
    dates: frozenset[str]
    sentence: Offsets  # the reviewer's


class Statement(NamedTuple):
    """A statement of the summary: offsets, whose it is, and the number of its sentence in the summary."""

    start: int
    end: int
    voice: str
    number: int


@dataclass(frozen=True)
class Summary:
    """The case summary with its mentions as they stand; ``statements`` are what of its ``sentences`` tells facts.

    Few questions ask for a time or a place: the dates and the places that sentences name are looked for when one does.
    """

    text: str
    statements: list[Statement]
    sentences: list[Sentence]
    mentions: list[Mention]

    def within(self, statement: Statement, label: str) -> list[Mention]:
        """Return the mentions of one label in ``statement``."""
        return [one for one in beginning_in(self.mentions, statement.start, statement.end) if one["label"] == label]

    @cached_property
    def _dates(self) -> list[list[Dated]]:
        return [dates_in(self.text, one["start"], one["end"]) for one in self.sentences]

    @cached_property
    def last(self) -> str | None:
        """The latest date of the facts."""
        told = [own for one, own in zip(self.sentences, self._dates, strict=True) if one["voice"] in _TOLD_BY]
        return max((one.iso for own in told for one in own if not one.of_birth), default=None)

    def _visits(self, number: int) -> list[str]:
        return [one.iso for one in self._dates[number] if not one.of_injury and not one.of_birth]

    @cached_property
    def _days(self) -> list[str | None]:
        days: list[str | None] = []
        on: str | None = None
        for number in range(len(self.sentences)):
            visits = self._visits(number)
            if visits:
                on = visits[0] if len(visits) == 1 else None
            days.append(on)
        return days

    def day(self, statement: Statement) -> str | None:
        """Return the date that is carried on to ``statement``."""
        return self._days[statement.number]

    def behind(self, statement: Statement) -> Offsets | None:
        """Return where the sentence behind that of ``statement`` stands, None where it is the utilization review's."""
        following = self.sentences[statement.number + 1 : statement.number + 2]
        return (following[0]["start"], following[0]["end"]) if following and following[0]["voice"] != _REVIEW else None

    def goes_on(self, statement: Statement) -> bool:
        """Tell whether the sentence behind that of ``statement`` is of the same date."""
        return set(self._visits(statement.number + 1)) <= {self.day(statement)}

    def carried(self, statement: Statement) -> list[Place]:
        """Return the place that is carried on to ``statement`` from the sentences before."""
        for sentence in self.sentences[max(0, statement.number - _CARRIED) : statement.number][::-1]:
            own = places(self.text, sentence["start"], sentence["end"])
            if own:
                return own[-1:] if len({one.part for one in own}) == 1 else []
        return []


class Dispute(NamedTuple):
    """What is asked for: its family, the places and drugs its title names, and the sentences of its rationale.

    ``had`` names the treatments that the rationale says were had, of the kind in dispute; where there are none, the title's.
    """

    family: str
    places: list[Place]
    drugs: frozenset[str]
    had: frozenset[str]
    rationale: list[Offsets]


# --- the data


def _flat(values: Iterable[Any]) -> list[str]:
    return [one for value in values for one in (_flat(value) if isinstance(value, list) else [value])]


def _pattern(entry: dict[str, Any], field: str) -> re.Pattern[str] | None:
    return union(_flat(entry[field])) if field in entry else None


@cache
def answers() -> list[Answer]:
    """Return the answers of the data file; raises ``KnowledgeError`` where a type or family is unknown."""
    found = []
    for entry in load_yaml("counter_evidence.yaml")["answers"]:
        types, only = frozenset(entry["types"]), frozenset(entry.get("families", ()))
        if types - codes("criterion_type") or only - codes("treatment_family"):
            raise KnowledgeError(f"knowledge/counter_evidence.yaml, {entry['name']}: unknown type or family")
        found.append(
            Answer(
                entry["name"],
                types,
                only,
                bool(entry.get("denied")),
                union(_whole(entry["missing"])),
                _pattern(entry, "unless"),
                _pattern(entry, "words"),
                entry.get("place"),
                bool(entry.get("negated")),
                bool(entry.get("signs")),
                entry.get("tried"),
                entry.get("study"),
                frozenset(entry.get("gain", ())),
                _pattern(entry, "better"),
                frozenset([*entry.get("state", ()), *entry.get("limits", ())]),
                bool(entry.get("score")),
                bool(entry.get("sessions")),
            )
        )
    return found


def _whole(patterns: list[str]) -> list[str]:
    return [rf"(?<!\w)(?:{one})(?!\w)" for one in patterns]


@cache
def _missing() -> PatternTable:
    """Return what may be missing, by the number of its answer."""
    entries = load_yaml("counter_evidence.yaml")["answers"]
    return PatternTable({str(number): _whole(entry["missing"]) for number, entry in enumerate(entries)}, ignoring_case)


@cache
def _words(group: str, name: str | None = None) -> re.Pattern[str]:
    data = load_yaml("counter_evidence.yaml")[group]
    return union(data[name] if name else data)


@cache
def _filler() -> re.Pattern[str]:
    return re.compile(r"(?:[\W_]|\b(?:" + "|".join(load_yaml("counter_evidence.yaml")["fillers"]) + r")\b)*\Z", re.I)


_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10, "twelve": 12, "a": 1}
_DURATION = re.compile(
    rf"\b(\d{{1,3}}|{'|'.join(_NUMBERS)})(?:\s*(?:-|to)\s*\d{{1,2}})?(?:\s*\(\d+\))?[-\s]+(day|week|month|year)s?\b", re.I
)
_UNITS = {"day": 1, "week": 7, "month": 30, "year": 365}
_COUNTED = re.compile(
    r"\b(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|twelve)\b[\s()\d#]*"
    r"(?:(?:physical|occupational|therapy|chiropractic|acupuncture|PT|post-?op(?:erative)?|prior|total|completed|treatments?)\s+){0,3}"
    r"(?:sessions?|visits?|treatments?)\b|#\s?\d{1,3}\s+(?:sessions|visits)",
    re.I,
)


def _longest_duration(words: str) -> int:
    """Return the longest time that ``words`` name, in days; 0 for none."""
    found = [
        (int(match[1]) if match[1].isdigit() else _NUMBERS[match[1].lower()]) * _UNITS[match[2].lower()]
        for match in _DURATION.finditer(words)
    ]
    return max(found, default=0)


# --- what the reviewer says is missing


def asked(text: str, start: int, end: int, criterion_type: str, family: str) -> list[Ask]:
    """Return what the reviewer's sentence ``text[start:end]`` says is missing and could be answered for this type."""
    found: list[Ask] = []
    if end - start > _LONGEST:
        return found
    for clause_start, clause_end in clauses(text, start, end):
        cues = find_cues(text, clause_start, clause_end)
        if not any(_silent(text, cue) for cue in cues):
            continue
        topics = [
            (match.start(), match.end(), answers()[int(number)])
            for number, match in _missing().finditer(text, clause_start, clause_end)
        ]
        # "The number of therapy visits" misses the number, not the therapy.
        topics = [one for one in topics if not any(_holds(other, one) for other in topics)]
        for topic_start, topic_end, answer in topics:
            if criterion_type not in answer.types or (answer.families and family not in answer.families):
                continue
            cue = governing(Found(topic_start, topic_end, answer.name), cues)
            if cue is None or not _silent(text, cue) or (cue.start < topic_start and topic_end <= cue.end):
                continue
            between = (cue.end, topic_start) if cue.forward else (topic_end, cue.start)
            if not _only_fills(text, *between, topics):
                continue
            ask = _ask(text, (clause_start, clause_end), (topic_start, topic_end, answer), topics, (start, end))
            if ask is not None:
                found.append(ask)
    return found


def _holds(other: tuple[int, int, Answer], one: tuple[int, int, Answer]) -> bool:
    """Tell whether a longer missing thing holds a shorter one."""
    return other[0] <= one[0] and one[1] <= other[1] and other[1] - other[0] > one[1] - one[0]


_NONE = re.compile(r"\b(?:no|not|without|neither|nor|none|absen\w+)\b", re.I)


def _silent(text: str, cue: Cue) -> bool:
    """Tell whether a cue says that there is none ("no", "no documentation of"), not how little ("only", "normal")."""
    return cue.basis == "undocumented" or (cue.basis == "contradicted" and bool(_NONE.search(text, cue.start, cue.end)))


def _only_fills(text: str, start: int, end: int, topics: list[tuple[int, int, Answer]]) -> bool:
    """Tell whether ``text[start:end]`` holds fillers and other missing things only."""
    return bool(_filler().match(_blanked(text, start, end, topics)))


def _blanked(text: str, start: int, end: int, topics: list[tuple[int, int, Answer]]) -> str:
    """Return ``text[start:end]`` with blanks for the ``topics`` in it."""
    words = list(text[start:end])
    for topic_start, topic_end, _ in topics:
        for position in range(max(start, topic_start), min(end, topic_end)):
            words[position - start] = " "
    return "".join(words)


def _ask(
    text: str, clause: Offsets, topic: tuple[int, int, Answer], topics: list[tuple[int, int, Answer]], sentence: Offsets
) -> Ask | None:
    """Return what is asked of one missing thing, None where that is more than an answer of its kind can show."""
    topic_start, topic_end, answer = topic
    words, beside = text[slice(*clause)], _blanked(text, *clause, topics)
    member = (text.rfind(",", clause[0], topic_start), text.find(",", topic_end, clause[1]))
    own = text[max(member[0], clause[0]) : member[1] if member[1] >= 0 else clause[1]]
    if answer.unless is not None and answer.unless.search(own):
        return None
    if _words("asks", "more").search(beside) or _words("asks", "reported").search(words):
        return None
    if _words("asks", "changed").search(beside) and "symptom_change" not in answer.types:
        return None
    return Ask(
        answer=answer,
        failed=bool(_words("asks", "failed").search(words)),
        recent=bool(_words("asks", "recent").search(words)),
        measured=bool(_words("asks", "measured").search(words)),
        objective=bool(_words("asks", "objective").search(words)),
        specific=bool(_words("asks", "specific").search(words)),
        significant=bool(_words("asks", "significant").search(words)),
        function="function" in text[topic_start:topic_end].lower(),
        proof=bool(_words("asks", "proof").search(words)),
        days=_longest_duration(words),
        dates=frozenset(one.iso for one in dates_in(text, *sentence)),
        sentence=sentence,
    )


# --- what the summary tells


def summary_of(text: str, sentences: list[Sentence], mentions: list[Mention]) -> Summary:
    """Return the facts that the case summary tells, cut at semicolons."""
    told = [one for one in sentences if one["section_kind"] == "case_summary"]
    statements = [
        Statement(start, end, sentence["voice"], number)
        for number, sentence in enumerate(told)
        if sentence["voice"] in _TOLD_BY
        for start, end in _parts(text, sentence)
        if end - start <= _LONGEST
    ]
    return Summary(text, statements, told, [one for one in mentions if one["section_kind"] == "case_summary"])


def _parts(text: str, sentence: Sentence) -> Iterator[Offsets]:
    """Cut a sentence at its semicolons."""
    start = sentence["start"]
    for match in re.compile(r";").finditer(text, sentence["start"], sentence["end"]):
        yield trim(text, start, match.start())
        start = match.end()
    yield trim(text, start, sentence["end"])


def dispute_of(text: str, request: RequestParts, family: str, mentions: list[Mention], sentences: list[Sentence]) -> Dispute:
    """Return what a request asks for, as its title names it, and what its rationale says was had of it."""
    own = [one for one in mentions if request.title[0] <= one["start"] < request.title[1]]
    rationale = [
        (one["start"], one["end"])
        for one in sentences
        if one["section_kind"] == "rationale" and one["request"] == request.index and one["voice"] != "guideline"
    ]
    had = [
        one
        for one in mentions
        if one["assertion"] in _HAD and any(start <= one["start"] < end for start, end in rationale)
        if one["attributes"].get("family") == family or one["label"] == "MEDICATION"
    ]
    drugs = frozenset(name for one in own if one["label"] == "MEDICATION" for name in _names(one))
    named = frozenset(name for one in had for name in _names(one))
    if drugs:
        named &= drugs
    return Dispute(
        family,
        places(text, *request.item) or places(text, *request.title),
        drugs,
        named or frozenset(name for one in own for name in _names(one)),
        rationale,
    )


def _names(one: Mention) -> frozenset[str]:
    """Return what a mention of a treatment is of: the ingredients of a drug, or the procedure."""
    if one["label"] == "MEDICATION":
        return frozenset(one["attributes"].get("ingredients", ()))
    return frozenset([str(one["attributes"].get("canonical"))]) if one["label"] == "PROCEDURE" else frozenset()


def questions(text: str, family: str, criterion_type: str, basis: str, evidence: Iterable[Offsets]) -> list[Ask]:
    """Return what a finding made in ``evidence`` says is missing and the summary could answer; nearly always nothing.

    ``basis`` is the unmet basis: ``undocumented``, or ``contradicted`` where only findings of an examination that are
    said not to be there are answered. Any other basis has none.
    """
    if basis not in ("undocumented", "contradicted"):
        return []
    spans = list(evidence)
    asks = [one for start, end in spans for one in asked(text, start, end, criterion_type, family)]
    asks = [one for one in asks if basis == "undocumented" or one.answer.denied]
    # A date named once holds for what else is said of the topic.
    return [one if one.dates else one._replace(dates=_dates_of(text, spans, one.answer, asks)) for one in asks]


def counter_evidence(summary: Summary, dispute: Dispute, criterion_type: str, asks: list[Ask]) -> list[Offsets]:
    """Return the spans of the summary that answer the :func:`questions` of a finding, in reading order."""
    text = summary.text
    found: set[Offsets] = set()
    for ask in asks:
        if _conceded(text, ask, dispute):
            continue
        answered = [(one, _answering(summary, one, ask, dispute)) for one in summary.statements]
        if ask.answer.signs:
            answered = _nerve_signs(summary, ask, dispute, answered)
        if not any(matches for _, matches in answered) or _same_silence(summary, ask, criterion_type, dispute):
            continue
        for statement, matches in answered:
            for start, end in matches:
                found.add(_quoted(text, statement, start, end, matches, _asked_for(text, ask, dispute)))
    return _without_nested(found)


def _dates_of(text: str, spans: list[Offsets], answer: Answer, asks: list[Ask]) -> frozenset[str]:
    """Return the dates of the reviewer's sentences that name what ``answer`` is about, or ask for it."""
    named = {one.iso for span in spans if answer.missing.search(text, *span) for one in dates_in(text, *span)}
    return frozenset(named).union(*(one.dates for one in asks if one.answer.name == answer.name))


def _conceded(text: str, ask: Ask, dispute: Dispute) -> bool:
    """Tell whether the reviewer's rationale tells the finding itself, and so has weighed it."""
    if not ask.answer.denied or ask.answer.words is None:
        return False
    statements = [Statement(start, end, "reviewer", number) for number, (start, end) in enumerate(dispute.rationale)]
    return any(
        _told(text, one, *match.span()) for one in statements for match in ask.answer.words.finditer(text, one.start, one.end)
    )


def _same_silence(summary: Summary, ask: Ask, criterion_type: str, dispute: Dispute) -> bool:
    """Tell whether the summary itself says, of this place, that what the reviewer misses is missing."""
    text, wanted = summary.text, _asked_for(summary.text, ask, dispute)
    for sentence in summary.sentences:
        if sentence["voice"] == _REVIEW:
            continue
        for one in asked(text, sentence["start"], sentence["end"], criterion_type, dispute.family):
            if one.answer.name != ask.answer.name or one.answer.negated:
                continue
            own = places(text, *one.sentence)
            if not own or not wanted or any(within(a, b, "nerve") or within(a, b, "same") for a in own for b in wanted):
                return True
    return False


def _asked_for(text: str, ask: Ask, dispute: Dispute) -> list[Place]:
    """Return the places in dispute, else those that the reviewer's sentence names."""
    return dispute.places or places(text, *ask.sentence)


def _doubted(summary: Summary, statement: Statement, ask: Ask) -> bool:
    """Tell whether the next sentence of the same date says that the measure or the finding is missing."""
    text, behind = summary.text, summary.behind(statement)
    if behind is None or not (ask.answer.missing.search(text, *behind) or _words("asks", "measured").search(text, *behind)):
        return False
    silent = any(one.basis == "undocumented" for one in find_cues(text, *behind))
    return (silent or bool(_words("not_told", "anywhere").search(text, *behind))) and summary.goes_on(statement)


def _without_nested(found: set[Offsets]) -> list[Offsets]:
    return sorted(one for one in found if not any(other != one and other[0] <= one[0] and one[1] <= other[1] for other in found))


def _quoted(text: str, statement: Statement, start: int, end: int, told: list[Offsets], asked_for: list[Place]) -> Offsets:
    """Return the statement, or of a long one the part between commas that holds the answer.

    Members of a list that hold nothing of ``told`` are cut off its ends where they are about another place; of two clauses
    joined by "and", the one that answers nothing and names no place.
    """
    if statement.end - statement.start > _QUOTABLE:
        before, after = text.rfind(",", statement.start, start), text.find(",", end, statement.end)
        return trim(text, before + 1 if before >= 0 else statement.start, after if after >= 0 else statement.end, strip=".")
    first, last = statement.start, statement.end
    answers_from, answers_to = min(one[0] for one in told), max(one[1] for one in told)
    for match in _JOINT.finditer(text, first, last):
        if match.end() <= answers_from and _idle(text, (first, match.start()), (match.end(), last), asked_for):
            first = match.end()
        elif match.start() >= answers_to and _idle(text, (match.end(), last), (first, match.start()), asked_for):
            last = match.start()
            break
    return trim(text, first, last, strip=".")


def _idle(text: str, part: Offsets, rest: Offsets, asked_for: list[Place]) -> bool:
    """Tell whether ``part`` of a sentence can be cut off: all its places are others, or both parts are clauses of their own."""
    own = places(text, *part)
    if own and asked_for and places(text, *rest):
        return not any(within(one, place, kind) for one in own for place in asked_for for kind in ("same", "nerve"))
    return not own and bool(_VERB.search(text, *part)) and bool(_VERB.search(text, *rest))


_JOINT = re.compile(r",\s+and\s+|,\s+|\s+and\s+", re.I)
_VERB = re.compile(
    r"\b(?:is|was|are|were|has|have|had|reveal(?:s|ed)|show(?:s|ed)|demonstrate[sd]|walks?|reports?|complain(?:s|ed))\b", re.I
)


def _answering(summary: Summary, statement: Statement, ask: Ask, dispute: Dispute) -> list[Offsets]:
    text, answer = summary.text, ask.answer
    found = list(_found(summary, statement, ask, dispute))
    if not found or not _timely(summary, statement, ask):
        return []
    words = text[statement.start : statement.end]
    if _words("not_told", "anywhere").search(words):
        return []
    if statement.voice == "provider" and _words("not_told", "plan").search(words):
        return []
    if (
        ask.objective
        and (answer.gain or answer.score)
        and (statement.voice == "patient" or _words("asks", "subjective").search(words))
    ):
        return []
    return [] if _doubted(summary, statement, ask) else found


def _found(summary: Summary, statement: Statement, ask: Ask, dispute: Dispute) -> Iterator[Offsets]:
    """Return what in a statement is of the kind that answers."""
    answer = ask.answer
    if answer.tried is not None:
        return _tried(summary, statement, ask, dispute)
    if answer.study is not None:
        return _studied(summary, statement, ask, dispute)
    if answer.gain:
        return _gained(summary, statement, ask, dispute)
    if answer.state:
        return _in_state(summary, statement, answer)
    if answer.score:
        return _scored(summary, statement)
    if answer.sessions:
        return _counted(summary, statement, dispute)
    return _said(summary, statement, ask, dispute)


def _timely(summary: Summary, statement: Statement, ask: Ask) -> bool:
    """Tell whether a statement is of the time that the reviewer asks for; the date of a past treatment is its own."""
    if not (ask.recent or ask.dates):
        return True
    dated = summary.day(statement)
    if ask.answer.tried is not None or ask.answer.study is not None:
        own = [one.iso for one in dates_in(summary.text, statement.start, statement.end)]
        dated = max(own, default=None)
    if dated is None or summary.last is None:
        return False
    if ask.dates and dated not in ask.dates:
        return False
    return not ask.recent or (date.fromisoformat(summary.last) - date.fromisoformat(dated)).days <= _RECENT


def _told(text: str, statement: Statement, start: int, end: int, *, negated: bool = False) -> bool:
    """Tell whether ``text[start:end]`` is told as a fact: nothing before or behind it takes it back."""
    not_before, not_after = _words("not_told", "before"), _words("not_told", "after")
    if not negated and not_before.search(text, statement.start, start):
        return False
    return not not_after.match(text, end, statement.end)


def _said(summary: Summary, statement: Statement, ask: Ask, dispute: Dispute) -> Iterator[Offsets]:
    text, answer = summary.text, ask.answer
    if answer.words is None:
        return
    for match in answer.words.finditer(text, statement.start, statement.end):
        if not _told(text, statement, match.start(), match.end(), negated=answer.negated):
            continue
        if ask.failed and not _in_vain(text, statement, match.start(), match.end()):
            continue
        if ask.significant and _words("asks", "weak").fullmatch(match[0]):
            continue
        if ask.days and _longest_duration(text[statement.start : statement.end]) < ask.days:
            continue
        if answer.place and not _where_asked(summary, statement, match, ask, dispute):
            continue
        yield match.span()


def _where_asked(summary: Summary, statement: Statement, match: re.Match[str], ask: Ask, dispute: Dispute) -> bool:
    """Tell whether a finding is where the reviewer looks: at the place in dispute, else at the one the sentence names.

    A drug or a therapy may be for no one place. A finding is at the place in or right behind its words, else at the last
    one before them.
    """
    text, asked_for = summary.text, _asked_for(summary.text, ask, dispute)
    if not asked_for:
        return dispute.family in families("drugs") | families("therapies")
    kind = ask.answer.place or "same"
    # What is wrong with a joint is not told by the far end of a nerve.
    if kind == "nerve" and any(one.part in _regions_of_joints() for one in asked_for):
        kind = "same"
    own = places(text, statement.start, statement.end)
    stop = re.compile(r"[,.;]").search(text, match.end(), statement.end)
    here = [one for one in own if match.start() <= one.start < (stop.start() if stop else statement.end)]
    before = [one for one in own if one.end <= match.start()]
    at = here or before[-1:] or summary.carried(statement)
    return bool(at) and any(within(one, place, kind) for one in at for place in asked_for)


def _nerve_signs(
    summary: Summary, ask: Ask, dispute: Dispute, answered: list[tuple[Statement, list[Offsets]]]
) -> list[tuple[Statement, list[Offsets]]]:
    """Leave out grades of strength that may be of a joint: alone they are no sign of a nerve.

    A grade answers beside another sign of the same visit (sensation, reflex), or where its root is named. Alone it answers
    only a question not asked as specific, of 4 or less, and of no movement of a joint nor beside a test of one.
    """
    text = summary.text
    firm = {
        summary.day(one) for one, matches in answered for match in matches if not _words("nerve", "strength").search(text, *match)
    } - {None}
    kept = []
    for statement, matches in answered:
        words = text[statement.start : statement.end]
        of_joint = bool(_words("nerve", "joint").search(words)) or any(one.part in _regions_of_joints() for one in dispute.places)
        own = []
        for start, end in matches:
            grade = _words("nerve", "strength").search(text, start, end)
            rooted = _words("nerve", "root").search(words)
            slight = _words("nerve", "slight").search(text, start, end)
            alone = not rooted and (of_joint or slight or ask.specific)
            others = summary.day(statement) in firm or any(not _words("nerve", "strength").search(text, *one) for one in matches)
            if not grade or others or not alone:
                own.append((start, end))
        kept.append((statement, own))
    return kept


def _regions_of_joints() -> frozenset[str]:
    return frozenset(load_yaml("counter_evidence.yaml")["nerve"]["joints"])


def _in_vain(text: str, statement: Statement, start: int, end: int) -> bool:
    """Tell whether a statement says that the treatment at ``start`` was had without success, or was not tolerated."""
    for pattern in (_words("without_success"), _words("not_tolerated")):
        for match in pattern.finditer(text, statement.start, statement.end):
            between = text[min(end, match.end()) : max(start, match.start())]
            if not re.search(r"[.;]|,\s+(?:and|but|he|she|the)\b", between):
                return True
    return False


def _tried(summary: Summary, statement: Statement, ask: Ask, dispute: Dispute) -> Iterator[Offsets]:
    tried, text = ask.answer.tried or {}, summary.text
    words = text[statement.start : statement.end]
    if ask.days and _longest_duration(words) < ask.days:
        return
    if "classes" in tried:
        for one in summary.within(statement, "MEDICATION"):
            attributes = one["attributes"]
            own = set(attributes.get("ingredients", ()))
            if attributes.get("drug_class") not in tried["classes"] and not _class_named(text, one, ask.answer):
                continue
            if attributes.get("route") == "topical" or (own & dispute.drugs and dispute.family != "topical"):
                continue
            if tried.get("now") and one["assertion"] != "present":
                continue
            if _had(text, statement, one) and (not ask.failed or _drug_in_vain(summary, statement, one)):
                yield one["start"], one["end"]
        return
    data = load_yaml("counter_evidence.yaml")
    wanted = frozenset(tried.get("families") or set(data["conservative_families"]) - {dispute.family})
    for one in summary.within(statement, "PROCEDURE"):
        if one["attributes"].get("family") not in wanted or not _had(text, statement, one):
            continue
        own_places = places(text, one["start"], one["end"])
        if own_places and dispute.places and not any(within(a, b, "same") for a in own_places for b in dispute.places):
            continue
        if not ask.failed or _in_vain(text, statement, one["start"], one["end"]):
            yield one["start"], one["end"]


def _class_named(text: str, one: Mention, answer: Answer) -> bool:
    """Tell whether a mention is the class itself that the reviewer names ("NSAIDs")."""
    return bool(one["attributes"].get("class")) and answer.missing.fullmatch(text, one["start"], one["end"]) is not None


def _had(text: str, statement: Statement, one: Mention) -> bool:
    return one["assertion"] in _HAD and _told(text, statement, one["start"], one["end"])


def _drug_in_vain(summary: Summary, statement: Statement, one: Mention) -> bool:
    """Tell whether the words about this drug, up to the next treatment, say that it failed or was not tolerated."""
    others = [*summary.within(statement, "MEDICATION"), *summary.within(statement, "PROCEDURE")]
    stop = min((other["start"] for other in others if other["start"] >= one["end"]), default=statement.end)
    tail = summary.text[one["end"] : stop]
    return any(_words(group).search(tail) for group in ("without_success", "not_tolerated"))


def _studied(summary: Summary, statement: Statement, ask: Ask, dispute: Dispute) -> Iterator[Offsets]:
    study, text = ask.answer.study or {}, summary.text
    for one in summary.within(statement, "PROCEDURE"):
        attributes = one["attributes"]
        if attributes.get("family") not in study["families"] or not _had(text, statement, one):
            continue
        if study.get("canonicals") and attributes.get("canonical") not in study["canonicals"]:
            continue
        if not _READ.search(text, one["end"], statement.end):
            continue
        if ask.proof and not any(
            _told(text, statement, *match.span()) for match in _words("lesion").finditer(text, one["end"], statement.end)
        ):
            continue
        own = places(text, one["start"], one["end"]) or places(text, statement.start, statement.end)
        if own and (
            not dispute.places or any(within(a, b, "nerve") or within(a, b, "same") for a in own for b in dispute.places)
        ):
            yield one["start"], one["end"]


_READ = re.compile(r"\b(?:reveal|show|demonstrat|note|found|indicat|document|was read|were read|impression|confirm)\w*", re.I)


def _gained(summary: Summary, statement: Statement, ask: Ask, dispute: Dispute) -> Iterator[Offsets]:
    text, answer = summary.text, ask.answer
    if not _names_treatment(summary, statement, dispute):
        return
    # Of function, pain and "better" tell nothing (8 CCR 9792.20).
    wanted = answer.gain - {"pain", "general"} if ask.function else answer.gain
    gains = [
        (one["start"], one["end"])
        for one in summary.within(statement, "FUNCTION")
        if one["attributes"]["polarity"] == "improved" and one["attributes"]["dimension"] in wanted
    ]
    if answer.better is not None:
        gains += [match.span() for match in answer.better.finditer(text, statement.start, statement.end)]
    for start, end in gains:
        if ask.measured and not _measured(text, statement, start, end, pain="pain" in wanted):
            continue
        if _told(text, statement, start, end):
            yield start, end


# How far behind a gain its measure may stand.
_BESIDE = 60  # characters
_SCORE = re.compile(r"\b\d{1,2}(?:\s*(?:-|to)\s*\d{1,2})?\s*(?:/|out of)\s*10\b", re.I)
_PAIR = re.compile(
    r"\bfrom\b[^.;,]{0,25}\d[^.;,]{0,25}\bto\b[^.;,]{0,15}\d"
    r"|\d[^.;]{0,40}\b(?:instead of|rather than|compared (?:to|with)|versus|before|previously|up from|down from)\b[^.;]{0,25}\d"
    r"|\d\s*(?:%|per ?cent\b)"
    r"|\d\s*(?:\u00b0|degrees?\b)",
    re.I,
)


def _measured(text: str, statement: Statement, start: int, end: int, *, pain: bool) -> bool:
    """Tell whether a pair of values, a per cent or degrees stand beside a gain; dates are none, nor pain scores but of pain."""
    words = list(text)[statement.start : statement.end]
    blank = [(one.start, one.end) for one in dates_in(text, statement.start, statement.end)]
    if not pain:
        blank += [match.span() for match in _SCORE.finditer(text, statement.start, statement.end)]
    for first, last in blank:
        words[first - statement.start : last - statement.start] = " " * (last - first)
    beside = "".join(words)[max(0, start - statement.start) : end - statement.start + _BESIDE]
    return bool(_PAIR.search(beside))


def _names_treatment(summary: Summary, statement: Statement, dispute: Dispute) -> bool:
    """Tell whether a statement names the treatment that was had of what is in dispute, as one that was had."""
    for label, assertions in (("MEDICATION", (*_HAD, None)), ("PROCEDURE", tuple(_HAD))):
        if any(one["assertion"] in assertions and _names(one) & dispute.had for one in summary.within(statement, label)):
            return True
    return False


def _in_state(summary: Summary, statement: Statement, answer: Answer) -> Iterator[Offsets]:
    for one in summary.within(statement, "FUNCTION"):
        attributes = one["attributes"]
        if attributes["dimension"] not in answer.state or attributes["polarity"] == "undocumented":
            continue
        if "functional_deficit" in answer.types and attributes["polarity"] != "not_improved":
            continue
        if _told(summary.text, statement, one["start"], one["end"]):
            yield one["start"], one["end"]


def _scored(summary: Summary, statement: Statement) -> Iterator[Offsets]:
    for one in summary.within(statement, "FUNCTION"):
        if one["attributes"].get("score") and _told(summary.text, statement, one["start"], one["end"]):
            yield one["start"], one["end"]


def _counted(summary: Summary, statement: Statement, dispute: Dispute) -> Iterator[Offsets]:
    text = summary.text
    for match in _COUNTED.finditer(text, statement.start, statement.end):
        near = [
            one
            for one in summary.within(statement, "PROCEDURE")
            if one["attributes"].get("family") == dispute.family and one["assertion"] == "historical"
        ]
        if near and _told(text, statement, match.start(), match.end()):
            yield match.span()
