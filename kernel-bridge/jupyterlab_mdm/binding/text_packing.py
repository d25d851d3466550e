"""Strings into the message. In: a piece's columns of strings; out: 32-bit offsets and their text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import pyarrow as pa

from ..errors import BindingError, NullsError
from ..frame.arrow_numpy import NumpyArray, array_of, missing_in
from ..frame.source import Piece
from .leaves import decoded, plain_strings
from .list_columns import flat_rows
from .packing import BoundColumn

#: Offsets on the wire are 32-bit numbers.
MOST_TEXT_BYTES = 2**31 - 1


@dataclass(frozen=True)
class Text:
    """Strings without gaps, ready to be written."""

    #: From 0 on; one more than there are strings.
    offsets: NumpyArray
    bytes: NumpyArray

    def write(self, offsets: NumpyArray, text: NumpyArray) -> None:
        """Into the buffers of a message."""
        offsets.view(np.int32)[:] = self.offsets
        text[:] = self.bytes


def text_of_columns(columns: Sequence[BoundColumn], piece: Piece) -> Text:
    """The strings of ``k`` columns, row by row. Raises `NullsError`."""
    parts = []
    for column in columns:
        strings = plain_strings(decoded(piece.column(column.index)))
        gaps = missing_in(strings)
        parts.append(strings if gaps is None else _fill(strings, column, piece.row_offset + int(gaps[0])))
    if len(parts) == 1:
        return _text(parts[0])
    parts = [part.cast(pa.large_string()) for part in parts]
    order = np.arange(len(parts) * piece.rows).reshape(len(parts), piece.rows).T.reshape(-1)
    return _text(pa.concat_arrays(parts).take(array_of(order)))


def text_of_rows(column: BoundColumn, dims: tuple[int, ...], piece: Piece) -> Text:
    """The strings of a column of lists, row by row.

    Raises `NullsError`, also for a list that is missing, and `BindingError` for one of another length.
    """
    rows = flat_rows(piece.column(column.index), dims, column.name, piece.row_offset)
    if rows.there is not None:
        missing = np.setdiff1d(np.arange(piece.rows), rows.there)
        raise NullsError(
            f"Column {column.name!r} has no list in row {piece.row_offset + int(missing[0])}.",
            remedy="Drop such rows, or put lists of empty strings there.",
            details={"column": column.name, "row": piece.row_offset + int(missing[0]), "count": len(missing)},
        )
    strings = plain_strings(decoded(rows.values))
    gaps = missing_in(strings)
    if gaps is None:
        return _text(strings)
    return _text(_fill(strings, column, piece.row_offset + rows.row(int(gaps[0]), prod(dims))))


def _fill(strings: pa.Array, column: BoundColumn, row: int) -> pa.Array:
    return strings.fill_null(column.blank(row, strings.null_count))


def _text(strings: pa.Array) -> Text:
    """Views on the offsets and the text of an array without gaps."""
    if len(strings) == 0:
        return Text(np.zeros(1, dtype=np.int32), np.empty(0, dtype=np.uint8))
    _, positions, text = strings.buffers()
    width = np.dtype(np.int32 if pa.types.is_string(strings.type) else np.int64)
    offsets = np.frombuffer(
        positions, dtype=width, count=len(strings) + 1, offset=strings.offset * width.itemsize
    )
    start, end = int(offsets[0]), int(offsets[-1])
    if end - start > MOST_TEXT_BYTES:
        raise BindingError(
            f"{len(strings)} strings of one chunk have {end - start} bytes, the most is {MOST_TEXT_BYTES}.",
            remedy="Send fewer rows a chunk: batch=….",
        )
    if end == start:
        return Text(np.zeros(len(strings) + 1, dtype=np.int32), np.empty(0, dtype=np.uint8))
    return Text(offsets - start, np.frombuffer(text, dtype=np.uint8, count=end - start, offset=start))
