"""Arrow schemas: a record's structs and the rows of the tables as Arrow types, and structs as record batches.

An object of any shape (the ``attributes`` of a mention) is JSON text. Needs pyarrow, so is imported late.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
from msgspec import inspect

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
        return _field(name, known).with_nullable(True)
    if isinstance(kind, inspect.StructType):
        return pa.field(name, pa.struct(_fields(kind)), nullable=False)
    if isinstance(kind, inspect.ListType):
        return pa.field(name, pa.list_(_field("item", kind.item_type)), nullable=False)
    return pa.field(name, _SCALARS[type(kind)], nullable=False)


RECORD = arrow_schema(Determination)
TABLE_SCHEMAS = {name: arrow_schema(row) for name, row in TABLES.items()}
RECORD_TEXT = pa.schema([pa.field("letter_id", pa.string(), nullable=False), pa.field("record", pa.string(), nullable=False)])


def as_batch(rows: Sequence[msgspec.Struct], schema: pa.Schema) -> pa.RecordBatch:
    """Return the rows of a table as a record batch of ``schema``."""
    return _batch(msgspec.to_builtins(rows, builtin_types=(date,)), schema)


def records_as_batch(determinations: Sequence[Determination]) -> pa.RecordBatch:
    """Return whole records as a record batch of :data:`RECORD`."""
    plain = msgspec.to_builtins(determinations)
    for one in plain:
        for mention in one["mentions"]:
            mention["attributes"] = msgspec.json.encode(mention["attributes"]).decode()
    return _batch(plain, RECORD)


def records_from_batch(batch: pa.RecordBatch) -> list[Determination]:
    """Return the records of a record batch of :data:`RECORD`; raises ``msgspec.MsgspecError`` where it holds others."""
    plain = batch.to_pylist()
    for one in plain:
        for mention in one["mentions"]:
            mention["attributes"] = msgspec.json.decode(mention["attributes"])
    return msgspec.convert(plain, type=list[Determination])


def _batch(plain: Any, schema: pa.Schema) -> pa.RecordBatch:
    whole = pa.array(plain, type=pa.struct(list(schema)))
    return pa.RecordBatch.from_arrays(whole.flatten(), schema=schema)
