"""How values and numbers read in an output."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from jupyterlab_mdm.notebook.display import words
from jupyterlab_mdm.notebook.display.cells import dtype_name, head
from jupyterlab_mdm.notebook.display.plain import bar


@pytest.mark.parametrize(
    ("values", "dtype", "texts"),
    [
        ([0.91204, 0.1], pa.float32(), ("0.9120", "0.1000")),
        ([123456.7, 0.0], pa.float64(), ("123456.7", "0.0")),
        ([1e-9, 2.5e-7], pa.float64(), ("1e-09", "2.5e-07")),
        ([1e12], pa.float64(), ("1e+12",)),
        ([float("nan"), float("inf"), 1.5], pa.float64(), ("nan", "inf", "1.500")),
        ([0.0], pa.float64(), ("0.0",)),
        (["x" * 100], pa.string(), ("x" * 59 + "…",)),
        (["two\nlines"], pa.string(), ("two lines",)),
        ([b"123"], pa.binary(), ("3 bytes",)),
        ([[]], pa.list_(pa.int64()), ("[]",)),
        ([[1, None]], pa.list_(pa.int64()), ("[1, null]",)),
        ([[[1.0, 2.0], [3.0]]], pa.list_(pa.list_(pa.float32())), ("[[1.000, 2.000], [3.000]]",)),
        ([{"a": 1}], pa.struct([("a", pa.int64())]), ("{'a': 1}",)),
    ],
)
def test_values_are_short(values: list[object], dtype: pa.DataType, texts: tuple[str, ...]) -> None:
    assert head(pa.table({"x": pa.array(values, dtype)})).columns[0].cells == texts


def test_a_tensor_column_is_shown_as_a_list() -> None:
    tensors = pa.FixedShapeTensorArray.from_numpy_ndarray(np.zeros((2, 3, 2), np.float32))
    column = head(pa.table({"x": tensors})).columns[0]
    assert column.dtype == "tensor<float32>[3,2]"
    assert column.cells[0] == "[0.0, 0.0, 0.0, 0.0, …]"


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (pa.float16(), "float16"),
        (pa.float64(), "float64"),
        (pa.large_string(), "string"),
        (pa.list_(pa.float32(), 384), "list<float32>[384]"),
        (pa.large_list(pa.int8()), "list<int8>"),
        (pa.timestamp("ns"), "timestamp[ns]"),
    ],
)
def test_types_are_called_as_numpy_calls_them(dtype: pa.DataType, name: str) -> None:
    assert dtype_name(dtype) == name


@pytest.mark.parametrize(("done", "under_way"), [(0, 0), (0.013, 0), (0.5, 0.6), (1, 0), (0.999, 0.001)])
def test_the_bar_of_text_is_always_as_wide(done: float, under_way: float) -> None:
    assert len(bar(done, under_way)) == 40


@pytest.mark.parametrize(
    ("said", "words_"),
    [
        (words.seconds(0.034), "34 ms"),
        (words.seconds(0.93), "0.93 s"),
        (words.seconds(12.34), "12.3 s"),
        (words.seconds(185), "3 min 5 s"),
        (words.seconds(7440), "2 h 4 min"),
        (words.milliseconds(0.4), "0.40 ms"),
        (words.milliseconds(9.97), "10 ms"),
        (words.milliseconds(0.001), "<0.01 ms"),
        (words.milliseconds(0), "0 ms"),
        (words.rate(361_234), "361,000 rows/s"),
        (words.rate(4.234), "4.23 rows/s"),
        (words.rate(99.99), "100 rows/s"),
        (words.percent(1, 3), "33 %"),
        (words.end_of_path("/home/me/models/flights.onnx", 15), "…s/flights.onnx"),
    ],
)
def test_numbers_read_well(said: str, words_: str) -> None:
    assert said == words_
