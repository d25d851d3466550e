"""Rows of lists and tensors, flat. In: a piece's column of lists; out: its values one row after the other.

Rows that are missing altogether are left out and named; every other row must measure what the input takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import BindingError, NullsError
from ..frame.arrow_numpy import NumpyArray, array_of, missing_in, numbers_of, there_in
from ..frame.source import Values
from .shapes import Dims, is_list_of_any_length


@dataclass(frozen=True)
class FlatRows:
    """Values of the rows that are there."""

    values: Values
    #: Rows (of the piece) that are there, None for all.
    there: NumpyArray | None = None

    def row(self, position: int, row_size: int) -> int:
        """Which row of the piece a value belongs to."""
        row = position // max(row_size, 1)
        return row if self.there is None else int(self.there[row])


def flat_rows(values: Values, dims: tuple[int, ...], name: str, row_offset: int) -> FlatRows:
    """The rows' values in order, each row of shape `dims`.

    `name` and `row_offset` are for errors: `BindingError` where a row has another length, `NullsError` where
    a list inside a row is missing.
    """
    if isinstance(values, np.ndarray):
        return FlatRows(values.reshape(-1))
    there = np.flatnonzero(there_in(_storage(values))) if values.null_count else None
    rows = FlatRows(values, there)
    level = values
    for depth, size in enumerate(dims):
        if isinstance(level.type, pa.FixedShapeTensorType):
            return FlatRows(_tensor_values(level), there)
        missing = missing_in(level) if depth else None
        if missing is not None:
            raise _missing_inside(name, row_offset + rows.row(int(missing[0]), prod(dims[:depth])))
        odd = _first_odd_length(level, size)
        if odd is not None:
            position, length = odd
            raise _odd_length(name, row_offset + rows.row(position, prod(dims[:depth])), length, size)
        # Rows that are missing are left out by this.
        level = level.flatten()
    return FlatRows(level, there)


def measure(values: Values, dims: Dims) -> tuple[int, ...] | None:
    """The dimensions of the first row that is there; None where no row is."""
    if isinstance(values, np.ndarray):
        return values.shape[1:]
    there = np.flatnonzero(there_in(_storage(values)))
    if len(there) == 0:
        return None
    level = values.slice(int(there[0]), 1)
    measured: list[int] = []
    for size in dims:
        if size is not None:
            # Fixed sizes and tensors say it in their type, and lists of any length may lie inside them.
            measured.append(size)
        else:
            lengths = pc.list_value_length(level)
            measured.append(lengths[0].as_py() if len(lengths) else 0)
        if not isinstance(level.type, pa.FixedShapeTensorType):
            level = level.flatten()
    return tuple(measured)


def _storage(values: pa.Array) -> pa.Array:
    return values.storage if isinstance(values, pa.ExtensionArray) else values


def _first_odd_length(level: pa.Array, size: int) -> tuple[int, int] | None:
    if not is_list_of_any_length(level.type):
        return None
    lengths = numbers_of(pc.list_value_length(level))
    if level.null_count:
        lengths = lengths[there_in(level)]
    odd = np.flatnonzero(lengths != size)
    return (int(odd[0]), int(lengths[odd[0]])) if len(odd) else None


def _tensor_values(tensors: pa.FixedShapeTensorArray) -> pa.Array:
    """The values in the order of the logical axes."""
    values, permutation = tensors.storage.flatten(), tensors.type.permutation
    if permutation is None:
        return values
    as_stored = np.arange(len(values)).reshape(-1, *tensors.type.shape)
    return values.take(array_of(as_stored.transpose(0, *(axis + 1 for axis in permutation)).reshape(-1)))


def _odd_length(name: str, row: int, length: int, size: int) -> BindingError:
    return BindingError(
        f"Row {row} of column {name!r} has a list of {length} values, the input takes {size}.",
        remedy="Pad or cut the lists to one length, or run rows of one length at a time.",
        details={"column": name, "row": row, "length": length, "expected": size},
    )


def _missing_inside(name: str, row: int) -> NullsError:
    return NullsError(
        f"Row {row} of column {name!r} has a list inside that is missing.",
        remedy="Fill or drop such rows.",
        details={"column": name, "row": row},
    )
