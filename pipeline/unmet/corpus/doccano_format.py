"""Rows as doccano examples and back, without a server: spans and arrows carry what annotators decide, meta the rest.

A letter's collapsed text becomes one example. Its spans:

- a mention is ``MEDICATION:<assertion>``, ``PROCEDURE:<assertion>``, ``FUNCTION:<dimension>/<polarity>`` or
  ``CRITERION:<type>``; a sentence is ``VOICE:<voice>``;
- a request is ``REQUEST:<decision>`` over its title; ``ITEM:<family>`` over the item points to it (``item_of``), and
  ``inherits_from`` points from one request to the one it falls with;
- a criterion as the reviewer applied it is ``APPLIED:<type>``. One arrow leads from it to its request and is named
  after its status (``met``, ``unmet:undocumented``, ...; ``(decisive)`` where it decided). Arrows lead to it from the
  sentences that say so (``evidence``), that speak against it (``counter``) and from the phrase that states it
  (``states``). Such a span is the VOICE or CRITERION span there, or else an EVIDENCE or STATEMENT span.

Two keys of the example's meta hold the rest: ``doc_id``, the letter, and ``unmet``, one string of JSON (doccano's
importer would turn numbers and gaps of structured meta into floats and NaN): checksum, sections, readers, and for each
mention, request and criterion its id, beside the place where it stood, and the attributes that labels do not show.
"""

from __future__ import annotations

import hashlib
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from unmet.corpus.rows import (
    CorpusError,
    Offsets,
    Row,
    RowCriterion,
    RowMention,
    RowRequest,
    RowSection,
    RowSentence,
    row_faults,
)
from unmet.knowledge import codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_Known = TypeVar("_Known")
_Found = TypeVar("_Found")

# The attributes that a mention's label shows, by the label's first part; the others ride in the meta.
_SHOWN = {"MEDICATION": (), "PROCEDURE": (), "FUNCTION": ("dimension", "polarity"), "CRITERION": ("type",)}
_MENTIONS = tuple(_SHOWN)
_COLORS = {
    "MEDICATION": "#1565c0",
    "PROCEDURE": "#2e7d32",
    "FUNCTION": "#6a1b9a",
    "CRITERION": "#e65100",
    "VOICE": "#607d8b",
    "REQUEST": "#b71c1c",
    "ITEM": "#ad1457",
    "APPLIED": "#4e342e",
    "EVIDENCE": "#00695c",
    "STATEMENT": "#9e9d24",
}
_DECISIVE = " (decisive)"


class Entity(msgspec.Struct, frozen=True):
    """A labelled span; doccano numbers spans anew, in the order in which they were sent."""

    id: int
    label: str
    start_offset: int
    end_offset: int

    @property
    def family(self) -> str:
        """The part of the label before the colon."""
        return self.label.partition(":")[0]

    @property
    def value(self) -> str:
        """The part of the label behind the colon."""
        return self.label.partition(":")[2]

    @property
    def offsets(self) -> Offsets:
        """Where it is."""
        return self.start_offset, self.end_offset

    def __str__(self) -> str:
        return f"{self.label} at {self.start_offset}-{self.end_offset}"


class Relation(msgspec.Struct, frozen=True):
    """An arrow from one span to another."""

    id: int
    from_id: int
    to_id: int
    type: str


