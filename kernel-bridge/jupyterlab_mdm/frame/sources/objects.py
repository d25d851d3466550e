"""Columns of Python objects. In: an object array of pandas or NumPy; out: a column with an Arrow type.

The first value that is there decides the type of strings, arrays and lists; the rest is read when its piece
is. Other objects (numbers with gaps, dates, decimals) are looked through once, as one alone says too little.
"""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa

from ...errors import FrameInvalidError
from ..arrow_numpy import NumpyArray
from .base import Column
from .columns import NUMERIC_KINDS, ConvertedColumn, UnsupportedColumn, nested

_ARROW_REFUSALS = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)


def object_column(name: str, values: NumpyArray) -> Column:
    """A column on a one-dimensional array of Python objects; `name` is for its errors."""
    first = next((value for value in values if not is_missing(value)), None)
    if first is None:
        return UnsupportedColumn("missing values only")
    if isinstance(first, np.ndarray):
        return _array_column(name, values, first)
    sample = np.array([first], dtype=object) if isinstance(first, str) else values
    try:
        arrow_type = pa.infer_type([first] if isinstance(first, list | tuple) else sample, from_pandas=True)
    except _ARROW_REFUSALS:
        return UnsupportedColumn(f"Python objects ({_describe(first)})")
    return ConvertedColumn(
        arrow_type, lambda start, rows: _convert(name, values[start : start + rows], arrow_type, start)
    )


def text_column(name: str, values: NumpyArray) -> Column:
    """A column on a NumPy array of strings, whatever NumPy keeps them as; `name` is for its errors."""

    def convert(start: int, rows: int) -> pa.Array:
        return _convert(name, values[start : start + rows].astype(object), pa.string(), start)

    return ConvertedColumn(pa.string(), convert)


def is_missing(value: object) -> bool:
    """Whether a Python object stands for no value: None, NaN, `pandas.NA`, `pandas.NaT`."""
    return (
        value is None
        or (isinstance(value, float) and math.isnan(value))
        or type(value).__name__ in ("NAType", "NaTType")
    )


def _convert(name: str, part: NumpyArray, arrow_type: pa.DataType, start: int) -> pa.Array:
    try:
        return pa.array(part, type=arrow_type, from_pandas=True)
    except _ARROW_REFUSALS as error:
        odd = next((row for row, value in enumerate(part) if not _converts(value, arrow_type)), 0)
        raise _mixed(name, start + odd, part[odd], str(arrow_type)) from error


def _converts(value: object, arrow_type: pa.DataType) -> bool:
    try:
        pa.array([value], type=arrow_type, from_pandas=True)
    except _ARROW_REFUSALS:
        return False
    return True


def _array_column(name: str, values: NumpyArray, first: NumpyArray) -> Column:
    """Cells of NumPy arrays: lists of any length where they have one axis, one shape where they have more."""
    if first.dtype.kind not in NUMERIC_KINDS or first.ndim == 0:
        return UnsupportedColumn(f"Python objects ({_describe(first)})")
    leaf = pa.from_numpy_dtype(first.dtype.newbyteorder("="))
    if first.ndim == 1:
        return ConvertedColumn(
            pa.large_list(leaf), lambda start, rows: _lists(name, values[start : start + rows], first, start)
        )
    row_type = nested(leaf, first.shape)
    return ConvertedColumn(
        row_type, lambda start, rows: _stack(name, values[start : start + rows], first, start)
    )


def _lists(name: str, cells: NumpyArray, first: NumpyArray, start: int) -> pa.Array:
    lengths = np.zeros(len(cells) + 1, dtype=np.int64)
    missing = np.zeros(len(cells), dtype=np.bool_)
    there = []
    for row, cell in enumerate(cells):
        if isinstance(cell, np.ndarray) and cell.dtype == first.dtype and cell.ndim == 1:
            there.append(cell)
            lengths[row + 1] = len(cell)
        elif is_missing(cell):
            missing[row] = True
        else:
            raise _mixed(name, start + row, cell, _describe(first))
    flat = np.concatenate([first[:0], *there]).astype(first.dtype.newbyteorder("="), copy=False)
    mask = pa.array(missing) if missing.any() else None
    return pa.LargeListArray.from_arrays(pa.array(np.cumsum(lengths)), pa.array(flat), mask=mask)


def _stack(name: str, cells: NumpyArray, first: NumpyArray, start: int) -> NumpyArray:
    for row, cell in enumerate(cells):
        alike = isinstance(cell, np.ndarray) and cell.dtype == first.dtype and cell.shape == first.shape
        if not alike:
            raise _mixed(name, start + row, cell, _describe(first))
    return np.stack(list(cells))


def _describe(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and type {value.dtype}"
    return type(value).__name__


def _mixed(name: str, row: int, value: object, expected: str) -> FrameInvalidError:
    return FrameInvalidError(
        f"Column {name!r} starts with {expected}, but row {row} holds {_describe(value)}.",
        remedy="Make every value of the column one type.",
        details={"column": name, "row": row},
    )
