"""Between Arrow's arrays and NumPy's, on the same memory. In: one of them; out: the other.

pyarrow's own conversions (`to_numpy`, `pyarrow.array`, `pyarrow.scalar` and more) import pandas wherever it
is installed: a third of a second that somebody without a pandas frame would wait for rows. These do not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

NumpyArray = npt.NDArray[Any]


def numpy_type(arrow_type: pa.DataType) -> np.dtype[Any]:
    """The NumPy type of numbers, bools and points in time (integers); objects for anything else."""
    types = pa.types
    if types.is_boolean(arrow_type):
        return np.dtype(np.bool_)
    if not types.is_primitive(arrow_type) or types.is_interval(arrow_type):
        return np.dtype(object)
    kind = "f" if types.is_floating(arrow_type) else "u" if types.is_unsigned_integer(arrow_type) else "i"
    return np.dtype(f"{kind}{arrow_type.bit_width // 8}")


def numbers_of(array: pa.Array) -> NumpyArray:
    """A view on numbers, a copy of bools (Arrow keeps them as bits); points in time as integers.

    Where a value is missing there is just anything.
    """
    if pa.types.is_boolean(array.type):
        return _bits(array, 1)
    dtype = numpy_type(array.type)
    if len(array) == 0:
        return np.empty(0, dtype=dtype)
    offset = array.offset * dtype.itemsize
    return np.frombuffer(array.buffers()[1], dtype=dtype, count=len(array), offset=offset)


def missing_in(array: pa.Array) -> NumpyArray | None:
    """Positions without a value, None where every one has its value."""
    return np.flatnonzero(~_bits(array, 0)) if array.null_count else None


def there_in(array: pa.Array) -> NumpyArray:
    """For each position whether it has a value."""
    return _bits(array, 0) if array.null_count else np.ones(len(array), dtype=np.bool_)


def array_of(values: NumpyArray) -> pa.Array:
    """An Arrow array on contiguous numbers; a copy of bools."""
    if values.dtype == np.bool_:
        data = pa.py_buffer(np.packbits(values, bitorder="little"))
        return pa.Array.from_buffers(pa.bool_(), len(values), [None, data], null_count=0)
    data = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, data], null_count=0)


def lists_of(values: pa.Array, rows: int, size: int) -> pa.Array:
    """`rows` fixed-size lists over an array, without a copy."""
    arrow_type = pa.list_(values.type, size)
    return pa.FixedSizeListArray.from_buffers(arrow_type, rows, [None], null_count=0, children=[values])


def _bits(array: pa.Array, buffer: int) -> NumpyArray:
    if len(array) == 0:
        return np.empty(0, dtype=np.bool_)
    first = array.offset // 8
    data = np.frombuffer(array.buffers()[buffer], dtype=np.uint8, offset=first)
    skipped = array.offset - 8 * first
    bits = np.unpackbits(data, bitorder="little", count=skipped + len(array))
    return bits[skipped:].view(np.bool_)
