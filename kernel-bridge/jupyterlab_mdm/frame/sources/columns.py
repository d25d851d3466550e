"""The columns of a frame in memory. In: arrays as a frame holds them; out: the part that a piece needs.

NumPy and Arrow columns give views. A column of Python objects is turned into Arrow a part at a time, so that
the first rows can leave before the last have been looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from ...errors import FrameInvalidError
from ..arrow_numpy import NumpyArray
from .base import Column, Values, evenly_spaced

#: NumPy kinds that models take as they are: bool, int, unsigned, float.
NUMERIC_KINDS = "biuf"


class NumpyColumn:
    """A NumPy array, one entry a row on the first axis."""

    def __init__(self, values: NumpyArray, arrow_type: pa.DataType) -> None:
        self.values = values
        self.type = arrow_type

    def part(self, start: int, rows: int) -> NumpyArray:
        """A view."""
        return self.values[start : start + rows]


class ArrowColumn:
    """An Arrow array of one or more chunks."""

    def __init__(self, values: pa.Array | pa.ChunkedArray) -> None:
        self._values = values
        self.type = values.type

    def part(self, start: int, rows: int) -> pa.Array:
        """A view; a copy where the part lies in several chunks."""
        return one_array(self._values.slice(start, rows))


class ConvertedColumn:
    """A column that is turned into Arrow part by part."""

    def __init__(self, arrow_type: pa.DataType, convert: Callable[[int, int], Values]) -> None:
        self.type = arrow_type
        self._convert = convert

    def part(self, start: int, rows: int) -> Values:
        """A conversion of just these rows."""
        return self._convert(start, rows)


class UnsupportedColumn:
    """A column that no model can take; the frame may still be sent without it."""

    def __init__(self, kind: str) -> None:
        self.type = pa.null()
        #: What the column holds, in words.
        self.kind = kind

    def part(self, start: int, rows: int) -> Values:
        """Never gives values."""
        raise FrameInvalidError(f"A column of {self.kind} cannot be sent.", remedy="Leave it out.")


def one_array(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The same values as one Arrow array."""
    if not isinstance(values, pa.ChunkedArray):
        return values
    return values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()


def numpy_column(values: NumpyArray) -> Column | None:
    """A column on a NumPy array whose type Arrow knows, None for any other.

    Every axis after the first becomes a fixed-size list.
    """
    native = values.dtype.newbyteorder("=")
    if native.kind not in NUMERIC_KINDS + "mM":
        return None
    try:
        leaf = pa.from_numpy_dtype(native)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError):
        return None
    return NumpyColumn(values, nested(leaf, values.shape[1:]))


def nested(leaf: pa.DataType, row_shape: tuple[int, ...]) -> pa.DataType:
    """The type of a row of that shape: fixed-size lists, the last axis innermost."""
    for length in reversed(row_shape):
        leaf = pa.list_(leaf, length)
    return leaf


def matrix_of(columns: Sequence[Column]) -> NumpyArray | None:
    """``[rows, columns]``: one view on all of them where they are numbers of one type, evenly spaced."""
    arrays = [column.values for column in columns if isinstance(column, NumpyColumn)]
    numeric = len(arrays) == len(columns) and all(a.dtype.kind in NUMERIC_KINDS for a in arrays)
    return evenly_spaced(arrays) if numeric and arrays else None
