"""Single values of a column, flat, as NumPy. In: a piece's column; out: numbers, and where there are none.

Views wherever the values lie as NumPy would have them; a copy for bools in bits, decimals, dictionaries and
columns with gaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..frame.arrow_numpy import NumpyArray, missing_in, numbers_of, there_in
from ..frame.source import Values

#: Powers of ten up to here are exact in 64-bit floats, and so are integers below 2 ** 53.
EXACT_SCALE = 22
EXACT_INTEGER = 2**53


@dataclass(frozen=True)
class Leaves:
    """The values of a column, one after the other."""

    values: NumpyArray
    #: Positions without a value, where `values` holds 0 or NaN; None for none.
    gaps: NumpyArray | None = None


def numeric_leaves(values: Values, *, as_float: bool, nan_is_gap: bool = False) -> Leaves:
    """Numbers, bools and points in time as NumPy has them; decimals as 64-bit floats or integers.

    `nan_is_gap`: in a NumPy array NaN is how a missing value is written, so a fill value takes its place.
    """
    if isinstance(values, np.ndarray):
        return _numpy_leaves(values.reshape(-1), nan_is_gap)
    values = decoded(values)
    if pa.types.is_decimal(values.type):
        return _decimal_leaves(values, as_float)
    plain, gaps = numbers_of(values), missing_in(values)
    if gaps is None:
        return Leaves(plain)
    # What lies under a gap is anything, and must not fail a check.
    plain = plain.copy()
    plain[gaps] = 0
    return Leaves(plain, gaps)


def decoded(values: pa.Array) -> pa.Array:
    """The values themselves where they are written as a dictionary or as runs."""
    if pa.types.is_dictionary(values.type):
        entries = values.dictionary
        if pa.types.is_string_view(entries.type):
            # pyarrow does not take values from string views.
            entries = plain_strings(entries)
        return decoded(entries.take(values.indices))
    if pa.types.is_run_end_encoded(values.type):
        return decoded(pc.run_end_decode(values))
    return values


def plain_strings(strings: pa.Array) -> pa.Array:
    """Strings as offsets and text, where they are views."""
    if not pa.types.is_string_view(strings.type):
        return strings
    try:
        return strings.cast(pa.large_string())
    except pa.ArrowNotImplementedError:
        # pyarrow 17 has no such cast.
        return pa.array(strings.to_pylist(), pa.large_string())


def _numpy_leaves(values: NumpyArray, nan_is_gap: bool) -> Leaves:
    if values.dtype.kind in "mM":
        numbers = values.astype(values.dtype.newbyteorder("="), copy=False).view(np.int64)
        gaps = np.flatnonzero(np.isnat(values))
        if not len(gaps):
            return Leaves(numbers)
        numbers = numbers.copy()
        numbers[gaps] = 0
        return Leaves(numbers, gaps)
    if nan_is_gap and values.dtype.kind == "f":
        gaps = np.flatnonzero(np.isnan(values))
        return Leaves(values, gaps if len(gaps) else None)
    return Leaves(values)


def _decimal_leaves(values: pa.Array, as_float: bool) -> Leaves:
    gaps = missing_in(values)
    scale = values.type.scale
    unscaled = _unscaled(values)
    if unscaled is not None and gaps is not None:
        unscaled = unscaled.copy()
        unscaled[gaps] = 0
    if unscaled is not None and not as_float:
        return Leaves(unscaled, gaps)
    if unscaled is not None and scale <= EXACT_SCALE and _all_exact(unscaled):
        # Two exact numbers, so that the quotient is the float nearest to the decimal.
        return Leaves(unscaled / 10.0**scale, gaps)
    return Leaves(_python_numbers(values.to_pylist(), as_float), gaps)


def _all_exact(integers: NumpyArray) -> bool:
    return bool(((integers > -EXACT_INTEGER) & (integers < EXACT_INTEGER)).all())


def _unscaled(values: pa.Array) -> NumpyArray | None:
    """The integers before the decimal point is set, None where one has more than 64 bits."""
    if values.type.bit_width > 128 or values.type.scale < 0:
        return None
    wide = values if values.type.bit_width == 128 else values.cast(pa.decimal128(38, values.type.scale))
    if len(wide) == 0:
        return np.empty(0, dtype=np.int64)
    halves = np.frombuffer(wide.buffers()[1], dtype="<i8", count=2 * len(wide), offset=16 * wide.offset)
    low, high = halves.reshape(-1, 2).T
    small = ((low >> 63) == high) | ~there_in(wide)
    return low if bool(small.all()) else None


def _python_numbers(decimals: list[Decimal | None], as_float: bool) -> NumpyArray:
    if as_float:
        return np.array([0.0 if d is None else float(d) for d in decimals], dtype=np.float64)
    return np.array([0 if d is None else int(d) for d in decimals], dtype=object)
