"""Annotated letters as the spaCy trainer reads them: the prose with the rules' marks, and the annotated spans.

``unmet.Prose.v1`` is a corpus reader for spaCy configs. It gives the pipeline in training Docs with the marks of the
rules (:mod:`unmet.components.prose_view`), which spaCy's own reader would drop when it tokenizes the text anew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from spacy.util import filter_spans, registry

from unmet.components.clause_suggester import suggest
from unmet.components.learned_mentions import GROUP, RULE_GROUP, view_for_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from spacy.language import Language
    from spacy.vocab import Vocab

    from unmet.corpus.attach import AnnotatedLetter

_ENTITIES = ("MEDICATION", "PROCEDURE")
_PHRASES = ("CRITERION", "FUNCTION")
# A phrase that no suggested span shares this much with (intersection over union) is not trained on.
_LEAST_SHARED = 0.4
_LONGEST = 30


def prose_example(annotated: AnnotatedLetter, doc: Doc) -> Doc:
    """Return the prose of a letter that the rules have read, with the annotated entities and phrases.

    The span categoriser can only learn spans that its suggester offers, so a phrase is moved to the offered span that
    shares most with it.
    """
    view = view_for_model(doc, doc.vocab)
    offered = suggest(view.doc, RULE_GROUP, _LONGEST)
    entities, phrases = [], []
    for one in annotated.row.mentions:
        start, end = annotated.to_text(one.start, one.end)
        first, last = bisect_right(view.tokens.starts, start) - 1, bisect_left(view.tokens.ends, end)
        if first < 0 or last >= len(view.tokens.ends) or last < first:
            continue
        if one.label in _ENTITIES:
            entities.append(Span(view.doc, first, last + 1, label=one.label))
        elif one.label in _PHRASES and (near := _nearest(offered, first, last + 1)):
            phrases.append(Span(view.doc, *near, label=one.label))
    view.doc.ents = filter_spans(entities)
    view.doc.spans[GROUP] = phrases
    return view.doc


def _nearest(offered: Iterable[tuple[int, int]], start: int, end: int) -> tuple[int, int] | None:
    best = max(
        (
            ((min(end, stop) - max(start, begin)) / (max(end, stop) - min(start, begin)), begin, stop)
            for begin, stop in offered
            if begin < end and start < stop
        ),
        default=None,
    )
    return best[1:] if best and best[0] >= _LEAST_SHARED else None


def write_prose(docs: Iterable[Doc], path: Path) -> None:
    """Write prose docs for :func:`prose_reader`."""
    docbin = DocBin(attrs=["ORTH", "SPACY", "SENT_START", "TAG", "LEMMA", "MORPH", "ENT_IOB", "ENT_TYPE"])
    for doc in docs:
        docbin.add(doc)
    docbin.to_disk(path)


@registry.readers("unmet.Prose.v1")  # type: ignore[untyped-decorator]
def prose_reader(path: str) -> Callable[[Language], Iterator[Example]]:
    """Make the reader of a file that :func:`write_prose` wrote."""

    def read(nlp: Language) -> Iterator[Example]:
        for reference in DocBin().from_disk(path).get_docs(nlp.vocab):
            yield Example(_unannotated(reference, nlp.vocab), reference)

    return read


def _unannotated(reference: Doc, vocab: Vocab) -> Doc:
    doc = Doc(
        vocab,
        words=[token.text for token in reference],
        spaces=[bool(token.whitespace_) for token in reference],
        sent_starts=[bool(token.is_sent_start) for token in reference],
        tags=[token.tag_ for token in reference],
        lemmas=[token.lemma_ for token in reference],
        morphs=[str(token.morph) for token in reference],
    )
    doc.spans[RULE_GROUP] = [Span(doc, span.start, span.end, label=span.label_) for span in reference.spans.get(RULE_GROUP, ())]
    return doc
