"""What every frame looks like once it is open. In: a frame of any kind; out: pieces of rows, in order."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import pyarrow as pa

from ...errors import BadOptionError, FrameInvalidError
from ..arrow_numpy import NumpyArray

#: The values of one column of a piece. A NumPy array has one entry a row on its first axis.
Values: TypeAlias = NumpyArray | pa.Array
#: Makes a frame of the source's kind from the columns of a result.
Restore: TypeAlias = Callable[[pa.Table], object]

#: Metadata of a schema's field: what a column holds for which Arrow has no type.
KIND_KEY = b"mdm:kind"
#: The kind of a column of which nothing can be known, as an empty frame of Python objects has it.
NO_ROWS = "no rows"


class Column(Protocol):
    """One column of a frame, or of a part of it, that lies in memory."""

    @property
    def type(self) -> pa.DataType:
        """The Arrow type of its values."""

    def part(self, start: int, rows: int) -> Values:
        """`rows` values from `start` on; a view wherever the column can give one."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive rows of a frame; a column is looked at only when it is asked for."""

    #: Of the first row, in the whole frame.
    row_offset: int
    rows: int
    columns: Sequence[Column]
    #: Where the piece begins in `columns`.
    start: int
    #: ``[rows, columns]``: a view on all the columns at once, where they lie evenly spaced in memory.
    matrix: NumpyArray | None = None

    def column(self, index: int) -> Values:
        """The piece's values of one column."""
        return self.columns[index].part(self.start, self.rows)


class Source(ABC):
    """A frame that is being read from its first row to its last, once."""

    #: pandas, polars, arrow_table, arrow_batch, arrow_batches (a reader), arrow_capsule, duckdb, numpy_dict
    #: or numpy_array.
    kind: str
    #: The columns as models see them.
    schema: pa.Schema
    #: None where only reading to the end would tell.
    rows: int | None

    @abstractmethod
    def take(self, rows: int) -> Piece | None:
        """The next at most `rows` rows, None after the last.

        Raises `FrameReaderError` when what lies behind the frame raises.
        """

    @abstractmethod
    def peek(self, rows: int) -> Piece | None:
        """What `take` would give, and will still give."""

    @abstractmethod
    def restore(self, table: pa.Table) -> object:
        """The first rows of a result (all of them, for a run that is done) as a frame of the same kind."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what lies behind the frame (an open query, say); done already where `take` gave None."""


class ColumnSource(Source):
    """A frame whose columns all lie in memory."""

    def __init__(
        self,
        kind: str,
        fields: Sequence[pa.Field],
        columns: Sequence[Column],
        *,
        rows: int,
        restore: Restore,
        matrix: NumpyArray | None = None,
    ) -> None:
        self.kind = kind
        self.schema = checked_schema(fields if rows else [_without_rows(field) for field in fields])
        self.rows = self._total = rows
        self._columns = columns
        self._matrix = matrix
        self._restore = restore
        self._position = 0

    def take(self, rows: int) -> Piece | None:
        """The next at most `rows` rows, None after the last."""
        piece = self.peek(rows)
        if piece is not None:
            self._position += piece.rows
        return piece

    def peek(self, rows: int) -> Piece | None:
        """What `take` would give."""
        start = self._position
        count = min(checked_rows(rows), self._total - start)
        if count == 0:
            return None
        matrix = None if self._matrix is None else self._matrix[start : start + count]
        return Piece(start, count, self._columns, start, matrix)

    def restore(self, table: pa.Table) -> object:
        """The first rows of a result as a frame of the same kind."""
        return self._restore(table)

    def close(self) -> None:
        """Nothing is open."""


def comes_from(frame: object, module: str, *classes: str) -> bool:
    """Whether `frame` is of one of these classes; a module that nobody has imported is not imported."""
    loaded = sys.modules.get(module)
    found = [getattr(loaded, name, None) for name in classes]
    return any(isinstance(cls, type) and isinstance(frame, cls) for cls in found)


def checked_rows(rows: int) -> int:
    """`rows` where it is a number of rows that can be taken."""
    if rows < 1:
        raise BadOptionError(f"A piece of {rows} rows was asked for.", remedy="Ask for 1 or more.")
    return rows


def checked_schema(fields: Iterable[pa.Field]) -> pa.Schema:
    """The schema of a frame that can be sent.

    Raises `FrameInvalidError` where there is no column, or two of one name.
    """
    schema = pa.schema(list(fields))
    if not schema.names:
        raise FrameInvalidError("The frame has no columns.", remedy="Give a frame with at least one column.")
    twice = [name for name, count in Counter(schema.names).items() if count > 1]
    if twice:
        raise FrameInvalidError(
            f"The frame has more than one column named {', '.join(map(repr, twice[:5]))}.",
            remedy="Rename them: columns find the model's inputs by name.",
            details={"columns": twice},
        )
    return schema


def field_of(name: str, column: Column) -> pa.Field:
    """The schema's entry for a column."""
    kind = getattr(column, "kind", None)
    return pa.field(name, column.type, metadata=None if kind is None else {KIND_KEY: str(kind)})


def _without_rows(field: pa.Field) -> pa.Field:
    return field.with_metadata({KIND_KEY: NO_ROWS}) if pa.types.is_null(field.type) else field


def evenly_spaced(columns: Sequence[NumpyArray]) -> NumpyArray | None:
    """``[rows, columns]``: one view on all the columns, where one type and one distance make that possible.

    A pandas frame of one type keeps its columns in one block, so that one copy can read them all. The view
    touches just the addresses that the columns touch; whoever holds it must hold the columns too.
    """
    first = columns[0]
    if any(c.dtype != first.dtype or c.strides != first.strides or c.ndim != 1 for c in columns):
        return None
    addresses = np.array([c.__array_interface__["data"][0] for c in columns], dtype=np.int64)
    gaps = np.unique(np.diff(addresses))
    if len(gaps) > 1:
        return None
    gap = int(gaps[0]) if len(gaps) else first.dtype.itemsize
    return np.lib.stride_tricks.as_strided(
        first, shape=(len(first), len(columns)), strides=(first.strides[0], gap), writeable=False
    )
