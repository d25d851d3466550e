"""Frames of every kind, read piece by piece, and results given back in the same kind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyterlab_mdm.errors import BadOptionError, FrameInvalidError, FrameReaderError
from jupyterlab_mdm.frame.source import Piece, Source, open_source

ROWS = 10
A = np.arange(ROWS, dtype=np.float64)
B = np.arange(ROWS, dtype=np.int64) * 2
TABLE = pa.table({"a": A, "b": B})


class StreamExporter:
    """Something of which we only know that it exports a stream."""

    def __init__(self, data: pa.Table | pa.ChunkedArray) -> None:
        self._data = data

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._data.__arrow_c_stream__(requested_schema)


class ArrayExporter:
    """Something of which we only know that it exports an array."""

    def __init__(self, data: pa.RecordBatch) -> None:
        self._data = data

    def __arrow_c_array__(self, requested_schema: object = None) -> object:
        return self._data.__arrow_c_array__(requested_schema)


CONNECTIONS: list[duckdb.DuckDBPyConnection] = []


def relation() -> duckdb.DuckDBPyRelation:
    connection = duckdb.connect()
    # Older versions close a connection that nothing refers to.
    CONNECTIONS.append(connection)
    connection.execute("create table t as select range::double as a, range * 2 as b from range(10)")
    return connection.table("t")


FRAMES: dict[str, tuple[str, Callable[[], object]]] = {
    "a pandas frame": ("pandas", lambda: pd.DataFrame({"a": A, "b": B})),
    "a pandas frame of nullable columns": (
        "pandas",
        lambda: pd.DataFrame({"a": pd.array(A, "Float64"), "b": pd.array(B, "Int64")}),
    ),
    "a pandas frame of Arrow columns": (
        "pandas",
        lambda: pd.DataFrame({"a": A, "b": B}).convert_dtypes(dtype_backend="pyarrow"),
    ),
    "a polars frame": ("polars", lambda: pl.DataFrame({"a": A, "b": B})),
    "a polars frame of many chunks": (
        "polars",
        lambda: pl.concat([pl.DataFrame({"a": A[i : i + 3], "b": B[i : i + 3]}) for i in range(0, 10, 3)]),
    ),
    "a lazy polars frame": ("polars", lambda: pl.DataFrame({"a": A, "b": B}).lazy()),
    "an Arrow table": ("arrow_table", lambda: TABLE),
    "an Arrow table of many chunks": (
        "arrow_table",
        lambda: pa.concat_tables([TABLE[:4], TABLE[4:5], TABLE[5:]]),
    ),
    "a record batch": ("arrow_batch", lambda: TABLE.to_batches()[0]),
    "an array of structs": ("arrow_table", TABLE.to_struct_array),
    "a record-batch reader": ("arrow_batches", lambda: TABLE.to_reader(max_chunksize=3)),
    "a dict of arrays": ("numpy_dict", lambda: {"a": A, "b": B}),
    "a dict of lists": ("numpy_dict", lambda: {"a": list(A), "b": list(B)}),
    "a DuckDB relation": ("duckdb", relation),
    "an exporter of a stream": ("arrow_capsule", lambda: StreamExporter(TABLE)),
    "an exporter of an array": (
        "arrow_capsule",
        lambda: ArrayExporter(TABLE.to_batches()[0]),
    ),
}


def values_of(piece: Piece, index: int) -> list[object]:
    return list(np.asarray(piece.column(index)).tolist())


def read(source: Source, rows: int) -> list[Piece]:
    return list(iter(lambda: source.take(rows), None))


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("rows", [1, 3, 4, 10, 1000])
def test_reads_every_row_once_and_in_order(name: str, rows: int) -> None:
    kind, make = FRAMES[name]
    source = open_source(make())
    assert source.kind == kind
    assert source.schema.names == ["a", "b"]
    assert source.rows in (ROWS, None)
    pieces = read(source, rows)
    assert [piece.rows for piece in pieces] == [min(rows, ROWS - at) for at in range(0, ROWS, rows)]
    assert [piece.row_offset for piece in pieces] == list(range(0, ROWS, rows))
    assert [value for piece in pieces for value in values_of(piece, 0)] == A.tolist()
    assert [value for piece in pieces for value in values_of(piece, 1)] == B.tolist()
    assert source.take(1) is None


@pytest.mark.parametrize("name", FRAMES)
def test_lets_a_piece_be_looked_at_before_it_is_taken(name: str) -> None:
    source = open_source(FRAMES[name][1]())
    peeked = source.peek(4)
    assert peeked is not None
    assert values_of(peeked, 1) == [0, 2, 4, 6]
    assert [value for piece in read(source, 3) for value in values_of(piece, 0)] == A.tolist()
    assert source.peek(1) is None


RESULT = pa.table({"y": pa.array(np.arange(ROWS, dtype=np.float32)), "label": ["x", "y"] * 5})


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("rows", [0, 4, ROWS])
def test_gives_a_result_back_in_the_kind_of_the_frame(name: str, rows: int) -> None:
    kind, make = FRAMES[name]
    source = open_source(make())
    read(source, 1000)
    result = source.restore(RESULT[:rows])
    y, labels = RESULT["y"][:rows].to_pylist(), RESULT["label"][:rows].to_pylist()
    match result:
        case pd.DataFrame():
            assert kind == "pandas"
            assert result["y"].to_numpy().dtype == np.float32
        case pl.DataFrame():
            assert kind == "polars"
        case pa.RecordBatch():
            assert kind == "arrow_batch"
        case pa.Table():
            assert kind in ("arrow_table", "arrow_batches", "arrow_capsule")
        case dict():
            assert kind == "numpy_dict"
            result["y"].flags.writeable = True
            result = pd.DataFrame(result)
        case duckdb.DuckDBPyRelation():
            assert kind == "duckdb"
            result = result.df()
        case _:
            pytest.fail(f"a result of type {type(result)}")
    columns = result.to_pydict() if isinstance(result, pa.Table | pa.RecordBatch) else result
    assert list(columns["y"]) == y
    assert list(columns["label"]) == labels


INDEXES = {
    "strings": pd.Index([f"r{i}" for i in range(ROWS)], name="id"),
    "the same label often": pd.Index([1, 1, 2, 2, 2, 3, 3, 3, 3, 3]),
    "times": pd.date_range("2026-01-01", periods=ROWS, freq="h"),
    "levels": pd.MultiIndex.from_product([["u", "v"], range(5)], names=["k", "i"]),
    "a range that does not start at 0": pd.RangeIndex(100, 100 + ROWS),
}


@pytest.mark.parametrize("name", INDEXES)
def test_keeps_the_index_of_a_pandas_frame(name: str) -> None:
    index = INDEXES[name]
    for frame in (pd.DataFrame({"a": A}, index=index), pd.Series(A, index=index, name="a")):
        source = open_source(frame)
        pd.testing.assert_index_equal(source.restore(RESULT).index, index)
        pd.testing.assert_index_equal(source.restore(RESULT[:3]).index, index[:3])


ONE_COLUMN = {
    "a pandas series": (pd.Series(A, name="a"), "a"),
    "a pandas series without a name": (pd.Series(A), "0"),
    "a polars series": (pl.Series("a", A), "a"),
    "an Arrow array": (pa.array(A), "c0"),
    "a chunked Arrow array": (pa.chunked_array([A[:3], A[3:]]), "c0"),
    "a NumPy array of one axis": (A, "c0"),
    "a stream of arrays": (StreamExporter(pa.chunked_array([A[:3], A[3:]])), "c0"),
}


@pytest.mark.parametrize("name", ONE_COLUMN)
def test_takes_a_series_as_a_frame_of_one_column(name: str) -> None:
    frame, column = ONE_COLUMN[name]
    source = open_source(frame)
    assert source.schema.names == [column]
    assert [value for piece in read(source, 3) for value in values_of(piece, 0)] == A.tolist()


def test_takes_a_numpy_array_of_two_axes_as_columns_and_gives_an_array_for_one_output() -> None:
    array = np.arange(30, dtype=np.float32).reshape(ROWS, 3)
    source = open_source(array)
    assert source.kind == "numpy_array"
    assert source.schema == pa.schema([(f"c{i}", pa.float32()) for i in range(3)])
    piece = source.take(4)
    assert piece is not None
    assert piece.matrix is not None
    assert np.shares_memory(piece.matrix, array)
    assert np.array_equal(source.restore(RESULT.select(["y"])), np.arange(ROWS, dtype=np.float32))
    assert list(source.restore(RESULT)) == ["y", "label"]


def test_takes_further_axes_of_numpy_arrays_as_fixed_size_lists() -> None:
    images = np.zeros((ROWS, 2, 3, 4), dtype=np.uint8)
    source = open_source({"image": images, "vector": np.zeros((ROWS, 5))})
    inner = pa.list_(pa.list_(pa.list_(pa.uint8(), 4), 3), 2)
    assert source.schema == pa.schema([("image", inner), ("vector", pa.list_(pa.float64(), 5))])
    piece = source.take(3)
    assert piece is not None
    assert np.shares_memory(piece.column(0), images)
    assert open_source(images).schema == pa.schema([("c0", inner)])


VIEWS: dict[str, Callable[[], object]] = {
    "numbers of a pandas frame": lambda: pd.DataFrame({"a": A, "s": "x"}),
    "a pandas frame of one block": lambda: pd.DataFrame({"a": A, "b": A}),
    "an Arrow table": lambda: TABLE,
    "a polars frame": lambda: pl.DataFrame({"a": A}),
    "a dict of arrays": lambda: {"a": A},
}


@pytest.mark.parametrize("name", VIEWS)
def test_gives_views_on(name: str) -> None:
    frame = VIEWS[name]()
    first, second = (open_source(frame).take(5) for _ in range(2))
    assert first is not None
    assert second is not None
    assert np.shares_memory(np.asarray(first.column(0)), np.asarray(second.column(0)))


def test_has_one_view_on_the_columns_of_a_pandas_frame_of_one_type() -> None:
    frame = pd.DataFrame({"a": A, "b": A + 1, "c": A + 2})
    piece = open_source(frame).take(4)
    assert piece is not None
    assert piece.matrix is not None
    assert np.array_equal(piece.matrix, frame.to_numpy()[:4])
    apart = pd.concat([pd.Series(A + i, name=str(i)) for i in (0, 5, 1, 7)], axis=1)
    for other in (pd.DataFrame({"a": A, "b": B}), pd.DataFrame({"a": A, "s": "x"}), apart):
        piece = open_source(other).take(4)
        assert piece is not None
        assert piece.matrix is None or np.array_equal(piece.matrix, other.to_numpy()[:4])


def test_is_not_changed_by_what_happens_to_the_pandas_frame_later() -> None:
    frame = pd.DataFrame({"a": A.copy(), "b": A.copy()})
    source = open_source(frame)
    frame.loc[0, "a"] = 99.0
    frame["c"] = 1
    piece = source.take(1)
    assert piece is not None
    assert values_of(piece, 0) == ([0.0] if pd.__version__ >= "3" else [99.0])


PANDAS_COLUMNS = {
    "strings": (pd.Series(["a", None, "c"]), ["a", None, "c"]),
    "strings kept as objects": (pd.Series(["a", None, "c"], dtype=object), ["a", None, "c"]),
    "strings of Python": (pd.Series(["a", None, "c"], dtype=pd.StringDtype("python")), ["a", None, "c"]),
    "nullable integers": (pd.Series([1, None, 3], dtype="Int16"), [1, None, 3]),
    "nullable bools": (pd.Series([True, None, False], dtype="boolean"), [True, None, False]),
    "objects that are integers": (pd.Series([1, None, 3], dtype=object), [1, None, 3]),
    "objects that are bools": (pd.Series([True, None, False], dtype=object), [True, None, False]),
    "categories of strings": (pd.Series(["a", None, "c"], dtype="category"), ["a", None, "c"]),
    "categories of numbers": (pd.Series([7, None, 3], dtype="category"), [7, None, 3]),
    "lists": (pd.Series([[1, 2], None, [3]]), [[1, 2], None, [3]]),
    "arrays": (pd.Series([np.array([1, 2]), None, np.array([3])]), [[1, 2], None, [3]]),
    "sparse numbers": (pd.Series(pd.arrays.SparseArray([0.0, 0.0, 2.0])), [0.0, 0.0, 2.0]),
    "Arrow's integers": (pd.Series([1, None, 3], dtype="int64[pyarrow]"), [1, None, 3]),
}


@pytest.mark.parametrize("name", PANDAS_COLUMNS)
def test_reads_a_pandas_column_of(name: str) -> None:
    series, expected = PANDAS_COLUMNS[name]
    source = open_source(pd.DataFrame({"x": series}))
    pieces = read(source, 2)
    found = [value for piece in pieces for value in piece.column(0).tolist()]
    # NumPy has no None: its missing floats are NaN.
    assert found == expected
    arrow = [piece.column(0) for piece in pieces if isinstance(piece.column(0), pa.Array)]
    assert {array.type for array in arrow} <= {source.schema.field("x").type}


def test_reads_cells_of_arrays_of_one_shape_as_one_array() -> None:
    cells = [np.full((2, 3), i, dtype=np.float32) for i in range(4)]
    source = open_source(pd.DataFrame({"x": cells}))
    piece = source.take(4)
    assert piece is not None
    assert np.array_equal(piece.column(0), np.stack(cells))


POLARS_COLUMNS = {
    "strings": pl.Series(["a", None, "c"]),
    "categories": pl.Series(["a", None, "c"], dtype=pl.Categorical),
    "lists": pl.Series([[1, 2], None, [3]]),
    "arrays": pl.Series([[1, 2], [3, 4], [5, 6]], dtype=pl.Array(pl.Int64, 2)),
    "bools": pl.Series([True, None, False]),
}


@pytest.mark.parametrize("name", POLARS_COLUMNS)
def test_reads_a_polars_column_of(name: str) -> None:
    series = POLARS_COLUMNS[name]
    for whole in (series, pl.concat([series[:1], series[1:]], rechunk=False)):
        source = open_source(pl.DataFrame({"x": whole}))
        pieces = read(source, 2)
        assert [value for piece in pieces for value in piece.column(0).tolist()] == series.to_list()
        assert {piece.column(0).type for piece in pieces} == {source.schema.field("x").type}


def mixed() -> pd.DataFrame:
    return pd.DataFrame({"x": pd.Series(["a", "b", 3, "d"], dtype=object)})


def test_names_the_row_of_a_value_that_is_not_of_its_columns_type() -> None:
    source = open_source(mixed())
    pieces = read(source, 2)
    assert pieces[0].column(0).to_pylist() == ["a", "b"]
    with pytest.raises(FrameInvalidError, match="row 2 holds int"):
        pieces[1].column(0)


def test_opens_a_frame_with_columns_that_no_model_takes() -> None:
    frame = pd.DataFrame(
        {"o": [object(), object()], "d": [{"k": 1}, {"k": 2}], "c": [1j, 2j], "x": [1.0, 2.0]}
    )
    schema = open_source(frame).schema
    assert schema.names == ["o", "d", "c", "x"]
    assert schema.field("o").metadata[b"mdm:kind"] == b"Python objects (object)"
    assert schema.field("c").metadata[b"mdm:kind"] == b"complex128"


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "a generator of frames": (lambda: (pd.DataFrame({"a": A}) for _ in range(2)), "from_batches"),
    "a list of dicts": (lambda: [{"a": 1}], "numpy.asarray"),
    "a path": (lambda: "flights.parquet", "read_table"),
    "nothing": (lambda: None, "a pandas or polars frame"),
    "a class": (lambda: pd.DataFrame, "The class DataFrame"),
    "a frame without columns": (lambda: pd.DataFrame(index=range(3)), "no columns"),
    "a table without columns": (lambda: pa.table({}), "no columns"),
    "an empty dict": (dict, "no columns"),
    "an array without axes": (lambda: np.array(1.0), "no rows"),
    "an array of no columns": (lambda: np.empty((3, 0)), "no columns"),
    "two pandas columns of one name": (
        lambda: pd.DataFrame([[1, 2]], columns=["a", "a"]),
        "more than one column named 'a'",
    ),
    "pandas names that are one string": (lambda: pd.DataFrame([[1, 2]], columns=[1, "1"]), "named '1'"),
    "two Arrow columns of one name": (lambda: pa.table([[1], [2]], names=["a", "a"]), "named 'a'"),
    "dict keys that are one string": (lambda: {1: A, "1": A}, "alike"),
    "a ragged dict": (lambda: {"a": A, "b": B[:3]}, "a: 10, b: 3"),
    "a ragged column": (lambda: {"a": [[1], [1, 2]]}, "does not make an array"),
    "a single value in a dict": (lambda: {"a": A, "b": 1.0}, "single value"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name: str) -> None:
    make, words = REFUSED[name]
    with pytest.raises(FrameInvalidError, match=words) as raised:
        open_source(make())
    assert raised.value.remedy


EMPTY: dict[str, Callable[[], object]] = {
    "pandas": lambda: pd.DataFrame({"a": pd.Series([], dtype="float64"), "s": pd.Series([], dtype="str")}),
    "polars": lambda: pl.DataFrame({"a": []}, schema={"a": pl.Float64}),
    "Arrow": lambda: TABLE[:0],
    "a reader": TABLE[:0].to_reader,
    "a dict": lambda: {"a": A[:0]},
    "an array": lambda: np.empty((0, 3)),
    "DuckDB": lambda: relation().filter("a > 100"),
}


@pytest.mark.parametrize("name", EMPTY)
def test_takes_a_frame_without_rows_of(name: str) -> None:
    source = open_source(EMPTY[name]())
    assert source.peek(5) is None
    assert source.take(5) is None
    assert source.take(5) is None


def test_reads_no_batch_of_a_reader_before_it_is_needed() -> None:
    read_so_far = []

    def batches() -> Iterator[pa.RecordBatch]:
        for i in range(1_000_000):
            read_so_far.append(i)
            yield pa.record_batch({"a": np.full(100, i)})

    source = open_source(pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches()))
    assert read_so_far == []
    for rows, batch_count in ((30, 1), (70, 1), (1, 2), (99, 2), (250, 5), (50, 5)):
        piece = source.take(rows)
        assert piece is not None
        assert piece.rows == rows
        assert len(read_so_far) == batch_count


def test_reports_a_reader_that_raises_in_the_middle_and_does_not_take_it_for_the_end() -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"a": A})
        raise RuntimeError("the disk is gone")

    source = open_source(pa.RecordBatchReader.from_batches(TABLE.select(["a"]).schema, batches()))
    assert source.take(ROWS) is not None
    for _ in range(2):
        with pytest.raises(FrameReaderError, match="the disk is gone") as raised:
            source.take(1)
        assert raised.value.details["row"] == ROWS
        assert isinstance(raised.value.__cause__, Exception)


def test_skips_empty_batches_of_a_reader() -> None:
    batches = [TABLE[:0], TABLE[:3], TABLE[3:3], TABLE[3:]]
    reader = pa.RecordBatchReader.from_batches(
        TABLE.schema,
        [b for t in batches for b in t.to_batches() or [pa.RecordBatch.from_pylist([], TABLE.schema)]],
    )
    assert [piece.rows for piece in read(open_source(reader), 5)] == [5, 5]


def test_joins_batches_whose_dictionaries_differ() -> None:
    batches = [pa.record_batch({"x": pa.array(v).dictionary_encode()}) for v in (["a", "b"], ["c", "b"])]
    piece = open_source(pa.RecordBatchReader.from_batches(batches[0].schema, batches)).take(10)
    assert piece is not None
    assert piece.column(0).to_pylist() == ["a", "b", "c", "b"]


def test_frees_the_connection_of_a_relation_when_it_is_closed() -> None:
    connection = duckdb.connect()
    source = open_source(connection.sql("select range as a from range(1000000)"))
    assert source.take(10) is not None
    source.close()
    assert connection.sql("select 1").fetchall() == [(1,)]


def test_gives_a_relation_on_the_same_connection() -> None:
    frame = relation()
    source = open_source(frame)
    read(source, 100)
    joined = source.restore(RESULT).aggregate("count(*) as n, sum(y) as y")
    assert joined.fetchall() == [(ROWS, 45.0)]


def test_reports_a_query_that_fails() -> None:
    broken = pl.DataFrame({"a": ["x"]}).lazy().select(pl.col("a").cast(pl.Int64, strict=True))
    with pytest.raises(FrameReaderError, match="could not be collected"):
        open_source(broken)


def test_refuses_to_take_no_rows() -> None:
    with pytest.raises(BadOptionError):
        open_source(TABLE).take(0)


WHOLE_WAY = """
import sys
import numpy
from jupyterlab_mdm.binding.binding import bind
from jupyterlab_mdm.result.results import assemble, result_schema, unpack
from jupyterlab_mdm.wire.signature import Signature, TensorSpec
from jupyterlab_mdm.frame.source import open_source

data = {"a": numpy.arange(3.0), "b": numpy.arange(3)}
model = Signature((TensorSpec("X", "float32", ("n", 2)),), (TensorSpec("X", "float32", ("n", 2)),))
source = open_source(FRAME)
binding = bind(source.schema, model)
message = binding.pack(source.take(2))
batch = unpack(binding.wire_schema.serialize(), message)
assemble(source, batch.schema, [batch])
assemble(source, result_schema(model), [])
print([name for name in ("pandas", "polars", "duckdb") if name in sys.modules])
"""


@pytest.mark.parametrize(
    ("frame", "imported"),
    [("data", []), ("__import__('polars').DataFrame(data)", ["polars"])],
    ids=["a dict of arrays", "a polars frame"],
)
def test_imports_no_library_that_the_frame_does_not_come_from(frame: str, imported: list[str]) -> None:
    code = WHOLE_WAY.replace("FRAME", frame)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(imported), done.stderr
