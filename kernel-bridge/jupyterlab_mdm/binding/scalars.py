"""Single values that the user gives: `fill=` for what is missing, `params=` for inputs without axes. Pure.

In: values of any kind; out: values that the input's type holds, or a `BadOptionError` before any row is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from numbers import Integral, Real

import numpy as np

from ..errors import BadOptionError
from ..wire.signature import TensorSpec
from .casting import EXACT_BITS
from .matching import Match

Scalar = bool | int | float | str


def fills_of(fill: object | None, matches: Sequence[Match]) -> dict[int, Scalar]:
    """The fill of each column that has one, by the column's index.

    `fill` is one value for all columns that go to an input, or a mapping from their names.
    """
    if fill is None:
        return {}
    targets = {column.name: (column.index, m.spec.dtype) for m in matches for column in m.columns}
    given = (
        {str(n): v for n, v in fill.items()} if isinstance(fill, Mapping) else dict.fromkeys(targets, fill)
    )
    unknown = [name for name in given if name not in targets]
    if unknown:
        raise BadOptionError(
            f"fill= names columns that go to no input: {', '.join(unknown)}.",
            remedy=f"Columns that do: {', '.join(targets)}.",
            details={"columns": unknown},
        )
    fills = {}
    for name, value in given.items():
        index, dtype = targets[name]
        fills[index] = _checked(value, dtype, f"fill={value!r} for column {name!r}")
    return fills


def check_params(params: Mapping[str, object], inputs: Sequence[TensorSpec]) -> list[str]:
    """The names of inputs without axes that `params` gives no value for.

    Raises `BadOptionError` where a value is not of its input's type, or an input has one value a row.
    """
    for spec in inputs:
        if spec.name not in params:
            continue
        if spec.shape:
            raise BadOptionError(
                f"params= names input {spec.name!r}, which takes one value a row.",
                remedy=f"Give it as a column named {spec.name!r}.",
                details={"param": spec.name},
            )
        _checked(params[spec.name], spec.dtype, f"params[{spec.name!r}] = {params[spec.name]!r}")
    return [spec.name for spec in inputs if not spec.shape and spec.name not in params]


def _checked(value: object, dtype: str, what: str) -> Scalar:
    fitting = _as_scalar(value, dtype)
    if fitting is None:
        raise BadOptionError(
            f"{what} is not a value of type {dtype}.",
            remedy=f"Give a {dtype} value; where columns differ in type, a dict: fill={{'column': value}}.",
        )
    return fitting


def _as_scalar(value: object, dtype: str) -> Scalar | None:
    """The value as the type holds it, None where it does not."""
    if dtype == "string":
        return value if isinstance(value, str) else None
    is_bool = isinstance(value, bool | np.bool_)
    if dtype == "bool" or is_bool:
        return bool(value) if dtype == "bool" and is_bool else None
    if dtype in EXACT_BITS:
        if not isinstance(value, Real):
            return None
        number, most = float(value), float(np.finfo(dtype).max)
        return number if abs(number) <= most or not isfinite(number) else None
    if not isinstance(value, Integral):
        return None
    bounds = np.iinfo(dtype)
    return int(value) if bounds.min <= int(value) <= bounds.max else None
