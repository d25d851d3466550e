"""Messages of workers into the user's columns, and batches into a frame of the user's kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyterlab_mdm.errors import BadMessageError
from jupyterlab_mdm.frame.source import Source, open_source
from jupyterlab_mdm.result.results import assemble, nulls, result_schema, unpack
from jupyterlab_mdm.wire.signature import Axis, Signature, TensorSpec

ROWS = 6
FLOAT = pa.float32()


def outputs(*specs: tuple[str, str, tuple[Axis, ...], tuple[str, ...] | None]) -> Signature:
    return Signature((), tuple(TensorSpec(*spec) for spec in specs))


def wire_column(values: np.ndarray, arrow_type: pa.DataType | None = None) -> pa.Array:
    """``[rows, …]`` as a worker sends it."""
    flat = pa.array(values.reshape(-1), type=arrow_type)
    return (
        flat if values.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, int(np.prod(values.shape[1:])))
    )


def sent(*columns: tuple[str, pa.Array, Mapping[str, object]]) -> tuple[bytes, bytes]:
    """The two messages of a chunk; each column with its name and metadata."""
    fields = [
        pa.field(
            name,
            array.type,
            metadata={k: v if isinstance(v, str) else json.dumps(v) for k, v in meta.items()},
        )
        for name, array, meta in columns
    ]
    batch = pa.RecordBatch.from_arrays([array for _, array, _ in columns], schema=pa.schema(fields))
    return batch.schema.serialize().to_pybytes(), batch.serialize().to_pybytes()


SCORES = np.arange(ROWS, dtype=np.float32)
GRID = np.arange(ROWS * 6, dtype=np.float32).reshape(ROWS, 2, 3)
FLAGS = np.arange(ROWS) % 2 == 0
NAMES = np.array(["a", "", "ä", "b", "c", "d"], dtype=object)

#: Wire column and metadata; output's type, shape and classes; the user's columns with types and values.
COLUMNS: dict[
    str,
    tuple[
        pa.Array,
        Mapping[str, object],
        str,
        tuple[Axis, ...],
        tuple[str, ...] | None,
        dict[str, tuple[pa.DataType, list[object]]],
    ],
] = {
    "one value a row": (wire_column(SCORES), {}, "float32", ("n",), None, {"y": (FLOAT, SCORES.tolist())}),
    "one value a row on an axis of its own": (
        wire_column(SCORES.reshape(-1, 1)),
        {},
        "float32",
        ("n", 1),
        None,
        {"y": (FLOAT, SCORES.tolist())},
    ),
    "a vector": (
        wire_column(GRID.reshape(ROWS, 6)),
        {},
        "float32",
        ("n", 6),
        None,
        {"y": (pa.list_(FLOAT, 6), GRID.reshape(ROWS, 6).tolist())},
    ),
    "a tensor": (
        wire_column(GRID),
        {"mdm:shape": [2, 3]},
        "float32",
        ("n", 2, 3),
        None,
        {"y": (pa.list_(pa.list_(FLOAT, 3), 2), GRID.tolist())},
    ),
    "a tensor of one value": (
        wire_column(SCORES.reshape(-1, 1, 1)),
        {"mdm:shape": [1, 1]},
        "float32",
        ("n", 1, 1),
        None,
        {"y": (pa.list_(pa.list_(FLOAT, 1), 1), SCORES.reshape(-1, 1, 1).tolist())},
    ),
    "bools": (
        wire_column(FLAGS.astype("uint8")),
        {"mdm:dtype": "bool"},
        "bool",
        ("n",),
        None,
        {"y": (pa.bool_(), FLAGS.tolist())},
    ),
    "a vector of bools": (
        wire_column(FLAGS.astype("uint8").reshape(3, 2)),
        {"mdm:dtype": "bool"},
        "bool",
        ("n", 2),
        None,
        {"y": (pa.list_(pa.bool_(), 2), FLAGS.reshape(3, 2).tolist())},
    ),
    "probabilities of classes": (
        wire_column(GRID.reshape(ROWS, 6)),
        {"mdm:columns": ["0", "1", "2", "3", "4", "five"]},
        "float32",
        ("n", 6),
        ("0", "1", "2", "3", "4", "five"),
        {
            name: (FLOAT, GRID.reshape(ROWS, 6)[:, i].tolist())
            for i, name in enumerate(["0", "1", "2", "3", "4", "five"])
        },
    ),
    "a class alone": (
        wire_column(SCORES.reshape(-1, 1)),
        {"mdm:columns": ["yes"]},
        "float32",
        ("n", 1),
        ("yes",),
        {"yes": (FLOAT, SCORES.tolist())},
    ),
    "strings": (
        wire_column(NAMES, pa.string()),
        {},
        "string",
        ("n",),
        None,
        {"y": (pa.string(), NAMES.tolist())},
    ),
    "a string on an axis of its own": (
        wire_column(NAMES.reshape(-1, 1), pa.string()),
        {},
        "string",
        ("n", 1),
        None,
        {"y": (pa.string(), NAMES.tolist())},
    ),
    "strings of classes": (
        wire_column(NAMES.reshape(3, 2), pa.string()),
        {"mdm:columns": ["p", "q"]},
        "string",
        ("n", 2),
        ("p", "q"),
        {"p": (pa.string(), ["a", "ä", "c"]), "q": (pa.string(), ["", "b", "d"])},
    ),
    "half floats": (
        wire_column(SCORES.astype("float16")),
        {},
        "float16",
        ("n",),
        None,
        {"y": (pa.float16(), SCORES.tolist())},
    ),
    "integers": (
        wire_column(np.array([2**62, -(2**62)])),
        {},
        "int64",
        ("n",),
        None,
        {"y": (pa.int64(), [2**62, -(2**62)])},
    ),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_unpacks(name: str) -> None:
    array, metadata, dtype, shape, classes, expected = COLUMNS[name]
    batch = unpack(*sent(("y", array, metadata)))
    batch.validate(full=True)
    assert batch.schema == pa.schema([(column, kind) for column, (kind, _) in expected.items()])
    assert batch.to_pydict() == {column: values for column, (_, values) in expected.items()}
    assert result_schema(outputs(("y", dtype, shape, classes))) == batch.schema


@pytest.mark.parametrize("name", COLUMNS)
def test_unpacks_no_rows_of(name: str) -> None:
    array, metadata, _, _, _, expected = COLUMNS[name]
    batch = unpack(*sent(("y", array[:0], metadata)))
    batch.validate(full=True)
    assert batch.num_rows == 0
    assert batch.schema.names == list(expected)


def test_unpacks_without_a_copy() -> None:
    schema, message = sent(("y", wire_column(GRID), {"mdm:shape": [2, 3]}), ("z", wire_column(SCORES), {}))
    frame = pa.py_buffer(message)
    batch = unpack(schema, memoryview(frame))
    for leaf in (batch.column(0).flatten().flatten(), batch.column(1)):
        assert frame.address <= leaf.buffers()[1].address < frame.address + frame.size


@pytest.mark.parametrize("shift", [1, 2, 4, 8])
def test_unpacks_a_frame_at_any_address(shift: int) -> None:
    schema, message = sent(("y", wire_column(np.array([1.5, 2.5])), {}))
    shifted = memoryview(bytes(shift) + message)[shift:]
    assert unpack(memoryview(schema), shifted).to_pydict() == {"y": [1.5, 2.5]}


def test_keeps_outputs_in_the_models_order() -> None:
    classes = {"mdm:columns": ["u", "v"]}
    batch = unpack(
        *sent(
            ("b", wire_column(SCORES), {}),
            ("p", wire_column(GRID[:, :, 0]), classes),
            ("a", wire_column(SCORES), {}),
        )
    )
    assert batch.schema.names == ["b", "u", "v", "a"]


def test_puts_the_outputs_name_before_a_class_that_shares_its_name() -> None:
    classes = {"mdm:columns": ["label", "v"]}
    found = unpack(
        *sent(
            ("label", wire_column(SCORES), {}),
            ("p", wire_column(GRID[:, :, 0]), classes),
            ("q", wire_column(GRID[:, :, 1]), {"mdm:columns": ["v", "w"]}),
        )
    )
    assert found.schema.names == ["label", "p_label", "p_v", "q_v", "w"]
    signature = outputs(
        ("label", "float32", ("n",), None),
        ("p", "float32", ("n", 2), ("label", "v")),
        ("q", "float32", ("n", 2), ("v", "w")),
    )
    assert result_schema(signature) == found.schema


def test_has_lists_of_any_length_where_only_results_tell_it() -> None:
    signature = outputs(
        ("h", "float32", ("batch", "sequence", 384), None), ("v", "int64", ("batch", None), None)
    )
    assert result_schema(signature) == pa.schema(
        [("h", pa.list_(pa.list_(FLOAT, 384))), ("v", pa.list_(pa.int64()))]
    )


GOOD = sent(("y", wire_column(SCORES), {}))
BAD: dict[str, tuple[bytes, bytes]] = {
    "a schema that is none": (b"nonsense", GOOD[1]),
    "a batch that is none": (GOOD[0], b"nonsense"),
    "a batch that is cut": (GOOD[0], GOOD[1][:-16]),
    "a batch of another schema": (sent(("y", wire_column(NAMES, pa.string()), {}))[0], GOOD[1]),
    "a shape that does not fit": sent(("y", wire_column(GRID), {"mdm:shape": [2, 4]})),
    "classes that do not fit": sent(("y", wire_column(GRID), {"mdm:columns": ["a"]})),
    "metadata that is not JSON": sent(("y", wire_column(GRID), {"mdm:shape": "(2, 3)"})),
}


@pytest.mark.parametrize("name", BAD)
def test_refuses(name: str) -> None:
    with pytest.raises(BadMessageError) as raised:
        unpack(*BAD[name])
    assert raised.value.remedy


# --- frames ------------------------------------------------------------------------------------------


def batches_of(
    array: np.ndarray, metadata: Mapping[str, object], cuts: tuple[int, ...] = (2, 5)
) -> list[pa.RecordBatch]:
    return [unpack(*sent(("y", wire_column(part), metadata))) for part in np.split(array, cuts)]


FRAME = {"x": np.zeros(ROWS)}


def source_of(kind: str) -> Source:
    frames: dict[str, Callable[[], object]] = {
        "pandas": lambda: pd.DataFrame(FRAME, index=list("uvwxyz")),
        "polars": lambda: pl.DataFrame(FRAME),
        "Arrow": lambda: pa.table(FRAME),
        "NumPy": lambda: FRAME,
        "DuckDB": lambda: duckdb.from_arrow(pa.table(FRAME)),
    }
    source = open_source(frames[kind]())
    while source.take(100) is not None:
        pass
    return source


@pytest.mark.parametrize("kind", ["pandas", "polars", "Arrow", "NumPy", "DuckDB"])
@pytest.mark.parametrize(
    ("array", "metadata"), [(SCORES, {}), (GRID.reshape(ROWS, 6), {}), (GRID, {"mdm:shape": [2, 3]})]
)
def test_puts_batches_together(kind: str, array: np.ndarray, metadata: Mapping[str, object]) -> None:
    batches = batches_of(array, metadata)
    frame = assemble(source_of(kind), batches[0].schema, batches)
    match frame:
        case pd.DataFrame():
            assert list(frame.index) == list("uvwxyz")
            assert frame["y"].dtype == (np.float32 if array.ndim == 1 else object)
            assert all(np.array_equal(a, b) for a, b in zip(frame["y"], array, strict=True))
        case pl.DataFrame():
            kinds = {1: pl.Float32, 2: pl.Array(pl.Float32, 6), 3: pl.Array(pl.Float32, (2, 3))}
            assert frame.schema["y"] == kinds[array.ndim]
            assert np.array_equal(frame["y"].to_numpy(), array)
        case pa.Table():
            assert frame["y"].to_pylist() == array.tolist()
        case dict():
            assert np.array_equal(frame["y"], array)
            assert frame["y"].dtype == np.float32
        case duckdb.DuckDBPyRelation():
            assert np.array_equal(np.array([row[0] for row in frame.fetchall()], "float32"), array)
        case _:
            pytest.fail(f"a result of type {type(frame)}")


@pytest.mark.parametrize("kind", ["pandas", "polars", "Arrow", "NumPy", "DuckDB"])
def test_gives_a_frame_of_the_right_columns_where_there_are_no_rows(kind: str) -> None:
    signature = outputs(
        ("y", "float32", ("n", 1), None), ("h", "float32", ("n", "k"), None), ("s", "string", ("n",), None)
    )
    frame = assemble(source_of(kind), result_schema(signature), [])
    match frame:
        case pd.DataFrame():
            assert frame.dtypes["y"] == np.float32
            assert frame.dtypes["s"] == pd.Series(["a"]).dtype
            assert len(frame) == 0
        case pl.DataFrame():
            assert frame.schema == {"y": pl.Float32, "h": pl.List(pl.Float32), "s": pl.String}
        case pa.Table():
            assert frame.schema == result_schema(signature)
        case dict():
            assert {name: len(values) for name, values in frame.items()} == {"y": 0, "h": 0, "s": 0}
            assert frame["y"].dtype == np.float32
        case duckdb.DuckDBPyRelation():
            assert frame.columns == ["y", "h", "s"]
            assert frame.fetchall() == []


@pytest.mark.parametrize("kind", ["pandas", "polars", "Arrow", "NumPy"])
def test_gives_a_frame_without_columns_for_a_run_that_never_had_a_model(kind: str) -> None:
    frame = assemble(source_of(kind), pa.schema([]), [])
    assert len(frame) == 0


def test_gives_columns_of_pandas_that_can_be_written_to() -> None:
    for cuts in ((), (2,)):
        batches = batches_of(SCORES, {}, cuts)
        frame = assemble(source_of("pandas"), batches[0].schema, batches)
        assert isinstance(frame, pd.DataFrame)
        frame.loc["u", "y"] = 7
        assert frame["y"].tolist() == [7, 1, 2, 3, 4, 5]


TYPES: dict[str, tuple[np.ndarray, Mapping[str, object], object, object, object]] = {
    "floats": (SCORES, {}, "float32", "float32", pl.Float32),
    "half floats": (
        SCORES.astype("float16"),
        {},
        "float16",
        "float16",
        pl.Float16 if hasattr(pl, "Float16") else pl.Float32,
    ),
    "integers": (SCORES.astype("int64"), {}, "Int64", "int64", pl.Int64),
    "unsigned": (SCORES.astype("uint8"), {}, "UInt8", "uint8", pl.UInt8),
    "bools": (FLAGS.astype("uint8"), {"mdm:dtype": "bool"}, "boolean", "bool", pl.Boolean),
}


@pytest.mark.parametrize("name", TYPES)
def test_leaves_rows_without_a_result_empty_and_keeps_the_type_of_the_others(name: str) -> None:
    array, metadata, in_pandas, in_numpy, in_polars = TYPES[name]
    first, second, third = batches_of(array, metadata)
    schema = first.schema
    batches = [first, nulls(schema, second.num_rows), third]
    expected = pa.Table.from_batches(batches).column(0).to_pylist()
    frame = assemble(source_of("pandas"), schema, batches)
    assert isinstance(frame, pd.DataFrame)
    assert frame["y"].dtype == in_pandas
    assert [None if pd.isna(v) else v for v in frame["y"]] == expected
    arrays = assemble(source_of("NumPy"), schema, batches)
    assert isinstance(arrays, dict)
    assert arrays["y"].dtype == in_numpy
    gone = np.ma.getmaskarray(arrays["y"]) if arrays["y"].dtype.kind != "f" else np.isnan(arrays["y"])
    assert gone.tolist() == [value is None for value in expected]
    other = assemble(source_of("polars"), schema, batches)
    assert isinstance(other, pl.DataFrame)
    assert other["y"].to_list() == expected
    assert other.schema["y"] == in_polars


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_leaves_tensors_without_a_result_empty(dtype: str) -> None:
    first, second, third = batches_of(GRID.astype(dtype), {"mdm:shape": [2, 3]})
    batches = [nulls(first.schema, first.num_rows), second, third]
    frame = assemble(source_of("pandas"), first.schema, batches)
    assert isinstance(frame, pd.DataFrame)
    last = frame["y"].iloc[-1]
    assert np.array_equal(last, GRID[-1])
    if dtype == "int64":
        assert frame["y"].iloc[0] is None
    arrays = assemble(source_of("NumPy"), first.schema, batches)
    assert isinstance(arrays, dict)
    assert arrays["y"].shape == (ROWS, 2, 3)
    assert np.array_equal(arrays["y"][2:], GRID[2:])


def test_joins_rows_that_differ_in_length_from_chunk_to_chunk() -> None:
    parts = [np.ones((2, 3), "float32"), np.ones((1, 1), "float32"), np.ones((3, 5), "float32")]
    batches = [unpack(*sent(("y", wire_column(part), {}))) for part in parts]
    expected = [[1.0] * n for n in (3, 3, 1, 5, 5, 5)]
    table = assemble(source_of("Arrow"), batches[0].schema, batches)
    assert isinstance(table, pa.Table)
    assert table.schema == pa.schema([("y", pa.list_(FLOAT))])
    assert table["y"].to_pylist() == expected
    for kind in ("pandas", "NumPy"):
        frame = assemble(source_of(kind), batches[0].schema, batches)
        assert isinstance(frame, pd.DataFrame | dict)
        assert [row.tolist() for row in frame["y"]] == expected
    frame = assemble(source_of("polars"), batches[0].schema, batches)
    assert isinstance(frame, pl.DataFrame)
    assert frame["y"].to_list() == expected


def test_joins_failed_rows_of_unknown_length_with_others() -> None:
    schema = result_schema(outputs(("y", "float32", ("n", "k", 3), None)))
    batches = [nulls(schema, 2), *batches_of(GRID, {"mdm:shape": [2, 3]}, (2,))[1:]]
    table = assemble(source_of("Arrow"), schema, batches)
    assert isinstance(table, pa.Table)
    assert table["y"].to_pylist() == [None, None, *GRID[2:].tolist()]


def test_refuses_chunks_whose_outputs_differ() -> None:
    one, two = batches_of(SCORES, {}, (3,))[0], unpack(*sent(("y", wire_column(NAMES, pa.string()), {})))
    with pytest.raises(BadMessageError, match="float and string"):
        assemble(source_of("Arrow"), one.schema, [one, two])
    other = pa.record_batch({"z": pa.array([1.0])})
    with pytest.raises(BadMessageError, match="'z'"):
        assemble(source_of("Arrow"), one.schema, [one, other])


def test_gives_strings_as_this_pandas_keeps_them() -> None:
    batches = [unpack(*sent(("y", wire_column(part, pa.string()), {}))) for part in np.split(NAMES, [2])]
    frame = assemble(source_of("pandas"), batches[0].schema, batches)
    assert isinstance(frame, pd.DataFrame)
    pd.testing.assert_series_equal(frame["y"], pd.Series(NAMES.tolist(), index=list("uvwxyz"), name="y"))
    arrays = assemble(source_of("NumPy"), batches[0].schema, batches)
    assert isinstance(arrays, dict)
    assert arrays["y"].tolist() == NAMES.tolist()
