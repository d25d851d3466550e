"""Results as users see them.

In: the wire's messages of one chunk; out: a batch of the user's columns, and in the end a frame of the kind
that was sent. The wire has one column an output. The user's columns are the same but for three things: bools
travel as bytes, probabilities of classes become a column a class, and tensors get their shape back, as
fixed-size lists in each other. (Arrow's tensor type would keep the shape too, but polars reads an extension
that it knows little of, DuckDB and pandas a flat list; lists in lists keep their shape in all of them.)
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from ..binding.shapes import Dims
from ..errors import BadMessageError
from ..frame.arrow_numpy import array_of, lists_of, numbers_of
from ..frame.source import Source
from ..wire.signature import Signature
from .result_types import conformed, merged_schema, nested_list

BytesLike: TypeAlias = bytes | bytearray | memoryview | pa.Buffer

#: Where Arrow's numbers must begin: at a multiple of this address.
ALIGNMENT = 8
#: Schemas that are kept parsed; a run has one or two.
KEPT_SCHEMAS = 64


def result_schema(signature: Signature) -> pa.Schema:
    """The columns of a model's result, for an empty one and until a first chunk has come.

    An axis that the model leaves free has its length in the results only; here it is a list of any length.
    """
    outputs = []
    for spec in signature.outputs:
        leaf = pa.string() if spec.dtype == "string" else pa.from_numpy_dtype(np.dtype(spec.dtype))
        lengths = tuple(axis if isinstance(axis, int) else None for axis in spec.row_shape)
        outputs.append(_Output(spec.name, leaf, lengths, tuple(spec.columns or ())))
    return _user_schema(outputs)


def unpack(schema_message: BytesLike, batch_message: BytesLike) -> pa.RecordBatch:
    """The batch of one chunk in the user's columns: a view on `batch_message`, but for bools and classes.

    Raises `BadMessageError` where the messages are not what a worker sends.
    """
    try:
        wire, outputs, schema = _read_schema(bytes(schema_message))
        batch = pa.ipc.read_record_batch(_aligned(batch_message), wire)
        batch.validate()
        pairs = zip(outputs, batch.columns, strict=True)
        return pa.RecordBatch.from_arrays(
            [a for out, column in pairs for a in out.split(column)], schema=schema
        )
    except (pa.ArrowInvalid, pa.ArrowTypeError, OSError, ValueError) as error:
        raise BadMessageError(
            f"The result of a chunk cannot be read: {error}",
            remedy="See that client and cluster are of one version; report it if they are.",
        ) from error


def nulls(schema: pa.Schema, rows: int) -> pa.RecordBatch:
    """Rows without a result, as those of a failed chunk are."""
    return pa.RecordBatch.from_arrays([pa.nulls(rows, field.type) for field in schema], schema=schema)


def assemble(source: Source, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> object:
    """The batches, in row order, as one frame of the kind of the source (and with its index, for pandas).

    `schema` gives the columns where there are no batches. Columns whose rows differ in shape from batch to
    batch become lists of any length. A reader or stream gives a table; a series or a lazy frame a DataFrame;
    one NumPy array an array, or a dict where the model has more outputs than one.
    """
    parts = list(batches)
    if not parts:
        return source.restore(pa.Table.from_batches([], schema=schema))
    merged = merged_schema([part.schema for part in parts])
    return source.restore(pa.Table.from_batches([conformed(p, merged) for p in parts], schema=merged))


@dataclass(frozen=True)
class _Output:
    """One column of the wire, and the user's columns in it."""

    name: str
    leaf: pa.DataType
    #: The shape of a row; None where it is not known.
    lengths: Dims
    #: Names of the classes that a row's values stand for.
    classes: tuple[str, ...]

    @classmethod
    def of(cls, field: pa.Field) -> _Output:
        """From the wire's field."""
        metadata = field.metadata or {}
        is_list = pa.types.is_fixed_size_list(field.type)
        leaf = field.type.value_type if is_list else field.type
        shape = (field.type.list_size,) if is_list else ()
        if b"mdm:shape" in metadata:
            shape = tuple(json.loads(metadata[b"mdm:shape"]))
        if is_list and prod(shape) != field.type.list_size:
            raise ValueError(
                f"column {field.name!r} has {field.type.list_size} values a row, not shape {shape}"
            )
        classes = tuple(json.loads(metadata.get(b"mdm:columns", b"[]")))
        if classes and prod(shape) != len(classes):
            raise ValueError(f"column {field.name!r} has {shape} values a row for {len(classes)} classes")
        return cls(field.name, pa.bool_() if metadata.get(b"mdm:dtype") == b"bool" else leaf, shape, classes)

    @property
    def fields(self) -> list[tuple[str, pa.DataType]]:
        """Names and types of the user's columns."""
        if self.classes:
            return [(name, self.leaf) for name in self.classes]
        return [(self.name, self.leaf if self.lengths == (1,) else nested_list(self.leaf, self.lengths))]

    def split(self, column: pa.Array) -> list[pa.Array]:
        """The user's columns."""
        rows = len(column)
        values = column.flatten() if pa.types.is_fixed_size_list(column.type) else column
        if pa.types.is_boolean(self.leaf):
            values = array_of(numbers_of(values) != 0)
        if self.classes:
            return _columns_of(values, rows, len(self.classes))
        if self.lengths == (1,):
            return [values]
        sizes = [length for length in self.lengths if length is not None]
        for depth in reversed(range(len(sizes))):
            values = lists_of(values, rows * prod(sizes[:depth]), sizes[depth])
        return [values]


def _columns_of(values: pa.Array, rows: int, count: int) -> list[pa.Array]:
    """The columns of values that lie row by row."""
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        turned = np.ascontiguousarray(numbers_of(values).reshape(rows, count).T)
        return [array_of(column) for column in turned]
    return [values.take(array_of(np.arange(at, rows * count, count))) for at in range(count)]


@lru_cache(maxsize=KEPT_SCHEMAS)
def _read_schema(message: bytes) -> tuple[pa.Schema, list[_Output], pa.Schema]:
    """The wire's schema, what its columns are, and the user's schema."""
    wire = pa.ipc.read_schema(pa.py_buffer(message))
    outputs = [_Output.of(field) for field in wire]
    return wire, outputs, _user_schema(outputs)


def _user_schema(outputs: Sequence[_Output]) -> pa.Schema:
    """All columns of the user; a class that shares its name with another column gets its output's too."""
    counts = Counter(name for output in outputs for name, _ in output.fields)
    fields: dict[str, pa.DataType] = {}
    for output in outputs:
        for name, arrow_type in output.fields:
            unique = f"{output.name}_{name}" if output.classes and counts[name] > 1 else name
            while unique in fields:
                unique += "_"
            fields[unique] = arrow_type
    return pa.schema(fields.items())


def _aligned(message: BytesLike) -> pa.Buffer:
    """The message where Arrow can read numbers in place: small frames of ZeroMQ may lie at odd addresses."""
    buffer = pa.py_buffer(message)
    return buffer if buffer.address % ALIGNMENT == 0 else pa.py_buffer(buffer.to_pybytes())
