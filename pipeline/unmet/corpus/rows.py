"""One JSON Lines row per annotated letter, without a word of it: id, checksum, offsets, codes.

All offsets are 0-based, end-exclusive, in Unicode code points, into the letter's **collapsed text**: the source text
with every whitespace run as one blank and none at either end. Its SHA-256 stands in the row. A new PDF reader, or
another line width, therefore shifts nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from unmet.errors import UnmetError
from unmet.knowledge import codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SCHEMA_VERSION = "1.0"

Offsets = tuple[int, int]
Label = Literal["MEDICATION", "PROCEDURE", "FUNCTION", "CRITERION"]


class CorpusError(UnmetError):
    """A row, or a letter beside it, is not what it should be; the text names the file, the row and the reason."""


class RowSection(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A section: a ``section_kind``; ``request`` is the index of the request it belongs to."""

    kind: str
    start: int
    end: int
    request: int | None = None


class RowSentence(msgspec.Struct, kw_only=True):
    """A sentence and whose statement it is."""

    start: int
    end: int
    voice: str


class RowMention(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A mention. ``assertion`` for MEDICATION and PROCEDURE; ``attributes`` as in the record, by label."""

    id: str
    label: Label
    start: int
    end: int
    assertion: str | None = None
    attributes: dict[str, Any] = {}


class RowCriterion(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A criterion of a request; ``evidence`` are full sentences of the request's own rationale."""

    id: str
    type: str
    status: Literal["met", "unmet", "not_addressed"]
    unmet_basis: str | None = None
    decisive: bool = False
    statement: Offsets | None = None
    evidence: list[Offsets] = []
    counter_evidence: list[Offsets] = []


class RowRequest(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A disputed request and its criteria."""

    index: int
    title: Offsets
    item: Offsets
    decision: Literal["upheld", "overturned"]
    family: str
    inherits_from: int | None = None
    criteria: list[RowCriterion] = []


class Row(msgspec.Struct, kw_only=True):
    """The annotation of one letter. ``quality``: gold was read in full by ``readers``; silver was not."""

    schema_version: str
    letter: str
    sha256: str
    characters: int
    quality: Literal["gold", "silver"]
    readers: list[str]
    sections: list[RowSection]
    sentences: list[RowSentence]
    requests: list[RowRequest]
    mentions: list[RowMention]


def read_rows(path: Path) -> list[Row]:
    """Read and check the rows of a corpus file.

    Raises :class:`CorpusError` naming the file, the row and the reason: a truncated or damaged line, an unknown code,
    a span outside the text, a letter or an id that stands twice.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({(error.strerror or 'error').lower()})") from error
    rows: list[Row] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=Row)
        except msgspec.MsgspecError as error:
            raise CorpusError(f"{path}, row {number}: is damaged or no row of this schema ({error})") from error
        faults = list(row_faults(row))
        if row.letter in seen:
            faults.append(f"letter {row.letter} stands in an earlier row too")
        if faults:
            raise CorpusError(f"{path}, row {number} ({row.letter}): {faults[0]}")
        seen.add(row.letter)
        rows.append(row)
    return rows


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows in order of their letters, so that a file changes only where an annotation does."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        for row in sorted(rows, key=lambda row: row.letter):
            file.write(msgspec.json.encode(row) + b"\n")
    part.replace(path)


def row_faults(row: Row) -> Iterator[str]:
    """Yield what is wrong with a row, in words; nothing for a sound one."""
    if row.schema_version != SCHEMA_VERSION:
        yield f"schema version {row.schema_version} is not {SCHEMA_VERSION}"
    for what, start, end in _spans(row):
        if not 0 <= start < end <= row.characters:
            yield f"{what}: span {start}-{end} is empty or outside the text of {row.characters} characters"
    for what, field, value in _codes(row):
        if value not in codes(field):
            yield f"{what}: unknown {field} {value!r}"
    for what, ids in (
        ("mention", [mention.id for mention in row.mentions]),
        ("criterion", [criterion.id for request in row.requests for criterion in request.criteria]),
        ("request", [str(request.index) for request in row.requests]),
    ):
        twice = [identifier for identifier, count in Counter(ids).items() if count > 1]
        if twice:
            yield f"{what} {twice[0]} stands twice"
    indices = {request.index for request in row.requests}
    for request in row.requests:
        if request.inherits_from is not None and request.inherits_from not in indices - {request.index}:
            yield f"request {request.index}: inherits from request {request.inherits_from}, which is not there"
        for criterion in request.criteria:
            if (criterion.status == "unmet") != (criterion.unmet_basis is not None):
                yield f"criterion {criterion.id}: a basis goes with the status unmet, and only with it"
    for mention in row.mentions:
        if (mention.label in ("MEDICATION", "PROCEDURE")) != (mention.assertion is not None):
            yield f"mention {mention.id}: an assertion goes with MEDICATION and PROCEDURE, and only with them"


def _spans(row: Row) -> Iterator[tuple[str, int, int]]:
    for section in row.sections:
        yield f"section {section.kind}", section.start, section.end
    for sentence in row.sentences:
        yield "sentence", sentence.start, sentence.end
    for mention in row.mentions:
        yield f"mention {mention.id}", mention.start, mention.end
    for request in row.requests:
        yield f"title of request {request.index}", *request.title
        yield f"item of request {request.index}", *request.item
        for criterion in request.criteria:
            spans = [*criterion.evidence, *criterion.counter_evidence, *([criterion.statement] if criterion.statement else [])]
            for span in spans:
                yield f"criterion {criterion.id}", *span


def _codes(row: Row) -> Iterator[tuple[str, str, str]]:
    for section in row.sections:
        yield "section", "section_kind", section.kind
    for sentence in row.sentences:
        yield f"sentence at {sentence.start}", "voice", sentence.voice
    for request in row.requests:
        yield f"request {request.index}", "treatment_family", request.family
        for criterion in request.criteria:
            yield f"criterion {criterion.id}", "criterion_type", criterion.type
            if criterion.unmet_basis is not None:
                yield f"criterion {criterion.id}", "unmet_basis", criterion.unmet_basis
    for mention in row.mentions:
        name = f"mention {mention.id}"
        if mention.assertion is not None:
            yield name, "assertion", mention.assertion
        if mention.label == "FUNCTION":
            yield name, "function_dimension", str(mention.attributes.get("dimension"))
            yield name, "function_polarity", str(mention.attributes.get("polarity"))
        if mention.label == "CRITERION":
            yield name, "criterion_type", str(mention.attributes.get("type"))
