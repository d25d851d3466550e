"""Whether an output is right. In: what a peer gave, of whatever kind; out: how far it is from another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

#: Of the largest value, in float32: a forest's sum over two threads differs by 1e-6, another row by far more.
TOLERANCE = 1e-5


def as_array(output: object) -> np.ndarray:
    """An array, or the one column of a frame, as an array with the rows first."""
    if isinstance(output, np.ndarray):
        return output
    if isinstance(output, pd.DataFrame):
        return np.asarray(output.iloc[:, 0].tolist(), dtype=np.float32)
    if isinstance(output, pa.Table):
        return _column(output.column(0).combine_chunks())
    raise TypeError(f"An output of type {type(output).__name__} was not expected.")


def _column(column: pa.Array) -> np.ndarray:
    is_list = pa.types.is_fixed_size_list(column.type) or isinstance(column, pa.ExtensionArray)
    values = (
        (column.storage if isinstance(column, pa.ExtensionArray) else column).flatten() if is_list else column
    )
    array: np.ndarray = values.to_numpy(zero_copy_only=False)
    return array.reshape(len(column), -1)


def difference(output: object, reference: np.ndarray) -> float:
    """The largest difference, as a share of the largest value where that is above 1; infinite where shapes
    differ or a value is not a number.
    """
    array = as_array(output)
    if len(array) != len(reference) or array.size != reference.size:
        return float("inf")
    scale = max(1.0, float(np.abs(reference).max()))
    largest = float(np.abs(array.reshape(reference.shape) - reference).max()) / scale
    return float("inf") if np.isnan(largest) else largest


def is_right(largest: float) -> bool:
    """Whether two runtimes may differ by so much."""
    return largest <= TOLERANCE