class Example(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One line of doccano's JSON Lines, sent or exported; ``id`` is the server's."""

    id: int | None = None
    text: str
    doc_id: str | None = None
    unmet: str | None = None
    entities: list[Entity]
    relations: list[Relation]


class _Mention(msgspec.Struct, omit_defaults=True):
    id: str
    label: str
    at: Offsets
    attributes: dict[str, Any] = {}


class _Request(msgspec.Struct):
    index: int
    at: Offsets


class _Criterion(msgspec.Struct, omit_defaults=True):
    id: str
    type: str
    request: int
    at: Offsets
    unsorted: bool = False


class _Rest(msgspec.Struct, kw_only=True):
    """What no label shows. The places say which span an id belongs to; an annotator may have changed its label."""

    schema_version: str
    sha256: str
    characters: int
    quality: Literal["gold", "silver"]
    readers: list[str]
    sections: list[RowSection]
    sentences: list[Offsets]
    mentions: list[_Mention]
    requests: list[_Request]
    criteria: list[_Criterion]


@cache
def span_types() -> dict[str, str]:
    """Return the labels of spans, each with its colour."""
    values = {
        "MEDICATION": sorted(codes("assertion")),
        "PROCEDURE": sorted(codes("assertion")),
        "FUNCTION": [
            f"{dimension}/{polarity}"
            for dimension in sorted(codes("function_dimension"))
            for polarity in sorted(codes("function_polarity"))
        ],
        "CRITERION": sorted(codes("criterion_type")),
        "VOICE": sorted(codes("voice")),
        "REQUEST": sorted(codes("decision")),
        "ITEM": sorted(codes("treatment_family")),
        "APPLIED": sorted(codes("criterion_type")),
    }
    labels = {f"{family}:{value}": _COLORS[family] for family, listed in values.items() for value in listed}
    return labels | {family: _COLORS[family] for family in ("EVIDENCE", "STATEMENT")}


@cache
def relation_types() -> dict[str, str]:
    """Return the labels of arrows, each with its colour."""
    colors = {"met": "#2e7d32", "unmet": "#b71c1c", "not_addressed": "#757575"}
    statuses = {name: colors[status] for name, (status, _, _) in _statuses().items()}
    return statuses | {
        "evidence": _COLORS["EVIDENCE"],
        "counter": "#f9a825",
        "states": _COLORS["STATEMENT"],
        "item_of": _COLORS["ITEM"],
        "inherits_from": _COLORS["REQUEST"],
    }


def label_file(types: dict[str, str]) -> bytes:
    """Return labels in the format that doccano's own label import reads."""
    listed = [
        {"text": text, "prefix_key": None, "suffix_key": None, "background_color": color, "text_color": "#ffffff"}
        for text, color in types.items()
    ]
    return msgspec.json.format(msgspec.json.encode(listed), indent=2) + b"\n"


@cache
def _statuses() -> dict[str, tuple[Literal["met", "unmet", "not_addressed"], str | None, bool]]:
    """The arrows from a criterion to its request: status, basis, decisive."""
    named: dict[str, tuple[Literal["met", "unmet", "not_addressed"], str | None]] = {"met": ("met", None)}
    named |= {f"unmet:{basis}": ("unmet", basis) for basis in sorted(codes("unmet_basis"))}
    named["not_addressed"] = ("not_addressed", None)
    return {
        name + (_DECISIVE if decisive else ""): (status, basis, decisive)
        for name, (status, basis) in named.items()
        for decisive in (False, True)
    }


@cache
def _ends() -> dict[str, tuple[tuple[str, ...], str]]:
    """From what kinds of span to what kind each arrow leads."""
    ends: dict[str, tuple[tuple[str, ...], str]] = dict.fromkeys(_statuses(), (("APPLIED",), "REQUEST"))
    ends["evidence"] = ends["counter"] = (("VOICE", "EVIDENCE"), "APPLIED")
    ends["states"] = (("CRITERION", "STATEMENT"), "APPLIED")
    ends["item_of"] = (("ITEM",), "REQUEST")
    ends["inherits_from"] = (("REQUEST",), "REQUEST")
    return ends


def to_example(row: Row, text: str) -> Example:
    """Return a row as an example; raises :class:`CorpusError` if the row is faulty or not of this collapsed text."""
    fault = next(row_faults(row), None)
    if fault:
        raise CorpusError(f"{row.letter}: {fault}")
    _check_text(row.letter, text, row.sha256, row.characters)
    return _Writer(row).example(text)


class _Writer:
    """Collects the spans and arrows of a row."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.entities: list[Entity] = []
        self.relations: list[Relation] = []
        self.at: dict[tuple[str, Offsets], Entity] = {}
        self.nodes: list[_Criterion] = []

    def example(self, text: str) -> Example:
        row = self.row
        for sentence in row.sentences:
            self.add(f"VOICE:{sentence.voice}", (sentence.start, sentence.end))
        for mention in row.mentions:
            self.add(_label(mention), (mention.start, mention.end))
        titles = {request.index: self.add(f"REQUEST:{request.decision}", request.title) for request in row.requests}
        for request in row.requests:
            title = titles[request.index]
            self.link(self.add(f"ITEM:{request.family}", request.item), title, "item_of")
            if request.inherits_from is not None:
                self.link(title, titles[request.inherits_from], "inherits_from")
            for criterion in request.criteria:
                self.apply(criterion, request, title)
        rest = _Rest(
            schema_version=row.schema_version,
            sha256=row.sha256,
            characters=row.characters,
            quality=row.quality,
            readers=row.readers,
            sections=row.sections,
            sentences=[(sentence.start, sentence.end) for sentence in row.sentences],
            mentions=[
                _Mention(one.id, _label(one), (one.start, one.end), _without(one.attributes, _SHOWN[one.label]))
                for one in row.mentions
            ],
            requests=[_Request(request.index, request.title) for request in row.requests],
            criteria=self.nodes,
        )
        return Example(
            text=text,
            doc_id=row.letter,
            unmet=msgspec.json.encode(rest).decode(),
            entities=self.entities,
            relations=self.relations,
        )

    def apply(self, criterion: RowCriterion, request: RowRequest, title: Entity) -> None:
        places = [*criterion.evidence, *([criterion.statement] if criterion.statement else []), *criterion.counter_evidence]
        node = self.add(f"APPLIED:{criterion.type}", places[0] if places else request.title)
        unsorted = any(sorted(spans) != spans for spans in (criterion.evidence, criterion.counter_evidence))
        self.nodes.append(_Criterion(criterion.id, criterion.type, request.index, node.offsets, unsorted))
        verdict = (criterion.status, criterion.unmet_basis, criterion.decisive)
        self.link(node, title, next(name for name, status in _statuses().items() if status == verdict))
        for span in criterion.evidence:
            self.link(self.there("VOICE", span, "EVIDENCE"), node, "evidence")
        for span in criterion.counter_evidence:
            self.link(self.there("VOICE", span, "EVIDENCE"), node, "counter")
        if criterion.statement:
            self.link(self.there("CRITERION", criterion.statement, "STATEMENT"), node, "states")

    def add(self, label: str, offsets: Offsets) -> Entity:
        entity = Entity(len(self.entities) + 1, label, *offsets)
        self.entities.append(entity)
        self.at.setdefault((entity.family, entity.offsets), entity)
        return entity

    def there(self, family: str, offsets: Offsets, otherwise: str) -> Entity:
        """The span of the family that stands exactly there, or a span of its own."""
        found = self.at.get((family, offsets)) or self.at.get((otherwise, offsets))
        return found or self.add(otherwise, offsets)

    def link(self, source: Entity, target: Entity, kind: str) -> None:
        self.relations.append(Relation(len(self.relations) + 1, source.id, target.id, kind))


def from_example(example: Example) -> Row:
    """Return the row of an exported example.

    Ids and hidden attributes go to the spans that stand where they stood, whatever their label is now; new spans get
    new ids. Raises :class:`CorpusError` naming the letter and the label or span: a label that is none of ours, an
    arrow between the wrong spans, a changed text, and all that ``row_faults`` finds.
    """
    if example.doc_id is None or example.unmet is None:
        raise CorpusError(f"doccano example {example.id}: was not pushed by unmet; delete it from the project")
    try:
        rest = msgspec.json.decode(example.unmet, type=_Rest)
    except msgspec.MsgspecError as error:
        raise CorpusError(f"{example.doc_id}: its meta on the server is damaged ({error})") from None
    _check_text(example.doc_id, example.text, rest.sha256, rest.characters)
    row = _Reader(example, example.doc_id, rest).row()
    fault = next(row_faults(row), None)
    if fault:
        raise CorpusError(f"{row.letter}: {fault}")
    return row


class _Reader:
    """Rebuilds a row from the spans and arrows of an example."""

    def __init__(self, example: Example, letter: str, rest: _Rest) -> None:
        self.letter = letter
        self.rest = rest
        self.entities = sorted(example.entities, key=lambda entity: entity.id)
        self.relations = sorted(example.relations, key=lambda relation: relation.id)
        self.by_id = {entity.id: entity for entity in self.entities}
        self.into: dict[int, list[tuple[str, Entity]]] = {}
        self.out: dict[int, list[tuple[str, Entity]]] = {}

    def row(self) -> Row:
        self._check()
        rest = self.rest
        indices, titles = self._indices()
        criteria = self._criteria(indices)
        requests = [self._request(index, title, indices, criteria.get(title.id, [])) for index, title in titles]
        gone = {request.index for request in rest.requests} - {request.index for request in requests}
        return Row(
            schema_version=rest.schema_version,
            letter=self.letter,
            sha256=rest.sha256,
            characters=rest.characters,
            quality=rest.quality,
            readers=rest.readers,
            sections=[
                msgspec.structs.replace(section, request=None) if section.request in gone else section
                for section in rest.sections
            ],
            sentences=self._sentences(),
            requests=requests,
            mentions=self._mentions(),
        )

    def _check(self) -> None:
        """Check every label and both ends of every arrow."""
        for entity in self.entities:
            if entity.label not in span_types():
                raise CorpusError(
                    f"{self.letter}: span at {entity.start_offset}-{entity.end_offset} has the label "
                    f"{entity.label!r}, which is not in the label set"
                )
        ends = _ends()
        for relation in self.relations:
            if relation.type not in ends:
                raise CorpusError(f"{self.letter}: a relation has the label {relation.type!r}, which is not in the label set")
            source, target = self.by_id.get(relation.from_id), self.by_id.get(relation.to_id)
            if source is None or target is None:
                raise CorpusError(f"{self.letter}: relation {relation.type!r} leads from or to a span that is not there")
            sources, aim = ends[relation.type]
            if source.family not in sources or target.family != aim:
                raise CorpusError(
                    f"{self.letter}: relation {relation.type!r} leads from {source} to {target}, "
                    f"but goes from {' or '.join(sources)} to {aim}"
                )
            self.out.setdefault(source.id, []).append((relation.type, target))
            self.into.setdefault(target.id, []).append((relation.type, source))
        for entity in self.entities:
            if entity.family in ("ITEM", "EVIDENCE", "STATEMENT") and entity.id not in self.out:
                raise CorpusError(f"{self.letter}: {entity} has no relation to what it belongs to")

    def _of(self, *families: str) -> list[Entity]:
        return [entity for entity in self.entities if entity.family in families]

    def _sentences(self) -> list[RowSentence]:
        found = self._of("VOICE")
        ranks = _match(self.rest.sentences, found, [lambda known, one: known == one.offsets])
        return [
            RowSentence(start=one.start_offset, end=one.end_offset, voice=one.value)
            for one in _arranged(found, ranks, self.rest.sentences)
        ]

    def _mentions(self) -> list[RowMention]:
        known, found = self.rest.mentions, self._of(*_MENTIONS)
        ranks = _match(
            known,
            found,
            [
                lambda old, one: old.label == one.label and old.at == one.offsets,
                lambda old, one: old.label.partition(":")[0] == one.family and old.at == one.offsets,
                lambda old, one: old.label.partition(":")[0] == one.family and _overlap(old.at, one.offsets),
            ],
        )
        olds = {found[position].id: known[rank] for position, rank in ranks.items()}
        ids = _free_ids("m", (old.id for old in known))
        mentions = []
        for one in _arranged(found, ranks, [old.at for old in known]):
            old = olds.get(one.id)
            shown = dict(zip(_SHOWN[one.family], one.value.split("/"), strict=False))
            mentions.append(
                RowMention(
                    id=old.id if old else next(ids),
                    label=one.family,  # type: ignore[arg-type]
                    start=one.start_offset,
                    end=one.end_offset,
                    assertion=None if shown else one.value,
                    attributes=shown | (old.attributes if old else {}),
                )
            )
        return mentions

    def _indices(self) -> tuple[dict[int, int], list[tuple[int, Entity]]]:
        """The index of each request by its title's span, and the titles in the order of the row."""
        known, found = self.rest.requests, self._of("REQUEST")
        ranks = _match(
            known,
            found,
            [lambda old, one: old.at == one.offsets, lambda old, one: _overlap(old.at, one.offsets)],
        )
        new = count(max((old.index for old in known), default=0) + 1)
        indices = {one.id: known[ranks[place]].index if place in ranks else next(new) for place, one in enumerate(found)}
        return indices, [(indices[one.id], one) for one in _arranged(found, ranks, None)]

    def _request(self, index: int, title: Entity, indices: dict[int, int], criteria: list[RowCriterion]) -> RowRequest:
        items = [source for kind, source in self.into.get(title.id, []) if kind == "item_of"]
        parents = [target for kind, target in self.out.get(title.id, []) if kind == "inherits_from"]
        if len(items) != 1:
            raise CorpusError(f"{self.letter}: {title} needs one ITEM with a relation item_of to it, and has {len(items)}")
        if len(parents) > 1:
            raise CorpusError(f"{self.letter}: {title} has {len(parents)} relations inherits_from, and may have one")
        return RowRequest(
            index=index,
            title=title.offsets,
            item=items[0].offsets,
            decision=title.value,  # type: ignore[arg-type]
            family=items[0].value,
            inherits_from=indices[parents[0].id] if parents else None,
            criteria=criteria,
        )

    def _criteria(self, indices: dict[int, int]) -> dict[int, list[RowCriterion]]:
        """The criteria by their request's title."""
        found = self._of("APPLIED")
        aims = {node.id: self._verdict(node) for node in found}
        known = self.rest.criteria

        def same(old: _Criterion, node: Entity, *, request: bool, kind: bool, place: bool) -> bool:
            return (
                (not request or old.request == indices[aims[node.id][1].id])
                and (not kind or old.type == node.value)
                and (not place or old.at == node.offsets)
            )

        ranks = _match(
            known,
            found,
            [
                lambda old, node: same(old, node, request=True, kind=True, place=True),
                lambda old, node: same(old, node, request=True, kind=False, place=True),
                lambda old, node: same(old, node, request=True, kind=True, place=False),
                lambda old, node: same(old, node, request=False, kind=True, place=True),
            ],
        )
        olds = {found[position].id: known[rank] for position, rank in ranks.items()}
        new = {index: _free_ids(f"r{index}c", (old.id for old in known)) for index in indices.values()}
        criteria: dict[int, list[RowCriterion]] = {}
        for node in _arranged(found, ranks, None):
            verdict, title = aims[node.id]
            status, basis, decisive = _statuses()[verdict]
            arrows = self.into.get(node.id, [])
            old = olds.get(node.id)
            spans = {
                wanted: [source.offsets for kind, source in arrows if kind == wanted]
                for wanted in ("evidence", "counter", "states")
            }
            if len(spans["states"]) > 1:
                raise CorpusError(f"{self.letter}: {node} has {len(spans['states'])} relations states, and may have one")
            if not (old and old.unsorted):
                spans = {kind: sorted(listed) for kind, listed in spans.items()}
            criteria.setdefault(title.id, []).append(
                RowCriterion(
                    id=old.id if old else next(new[indices[title.id]]),
                    type=node.value,
                    status=status,
                    unmet_basis=basis,
                    decisive=decisive,
                    statement=spans["states"][0] if spans["states"] else None,
                    evidence=spans["evidence"],
                    counter_evidence=spans["counter"],
                )
            )
        return criteria

    def _verdict(self, node: Entity) -> tuple[str, Entity]:
        arrows = self.out.get(node.id, [])
        if len(arrows) != 1:
            raise CorpusError(
                f"{self.letter}: {node} needs one relation to a REQUEST that says its status, and has {len(arrows)}"
            )
        return arrows[0]


def _check_text(letter: str, text: str, sha256: str, characters: int) -> None:
    if len(text) != characters or hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != sha256:
        raise CorpusError(f"{letter}: is not the text that was annotated (checksum differs)")


def _label(mention: RowMention) -> str:
    shown = "/".join(str(mention.attributes[name]) for name in _SHOWN[mention.label])
    return f"{mention.label}:{shown or mention.assertion}"


def _without(attributes: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name not in names}


def _overlap(one: Offsets, other: Offsets) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _free_ids(prefix: str, taken: Iterable[str]) -> Iterator[str]:
    used = set(taken)
    return (name for name in (f"{prefix}{number}" for number in count(1)) if name not in used)


def _match(known: Sequence[_Known], found: Sequence[_Found], tests: Sequence[Callable[[_Known, _Found], bool]]) -> dict[int, int]:
    """Pair what was found with what is known, by position: the strictest test first, equals in their order."""
    pairs: dict[int, int] = {}
    free = list(range(len(known)))
    for test in tests:
        for position, one in enumerate(found):
            if position not in pairs:
                rank = next((rank for rank in free if test(known[rank], one)), None)
                if rank is not None:
                    pairs[position] = rank
                    free.remove(rank)
    return pairs


def _arranged(found: Sequence[Entity], ranks: dict[int, int], places: Sequence[Offsets] | None) -> list[Entity]:
    """Put spans in the order of the text if the known ``places`` were in it, else known ones first, in their order."""
    by_text = places is not None and list(places) == sorted(places)
    order = sorted(
        range(len(found)),
        key=lambda at: (found[at].offsets if by_text else (0, 0), at not in ranks, ranks.get(at, at)),
    )
    return [found[position] for position in order]
