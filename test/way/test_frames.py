"""Every kind of frame, through a real cluster: the same kind, rows, order and values come back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import jupyterlab_mdm as mdm

ROWS = 5_003
RANDOM = np.random.default_rng(7)
VALUES = RANDOM.normal(size=(ROWS, 3)).astype(np.float32)
COLUMNS = {name: VALUES[:, place] for place, name in enumerate(["a", "b", "c"])}


class OnlyCapsule:
    """Nothing but the Arrow PyCapsule protocol, as a library that we have never heard of has it."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def reader() -> pa.RecordBatchReader:
    table = pa.table(COLUMNS)
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=701))


def as_numpy(result: Any) -> np.ndarray:
    """The first predicted column, whatever holds it."""
    if isinstance(result, dict):
        return next(iter(result.values()))
    if isinstance(result, duckdb.DuckDBPyRelation):
        result = result.to_arrow_table()
    if isinstance(result, pa.RecordBatchReader):
        result = result.read_all()
    if isinstance(result, pa.Table | pa.RecordBatch):
        return result.column(0).to_numpy()
    return result["total"].to_numpy()


FRAMES: dict[str, tuple[Callable[[], object], type]] = {
    "pandas": (lambda: pd.DataFrame(COLUMNS), pd.DataFrame),
    "a slice of pandas": (lambda: pd.DataFrame(COLUMNS).iloc[::1], pd.DataFrame),
    "arrow-backed pandas": (lambda: pa.table(COLUMNS).to_pandas(types_mapper=pd.ArrowDtype), pd.DataFrame),
    "polars": (lambda: pl.DataFrame(COLUMNS), pl.DataFrame),
    "lazy polars": (lambda: pl.LazyFrame(COLUMNS), pl.DataFrame),
    "an Arrow table": (lambda: pa.table(COLUMNS), pa.Table),
    "a chunked Arrow table": (
        lambda: pa.concat_tables([pa.table(COLUMNS).slice(0, 11), pa.table(COLUMNS).slice(11)]),
        pa.Table,
    ),
    "a record batch": (lambda: pa.RecordBatch.from_pydict(COLUMNS), pa.RecordBatch),
    "a record-batch reader": (reader, pa.Table),
    "a dict of arrays": (lambda: COLUMNS, dict),
    "a DuckDB relation": (lambda: duckdb.from_arrow(pa.table(COLUMNS)), duckdb.DuckDBPyRelation),
    "any Arrow capsule": (lambda: OnlyCapsule(pa.table(COLUMNS)), pa.Table),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_comes_back_as_it_went(
    kind: str, cluster: mdm.Cluster, models: Path, reference: Callable[..., list[np.ndarray]]
) -> None:
    make, expected_type = FRAMES[kind]
    result = cluster.predict(models / "rank1.onnx", make(), timeout=60)
    assert isinstance(result, expected_type)
    np.testing.assert_array_equal(as_numpy(result), reference(models / "rank1.onnx", x=VALUES)[0])


INDEXES: dict[str, pd.Index] = {
    "of dates": pd.date_range("2026-01-01", periods=ROWS, freq="s"),
    "with a name": pd.Index(range(ROWS, 0, -1), name="flight"),
    "with duplicates": pd.Index([0] * ROWS),
    "of two levels": pd.MultiIndex.from_arrays([["x"] * ROWS, range(ROWS)], names=["k", "n"]),
}


@pytest.mark.parametrize("kind", INDEXES)
def test_keeps_the_index(kind: str, cluster: mdm.Cluster, models: Path) -> None:
    frame = pd.DataFrame(COLUMNS, index=INDEXES[kind])
    result = cluster.predict(models / "rank1.onnx", frame, timeout=60)
    pd.testing.assert_index_equal(result.index, frame.index)


def test_keeps_the_rows_of_a_shuffled_slice(cluster: mdm.Cluster, models: Path) -> None:
    frame = pd.DataFrame(COLUMNS).sample(frac=0.5, random_state=1)
    result = cluster.predict(models / "rank1.onnx", frame, timeout=60)
    np.testing.assert_allclose(result["total"], frame.sum(axis=1), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("batch", [1, 7, 1000, 100_000])
def test_merges_in_row_order_whatever_the_chunks(batch: int, cluster: mdm.Cluster, models: Path) -> None:
    frame = {"x": np.arange(300 * 3, dtype=np.float32).reshape(300, 3)}
    result = cluster.predict(models / "identity_float32.onnx", frame, batch=batch, timeout=60)
    np.testing.assert_array_equal(result["y"], frame["x"])


def test_streams_a_reader_longer_than_what_may_be_under_way(cluster: mdm.Cluster, models: Path) -> None:
    schema = pa.schema([("x", pa.list_(pa.float32(), 3))])
    rows, batches = 1_000, 300

    def produce() -> Any:
        for number in range(batches):
            values = pa.array(np.full(rows * 3, number, np.float32))
            yield pa.record_batch([pa.FixedSizeListArray.from_arrays(values, 3)], schema=schema)

    run = cluster.submit(models / "rank1.onnx", pa.RecordBatchReader.from_batches(schema, produce()))
    totals = np.concatenate([batch.column("total").to_numpy() for batch in run])
    np.testing.assert_array_equal(totals, np.repeat(np.arange(batches) * 3, rows))


@pytest.mark.parametrize("kind", ["pandas", "polars", "an Arrow table", "a dict of arrays"])
def test_gives_an_empty_result_of_the_right_types_for_an_empty_frame(
    kind: str, cluster: mdm.Cluster, models: Path
) -> None:
    empty = {name: values[:0] for name, values in COLUMNS.items()}
    frame: Any = {
        "pandas": pd.DataFrame,
        "polars": pl.DataFrame,
        "an Arrow table": pa.table,
        "a dict of arrays": dict,
    }[kind](empty)
    values = as_numpy(cluster.predict(models / "rank1.onnx", frame, timeout=60))
    assert values.shape == (0,)
    assert values.dtype == np.float32
