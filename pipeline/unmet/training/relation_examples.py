"""From annotated letters and written rationales to what the relation model is fitted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unmet.components.letter_layout import layout_of
from unmet.components.relation_classifier import rationale_view
from unmet.components.relations import argument_of
from unmet.learning.fit_relations import RelationExample
from unmet.training.scoring import same_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacy.tokens import Doc

    from unmet.corpus.attach import AnnotatedLetter
    from unmet.corpus.rows import RowRequest
    from unmet.layout.model import Layout, Offsets, RequestParts
    from unmet.learning.fit_relations import Origin
    from unmet.reasoning.findings import Argument
    from unmet.training.rationales import Rationale, WrittenLetter

# A criterion may be met in one sentence and unmet in another, or stand twice: the status that says more counts.
_ORDER = ("not_addressed", "met", "unmet")


def letter_examples(annotated: AnnotatedLetter, doc: Doc, *, written: bool) -> Iterator[RelationExample]:
    """Yield an example for every annotated request of a letter; ``doc`` is read by the rules."""
    layout = layout_of(doc)
    group = annotated.row.letter if written else _reviewer(layout) or annotated.row.letter
    for request in layout.requests:
        own = next((one for one in annotated.row.requests if same_place(annotated.to_text(*one.title), request.title)), None)
        if own is None:
            continue
        argument = _argument(doc, request)
        yield _example(
            doc, argument, _found(annotated, own, argument), _statuses(own), group, origin="letter" if written else "real"
        )


def rationale_example(rationale: Rationale, written: WrittenLetter, doc: Doc, name: str) -> RelationExample | None:
    """Return an example of a written rationale, None where the reader finds no request in it."""
    requests = layout_of(doc).requests
    if len(requests) != 1:
        return None
    argument = _argument(doc, requests[0])
    finds: dict[tuple[int, str], str] = {}
    statuses: dict[str, str] = {}
    for one, place in zip(rationale.sentences, written.sentences, strict=True):
        for stated in one.states:
            statuses.setdefault(stated, "not_addressed")
        for find in one.finds:
            statuses[find.type] = max(statuses.get(find.type, "not_addressed"), find.status, key=_ORDER.index)
            for index in _sentences_at(argument, place):
                finds[index, find.type] = _outcome(find.status, find.basis)
    return _example(doc, argument, finds, statuses, name, origin="rationale")


def _reviewer(layout: Layout) -> str:
    """Name a reviewer by what is printed of him: one writer's letters stand in one fold."""
    return "; ".join([*layout.reviewer.licensure, *layout.reviewer.specialties])


def _argument(doc: Doc, request: RequestParts) -> Argument:
    return argument_of(doc, request, doc._.families[str(request.index)])


def _example(
    doc: Doc, argument: Argument, finds: dict[tuple[int, str], str], statuses: dict[str, str], group: str, *, origin: Origin
) -> RelationExample:
    rules = [one for one in doc._.criteria if one["request"] == argument.request.index]
    return RelationExample(rationale_view(argument, doc._.mentions or [], rules), finds, statuses, group, origin)


def _found(annotated: AnnotatedLetter, own: RowRequest, argument: Argument) -> dict[tuple[int, str], str]:
    finds: dict[tuple[int, str], str] = {}
    for one in own.criteria:
        for place in one.evidence:
            for index in _sentences_at(argument, annotated.to_text(*place)):
                if one.status == "unmet" or (index, one.type) not in finds:
                    finds[index, one.type] = _outcome(one.status, one.unmet_basis)
    return finds


def _outcome(status: str, basis: str | None) -> str:
    # What falls with another request is not told from words that leave something unsaid.
    return "met" if status == "met" else "undocumented" if basis in (None, "inherited") else basis


def _statuses(own: RowRequest) -> dict[str, str]:
    statuses: dict[str, str] = {}
    for one in own.criteria:
        statuses[one.type] = max(statuses.get(one.type, "not_addressed"), one.status, key=_ORDER.index)
    return statuses


def _sentences_at(argument: Argument, place: Offsets) -> Iterable[int]:
    return [index for index, one in enumerate(argument.sentences) if same_place((one["start"], one["end"]), place)]
