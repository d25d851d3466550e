"""One input of a model with the columns that go to it. In: a piece; out: the input's buffers of a message."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod

import pyarrow as pa

from ..errors import BindingError
from ..frame.arrow_numpy import NumpyArray
from ..frame.source import Piece, Source
from ..wire.signature import TensorSpec
from .binding_table import listed, shape_text
from .casting import wire_dtype
from .list_columns import measure
from .matching import Match
from .packing import BoundColumn, pack_columns, pack_rows
from .scalars import Scalar
from .shapes import Fit, fit
from .text_packing import Text, text_of_columns, text_of_rows

#: Values a row, and bytes a string, that are assumed where only the rows would tell.
ASSUMED_VALUES = 128
ASSUMED_STRING_BYTES = 32
#: How far to look for a row that is there, where the first such row decides a length.
PEEKED_ROWS = (1, 1000)
#: The length that a free axis gets where there are no rows at all.
LENGTH_WITHOUT_ROWS = 1


@dataclass(frozen=True)
class BoundInput:
    """An input, its columns, and how their rows fit."""

    spec: TensorSpec
    how: str
    columns: tuple[BoundColumn, ...]
    fit: Fit

    @classmethod
    def of(cls, match: Match, fills: Mapping[int, Scalar]) -> BoundInput:
        """From what was decided."""
        columns = tuple(
            BoundColumn(column.index, column.name, cast, fills.get(column.index))
            for column, cast in zip(match.columns, match.casts, strict=True)
        )
        return cls(match.spec, match.how, columns, match.fit)

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of a row. Raises `BindingError` while the first row has not been looked at."""
        if self.fit.is_open:
            raise BindingError(
                f"The length of the lists in column {self.columns[0].name!r} is not known yet.",
                remedy="Call settle(source) first.",
            )
        return tuple(length for length in self.fit.shape if length is not None)

    def settled(self, source: Source) -> BoundInput:
        """With the lengths that the first row has; itself where they are known.

        Raises `BindingError` where that row does not fit the input.
        """
        if not self.fit.is_open:
            return self
        column = self.columns[0]
        dims = _first_dims(source, column.index, self.fit)
        shape = fit(dims, self.spec.row_shape)
        if shape is None or shape.is_open or 0 in shape.shape:
            raise BindingError(
                f"The first row of column {column.name!r} has shape {shape_text(dims)}, "
                f"input {self.spec.name!r} takes rows of shape {shape_text(self.spec.row_shape)}.",
                remedy="Pad or cut the lists, or nest them as the input's axes are.",
                details={"column": column.name, "input": self.spec.name},
            )
        return replace(self, fit=shape)

    @property
    def field(self) -> pa.Field:
        """The column of the wire."""
        shape = self.row_shape
        leaf = pa.string() if self.is_text else pa.from_numpy_dtype(wire_dtype(self.spec.dtype))
        metadata = {}
        if len(shape) > 1:
            metadata["mdm:shape"] = json.dumps(shape)
        if self.spec.dtype == "bool":
            metadata["mdm:dtype"] = "bool"
        return pa.field(
            self.spec.name, pa.list_(leaf, prod(shape)) if shape else leaf, metadata=metadata or None
        )

    @property
    def is_text(self) -> bool:
        """Whether its values are strings."""
        return self.spec.dtype == "string"

    @property
    def bytes_per_row(self) -> int:
        """What a row takes in a message; an estimate for strings and while a length is open."""
        values = prod(ASSUMED_VALUES if length is None else length for length in self.fit.shape)
        return values * (4 + ASSUMED_STRING_BYTES if self.is_text else wire_dtype(self.spec.dtype).itemsize)

    def text(self, piece: Piece) -> Text:
        """The strings of a piece."""
        if self.fit.dims:
            return text_of_rows(self.columns[0], self._dims, piece)
        return text_of_columns(self.columns, piece)

    def write(self, buffer: NumpyArray, piece: Piece) -> None:
        """The numbers of a piece, into the bytes of the input's buffer."""
        out = buffer.view(wire_dtype(self.spec.dtype)).reshape(piece.rows, prod(self.row_shape))
        if self.fit.dims:
            pack_rows(out, self.columns[0], self._dims, piece)
        else:
            pack_columns(out, self.columns, piece)

    @property
    def _dims(self) -> tuple[int, ...]:
        return tuple(length for length in self.fit.dims if length is not None)

    def describe(self) -> Iterator[str]:
        """Lines that say which columns go to the input, and what happens to their values on the way."""
        names = [column.name for column in self.columns]
        spec = self.spec
        yield f"{spec.name} {spec.dtype} {shape_text(spec.shape)} ← {listed(names)} ({self.how})"
        changes: dict[str, list[str]] = {}
        for column in self.columns:
            if str(column.cast.source) not in (spec.dtype, _ARROW_NAMES.get(spec.dtype)):
                changes.setdefault(str(column.cast), []).append(column.name)
        for change, changed in changes.items():
            yield f"  {change}: {listed(changed)}"
        filled = [
            f"{column.name!r} with {column.fill!r}" for column in self.columns if column.fill is not None
        ]
        if filled:
            yield f"  missing values filled: {', '.join(filled)}"


#: Types that Arrow prints under another name than models do.
_ARROW_NAMES = {"float16": "halffloat", "float32": "float", "float64": "double"}


def _first_dims(source: Source, index: int, shape: Fit) -> tuple[int, ...]:
    for rows in PEEKED_ROWS:
        piece = source.peek(rows)
        if piece is None:
            return tuple(LENGTH_WITHOUT_ROWS if length is None else length for length in shape.dims)
        dims = measure(piece.column(index), shape.dims)
        if dims is not None:
            return dims
    name = source.schema.names[index]
    raise BindingError(
        f"Column {name!r} has no list in its first {PEEKED_ROWS[-1]} rows, which would tell their length.",
        remedy="Drop such rows.",
        details={"column": name},
    )
