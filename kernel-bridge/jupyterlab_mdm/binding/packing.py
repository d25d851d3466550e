"""Columns into one row-major tensor: the work that every row of a numeric input passes through.

In: a piece's columns; out: rows × values, written straight into the message that is sent (batch_message.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import CastOverflowError, NullsError
from ..frame.arrow_numpy import NumpyArray
from ..frame.source import Piece, Values
from .casting import Cast, first_infinite, first_unfit
from .leaves import Leaves, numeric_leaves
from .list_columns import flat_rows
from .scalars import Scalar

#: Columns are gathered side by side in a block of this many rows and columns, then turned once: at most 2 MiB
#: of 32-bit values, which stay in the cache. Writing each column into the rows takes twice as long.
BLOCK_ROWS = 16_384
BLOCK_COLUMNS = 32
#: Added to a block's rows, as columns a power of two apart would fall on the same lines of the cache.
BLOCK_PAD = 16


@dataclass(frozen=True)
class BoundColumn:
    """A column with all that was decided about it."""

    index: int
    name: str
    cast: Cast
    #: None where a missing value is NaN, or an error.
    fill: Scalar | None

    def leaves(self, values: Values) -> Leaves:
        """Its values, flat."""
        return numeric_leaves(values, as_float=self.cast.is_float, nan_is_gap=self.fill is not None)

    def blank(self, row: int, count: int) -> Scalar:
        """What stands for `count` missing values, the first in `row`, or a `NullsError`."""
        if self.fill is not None:
            return self.fill
        if self.cast.is_float:
            return float("nan")
        raise NullsError(
            f"Column {self.name!r} has no value in row {row} ({count} such so far); "
            f"its input takes {self.cast.target}, which knows no NaN.",
            remedy=f"Drop such rows, or say what stands for them: fill={{{self.name!r}: …}}.",
            details={"column": self.name, "row": row, "count": count},
        )

    def overflow(self, row: int, value: object) -> CastOverflowError:
        """The error for a value that the input's type does not hold."""
        how = " exactly" if self.cast.check == "exact" else ""
        return CastOverflowError(
            f"Row {row} of column {self.name!r} is {value}, which {self.cast.target} does not hold{how}.",
            remedy=f"If that is meant, cast it first: .astype({self.cast.target!r}).",
            details={"column": self.name, "row": row, "value": str(value)},
        )


def pack_columns(out: NumpyArray, columns: Sequence[BoundColumn], piece: Piece) -> None:
    """Single values of ``k`` columns into ``out[rows, k]``, in order.

    Raises `NullsError` and `CastOverflowError`.
    """
    matrix = _matrix(columns, piece)
    if matrix is not None:
        _pack_matrix(out, matrix, columns, piece.row_offset)
        return
    leaves = [column.leaves(piece.column(column.index)) for column in columns]
    for column, part in zip(columns, leaves, strict=True):
        unfit = first_unfit(part.values, column.cast)
        if unfit is not None:
            raise column.overflow(piece.row_offset + unfit, part.values[unfit])
    _cast_into(
        lambda: _stack(out, [part.values for part in leaves]),
        lambda: _infinite_in_columns(columns, leaves, piece.row_offset),
    )
    for position, (column, part) in enumerate(zip(columns, leaves, strict=True)):
        if part.gaps is not None:
            out[part.gaps, position] = column.blank(piece.row_offset + int(part.gaps[0]), len(part.gaps))


