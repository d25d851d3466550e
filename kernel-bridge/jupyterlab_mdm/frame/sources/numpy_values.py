"""Results as NumPy arrays. In: Arrow columns of a result; out: arrays that own their memory.

A row without a result (its chunk failed) is NaN in floats, None in objects, and masked in anything else.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from ..arrow_numpy import NumpyArray, numbers_of, numpy_type, there_in


def column_values(column: pa.ChunkedArray) -> NumpyArray:
    """``[rows, …]``: one array, or an array of objects where the rows differ in shape."""
    parts = [_chunk_values(chunk) for chunk in column.chunks if len(chunk)]
    if not parts:
        return _empty(column.type)
    if any(part.shape[1:] != parts[0].shape[1:] or part.dtype != parts[0].dtype for part in parts):
        parts = [_as_objects(part) for part in parts]
    joined = np.concatenate([np.ma.getdata(part) for part in parts])
    if not any(isinstance(part, np.ma.MaskedArray) for part in parts):
        return joined
    return np.ma.MaskedArray(joined, mask=np.concatenate([np.ma.getmaskarray(part) for part in parts]))


def rows_of(column: pa.ChunkedArray) -> NumpyArray:
    """``[rows]`` of objects: the array of each row, None where it has no result."""
    return _as_objects(column_values(column))


def _chunk_values(chunk: pa.Array) -> NumpyArray:
    if chunk.null_count:
        return _spread(_chunk_values(chunk.drop_null()), there_in(chunk))
    if pa.types.is_fixed_size_list(chunk.type):
        inner = _chunk_values(chunk.flatten())
        return inner.reshape(len(chunk), chunk.type.list_size, *inner.shape[1:])
    if pa.types.is_nested(chunk.type):
        return _objects(_chunk_values(scalar.values) for scalar in chunk)
    return _objects(chunk.to_pylist()) if pa.types.is_string(chunk.type) else numbers_of(chunk)


def _spread(values: NumpyArray, there: NumpyArray) -> NumpyArray:
    """The values at the rows that have some."""
    blank = {"f": np.nan, "O": None}.get(values.dtype.kind, 0)
    out: NumpyArray = np.full((len(there), *values.shape[1:]), blank, dtype=values.dtype)
    out[there] = values
    if values.dtype.kind in "fO":
        return out
    gone = np.broadcast_to(~there.reshape(-1, *[1] * (out.ndim - 1)), out.shape)
    return np.ma.MaskedArray(out, mask=gone)


def _as_objects(values: NumpyArray) -> NumpyArray:
    if values.dtype == object and values.ndim == 1:
        return values
    if not isinstance(values, np.ma.MaskedArray):
        return _objects(values)
    gone = np.ma.getmaskarray(values).reshape(len(values), -1)
    lost = np.flatnonzero(gone.any(axis=1))
    out = _objects(np.ma.getdata(values))
    out[lost] = None
    return out


def _objects(rows: Iterable[object]) -> NumpyArray:
    """One object a row: NumPy would otherwise make one array of rows of one length."""
    listed = list(rows)
    out = np.empty(len(listed), dtype=object)
    for at, row in enumerate(listed):
        out[at] = row
    return out


def _empty(arrow_type: pa.DataType) -> NumpyArray:
    shape: list[int] = []
    while pa.types.is_fixed_size_list(arrow_type):
        shape.append(arrow_type.list_size)
        arrow_type = arrow_type.value_type
    return np.empty((0, *shape), dtype=numpy_type(arrow_type))
