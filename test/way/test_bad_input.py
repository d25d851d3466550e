"""Bad input: each gives an error of our family with its code, and leaves the cluster unharmed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import jupyterlab_mdm as mdm
from jupyterlab_mdm import errors

X3 = np.ones((10, 3), np.float32)


@pytest.fixture(autouse=True)
def cluster_is_unharmed(cluster: mdm.Cluster, models: Path) -> Iterator[None]:
    """After each refusal the same workers, by their pids, still predict."""
    before = [worker["pid"] for worker in cluster.status()["workers"]]
    yield
    result = cluster.predict(models / "doubled.onnx", {"x": X3}, timeout=60)
    np.testing.assert_array_equal(result["y"], 2 * X3)
    assert [worker["pid"] for worker in cluster.status()["workers"]] == before
    assert cluster.status()["queue"] == {"small": 0, "bulk": 0}


MODELS: dict[str, tuple[str, type[errors.MdmError], str]] = {
    "missing": ("nowhere.onnx", errors.ModelNotFoundError, "nowhere.onnx"),
    "truncated": ("truncated.onnx", errors.ModelInvalidError, "truncated.onnx"),
    "empty": ("empty.onnx", errors.ModelInvalidError, "empty.onnx"),
    "not ONNX": ("not_onnx.onnx", errors.ModelInvalidError, "not_onnx.onnx"),
    "of a future opset": ("opset_of_the_future.onnx", errors.ModelUnsupportedError, "999"),
    "with an unknown operator": ("unknown_operator.onnx", errors.ModelUnsupportedError, "Frobnicate"),
    "with a misspelt operator": ("misspelt_operator.onnx", errors.ModelUnsupportedError, "Identitty"),
    "with a bfloat16 output": ("bfloat16_output.onnx", errors.ModelUnsupportedError, "bfloat16"),
    "with a sequence output": ("sequence_output.onnx", errors.ModelUnsupportedError, "y"),
}


@pytest.mark.parametrize("kind", MODELS)
def test_refuses_a_model(kind: str, cluster: mdm.Cluster, models: Path) -> None:
    name, error, says = MODELS[kind]
    with pytest.raises(error, match=says) as raised:
        cluster.predict(models / name, {"x": X3}, timeout=60)
    assert raised.value.remedy


FRAMES: dict[str, tuple[str, Callable[[], Any], type[errors.MdmError], str]] = {
    "of too few columns": ("doubled", lambda: {"a": X3[:, 0]}, errors.BindingError, "x"),
    "of text where numbers are wanted": (
        "doubled",
        lambda: pd.DataFrame({"a": ["x"], "b": ["y"], "c": ["z"]}),
        errors.BindingError,
        "a",
    ),
    "without columns": ("doubled", lambda: pd.DataFrame(index=range(3)), errors.FrameInvalidError, "column"),
    "with duplicate names": (
        "doubled",
        lambda: pd.DataFrame(X3, columns=["a", "a", "b"]),
        errors.FrameInvalidError,
        "a",
    ),
    "that is none": ("doubled", lambda: 42, errors.FrameInvalidError, "int"),
    "with nulls for integers": (
        "identity_int64",
        lambda: pa.table({name: pa.array([1, None, 3]) for name in "abc"}),
        errors.NullsError,
        "a",
    ),
    "whose values overflow": (
        "identity_int8",
        lambda: {"a": np.array([1, 300]), "b": np.array([1, 2]), "c": np.array([1, 2])},
        errors.CastOverflowError,
        "300",
    ),
    "with dates": (
        "doubled",
        lambda: pd.DataFrame({name: pd.to_datetime(["2026-01-01"]) for name in "abc"}),
        errors.BindingError,
        "timestamp",
    ),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_refuses_a_frame(kind: str, cluster: mdm.Cluster, models: Path) -> None:
    model, make, error, says = FRAMES[kind]
    with pytest.raises(error, match=says) as raised:
        cluster.predict(models / f"{model}.onnx", make(), timeout=60)
    assert raised.value.remedy


def test_fills_nulls_where_it_is_told_what_to_put(cluster: mdm.Cluster, models: Path) -> None:
    frame = pa.table({name: pa.array([1, None, 3]) for name in "abc"})
    result = cluster.predict(models / "identity_int64.onnx", frame, fill=-1, timeout=60)
    assert result.column("y").to_pylist() == [[1, 1, 1], [-1, -1, -1], [3, 3, 3]]


def test_sends_nan_for_nulls_of_floats(cluster: mdm.Cluster, models: Path) -> None:
    frame = pa.table({name: pa.array([1.5, None], pa.float32()) for name in "abc"})
    result = cluster.predict(models / "identity_float32.onnx", frame, timeout=60)
    np.testing.assert_array_equal(result.column("y").to_pylist(), [[1.5] * 3, [np.nan] * 3])


def test_keeps_what_was_predicted_when_the_reader_raises(cluster: mdm.Cluster, models: Path) -> None:
    schema = pa.schema([("x", pa.list_(pa.float32(), 3))])

    def produce() -> Iterator[pa.RecordBatch]:
        for _ in range(5):
            values = pa.FixedSizeListArray.from_arrays(pa.array(np.ones(300, np.float32)), 3)
            yield pa.record_batch([values], schema=schema)
        raise OSError("the disk is gone")

    run = cluster.submit(models / "doubled.onnx", pa.RecordBatchReader.from_batches(schema, produce()))
    with pytest.raises(errors.FrameReaderError, match="the disk is gone"):
        run.result(timeout=60)
    assert run.state == "failed"
    assert run.partial().num_rows <= 500


def test_names_the_rows_on_which_a_model_raised_and_keeps_the_others(
    cluster: mdm.Cluster, models: Path
) -> None:
    index = np.zeros(1_000, np.int64)
    index[700] = 99
    run = cluster.submit(models / "gather.onnx", {"index": index}, batch=100)
    with pytest.raises(errors.ModelFailedError, match="100 of 1,000 rows failed") as raised:
        run.result(timeout=60)
    assert raised.value.details["rows"] == [[700, 800]]
    kept = run.partial()["y"]
    assert np.isnan(kept[700:800]).all()
    assert not np.isnan(kept[:700]).any()


def test_refuses_a_path_in_params_that_is_not_there(cluster: mdm.Cluster, models: Path) -> None:
    with pytest.raises(errors.PathNotFoundError, match=r"vocabulary_path.*nowhere\.txt"):
        cluster.predict(
            models / "doubled.onnx", {"x": X3}, params={"vocabulary_path": "nowhere.txt"}, timeout=60
        )


def test_says_which_clusters_there_are_when_a_name_is_wrong() -> None:
    with pytest.raises(errors.NoClusterError, match="shared"):
        mdm.connect("nowhere")


def test_refuses_a_second_cluster_of_the_same_name() -> None:
    with pytest.raises(errors.ClusterExistsError, match="shared"):
        mdm.start(num_worker=1, name="shared")


def test_refuses_a_device_that_is_not_there() -> None:
    with pytest.raises(errors.DeviceNotThereError, match="cuda:7"):
        mdm.start(num_worker=1, name="gpu", device_map="7")


def test_refuses_a_port_that_is_taken() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(errors.PortTakenError, match=str(port)):
            mdm.start(num_worker=1, name="ports", port=port)


def test_ends_a_run_that_passes_its_deadline(cluster: mdm.Cluster, models: Path) -> None:
    frame = {"x": np.ones((20_000, 64), np.float32)}
    run = cluster.submit(models / "slow.onnx", frame, timeout=0.5)
    with pytest.raises(errors.DeadlineError):
        run.result(timeout=60)
    assert run.state == "failed"