def pack_rows(out: NumpyArray, column: BoundColumn, dims: tuple[int, ...], piece: Piece) -> None:
    """Lists or tensors of shape `dims` into ``out[rows, values]``.

    Raises `NullsError`, `CastOverflowError`, and `BindingError` where a row has another length.
    """
    rows = flat_rows(piece.column(column.index), dims, column.name, piece.row_offset)
    leaves = column.leaves(rows.values)
    width = out.shape[1]

    def overflow(position: int) -> CastOverflowError:
        return column.overflow(piece.row_offset + rows.row(position, width), leaves.values[position])

    def infinite() -> CastOverflowError | None:
        position = first_infinite(leaves.values, column.cast)
        return None if position is None else overflow(position)

    unfit = first_unfit(leaves.values, column.cast)
    if unfit is not None:
        raise overflow(unfit)
    flat = out.reshape(-1) if rows.there is None else np.empty(len(leaves.values), dtype=out.dtype)
    _cast_into(lambda: np.copyto(flat, leaves.values, casting="unsafe"), infinite)
    if leaves.gaps is not None:
        first = piece.row_offset + rows.row(int(leaves.gaps[0]), width)
        flat[leaves.gaps] = column.blank(first, len(leaves.gaps))
    if rows.there is not None:
        missing = np.setdiff1d(np.arange(piece.rows), rows.there)
        out[missing] = column.blank(piece.row_offset + int(missing[0]), len(missing))
        out[rows.there] = flat.reshape(-1, width)


def _matrix(columns: Sequence[BoundColumn], piece: Piece) -> NumpyArray | None:
    """``[rows, k]``: one view on just these columns, where the piece has one and nothing is to be filled."""
    first = columns[0].index
    in_order = all(column.index == first + at for at, column in enumerate(columns))
    if piece.matrix is None or not in_order or any(column.fill is not None for column in columns):
        return None
    matrix: NumpyArray = piece.matrix[:, first : first + len(columns)]
    return matrix


def _pack_matrix(
    out: NumpyArray, matrix: NumpyArray, columns: Sequence[BoundColumn], row_offset: int
) -> None:
    cast = columns[0].cast

    def overflow(position: int) -> CastOverflowError:
        row, column = divmod(position, matrix.shape[1])
        bound: BoundColumn = columns[column]
        return bound.overflow(row_offset + row, matrix[row, column])

    def infinite() -> CastOverflowError | None:
        position = first_infinite(matrix, cast)
        return None if position is None else overflow(position)

    unfit = first_unfit(matrix, cast)
    if unfit is not None:
        raise overflow(unfit)
    _cast_into(lambda: np.copyto(out, matrix, casting="unsafe"), infinite)


def _stack(out: NumpyArray, columns: Sequence[NumpyArray]) -> None:
    rows = len(out)
    if len(columns) == 1:
        np.copyto(out[:, 0], columns[0], casting="unsafe")
        return
    block = np.empty((min(BLOCK_COLUMNS, len(columns)), min(rows, BLOCK_ROWS) + BLOCK_PAD), dtype=out.dtype)
    for start in range(0, rows, BLOCK_ROWS):
        end = min(start + BLOCK_ROWS, rows)
        for left in range(0, len(columns), BLOCK_COLUMNS):
            group = columns[left : left + BLOCK_COLUMNS]
            side_by_side = block[: len(group), : end - start]
            for line, column in zip(side_by_side, group, strict=True):
                np.copyto(line, column[start:end], casting="unsafe")
            np.copyto(out[start:end, left : left + len(group)], side_by_side.T)


def _infinite_in_columns(
    columns: Sequence[BoundColumn], leaves: Sequence[Leaves], row_offset: int
) -> CastOverflowError | None:
    for column, part in zip(columns, leaves, strict=True):
        row = first_infinite(part.values, column.cast)
        if row is not None:
            return column.overflow(row_offset + row, part.values[row])
    return None


def _cast_into(copy: Callable[[], None], find_infinite: Callable[[], CastOverflowError | None]) -> None:
    """Copies, and raises where a finite value became infinite.

    The processor notes that in a flag, which NumPy reads after a cast; only then is the value looked for.
    """
    try:
        with np.errstate(over="raise"):
            copy()
    except FloatingPointError:
        error = find_infinite()
        if error is not None:
            raise error from None
        with np.errstate(over="ignore"):
            copy()
