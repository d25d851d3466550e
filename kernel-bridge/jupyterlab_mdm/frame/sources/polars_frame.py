"""polars frames. In: a DataFrame, a LazyFrame (collected) or a Series; out: Arrow views, and DataFrames."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from ...errors import FrameReaderError
from .base import Column, ColumnSource, Source, comes_from, field_of
from .columns import ArrowColumn, UnsupportedColumn, one_array

if TYPE_CHECKING:
    import polars as pl


def open_polars(frame: object) -> Source | None:
    """A source on a polars frame, None where `frame` is none.

    Raises `FrameReaderError` where a lazy query fails.
    """
    if not comes_from(frame, "polars", "DataFrame", "LazyFrame", "Series"):
        return None
    import polars as pl

    if isinstance(frame, pl.LazyFrame):
        return _open(_collect(frame))
    if isinstance(frame, pl.Series):
        return _open(frame.to_frame())
    return _open(frame) if isinstance(frame, pl.DataFrame) else None


def _collect(query: pl.LazyFrame) -> pl.DataFrame:
    import polars as pl

    try:
        collected = query.collect()
    except pl.exceptions.PolarsError as error:
        raise FrameReaderError(
            f"The lazy frame could not be collected: {error}", remedy="Run its .collect() to see where."
        ) from error
    return collected if isinstance(collected, pl.DataFrame) else collected.fetch_blocking()


def _open(frame: pl.DataFrame) -> Source:
    columns = [_column(series) for series in frame.get_columns()]
    fields = [field_of(name, column) for name, column in zip(frame.columns, columns, strict=True)]
    return ColumnSource("polars", fields, columns, rows=frame.height, restore=_restore)


class PolarsColumn:
    """A series; handed to Arrow, as views on its chunks, when it is first asked for."""

    def __init__(self, series: pl.Series) -> None:
        self._series = series
        self.type = _to_arrow(series.clear()).type

    def part(self, start: int, rows: int) -> pa.Array:
        """A view; a copy where the part lies in several chunks."""
        return self._arrow.part(start, rows)

    @cached_property
    def _arrow(self) -> ArrowColumn:
        chunks = [one_array(_to_arrow(chunk)) for chunk in self._series.get_chunks()]
        return ArrowColumn(pa.chunked_array(chunks, type=self.type))


def _column(series: pl.Series) -> Column:
    try:
        return PolarsColumn(series)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return UnsupportedColumn(str(series.dtype))


def _to_arrow(series: pl.Series) -> pa.Array:
    import polars as pl

    # The newest level keeps strings as the views they are.
    return series.to_arrow(compat_level=pl.CompatLevel.newest())


def _restore(table: pa.Table) -> pl.DataFrame:
    import polars as pl

    frame = pl.from_arrow(table)
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()
