"""Merged batches between the run that puts them here in row order and whoever reads them. Pure: no threads.

The result of a frame of known length is kept whole: any number of readers may go through it, from the first
row. That of a reader without a known end is handed out once, so that it may be longer than memory.
"""

from __future__ import annotations

from collections import deque

import pyarrow as pa

from ..result.result_types import conformed, merged_schema

#: Rows that a snapshot shows.
HEAD_ROWS = 10


class Shelf:
    """The result so far."""

    def __init__(self, keeps: bool) -> None:
        #: Whether what was read stays.
        self.keeps = keeps
        #: Batches that were read and did not stay.
        self.handed_out = 0
        self._batches: deque[pa.RecordBatch] = deque()
        self._head: list[pa.RecordBatch] = []
        self._head_rows = 0

    def put(self, batch: pa.RecordBatch) -> None:
        """The batch with the next rows."""
        self._batches.append(batch)
        wanted = HEAD_ROWS - self._head_rows
        if wanted > 0 and batch.num_rows:
            self._head.append(batch.slice(0, wanted))
            self._head_rows += self._head[-1].num_rows

    def read(self, position: int) -> pa.RecordBatch | None:
        """The batch at `position`, counted from the first; None where it is not there yet.

        Where nothing is kept, the next one, whatever the position.
        """
        if not self.keeps:
            if not self._batches:
                return None
            self.handed_out += 1
            return self._batches.popleft()
        return self._batches[position] if position < len(self._batches) else None

    @property
    def batches(self) -> list[pa.RecordBatch]:
        """What is there now, in row order."""
        return list(self._batches)

    def __len__(self) -> int:
        return len(self._batches)

    @property
    def head(self) -> pa.Table | None:
        """The first rows; None before there are any."""
        if not self._head:
            return None
        schema = merged_schema([batch.schema for batch in self._head])
        return pa.Table.from_batches([conformed(batch, schema) for batch in self._head], schema=schema)
