"""The timings of a run for the user. In: the records of its chunks; out: one Arrow table, a row a chunk."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ..wire.timings import STAGES
from .snapshot import ChunkRecord

_AT = ("received", "placed", "done")

SCHEMA = pa.schema(
    [
        pa.field("chunk_index", pa.int64(), nullable=False),
        pa.field("row_offset", pa.int64(), nullable=False),
        pa.field("rows", pa.int64(), nullable=False),
        # Null where the chunk failed.
        pa.field("worker", pa.int32()),
        pa.field("device", pa.string()),
        pa.field("attempt", pa.int32(), nullable=False),
        *(pa.field(moment, pa.float64()) for moment in _AT),
        *(pa.field(stage, pa.float64()) for stage in STAGES),
    ]
)


def chunk_table(records: Sequence[ChunkRecord]) -> pa.Table:
    """The chunk, who ran it, when it was what (ms since submit, broker's clock), and each stage in ms."""
    in_order = sorted(records, key=lambda record: record.index)
    return pa.Table.from_pylist([_row(record) for record in in_order], schema=SCHEMA)


def _row(record: ChunkRecord) -> dict[str, object]:
    return {
        "chunk_index": record.index,
        "row_offset": record.row_offset,
        "rows": record.rows,
        "worker": record.worker,
        "device": record.device or None,
        "attempt": record.attempt,
        **{moment: record.at.get(moment) for moment in _AT},
        **{stage: record.timings.get(stage) for stage in STAGES},
    }
