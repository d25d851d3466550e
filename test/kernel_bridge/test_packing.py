"""Columns into messages: every value against NumPy's, and every value that does not fit named."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyterlab_mdm.binding import packing
from jupyterlab_mdm.binding.binding import Binding, bind
from jupyterlab_mdm.errors import BindingError, CastOverflowError, NullsError
from jupyterlab_mdm.frame.source import open_source
from jupyterlab_mdm.wire.signature import Axis, Signature, TensorSpec

FLOATS = ("float16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
NUMBERS = (*FLOATS, *INTEGERS)


def model(*specs: tuple[str, str, tuple[Axis, ...]]) -> Signature:
    return Signature(tuple(TensorSpec(*spec) for spec in specs), ())


def matrix(width: Axis, dtype: str) -> Signature:
    return model(("X", dtype, ("n", width)))


def vector(dtype: str) -> Signature:
    return model(("X", dtype, ("n",)))


def batches_of(
    frame: object, signature: Signature, rows: int = 1000, fill: object = None
) -> tuple[Binding, list[pa.RecordBatch]]:
    source = open_source(frame)
    binding = bind(source.schema, signature, fill=fill)
    binding.settle(source)
    stream = binding.wire_schema.serialize().to_pybytes()
    while (piece := source.take(rows)) is not None:
        message = binding.pack(piece)
        batch = pa.ipc.read_record_batch(message, binding.wire_schema)
        batch.validate(full=True)
        assert batch.num_rows == piece.rows
        stream += message.to_pybytes()
    batches = list(pa.ipc.open_stream(stream))
    return binding, batches


def tensor_of(
    frame: object, signature: Signature, rows: int = 1000, fill: object = None
) -> npt.NDArray[np.generic]:
    """``[rows, values]`` or ``[rows]`` of the first input, as the wire has it."""
    _, batches = batches_of(frame, signature, rows, fill)
    column = pa.Table.from_batches(batches).column(0).combine_chunks()
    if not pa.types.is_fixed_size_list(column.type):
        return column.to_numpy(zero_copy_only=False)
    return column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), column.type.list_size)


def some(dtype: str, rows: int, seed: int = 0) -> npt.NDArray[np.generic]:
    values = np.random.default_rng(seed).integers(0, 100, rows)
    return values.astype(dtype) / (4 if dtype in FLOATS else 1) if dtype in FLOATS else values.astype(dtype)


FRAMES: dict[str, Callable[[dict[str, npt.NDArray[np.generic]]], object]] = {
    "pandas": pd.DataFrame,
    "pandas, columns apart": lambda d: pd.concat([pd.Series(v, name=k) for k, v in d.items()], axis=1),
    "pandas, rows together": lambda d: pd.DataFrame(np.stack(list(d.values()), axis=1), columns=list(d)),
    "pandas, on Arrow": lambda d: pa.table(d).to_pandas(types_mapper=pd.ArrowDtype),
    "pandas, nullable": lambda d: pd.DataFrame(d).convert_dtypes(),
    "polars": pl.DataFrame,
    "Arrow": pa.table,
    "Arrow, chunked": lambda d: pa.concat_tables([pa.table(d)[:7], pa.table(d)[7:8], pa.table(d)[8:]]),
    "NumPy dict": lambda d: d,
    "NumPy array": lambda d: np.stack(list(d.values()), axis=1),
    "NumPy array, columns together": lambda d: np.asfortranarray(np.stack(list(d.values()), axis=1)),
    "NumPy views": lambda d: {k: np.repeat(v, 2)[::2] for k, v in d.items()},
    "NumPy, other byte order": lambda d: {k: v.astype(v.dtype.newbyteorder(">")) for k, v in d.items()},
}


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("source", NUMBERS)
def test_packs_what_numpy_would_stack_and_cast(kind: str, source: str) -> None:
    data = {name: some(source, 23, seed) for seed, name in enumerate("abc")}
    frame = FRAMES[kind](data)
    for target in NUMBERS:
        if target not in FLOATS and source in FLOATS:
            continue
        expected = np.stack(list(data.values()), axis=1).astype(target)
        found = tensor_of(frame, matrix(3, target), 10)
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected), target


@pytest.mark.parametrize("kind", FRAMES)
def test_packs_a_frame_of_mixed_types(kind: str) -> None:
    data = {"a": some("int64", 23), "b": some("float64", 23, 1), "c": np.arange(23) % 3 == 0}
    found = tensor_of(FRAMES[kind](data), matrix(3, "float32"), 10)
    assert np.array_equal(found, np.stack([v.astype("float32") for v in data.values()], axis=1))


@pytest.mark.parametrize("rows", [1, 2, 5, 6, 7, 40])
@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 9])
def test_packs_blocks_of_any_size(rows: int, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "BLOCK_ROWS", 6)
    monkeypatch.setattr(packing, "BLOCK_COLUMNS", 4)
    data = {f"c{i}": some("float64", rows, i) for i in range(width)}
    found = tensor_of(data, matrix(width, "float32"))
    assert np.array_equal(found, np.stack(list(data.values()), axis=1).astype("float32"))


def test_packs_many_inputs_into_one_message() -> None:
    frame = pd.DataFrame(
        {"s": ["x", "yy", ""], "a": [1, 2, 3], "f": [True, False, True], "b": [0.5, 1.5, 2.5]}
    )
    signature = model(
        ("f", "bool", ("n",)), ("s", "string", ("n", 1)), ("a", "int8", ("n", 1)), ("b", "float64", ("n",))
    )
    binding, batches = batches_of(frame, signature, 2)
    assert [batch.num_rows for batch in batches] == [2, 1]
    assert pa.Table.from_batches(batches).to_pydict() == {
        "f": [1, 0, 1],
        "s": [["x"], ["yy"], [""]],
        "a": [[1], [2], [3]],
        "b": [0.5, 1.5, 2.5],
    }
    assert binding.wire_schema.field("f").metadata == {b"mdm:dtype": b"bool"}


def test_writes_buffers_at_multiples_of_64_bytes_with_zeros_between() -> None:
    frame = {"a": np.full(3, -1, "int8"), "b": np.full(3, -1, "float64"), "s": np.array(["x", "y", "z"])}
    signature = model(("a", "int8", ("n",)), ("b", "float64", ("n",)), ("s", "string", ("n",)))
    source = open_source(frame)
    binding = bind(source.schema, signature)
    piece = source.take(3)
    assert piece is not None
    message = binding.pack(piece)
    batch = pa.ipc.read_record_batch(message, binding.wire_schema)
    assert message.size % 64 == 0
    for column in batch.columns:
        for buffer in column.buffers():
            if buffer is not None and buffer.size:
                assert (buffer.address - message.address) % 64 == 0
                end = buffer.address - message.address + buffer.size
                padding = message.to_pybytes()[end : -(-end // 64) * 64]
                assert set(padding) <= {0}


def test_estimates_the_bytes_of_a_row() -> None:
    frame = pa.schema([("a", pa.float64()), ("b", pa.float64())])
    assert bind(frame, matrix(2, "float32")).bytes_per_row == 8
    assert bind(frame, model(("a", "float64", ("n",)), ("b", "float16", ("n", 1)))).bytes_per_row == 10


# --- missing values ----------------------------------------------------------------------------------

MISSING: dict[str, Callable[[], object]] = {
    "pandas NaN": lambda: pd.DataFrame({"v": [1.0, None, 3.0]}),
    "pandas nullable integers": lambda: pd.DataFrame({"v": pd.array([1, None, 3], "Int64")}),
    "pandas objects": lambda: pd.DataFrame({"v": pd.Series([1, None, 3], dtype=object)}),
    "pandas categories": lambda: pd.DataFrame({"v": pd.Series([1, None, 3], dtype="category")}),
    "pandas on Arrow": lambda: pd.DataFrame({"v": pd.Series([1, None, 3], dtype="int64[pyarrow]")}),
    "polars": lambda: pl.DataFrame({"v": [1, None, 3]}),
    "Arrow integers": lambda: pa.table({"v": [1, None, 3]}),
    "Arrow floats": lambda: pa.table({"v": [1.0, None, 3.0]}),
    "Arrow bytes in a slice": lambda: pa.table({"v": pa.array([9, 1, None, 3, None], pa.uint8())})[1:4],
    "Arrow decimals": lambda: pa.table({"v": [Decimal(1), None, Decimal(3)]}),
    "runs": lambda: pa.table({"v": pa.RunEndEncodedArray.from_arrays([1, 2, 3], pa.array([1, None, 3]))}),
    "lists": lambda: pa.table({"v": [[1], None, [3]]}),
    "values in lists": lambda: pa.table({"v": [[1], [None], [3]]}),
    "NumPy NaN": lambda: {"v": np.array([1.0, np.nan, 3.0])},
}


@pytest.mark.parametrize("name", MISSING)
@pytest.mark.parametrize("dtype", FLOATS)
def test_makes_nan_of_a_missing_value_for_floats(name: str, dtype: str) -> None:
    found = tensor_of(MISSING[name](), matrix(1, dtype)).reshape(-1)
    assert np.array_equal(found, np.array([1, np.nan, 3], dtype), equal_nan=True)


@pytest.mark.parametrize("name", MISSING)
def test_puts_the_fill_in_the_place_of_a_missing_value(name: str) -> None:
    for fill in (-7, {"v": -7}):
        found = tensor_of(MISSING[name](), matrix(1, "float32"), fill=fill).reshape(-1)
        assert found.tolist() == [1, -7, 3]


@pytest.mark.parametrize("name", [name for name in MISSING if "NaN" not in name and "floats" not in name])
def test_names_a_missing_value_where_the_input_knows_none(name: str) -> None:
    with pytest.raises(NullsError) as raised:
        tensor_of(MISSING[name](), matrix(1, "int64"))
    assert raised.value.details == {"column": "v", "row": 1, "count": 1}
    assert "'v'" in raised.value.message
    assert "fill=" in raised.value.remedy
    assert tensor_of(MISSING[name](), matrix(1, "int64"), fill=0).reshape(-1).tolist() == [1, 0, 3]


def test_names_the_row_in_the_whole_frame() -> None:
    table = pa.table({"a": pa.array(range(100)), "b": [None if i in (57, 59) else i for i in range(100)]})
    with pytest.raises(NullsError, match="row 57") as raised:
        tensor_of(table, matrix(2, "int32"), rows=10)
    assert raised.value.details == {"column": "b", "row": 57, "count": 2}


def test_fills_each_column_with_its_own() -> None:
    frame = pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, 2.0], "c": [np.nan, 3.0]})
    found = tensor_of(frame, matrix(3, "float32"), fill={"a": 10, "b": 20})
    assert np.array_equal(found, np.array([[1, 20, np.nan], [10, 2, 3]], "float32"), equal_nan=True)


def test_leaves_nan_alone_in_arrow_where_it_is_a_value() -> None:
    table = pa.table({"v": pa.array([np.nan, None, 1.0])})
    found = tensor_of(table, matrix(1, "float32"), fill=0).reshape(-1)
    assert np.array_equal(found, np.array([np.nan, 0, 1], "float32"), equal_nan=True)


def test_refuses_bools_and_strings_that_are_missing() -> None:
    with pytest.raises(NullsError, match="row 1"):
        tensor_of(pa.table({"v": [True, None]}), vector("bool"))
    assert tensor_of(pa.table({"v": [True, None]}), vector("bool"), fill=True).tolist() == [1, 1]
    with pytest.raises(NullsError, match="row 1"):
        tensor_of(pa.table({"v": ["a", None]}), vector("string"))
    assert tensor_of(pa.table({"v": ["a", None]}), vector("string"), fill="-").tolist() == ["a", "-"]


# --- values that do not fit --------------------------------------------------------------------------

#: Type, value that does not fit, type of the input.
UNFIT: list[tuple[str, object, str]] = [
    ("float64", 1e39, "float32"),
    ("float64", -1e39, "float32"),
    ("float64", 70000.0, "float16"),
    ("float32", 70000.0, "float16"),
    ("int64", 2**24 + 1, "float32"),
    ("int64", -(2**53) - 1, "float64"),
    ("int64", 2**63 - 1, "float64"),
    ("int64", 2**63 - 1, "float32"),
    ("uint64", 2**64 - 1, "float32"),
    ("uint64", 2**64 - 1, "float64"),
    ("int32", 2**24 + 1, "float32"),
    ("int16", 2049, "float16"),
    ("int32", 70000, "float16"),
    ("int64", 2**31, "int32"),
    ("int64", -1, "uint64"),
    ("uint64", 2**63, "int64"),
    ("int16", 128, "int8"),
    ("int8", -1, "uint8"),
    ("uint8", 128, "int8"),
]


@pytest.mark.parametrize(
    "kind", ["pandas", "pandas, columns apart", "Arrow", "NumPy array", "NumPy dict", "polars"]
)
@pytest.mark.parametrize(("source", "value", "target"), UNFIT)
def test_names_a_value_that_does_not_fit(kind: str, source: str, value: object, target: str) -> None:
    data = {name: np.zeros(50, source) for name in ("c0", "c1", "c2")}
    data["c1"][37] = value
    data["c2"][38] = value
    with pytest.raises(CastOverflowError) as raised:
        tensor_of(FRAMES[kind](data), matrix(3, target), rows=10)
    details = raised.value.details
    assert (details["column"], details["row"]) == ("c1", 37)
    assert float(details["value"]) == float(data["c1"][37])
    assert target in raised.value.message
    assert target in raised.value.remedy


#: Values at the edge that do fit.
FIT: list[tuple[str, list[object], str]] = [
    ("int64", [2**24, -(2**24), 2**25, 2**60, -(2**63)], "float32"),
    ("int64", [2**53, -(2**53), 2**54, -(2**63)], "float64"),
    ("uint64", [2**63, 2**24], "float32"),
    ("int32", [2**24, 2**30, -(2**31)], "float32"),
    ("int16", [2048, -2048, 4096, 32752], "float16"),
    ("int64", [2**31 - 1, -(2**31)], "int32"),
    ("uint64", [2**63 - 1], "int64"),
    ("int64", [0, 2**63 - 1], "uint64"),
    ("float64", [3.4e38, -3.4e38, np.inf, -np.inf, np.nan, 1e-50], "float32"),
    ("float64", [65504.0, np.inf, np.nan], "float16"),
]


@pytest.mark.parametrize(("source", "values", "target"), FIT)
def test_takes_values_at_the_edge(source: str, values: list[object], target: str) -> None:
    column = np.array(values, source)
    with np.errstate(all="ignore"):
        expected = column.astype(target)
    for frame in ({"v": column}, {"v": column, "w": column}, pa.table({"v": column}), column.reshape(-1, 1)):
        width = 2 if isinstance(frame, dict) and len(frame) == 2 else 1
        found = tensor_of(frame, matrix(width, target))
        assert np.array_equal(found[:, 0], expected, equal_nan=expected.dtype.kind == "f")


def test_finds_an_overflow_in_lists_by_its_row() -> None:
    table = pa.table({"v": pa.array([[1.0, 2.0], None, [3.0, 1e300]])})
    with pytest.raises(CastOverflowError) as raised:
        tensor_of(table, matrix(2, "float32"))
    assert raised.value.details == {"column": "v", "row": 2, "value": "1e+300"}
    with pytest.raises(CastOverflowError) as raised:
        tensor_of(pa.table({"v": [[1, 2], [3, 300]]}), matrix(2, "int8"), rows=1)
    assert raised.value.details == {"column": "v", "row": 1, "value": "300"}


def test_is_not_misled_by_what_lies_under_a_gap() -> None:
    raw = np.array([1, 2**62 + 1, 3])
    valid = pa.py_buffer(bytes([0b101]))
    column = pa.Array.from_buffers(pa.int64(), 3, [valid, pa.py_buffer(raw)])
    found = tensor_of(pa.table({"v": column}), matrix(1, "float32")).reshape(-1)
    assert np.array_equal(found, np.array([1, np.nan, 3], "float32"), equal_nan=True)
    assert tensor_of(pa.table({"v": column}), matrix(1, "int8"), fill=0).reshape(-1).tolist() == [1, 0, 3]


# --- decimals, times, categories ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", [pa.decimal128(38, 7), pa.decimal128(17, 7), pa.decimal256(60, 7)])
def test_makes_of_a_decimal_the_float_nearest_to_it(kind: pa.DataType) -> None:
    random = np.random.default_rng(3)
    numbers = [Decimal(int(n)).scaleb(-7) for n in random.integers(-(10**16), 10**16, 500)]
    found = tensor_of(pa.table({"v": pa.array(numbers, kind)}), matrix(1, "float64")).reshape(-1)
    assert found.tolist() == [float(number) for number in numbers]


def test_takes_decimals_of_more_than_64_bits() -> None:
    numbers = [Decimal(10**30 + 1), None, Decimal(-5)]
    column = pa.array(numbers, pa.decimal128(38, 0))
    found = tensor_of(pa.table({"v": column}), matrix(1, "float64")).reshape(-1)
    assert np.array_equal(found, [1e30, np.nan, -5], equal_nan=True)
    with pytest.raises(CastOverflowError, match="1000000000000000000000000000001"):
        tensor_of(pa.table({"v": column}), matrix(1, "int64"), fill=0)
    assert tensor_of(pa.table({"v": column[1:]}), matrix(1, "int64"), fill=0).reshape(-1).tolist() == [0, -5]


DAY = datetime.datetime(1970, 1, 2)
TIMES: dict[str, tuple[object, int]] = {
    "a pandas timestamp": (pd.DataFrame({"v": pd.Series([DAY]).astype("datetime64[ms]")}), 86_400_000),
    "a pandas timestamp with a zone": (
        pd.DataFrame({"v": pd.Series([DAY]).astype("datetime64[s]").dt.tz_localize("UTC")}),
        86_400,
    ),
    "a pandas duration": (
        pd.DataFrame({"v": pd.Series([datetime.timedelta(seconds=2)]).astype("timedelta64[ns]")}),
        2_000_000_000,
    ),
    "a polars date": (pl.DataFrame({"v": [DAY.date()]}), 1),
    "an Arrow timestamp": (pa.table({"v": pa.array([DAY], pa.timestamp("us"))}), 86_400_000_000),
    "an Arrow time of day": (pa.table({"v": pa.array([datetime.time(0, 1)], pa.time32("s"))}), 60),
    "an Arrow date of milliseconds": (pa.table({"v": pa.array([DAY.date()], pa.date64())}), 86_400_000),
    "a NumPy date": ({"v": np.array(["1970-01-02"], "datetime64[D]")}, 1),
}


@pytest.mark.parametrize("name", TIMES)
def test_takes_as_an_integer_of_64_bits(name: str) -> None:
    frame, expected = TIMES[name]
    assert tensor_of(frame, matrix(1, "int64")).tolist() == [[expected]]


def test_finds_a_time_that_is_missing() -> None:
    frame = pd.DataFrame({"v": pd.Series([DAY, None]).astype("datetime64[ms]")})
    with pytest.raises(NullsError, match="row 1"):
        tensor_of(frame, matrix(1, "int64"))
    assert tensor_of(frame, matrix(1, "int64"), fill=-1).tolist() == [[86_400_000], [-1]]


CATEGORIES: dict[str, tuple[Callable[[], object], str, list[object]]] = {
    "pandas strings": (
        lambda: pd.DataFrame({"v": pd.Categorical(["b", "a", "b"])}),
        "string",
        ["b", "a", "b"],
    ),
    "pandas numbers": (lambda: pd.DataFrame({"v": pd.Categorical([7, 5, 7])}), "float32", [7, 5, 7]),
    "polars strings": (
        lambda: pl.DataFrame({"v": pl.Series(["b", "a", "b"], dtype=pl.Categorical)}),
        "string",
        ["b", "a", "b"],
    ),
    "polars enums": (
        lambda: pl.DataFrame({"v": pl.Series(["b", "a", "b"], dtype=pl.Enum(["a", "b"]))}),
        "string",
        ["b", "a", "b"],
    ),
    "Arrow dictionaries": (
        lambda: pa.table({"v": pa.array([7, 5, 7]).dictionary_encode()}),
        "int8",
        [7, 5, 7],
    ),
}


@pytest.mark.parametrize("name", CATEGORIES)
def test_sends_what_categories_stand_for_of(name: str) -> None:
    make, dtype, expected = CATEGORIES[name]
    assert tensor_of(make(), vector(dtype), rows=2).tolist() == expected


# --- strings -----------------------------------------------------------------------------------------

WORDS = ["", "ä", "日本語", "x" * 40, "", "end"]
TEXTS: dict[str, Callable[[], object]] = {
    "pandas": lambda: pd.DataFrame({"v": WORDS}),
    "pandas objects": lambda: pd.DataFrame({"v": pd.Series(WORDS, dtype=object)}),
    "polars": lambda: pl.DataFrame({"v": WORDS}),
    "Arrow": lambda: pa.table({"v": WORDS}),
    "Arrow, large": lambda: pa.table({"v": pa.array(WORDS, pa.large_string())}),
    "Arrow, views": lambda: pa.table({"v": pa.array(WORDS, pa.string_view())}),
    "Arrow, sliced": lambda: pa.table({"v": ["before", *WORDS, "after"]})[1:-1],
    "NumPy": lambda: {"v": np.array(WORDS)},
    "NumPy objects": lambda: {"v": np.array(WORDS, dtype=object)},
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("rows", [1, 2, 6])
def test_packs_strings_of(name: str, rows: int) -> None:
    assert tensor_of(TEXTS[name](), vector("string"), rows).tolist() == WORDS
    assert tensor_of(TEXTS[name](), matrix(1, "string"), rows).tolist() == [[word] for word in WORDS]


def test_packs_strings_of_many_columns_row_by_row() -> None:
    table = pa.table(
        {"a": WORDS, "b": pa.array(WORDS[::-1], pa.large_string()), "c": pa.array(WORDS, pa.string_view())}
    )
    expected = [list(row) for row in zip(WORDS, WORDS[::-1], WORDS, strict=True)]
    assert tensor_of(table, matrix(3, "string"), rows=4).tolist() == expected


def test_packs_lists_of_strings() -> None:
    table = pa.table({"v": [["a", "b"], ["", None]]})
    with pytest.raises(NullsError, match="row 1"):
        tensor_of(table, matrix(2, "string"))
    assert tensor_of(table, matrix(2, "string"), fill="?").tolist() == [["a", "b"], ["", "?"]]
    with pytest.raises(NullsError, match="no list in row 1"):
        tensor_of(pa.table({"v": [["a", "b"], None]}), matrix(2, "string"), fill="?")


# --- lists and tensors -------------------------------------------------------------------------------

GRID = np.arange(5 * 2 * 3, dtype=np.float32).reshape(5, 2, 3)
TENSORS: dict[str, Callable[[], object]] = {
    "NumPy": lambda: {"v": GRID},
    "NumPy, alone": lambda: GRID,
    "NumPy, turned": lambda: {"v": np.ascontiguousarray(GRID.transpose(1, 2, 0)).transpose(2, 0, 1)},
    "pandas": lambda: pd.DataFrame({"v": list(GRID)}),
    "pandas, nested lists": lambda: pd.DataFrame({"v": GRID.tolist()}),
    "polars": lambda: pl.DataFrame({"v": pl.Series(GRID.tolist(), dtype=pl.Array(pl.Float32, (2, 3)))}),
    "polars lists": lambda: pl.DataFrame({"v": GRID.tolist()}),
    "Arrow lists": lambda: pa.table({"v": GRID.tolist()}),
    "Arrow large lists": lambda: pa.table(
        {"v": pa.array(GRID.tolist(), pa.large_list(pa.large_list(pa.float64())))}
    ),
    "Arrow list views": lambda: pa.table(
        {"v": pa.array(GRID.tolist(), pa.list_view(pa.list_view(pa.float64())))}
    ),
    "Arrow tensors": lambda: pa.table({"v": pa.FixedShapeTensorArray.from_numpy_ndarray(GRID)}),
    "Arrow tensors, turned": lambda: pa.table(
        {
            "v": pa.ExtensionArray.from_storage(
                pa.fixed_shape_tensor(pa.float32(), (3, 2), permutation=(1, 0)),
                pa.FixedSizeListArray.from_arrays(GRID.transpose(0, 2, 1).reshape(-1), 6),
            )
        }
    ),
    "Arrow, fixed in any": lambda: pa.table(
        {"v": pa.array(GRID.tolist(), pa.list_(pa.list_(pa.float32(), 3)))}
    ),
    "Arrow, chunked and sliced": lambda: pa.concat_tables(
        [pa.table({"v": GRID[[0, 0, 1]].tolist()})[1:], pa.table({"v": GRID[2:].tolist()})]
    ),
}


@pytest.mark.parametrize("name", TENSORS)
@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize("axes", [(2, 3), ("h", "w"), (2, None)])
def test_packs_tensors_of(name: str, rows: int, axes: tuple[Axis, ...]) -> None:
    found = tensor_of(TENSORS[name](), model(("X", "float32", ("n", *axes))), rows)
    assert np.array_equal(found.reshape(5, 2, 3), GRID)


FLAT: dict[str, Callable[[], object]] = {
    "pandas arrays": lambda: pd.DataFrame({"v": list(GRID.reshape(5, 6))}),
    "pandas lists": lambda: pd.DataFrame({"v": GRID.reshape(5, 6).tolist()}),
    "polars lists": lambda: pl.DataFrame({"v": GRID.reshape(5, 6).tolist()}),
    "Arrow lists": lambda: pa.table({"v": GRID.reshape(5, 6).tolist()}),
    "NumPy": lambda: {"v": GRID.reshape(5, 6)},
}


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("axes", [(6,), ("k",), (2, 3), (2, "w"), (1, 2, 3)])
def test_packs_flat_lists_of(name: str, axes: tuple[Axis, ...]) -> None:
    found = tensor_of(FLAT[name](), model(("X", "float32", ("n", *axes))), 2)
    assert np.array_equal(found, GRID.reshape(5, 6))


def test_names_a_list_that_is_not_as_long_as_the_others() -> None:
    table = pa.table({"v": [[1, 2, 3], None, [4, 5, 6], [7, 8]]})
    for axes in ((3,), ("k",)):
        with pytest.raises(
            BindingError, match="Row 3 of column 'v' has a list of 2 values, the input takes 3"
        ):
            tensor_of(table, model(("X", "float32", ("n", *axes))))
    nested = pa.table({"v": [[[1, 2], [3, 4]], [[5, 6], [7]]]})
    with pytest.raises(BindingError, match=r"Row 1 .* 1 values"):
        tensor_of(nested, model(("X", "float32", ("n", 2, 2))))


def test_refuses_a_list_that_is_missing_inside_of_a_row() -> None:
    table = pa.table({"v": [[[1, 2], [3, 4]], [[5, 6], None]]})
    with pytest.raises(NullsError, match="Row 1 of column 'v'"):
        tensor_of(table, model(("X", "float32", ("n", 2, 2))))


def test_packs_rows_whose_lists_are_missing_as_nan() -> None:
    table = pa.table({"v": pa.array([None, [1.0, 2.0], [None, 3.0], None], pa.list_(pa.float64(), 2))})
    expected = np.array([[np.nan] * 2, [1, 2], [np.nan, 3], [np.nan] * 2], "float32")
    assert np.array_equal(tensor_of(table, matrix(2, "float32")), expected, equal_nan=True)
    assert tensor_of(table, matrix(2, "float32"), fill=0).tolist() == [[0, 0], [1, 2], [0, 3], [0, 0]]
