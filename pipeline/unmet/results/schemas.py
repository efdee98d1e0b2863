"""Arrow schemas: a record's structs and the rows of the tables as Arrow types, and structs as record batches.

An object of any shape (the ``attributes`` of a mention) is JSON text. Needs pyarrow, so is imported late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
from msgspec import inspect
from pyarrow.json import ParseOptions, ReadOptions, read_json

from unmet.record import Determination
from unmet.results.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence
_SCALARS: dict[type[inspect.Type], pa.DataType] = {
    inspect.StrType: pa.string(),
    inspect.LiteralType: pa.string(),
    inspect.DictType: pa.string(),
    inspect.IntType: pa.int64(),
    inspect.FloatType: pa.float64(),
    inspect.BoolType: pa.bool_(),
    inspect.DateType: pa.date32(),
}


def arrow_schema(struct: type[msgspec.Struct]) -> pa.Schema:
    """Return the schema whose fields are those of ``struct``, nested as it is."""
    described = inspect.type_info(struct)
    assert isinstance(described, inspect.StructType)
    return pa.schema(_fields(described))


def _fields(struct: inspect.StructType) -> list[pa.Field]:
    return [_field(field.encode_name, field.type) for field in struct.fields]


def _field(name: str, kind: inspect.Type) -> pa.Field:
    if isinstance(kind, inspect.Metadata):
        return _field(name, kind.type)
    if isinstance(kind, inspect.UnionType):
        (known,) = (one for one in kind.types if not isinstance(one, inspect.NoneType))
        return _field(name, known)
    if isinstance(kind, inspect.StructType):
        return pa.field(name, pa.struct(_fields(kind)))
    if isinstance(kind, inspect.ListType):
        return pa.field(name, pa.list_(_field("item", kind.item_type)))
    return pa.field(name, _SCALARS[type(kind)])


_encode = msgspec.json.Encoder().encode

RECORD = arrow_schema(Determination)
TABLE_SCHEMAS = {name: arrow_schema(row) for name, row in TABLES.items()}
RECORD_TEXT = pa.schema([pa.field("letter_id", pa.string()), pa.field("record", pa.string())])


def as_table(rows: Sequence[msgspec.Struct], schema: pa.Schema) -> pa.Table:
    """Return the rows of a table as an Arrow table of ``schema``."""
    values = list(zip(*map(msgspec.structs.astuple, rows), strict=True)) or [()] * len(schema)
    return pa.Table.from_arrays(
        [
            pa.array(msgspec.to_builtins(column) if pa.types.is_nested(field.type) else column, field.type)
            for field, column in zip(schema, values, strict=True)
        ],
        schema=schema,
    )


def records_as_table(determinations: Sequence[Determination]) -> pa.Table:
    """Return whole records as a table of :data:`RECORD`; it uses the records up."""
    for one in determinations:
        for mention in one.mentions:
            mention.attributes = _text(mention.attributes)  # type: ignore[assignment]
    # Arrow reads JSON faster than it takes dictionaries from Python.
    lines = b"\n".join(map(_encode, determinations))
    return read_json(
        pa.BufferReader(lines),
        read_options=ReadOptions(use_threads=False, block_size=len(lines) + 1),
        parse_options=ParseOptions(explicit_schema=RECORD, unexpected_field_behavior="error"),
    )


def _text(attributes: object) -> str:
    return _encode(attributes).decode()
