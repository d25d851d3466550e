"""pandas frames. In: a DataFrame or a Series; out: its columns as they lie, and results with its index."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..arrow_numpy import numpy_type
from .base import Column, ColumnSource, Source, comes_from, field_of
from .columns import (
    NUMERIC_KINDS,
    ConvertedColumn,
    NumpyColumn,
    UnsupportedColumn,
    matrix_of,
    numpy_column,
    one_array,
)
from .numpy_values import column_values, rows_of
from .objects import object_column

if TYPE_CHECKING:
    import pandas as pd

#: A frame of so few bytes may be copied whole.
FEW_BYTES = 1 << 14

_ARROW_REFUSALS = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError)


def open_pandas(frame: object) -> Source | None:
    """A source on a DataFrame, or on a Series as a frame of one column; None where `frame` is neither."""
    if not comes_from(frame, "pandas", "DataFrame", "Series"):
        return None
    import pandas as pd

    table = frame.to_frame() if isinstance(frame, pd.Series) else frame
    return _open(table) if isinstance(table, pd.DataFrame) else None


def _open(frame: pd.DataFrame) -> Source:
    # A shallow copy, kept for as long as its columns are read: under copy-on-write, what the user changes
    # later then stays out of this run.
    frame = frame.copy(deep=False)
    names = [str(name) for name in frame.columns.tolist()]
    columns = _columns_of_few_rows(frame) or [
        _column(name, series) for name, (_, series) in zip(names, frame.items(), strict=True)
    ]
    fields = [field_of(name, column) for name, column in zip(names, columns, strict=True)]
    return ColumnSource(
        "pandas",
        fields,
        columns,
        rows=len(frame),
        restore=partial(_restore, frame),
        matrix=matrix_of(columns),
    )


def _columns_of_few_rows(frame: pd.DataFrame) -> list[Column] | None:
    """All columns at once, where they are numbers of one type and a copy of them costs nothing.

    pandas takes some 20 µs to hand out a column; a request of a few rows would wait for that most of all.
    None for every other frame.
    """
    dtypes = set(frame.dtypes.tolist())
    dtype = dtypes.pop() if len(dtypes) == 1 else None
    if not isinstance(dtype, np.dtype) or dtype.kind not in NUMERIC_KINDS:
        return None
    if frame.size * dtype.itemsize > FEW_BYTES:
        return None
    values = frame.to_numpy()
    arrow_type = pa.from_numpy_dtype(dtype)
    return [NumpyColumn(values[:, place], arrow_type) for place in range(values.shape[1])]


def _column(name: str, series: pd.Series) -> Column:
    if not isinstance(series.dtype, np.dtype):
        return _extension_column(series)
    # Not by way of Arrow, which would look through every value for NaN.
    values = series.to_numpy()
    if values.dtype.kind == "O":
        return object_column(name, values)
    return numpy_column(values) or UnsupportedColumn(str(values.dtype))


def _extension_column(series: pd.Series) -> Column:
    import pandas as pd

    values, dtype = series.array, series.dtype
    try:
        if isinstance(values, pd.Categorical):
            return _categorical_column(values)
        if isinstance(dtype, pd.SparseDtype):
            dense = pa.from_numpy_dtype(dtype.subtype)
            return ConvertedColumn(dense, lambda start, rows: np.asarray(values[start : start + rows]))
        return ConvertedColumn(
            pa.array(values[:0]).type, lambda start, rows: one_array(pa.array(values[start : start + rows]))
        )
    except _ARROW_REFUSALS:
        return UnsupportedColumn(str(dtype))


def _categorical_column(values: pd.Categorical) -> Column:
    """Codes as they lie, categories turned into Arrow once."""
    categories = one_array(pa.array(values.categories))
    codes = values.codes

    def convert(start: int, rows: int) -> pa.Array:
        part = codes[start : start + rows]
        return pa.DictionaryArray.from_arrays(pa.array(part, mask=part < 0), categories)

    return ConvertedColumn(pa.dictionary(pa.from_numpy_dtype(codes.dtype), categories.type), convert)


def _restore(frame: pd.DataFrame, table: pa.Table) -> pd.DataFrame:
    import pandas as pd

    columns = {name: _result_column(table.column(name)) for name in table.column_names}
    return pd.DataFrame(columns, index=frame.index[: table.num_rows], copy=False)


def _result_column(column: pa.ChunkedArray) -> object:
    """Numbers on NumPy, strings as this pandas keeps them, lists and tensors as an array a row.

    Rows without a result are NaN in floats; integers and bools keep their type, as pandas' nullable types.
    """
    import pandas as pd

    if pa.types.is_nested(column.type):
        return rows_of(column)
    if pa.types.is_string(column.type):
        return column.to_pandas().array
    if column.null_count and not pa.types.is_floating(column.type):
        return pd.array(column.to_pylist(), dtype=_nullable_name(column.type))
    return column_values(column)


def _nullable_name(arrow_type: pa.DataType) -> str:
    name = str(numpy_type(arrow_type))
    return "boolean" if name == "bool" else name.replace("uint", "UInt").replace("int", "Int")
