"""NumPy frames. In: a dict of arrays or one array; out: views on them, and arrays again.

A two-dimensional array has the columns ``c0``, ``c1`` …; one of more axes is one column ``c0`` of tensors.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from ...errors import FrameInvalidError
from ..arrow_numpy import NumpyArray
from .base import Column, ColumnSource, Source, field_of
from .columns import NUMERIC_KINDS, UnsupportedColumn, numpy_column
from .numpy_values import column_values
from .objects import object_column, text_column


def open_numpy(frame: object) -> Source | None:
    """A source on a dict of arrays (or of what NumPy makes arrays of) or on one array; None on all else.

    Raises `FrameInvalidError` where the arrays differ in their number of rows.
    """
    if isinstance(frame, np.ndarray):
        return _open_array(frame)
    return _open_dict(frame) if isinstance(frame, Mapping) else None


def _open_array(array: NumpyArray) -> Source:
    if array.ndim == 0:
        raise FrameInvalidError("An array without axes has no rows.", remedy="Give an array [rows, columns].")
    parts = {f"c{i}": array[:, i] for i in range(array.shape[1])} if array.ndim == 2 else {"c0": array}
    matrix = array if array.ndim == 2 and array.dtype.kind in NUMERIC_KINDS else None
    return _open("numpy_array", parts, matrix)


def _open_dict(frame: Mapping[object, object]) -> Source:
    arrays = {str(name): _as_array(str(name), value) for name, value in frame.items()}
    if len(arrays) < len(frame):
        raise FrameInvalidError(
            "Names of the dict are alike once they are strings.", remedy="Name the columns with strings."
        )
    return _open("numpy_dict", arrays, None)


def _as_array(name: str, value: object) -> NumpyArray:
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise FrameInvalidError(
            f"Column {name!r} of the dict does not make an array: {error}",
            remedy="Give every column as an array with one entry a row.",
        ) from error
    if array.ndim == 0:
        raise FrameInvalidError(
            f"Column {name!r} of the dict is a single value, not an array of rows.",
            remedy="Pass a value that all rows share in params=, or repeat it: numpy.full(rows, value).",
        )
    return array


def _open(kind: str, arrays: Mapping[str, NumpyArray], matrix: NumpyArray | None) -> Source:
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name}: {length}" for name, length in list(lengths.items())[:10])
        raise FrameInvalidError(
            f"The columns of the dict differ in their number of rows ({shown}).",
            remedy="Give arrays of one length.",
            details={"rows": lengths},
        )
    columns = [_column(name, array) for name, array in arrays.items()]
    fields = [field_of(name, column) for name, column in zip(arrays, columns, strict=True)]
    return ColumnSource(
        kind,
        fields,
        columns,
        rows=next(iter(lengths.values()), 0),
        restore=_restore_array if kind == "numpy_array" else _restore_dict,
        matrix=matrix,
    )


def _column(name: str, array: NumpyArray) -> Column:
    if array.ndim == 1 and array.dtype.kind in "UT":
        return text_column(name, array)
    if array.ndim == 1 and array.dtype.kind == "O":
        return object_column(name, array)
    return numpy_column(array) or UnsupportedColumn(f"{array.ndim}-d {array.dtype}")


def _restore_dict(table: pa.Table) -> dict[str, NumpyArray]:
    return {name: column_values(table.column(name)) for name in table.column_names}


def _restore_array(table: pa.Table) -> NumpyArray | dict[str, NumpyArray]:
    """The array of a model with one output; a dict for a model with more, which no one array could hold."""
    arrays = _restore_dict(table)
    return next(iter(arrays.values())) if len(arrays) == 1 else arrays
