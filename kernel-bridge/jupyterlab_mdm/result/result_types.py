"""Types of result columns whose rows differ in shape from chunk to chunk. Pure.

In: the schemas of a run's batches; out: the one schema that all of them can take.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import pyarrow as pa

from ..binding.shapes import Dims, is_list_of_any_length
from ..errors import BadMessageError
from ..frame.arrow_numpy import lists_of


def nested_list(leaf: pa.DataType, lengths: Dims) -> pa.DataType:
    """Lists in lists, the last length innermost; of any length where it is None."""
    for length in reversed(lengths):
        leaf = pa.list_(leaf) if length is None else pa.list_(leaf, length)
    return leaf


def merged_schema(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """The schema that batches of all these schemas can take."""
    return reduce(_merged, schemas)


def conformed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch in a schema that was merged from its own and others."""
    if batch.schema.equals(schema):
        return batch
    arrays = [_conformed(a, field.type) for a, field in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _merged(left: pa.Schema, right: pa.Schema) -> pa.Schema:
    if left.equals(right):
        return left
    if left.names != right.names:
        raise _mixed(f"{left.names} and {right.names}")
    return pa.schema(
        [pa.field(a.name, _merged_type(a.type, b.type)) for a, b in zip(left, right, strict=True)]
    )


def _merged_type(left: pa.DataType, right: pa.DataType) -> pa.DataType:
    if left == right:
        return left
    if not (_is_list(left) or _is_list(right)):
        raise _mixed(f"{left} and {right}")
    # A free axis that has length 1 in one chunk comes without an axis.
    inner = _merged_type(*(side.value_type if _is_list(side) else side for side in (left, right)))
    sizes = [side.list_size if pa.types.is_fixed_size_list(side) else None for side in (left, right)]
    return pa.list_(inner) if sizes[0] is None or sizes[0] != sizes[1] else pa.list_(inner, sizes[0])


def _conformed(array: pa.Array, target: pa.DataType) -> pa.Array:
    if _is_list(target) and not _is_list(array.type):
        array = lists_of(array, len(array), 1)
    return array.cast(target)


def _is_list(arrow_type: pa.DataType) -> bool:
    return bool(pa.types.is_fixed_size_list(arrow_type)) or is_list_of_any_length(arrow_type)


def _mixed(what: str) -> BadMessageError:
    return BadMessageError(
        f"The chunks of one run came back with different columns: {what}.",
        remedy="A model must give every chunk the same outputs, of the same types.",
    )
