"""Arrow in memory. In: a Table, a RecordBatch or an array; out: views, and Tables or RecordBatches again."""

from __future__ import annotations

import pyarrow as pa

from .base import ColumnSource, Restore, Source
from .columns import ArrowColumn, one_array

#: The name of the column that an array without one becomes.
ARRAY_NAME = "c0"


def open_arrow(frame: object) -> Source | None:
    """A source on a pyarrow Table, RecordBatch, Array or ChunkedArray; None where `frame` is none."""
    if isinstance(frame, pa.Table):
        return table_source("arrow_table", frame, _as_it_is)
    if isinstance(frame, pa.RecordBatch):
        return table_source("arrow_batch", pa.Table.from_batches([frame]), _one_batch)
    if isinstance(frame, pa.Array | pa.ChunkedArray):
        return table_source("arrow_table", array_table(frame), _as_it_is)
    return None


def table_source(kind: str, table: pa.Table, restore: Restore) -> Source:
    """A source on a table."""
    columns = [ArrowColumn(column) for column in table.columns]
    return ColumnSource(kind, list(table.schema), columns, rows=table.num_rows, restore=restore)


def array_table(array: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The table of an array: its fields where it holds structs, one column otherwise."""
    if not pa.types.is_struct(array.type):
        return pa.table({ARRAY_NAME: array})
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    batches = [pa.RecordBatch.from_struct_array(chunk) for chunk in chunks]
    return pa.Table.from_batches(batches, schema=pa.schema(list(array.type)))


def _as_it_is(table: pa.Table) -> pa.Table:
    return table


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([one_array(c) for c in table.columns], schema=table.schema)
