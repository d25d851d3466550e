"""The door for frames. In: what the user calls a frame; out: a `Source`, which gives pieces of rows."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import FrameInvalidError
from .sources.arrow_frame import open_arrow
from .sources.base import Column, Piece, Source, Values
from .sources.numpy_frame import open_numpy
from .sources.pandas_frame import open_pandas
from .sources.polars_frame import open_polars
from .sources.streams import open_stream

__all__ = ["Column", "Piece", "Source", "Values", "open_source"]

#: What can be sent, as every refusal says it.
FRAMES = (
    "a pandas or polars frame or series, a pyarrow Table, RecordBatch or RecordBatchReader, "
    "a DuckDB relation, a NumPy array, a dict of NumPy arrays, or anything with __arrow_c_stream__"
)

#: The libraries' own frames first: they export Arrow too, but not as views.
_OPENERS = (open_pandas, open_polars, open_arrow, open_numpy, open_stream)


def open_source(frame: object) -> Source:
    """Open any object that is a frame, without converting or reading it.

    Optional libraries are not imported. Raises `FrameInvalidError` where the object is no frame, has no
    columns, two columns of one name or columns that differ in length; `FrameReaderError` where a query
    behind it fails. A frame without rows is a frame.
    """
    for opener in _OPENERS:
        source = opener(frame)
        if source is not None:
            return source
    raise FrameInvalidError(f"{_called(frame)} is not a frame.", remedy=_remedy(frame))


def _called(frame: object) -> str:
    if isinstance(frame, type):
        return f"The class {frame.__name__}"
    return f"An object of type {type(frame).__name__}"


def _remedy(frame: object) -> str:
    if isinstance(frame, Iterator):
        return (
            "An iterator of batches can be sent as pyarrow.RecordBatchReader.from_batches(schema, batches). "
            f"A frame is {FRAMES}."
        )
    if isinstance(frame, str):
        return f"Open the file first, as in pyarrow.parquet.read_table(path). A frame is {FRAMES}."
    if isinstance(frame, list | tuple):
        return f"Make it an array with numpy.asarray, or a frame. A frame is {FRAMES}."
    return f"Send {FRAMES}."
