"""Which column goes to which input. Pure.

In: the frame's columns and the model's inputs; out: a `Match` for every input, or the error that shows both.
By name first, exactly and then without regard to case. What is left is matched only where it can mean one
thing: one input and one column, or one input as wide as all the columns that are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from ..errors import BindingError
from ..frame.sources.base import KIND_KEY, NO_ROWS
from ..wire.signature import TensorSpec
from .binding_table import binding_error, listed, near_names, shape_text
from .casting import Cast, Refusal, plan_cast
from .shapes import Dims, Fit, fit, leaf_and_dims

How = Literal["by name", "the only column", "stacked in order"]


@dataclass(frozen=True)
class FrameColumn:
    """A column as binding looks at it."""

    index: int
    name: str
    #: As a user knows it.
    kind: str
    leaf: pa.DataType
    dims: Dims

    def fit(self, spec: TensorSpec) -> Fit | None:
        """How its rows become rows of an input. Where there are none, anything does."""
        if self.kind == NO_ROWS:
            return Fit((), tuple(axis if isinstance(axis, int) else 1 for axis in spec.row_shape))
        return fit(self.dims, spec.row_shape)


@dataclass(frozen=True)
class Match:
    """The columns of one input."""

    spec: TensorSpec
    how: How
    columns: tuple[FrameColumn, ...]
    #: One a column.
    casts: tuple[Cast, ...]
    fit: Fit


def frame_columns(schema: pa.Schema) -> list[FrameColumn]:
    """The columns of a frame."""
    columns = []
    for index, field in enumerate(schema):
        kind = (field.metadata or {}).get(KIND_KEY)
        leaf, dims = leaf_and_dims(field.type)
        columns.append(
            FrameColumn(index, field.name, str(field.type) if kind is None else kind.decode(), leaf, dims)
        )
    return columns


def match(columns: Sequence[FrameColumn], inputs: Sequence[TensorSpec]) -> list[Match]:
    """The columns of every input, in the order of the inputs.

    Raises `BindingError` where an input finds no columns, or columns that it cannot take.
    """
    named = _named_fits(columns, inputs)
    taken = {column.index for column, _ in named.values()}
    rest = [column for column in columns if column.index not in taken]
    open_inputs = [spec for spec in inputs if spec.name not in named]
    refuse = _Refusing(columns, inputs)
    if len(open_inputs) > 1:
        raise refuse.unnamed(open_inputs, rest)
    matches = []
    for spec in inputs:
        if spec.name in named:
            column, how_long = named[spec.name]
            matches.append(_with_casts(refuse, spec, "by name", [column], how_long))
        else:
            matches.append(_match_rest(refuse, spec, rest))
    return matches


def _named_fits(
    columns: Sequence[FrameColumn], inputs: Sequence[TensorSpec]
) -> dict[str, tuple[FrameColumn, Fit]]:
    """Inputs that a column of their name and of a fitting shape is there for.

    A column may be called as an input is and yet be one of the many that it takes, so the shape must fit too.
    """
    found: dict[str, tuple[FrameColumn, Fit]] = {}
    for fold in (str, str.casefold):
        taken = {column.index for column, _ in found.values()}
        left = [column for column in columns if column.index not in taken]
        open_inputs = [spec for spec in inputs if spec.name not in found]
        for spec in open_inputs:
            alike = [column for column in left if fold(column.name) == fold(spec.name)]
            rivals = [other for other in open_inputs if fold(other.name) == fold(spec.name)]
            shape = alike[0].fit(spec) if len(alike) == len(rivals) == 1 else None
            if shape is not None:
                found[spec.name] = (alike[0], shape)
    return found


def _match_rest(refuse: _Refusing, spec: TensorSpec, rest: Sequence[FrameColumn]) -> Match:
    """The one input that no name decided takes all the columns that are left, or none."""
    row_shape = spec.row_shape
    if len(rest) == 1 and (shape := rest[0].fit(spec)) is not None:
        return _with_casts(refuse, spec, "the only column", rest, shape)
    wide_enough = len(row_shape) == 1 and (not isinstance(row_shape[0], int) or row_shape[0] == len(rest))
    if rest and wide_enough and not any(column.dims for column in rest):
        return _with_casts(refuse, spec, "stacked in order", rest, Fit((), (len(rest),)))
    raise refuse.unmatched(spec, rest)


def _with_casts(
    refuse: _Refusing, spec: TensorSpec, how: How, columns: Sequence[FrameColumn], shape: Fit
) -> Match:
    plans = [(column, _plan(column, spec)) for column in columns]
    refused = [(column, plan) for column, plan in plans if isinstance(plan, Refusal)]
    if refused:
        raise refuse.types(spec, how, refused)
    casts = tuple(plan for _, plan in plans if isinstance(plan, Cast))
    return Match(spec, how, tuple(columns), casts, shape)


def _plan(column: FrameColumn, spec: TensorSpec) -> Cast | Refusal:
    if column.kind == NO_ROWS:
        return Cast(column.leaf, spec.dtype)
    if column.dims and pa.types.is_uint8(column.leaf) and spec.dtype not in ("uint8", "string"):
        return Refusal(
            f"holds bytes, the input takes {spec.dtype}",
            "Scale them as the model was trained, e.g. values.astype('float32') / 255.",
        )
    return plan_cast(column.leaf, spec.dtype)


class _Refusing:
    """The errors of one attempt to match."""

    def __init__(self, columns: Sequence[FrameColumn], inputs: Sequence[TensorSpec]) -> None:
        self._columns = columns
        self._inputs = inputs

    def types(
        self, spec: TensorSpec, how: How, refused: Sequence[tuple[FrameColumn, Refusal]]
    ) -> BindingError:
        """Columns that are the right ones but not of a type that the input takes."""
        reasons = [f"Column {column.name!r} {refusal.reason}." for column, refusal in refused[:4]]
        more = f" So it is with {len(refused) - 4} more." if len(refused) > 4 else ""
        remedies = dict.fromkeys(refusal.remedy for _, refusal in refused)
        if how == "stacked in order" and not isinstance(spec.row_shape[0], int):
            names = [column.name for column, _ in refused]
            remedies = dict.fromkeys([f"Leave out what the model was not trained on ({listed(names)})."])
        return self._error(" ".join(reasons) + more, " ".join(remedies))

    def unnamed(self, open_inputs: Sequence[TensorSpec], rest: Sequence[FrameColumn]) -> BindingError:
        """More than one input that no column is named for."""
        given = [column.name for column in rest]
        folded = {name.casefold() for name in given}
        absent = [spec.name for spec in open_inputs if spec.name.casefold() not in folded]
        unnamed = f"No column is named {listed(absent)}." if absent else ""
        reason = f"{unnamed}{self._wrong_shapes(open_inputs)}".strip()
        near = near_names(absent, given)
        if not absent:
            return self._error(reason, "Give each input rows of its shape.")
        if near:
            renames = ", ".join(f"{have!r} → {want!r}" for want, have in near)
            return self._error(reason, f"Rename what is meant: {renames}.")
        return self._error(reason, "Name one column for each input of the model.")

    def unmatched(self, spec: TensorSpec, rest: Sequence[FrameColumn]) -> BindingError:
        """One input, and columns that are not what it takes."""
        wanted, shape = f"Input {spec.name!r} takes", spec.row_shape
        alike = [c.name for c in self._columns if c.name.casefold() == spec.name.casefold()]
        if len(alike) > 1 and spec.name not in alike:
            return self._error(
                f"Columns {listed(alike)} differ from the name of input {spec.name!r} in case only.",
                f"Rename the one that is meant to {spec.name!r}.",
            )
        if not rest:
            return self._error(
                f"{wanted} {_rows_text(spec)}, and no column is left for it.{self._wrong_shapes([spec])}",
                f"Add a column named {spec.name!r}.",
            )
        if len(shape) == 1 and isinstance(shape[0], int) and not any(column.dims for column in rest):
            reason = f"{wanted} {_count(shape[0])}, the frame has {len(rest)} for it."
            return self._error(reason, _width_remedy(spec, rest))
        fitting = [c for c in rest if c.fit(spec) is not None and isinstance(_plan(c, spec), Cast)]
        have = ", ".join(f"{column.name!r} ({_dims_text(column)})" for column in rest[:4])
        reason = f"{wanted} {_rows_text(spec)}; for it the frame has {have}{' …' if len(rest) > 4 else ''}."
        if len(fitting) == 1:
            return self._error(reason, f"Send only the column that is meant: frame[[{fitting[0].name!r}]].")
        return self._error(reason, f"Give one column of such rows, named {spec.name!r} if there are others.")

    def _wrong_shapes(self, inputs: Sequence[TensorSpec]) -> str:
        """Columns that have the name of an input, but not its shape."""
        found = [
            f" Column {column.name!r} has {_dims_text(column)}, input {spec.name!r} takes {_rows_text(spec)}."
            for spec in inputs
            for column in self._columns
            if column.name.casefold() == spec.name.casefold()
        ]
        return "".join(found[:4])

    def _error(self, reason: str, remedy: str) -> BindingError:
        return binding_error(reason, remedy, self._inputs, [(c.name, c.kind) for c in self._columns])


def _width_remedy(spec: TensorSpec, rest: Sequence[FrameColumn]) -> str:
    others = [column.name for column in rest if isinstance(_plan(column, spec), Refusal)]
    if len(rest) - len(others) == spec.row_shape[0]:
        return f"It would bind without {listed(others)}."
    return "Select the columns that the model was trained on, in that order."


def _count(columns: int) -> str:
    return "1 column" if columns == 1 else f"{columns} columns"


def _rows_text(spec: TensorSpec) -> str:
    return f"rows of shape {shape_text(spec.row_shape)}" if spec.row_shape else "one value a row"


def _dims_text(column: FrameColumn) -> str:
    return f"rows of shape {shape_text(column.dims)}" if column.dims else "one value a row"
