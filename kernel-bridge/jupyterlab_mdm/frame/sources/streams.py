"""Frames that are read once: record-batch readers, DuckDB relations, anything that exports an Arrow stream.

In: batches of whatever size the reader gives; out: pieces of the size that is asked for. No batch is read
before a piece needs it, so a reader of any length passes through the memory of a few batches. What comes
back is a table: a reader of results could be read only once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from ...errors import FrameReaderError, MdmError
from .arrow_frame import array_table, table_source
from .base import Piece, Restore, Source, checked_rows, checked_schema, comes_from
from .columns import ArrowColumn

if TYPE_CHECKING:
    import duckdb

#: Rows of a batch that DuckDB is asked for: eight of its vectors, so that a first piece comes soon.
DUCKDB_BATCH_ROWS = 16_384


class StreamSource(Source):
    """A frame behind a reader."""

    rows = None

    def __init__(self, kind: str, reader: pa.RecordBatchReader, restore: Restore) -> None:
        self.kind = kind
        self.schema = checked_schema(reader.schema)
        self._reader = reader
        self._restore = restore
        self._position = 0
        #: Read, and not yet taken.
        self._pending: deque[pa.RecordBatch] = deque()
        self._failure: FrameReaderError | None = None

    def take(self, rows: int) -> Piece | None:
        """The next at most `rows` rows, None after the last.

        Raises `FrameReaderError` when the reader raises, and again at every later call.
        """
        piece = self._piece(list(self._collect(checked_rows(rows))))
        if piece is not None:
            self._position += piece.rows
        return piece

    def peek(self, rows: int) -> Piece | None:
        """What `take` would give. Raises `FrameReaderError` as `take` does."""
        batches = list(self._collect(checked_rows(rows)))
        self._pending.extendleft(reversed(batches))
        return self._piece(batches)

    def _piece(self, batches: list[pa.RecordBatch]) -> Piece | None:
        if not batches:
            return None
        table = pa.Table.from_batches(batches, schema=self.schema)
        return Piece(self._position, table.num_rows, [ArrowColumn(column) for column in table.columns], 0)

    def restore(self, table: pa.Table) -> object:
        """The result as a table, or as a relation where the frame was one."""
        return self._restore(table)

    def close(self) -> None:
        """Close the reader: a DuckDB connection takes no other query before."""
        self._pending.clear()
        self._reader.close()

    def _collect(self, rows: int) -> Iterator[pa.RecordBatch]:
        while rows:
            batch = self._pending.popleft() if self._pending else self._next()
            if batch is None:
                return
            part = batch.slice(0, rows)
            if batch.num_rows > rows:
                self._pending.appendleft(batch.slice(rows))
            rows -= part.num_rows
            if part.num_rows:
                yield part

    def _next(self) -> pa.RecordBatch | None:
        if self._failure is not None:
            raise self._failure
        try:
            return self._reader.read_next_batch()
        except StopIteration:
            return None
        except Exception as error:
            # Whatever a user's generator or a database raises. It is kept, as a generator that has raised
            # looks like one that has ended.
            self._failure = FrameReaderError(
                f"The reader of the frame raised after row {self._position}: {error!r}",
                remedy="Read the frame to its end without a model to see the error alone.",
                details={"row": self._position},
            )
            raise self._failure from error


def open_stream(frame: object) -> Source | None:
    """A source on a reader, a DuckDB relation or an exporter of an Arrow stream or array; None on all else.

    Raises `FrameReaderError` where the export fails, as a query with an error in it does.
    """
    if isinstance(frame, pa.RecordBatchReader):
        return StreamSource("arrow_batches", frame, _as_table)
    if isinstance(frame, type):
        return None
    with _exporting(frame):
        if comes_from(frame, "duckdb", "DuckDBPyRelation"):
            return _open_relation(frame)
        if hasattr(frame, "__arrow_c_stream__"):
            return _open_exporter(frame)
        if hasattr(frame, "__arrow_c_array__"):
            return table_source("arrow_capsule", array_table(pa.array(frame)), _as_table)
    return None


@contextmanager
def _exporting(frame: object) -> Iterator[None]:
    try:
        yield
    except MdmError:
        raise
    except Exception as error:
        # Whatever the library behind the frame raises.
        raise FrameReaderError(
            f"The frame ({type(frame).__name__}) could not be exported to Arrow: {error!r}",
            remedy="Turn it into a pyarrow.Table yourself to see where.",
        ) from error


def _open_exporter(frame: object) -> Source:
    try:
        reader = pa.RecordBatchReader.from_stream(frame)
    except pa.ArrowInvalid:
        # A stream of arrays and not of batches, such as one column exports.
        return table_source("arrow_capsule", array_table(pa.chunked_array(frame)), _as_table)
    return StreamSource("arrow_capsule", reader, _as_table)


def _open_relation(frame: object) -> Source | None:
    import duckdb

    if not isinstance(frame, duckdb.DuckDBPyRelation):
        return None
    # Its own export reads the whole result first in some versions. Older ones have the older name.
    read = frame.to_arrow_reader if "to_arrow_reader" in dir(frame) else frame.fetch_arrow_reader
    return StreamSource("duckdb", read(DUCKDB_BATCH_ROWS), partial(_relation_of, frame))


def _relation_of(frame: duckdb.DuckDBPyRelation, mdm_result: pa.Table) -> object:
    """On the frame's connection, so that the two can be joined; DuckDB finds `mdm_result` by its name."""
    return frame.query("mdm_frame", "select * from mdm_result")


def _as_table(table: pa.Table) -> pa.Table:
    return table
