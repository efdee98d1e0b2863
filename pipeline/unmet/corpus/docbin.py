"""Annotated letters as spaCy's DocBin, and back: what training reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from unmet.corpus.rows import CorpusError, Row, RowMention

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacy.language import Language
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    from unmet.corpus.attach import AnnotatedLetter

SPANS_KEY = "mentions"
# Entities do not overlap, so only labels that seldom do become entities; the span group holds all mentions.
_ENTITIES = ("MEDICATION", "PROCEDURE")


def to_docbin(letters: Iterable[AnnotatedLetter], nlp: Language) -> DocBin:
    """Return the letters as Docs over ``letter.text``, tokenized by ``nlp``.

    ``doc.spans["mentions"]`` holds every mention (its ``id_`` is the mention's id), ``doc.ents`` the medications and
    procedures, ``doc.user_data["row"]`` the whole row as JSON. Raises :class:`CorpusError` for a mention that does not
    begin and end with a token.
    """
    from spacy.tokens import DocBin
    from spacy.util import filter_spans

    docbin = DocBin(attrs=["ORTH", "SPACY", "ENT_IOB", "ENT_TYPE"], store_user_data=True)
    for annotated in letters:
        doc = nlp.make_doc(annotated.letter.text)
        spans = []
        for mention in annotated.row.mentions:
            start, end = annotated.to_text(mention.start, mention.end)
            span = doc.char_span(start, end, label=mention.label, span_id=mention.id)
            if span is None:
                raise CorpusError(f"{annotated.row.letter}: mention {mention.id} begins or ends inside a token")
            spans.append(span)
        doc.spans[SPANS_KEY] = spans
        doc.ents = filter_spans([span for span in spans if span.label_ in _ENTITIES])
        doc.user_data["row"] = msgspec.json.encode(annotated.row).decode()
        docbin.add(doc)
    return docbin


def from_docbin(docbin: DocBin, vocab: Vocab, letters: Iterable[AnnotatedLetter]) -> Iterator[Row]:
    """Yield the rows of ``docbin``, with the mentions as its span groups hold them.

    ``letters`` are the letters in the same order, for the way back to offsets of the collapsed text. A span that the
    row does not know becomes a mention with its label alone.
    """
    for doc, annotated in zip(docbin.get_docs(vocab), letters, strict=True):
        row = msgspec.json.decode(doc.user_data["row"], type=Row)
        if row.letter != annotated.row.letter:
            raise CorpusError(f"{annotated.row.letter}: the DocBin holds {row.letter} in its place")
        known = {mention.id: mention for mention in row.mentions}
        mentions = []
        for span in doc.spans[SPANS_KEY]:
            start, end = annotated.from_text(span.start_char, span.end_char)
            one = known.get(span.id_)
            if one is not None and one.label == span.label_:
                mentions.append(msgspec.structs.replace(one, start=start, end=end))
            else:
                mentions.append(RowMention(id=span.id_, label=span.label_, start=start, end=end))
        yield msgspec.structs.replace(row, mentions=mentions)
