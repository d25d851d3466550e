"""Input columns beside predictions. In: batches as they are sent, and predictions in the same order, cut
elsewhere; out: the rows of both side by side. Holds what is between the two.
"""

from __future__ import annotations

from collections import Counter, deque

import pyarrow as pa

from ..errors import BadOptionError


class Kept:
    """A queue of rows. One thread may push while another joins."""

    def __init__(self) -> None:
        self._waiting: deque[pa.RecordBatch] = deque()

    def push(self, batch: pa.RecordBatch) -> None:
        """The next rows of the input."""
        self._waiting.append(batch)

    def join(self, predictions: pa.RecordBatch) -> pa.RecordBatch:
        """The input's next rows, as many as there are predictions, with these at the end of each."""
        rows = pa.Table.from_batches(self._take(predictions.num_rows)).combine_chunks().to_batches()[0]
        return pa.RecordBatch.from_arrays(
            [*rows.columns, *predictions.columns], schema=joined_schema(rows.schema, predictions.schema)
        )

    def _take(self, wanted: int) -> list[pa.RecordBatch]:
        taken: list[pa.RecordBatch] = []
        while wanted:
            batch = self._waiting.popleft()
            if batch.num_rows > wanted:
                self._waiting.appendleft(batch.slice(wanted))
                batch = batch.slice(0, wanted)
            taken.append(batch)
            wanted -= batch.num_rows
        return taken


def joined_schema(kept: pa.Schema, predictions: pa.Schema) -> pa.Schema:
    """Columns of both. Raises `BadOptionError` where a name is in both."""
    fields = [*kept, *predictions]
    twice = [name for name, count in Counter(field.name for field in fields).items() if count > 1]
    if twice:
        raise BadOptionError(
            f"The input has columns that are named as predictions: {', '.join(twice)}.",
            remedy="Leave --keep out, or rename them in the input.",
            details={"columns": twice},
        )
    return pa.schema(fields)
