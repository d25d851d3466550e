"""Every kind of model, through a real cluster, against onnxruntime in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.datasets import load_iris

import jupyterlab_mdm as mdm

Reference = Callable[..., list[np.ndarray]]
ROWS = 1_037
RANDOM = np.random.default_rng(3)
INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]


def values_of(dtype: str) -> np.ndarray:
    """Values [n, 3] that use the whole range of the type."""
    if dtype == "bool":
        return RANDOM.integers(0, 2, (ROWS, 3)).astype(bool)
    if dtype == "string":
        return np.array([["", "é漢字🙂", "x" * (row % 50)] for row in range(ROWS)], dtype=object)
    if dtype.startswith("float"):
        return RANDOM.normal(size=(ROWS, 3)).astype(dtype)
    limits = np.iinfo(dtype)
    return RANDOM.integers(limits.min, limits.max, (ROWS, 3), dtype=dtype, endpoint=True)


@pytest.mark.parametrize("dtype", [*INTEGERS, "float16", "float32", "float64", "bool"])
def test_carries_every_numeric_type_unharmed(dtype: str, cluster: mdm.Cluster, models: Path) -> None:
    values = values_of(dtype)
    result = cluster.predict(models / f"identity_{dtype}.onnx", {"x": values}, timeout=60)
    assert result["y"].dtype == values.dtype
    np.testing.assert_array_equal(result["y"], values)


def test_carries_strings_unharmed(cluster: mdm.Cluster, models: Path) -> None:
    values = values_of("string")
    frame = pa.table({name: pa.array(values[:, place]) for place, name in enumerate("abc")})
    result = cluster.predict(models / "identity_string.onnx", frame, timeout=60)
    assert result.column("y").to_pylist() == values.tolist()


def test_feeds_inputs_by_name_and_casts_what_is_safe(
    cluster: mdm.Cluster, models: Path, reference: Reference
) -> None:
    a = RANDOM.normal(size=ROWS).astype(np.float32)
    b = RANDOM.integers(0, 100, ROWS).astype(np.int32)
    c = RANDOM.normal(size=(ROWS, 2))
    result = cluster.predict(models / "multi_input.onnx", {"b": b, "c": c, "a": a}, timeout=60)
    expected = reference(models / "multi_input.onnx", a=a, b=b.astype(np.int64).reshape(-1, 1), c=c)
    np.testing.assert_allclose(result["y"], expected[0])


def test_gives_a_column_an_output(cluster: mdm.Cluster, models: Path, reference: Reference) -> None:
    x = values_of("float32")
    result = cluster.predict(models / "multi_output.onnx", {"x": x}, timeout=60)
    expected = reference(models / "multi_output.onnx", x=x)
    assert list(result) == ["total", "doubled", "best", "large"]
    for values, wanted in zip(result.values(), expected, strict=True):
        np.testing.assert_array_equal(values, wanted.reshape(values.shape))


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("column", {"x": (3,)}),
        ("rank3", {"x": (4,)}),
        ("rank4", {"image": (3, 8, 8)}),
        ("external_data", {"x": (3,)}),
        ("unnamed_axes", {"x": (3,)}),
        ("mlp", {"x": (32,)}),
        ("forest", {"X": (12,)}),
    ],
)
def test_agrees_with_onnxruntime(
    name: str, inputs: dict[str, tuple[int, ...]], cluster: mdm.Cluster, models: Path, reference: Reference
) -> None:
    frame = {key: RANDOM.normal(size=(ROWS, *shape)).astype(np.float32) for key, shape in inputs.items()}
    result = cluster.predict(models / f"{name}.onnx", frame, timeout=60)
    for values, wanted in zip(result.values(), reference(models / f"{name}.onnx", **frame), strict=True):
        np.testing.assert_allclose(values.reshape(wanted.shape), wanted, rtol=1e-5, atol=1e-5)


def test_feeds_a_fixed_batch_its_rows_and_cuts_the_padding(cluster: mdm.Cluster, models: Path) -> None:
    x = values_of("float32")
    result = cluster.predict(models / "fixed_batch.onnx", {"x": x}, timeout=60)
    np.testing.assert_array_equal(result["y"], 2 * x)


def test_feeds_a_scalar_from_params(cluster: mdm.Cluster, models: Path) -> None:
    x = values_of("float32")
    result = cluster.predict(models / "scalar_input.onnx", {"x": x}, params={"factor": 2.5}, timeout=60)
    np.testing.assert_allclose(result["y"], x * np.float32(2.5))


def test_binds_free_axes_to_the_lengths_of_the_lists(cluster: mdm.Cluster, models: Path) -> None:
    tokens = RANDOM.integers(0, 100, (ROWS, 7))
    result = cluster.predict(models / "free_inner.onnx", {"tokens": tokens}, timeout=60)
    np.testing.assert_array_equal(result["y"][:, :, 1], 2 * tokens)


@pytest.mark.parametrize("name", ["sklearn_zipmap", "string_labels", "lightgbm_zipmap"])
def test_splits_a_zipmap_into_a_column_a_class(name: str, cluster: mdm.Cluster, models: Path) -> None:
    features = load_iris().data.astype(np.float32)
    frame = pd.DataFrame(features, columns=[f"f{place}" for place in range(4)])
    result = cluster.predict(models / f"{name}.onnx", frame, timeout=60)
    session = onnxruntime.InferenceSession(models / f"{name}.onnx", providers=["CPUExecutionProvider"])
    labels, maps = session.run(None, {session.get_inputs()[0].name: features})
    label_name, maps_name = (output.name for output in session.get_outputs())
    assert list(result.columns) == [label_name, *(f"{maps_name}_{label}" for label in maps[0])]
    assert result[label_name].tolist() == labels.tolist()
    expected = pd.DataFrame(maps).to_numpy()
    np.testing.assert_allclose(result.iloc[:, 1:].to_numpy(), expected, rtol=1e-5, atol=1e-6)


def test_loads_a_model_once_a_worker(cluster: mdm.Cluster, models: Path) -> None:
    cluster.load(models / "doubled.onnx")
    for _ in range(3):
        cluster.predict(models / "doubled.onnx", {"x": values_of("float32")}, timeout=60)
    loaded = [model for model in cluster.status()["models"] if model["name"] == "doubled.onnx"]
    assert [model["workers"] for model in loaded] == [[0, 1]]


def test_runs_the_new_file_after_a_model_was_replaced(
    cluster: mdm.Cluster, models: Path, tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    x = values_of("float32")
    path.write_bytes((models / "doubled.onnx").read_bytes())
    np.testing.assert_array_equal(cluster.predict(path, {"x": x}, timeout=60)["y"], 2 * x)
    path.write_bytes((models / "identity_float32.onnx").read_bytes())
    np.testing.assert_array_equal(cluster.predict(path, {"x": x}, timeout=60)["y"], x)
    versions = [model for model in cluster.status()["models"] if model["path"] == str(path)]
    assert len(versions) == 1
