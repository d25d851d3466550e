"""Shapes of rows. In: the type of a column and the shape of a model's input; out: how one fits the other.

A column's dimensions are the lengths of its lists, outermost first: none for single values, None for a length
that only the values tell. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import pyarrow as pa

from ..wire.signature import Axis

Dims = tuple[int | None, ...]


@dataclass(frozen=True)
class Fit:
    """What a column's lists must measure, and the shape that its rows then have in the input."""

    #: None where the first row decides.
    dims: Dims
    #: None where the first row decides.
    shape: Dims

    @property
    def is_open(self) -> bool:
        """Whether a length is not known before the first row is."""
        return None in self.shape


def leaf_and_dims(arrow_type: pa.DataType) -> tuple[pa.DataType, Dims]:
    """The type of a column's single values, and its dimensions."""
    types = pa.types
    dims: list[int | None] = []
    while True:
        if isinstance(arrow_type, pa.FixedShapeTensorType):
            dims += logical_shape(arrow_type)
        elif types.is_fixed_size_list(arrow_type):
            dims.append(arrow_type.list_size)
        elif is_list_of_any_length(arrow_type):
            dims.append(None)
        elif not (types.is_dictionary(arrow_type) or types.is_run_end_encoded(arrow_type)):
            return arrow_type, tuple(dims)
        arrow_type = arrow_type.value_type


def logical_shape(tensor: pa.FixedShapeTensorType) -> list[int]:
    """The shape of a tensor as its user sees it, which need not be the order in memory."""
    shape = list(tensor.shape)
    return shape if tensor.permutation is None else [shape[axis] for axis in tensor.permutation]


def is_list_of_any_length(arrow_type: pa.DataType) -> bool:
    """Whether the rows of a type are lists, each of its own length."""
    types = pa.types
    return bool(
        types.is_list(arrow_type)
        or types.is_large_list(arrow_type)
        or types.is_list_view(arrow_type)
        or types.is_large_list_view(arrow_type)
    )


def fit(dims: Dims, axes: tuple[Axis, ...]) -> Fit | None:
    """How rows of these dimensions become rows of an input, None where they do not.

    Axes fit one by one. A flat list fits any shape of as many values, and tensors fit a flat input, since
    both keep the order of the values; axes of length 1 may be there or not. Anything else that happens to
    have as many values (images with the channels last, say) does not fit.
    """
    lengths = tuple(axis if isinstance(axis, int) else None for axis in axes)
    if not dims:
        return Fit((), lengths) if all(length == 1 for length in lengths) else None
    if len(dims) == len(lengths):
        return _fit_axes(dims, lengths)
    if len(dims) == 1:
        return _fit_flat(dims[0], lengths)
    known = [length for length in dims if length is not None]
    if len(known) < len(dims):
        return None
    if len(lengths) == 1 and lengths[0] in (None, prod(known)):
        return Fit(dims, (prod(known),))
    same = [d for d in dims if d != 1] == [length for length in lengths if length != 1]
    return Fit(dims, lengths) if same else None


def _fit_axes(dims: Dims, lengths: Dims) -> Fit | None:
    if any(a is not None and b is not None and a != b for a, b in zip(dims, lengths, strict=True)):
        return None
    merged = tuple(b if a is None else a for a, b in zip(dims, lengths, strict=True))
    return Fit(merged, merged)


def _fit_flat(length: int | None, lengths: Dims) -> Fit | None:
    known = prod(axis for axis in lengths if axis is not None)
    free = lengths.count(None)
    if free == 0:
        return Fit((known,), lengths) if length in (None, known) else None
    if free > 1:
        return None
    if length is None:
        return Fit((None,), lengths)
    if known == 0 or length % known:
        return None
    return Fit((length,), tuple(length // known if axis is None else axis for axis in lengths))
