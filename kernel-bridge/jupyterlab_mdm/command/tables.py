"""Tables in files, batch by batch. In: a path, whose suffix tells the format, or `-`; out: Arrow batches, and
for results a writer of them. Neither holds more than a few batches.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ..errors import BadOptionError, FrameInvalidError

#: Arrow stream on standard input or output.
STANDARD = "-"
_FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".arrows": "stream",
    ".csv": "csv",
}
#: Rows read, and rows of a row group written, at a time.
_ROWS = 1 << 16


@dataclass(frozen=True)
class Input:
    """A table that is being read."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    #: None where only reading to the end would tell.
    rows: int | None = None


class Output(Protocol):
    """A table that is being written; `close` completes it."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Appends the rows."""
        ...

    def close(self) -> None:
        """Nothing comes after this."""
        ...


def format_of(path: str) -> str:
    """`parquet`, `arrow` (the file), `stream` or `csv`. Raises `BadOptionError` for another suffix."""
    if path == STANDARD:
        return "stream"
    suffix = Path(path).suffix.lower()
    if suffix not in _FORMATS:
        raise BadOptionError(
            f"What {path} holds cannot be told from its suffix.",
            remedy=f"Use one of {', '.join(_FORMATS)}, or - for an Arrow stream.",
            details={"path": path},
        )
    return _FORMATS[suffix]


def open_input(path: str) -> Input:
    """Opens a table. Raises `FrameInvalidError` where it is not one, `OSError` where it cannot be read."""
    opened = {"parquet": _read_parquet, "arrow": _read_file, "stream": _read_stream, "csv": _read_csv}
    try:
        return opened[format_of(path)](path)
    except pa.ArrowInvalid as cause:
        raise FrameInvalidError(
            f"{path} cannot be read: {cause}.",
            remedy="Check that it is whole, and that its suffix says what it is.",
            details={"path": path},
        ) from cause


def _read_parquet(path: str) -> Input:
    file = pyarrow.parquet.ParquetFile(path)
    return Input(file.schema_arrow, file.iter_batches(batch_size=_ROWS), file.metadata.num_rows)


def _read_file(path: str) -> Input:
    file = pa.ipc.open_file(pa.memory_map(path))
    return Input(file.schema, (file.get_batch(index) for index in range(file.num_record_batches)))


def _read_stream(path: str) -> Input:
    stream = pa.ipc.open_stream(sys.stdin.buffer if path == STANDARD else pa.OSFile(path))
    return Input(stream.schema, iter(stream))


def _read_csv(path: str) -> Input:
    stream = pyarrow.csv.open_csv(path)
    return Input(stream.schema, iter(stream))


@contextmanager
def place_for(path: str) -> Iterator[IO[bytes]]:
    """A file beside `path` that takes its place when the block ends well, and goes when it does not."""
    if path == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(path)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as file:
            yield file
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def open_output(file: IO[bytes], table_format: str, schema: pa.Schema) -> Output:
    """Begins a table of these columns. Raises `BadOptionError` where the format cannot hold them."""
    if table_format == "parquet":
        return Grouped(pyarrow.parquet.ParquetWriter(file, schema))
    if table_format == "csv":
        _refuse_nested(schema)
        return Plain(pyarrow.csv.CSVWriter(file, schema))
    new = pa.ipc.new_file if table_format == "arrow" else pa.ipc.new_stream
    return Plain(new(file, schema))


class Plain:
    """Writes every batch as it comes. Around a writer of pyarrow."""

    def __init__(self, writer: pa.ipc.RecordBatchStreamWriter | pyarrow.csv.CSVWriter) -> None:
        self._writer = writer

    def write(self, batch: pa.RecordBatch) -> None:
        """Appends the rows."""
        self._writer.write_batch(batch)

    def close(self) -> None:
        """Completes the table."""
        self._writer.close()


class Grouped:
    """Collects batches to row groups that are worth reading. Around a Parquet writer."""

    def __init__(self, writer: pyarrow.parquet.ParquetWriter) -> None:
        self._writer = writer
        self._batches: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Appends the rows."""
        self._batches.append(batch)
        self._rows += batch.num_rows
        if self._rows >= _ROWS:
            self._flush()

    def close(self) -> None:
        """Completes the table."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches), row_group_size=self._rows)
        self._batches, self._rows = [], 0


def _refuse_nested(schema: pa.Schema) -> None:
    nested = [field.name for field in schema if pa.types.is_nested(field.type)]
    if nested:
        raise BadOptionError(
            f"CSV cannot hold lists, which {', '.join(nested)} has.",
            remedy="Write Parquet or Arrow instead: -o OUT.parquet.",
            details={"columns": nested},
        )
