"""Makes every ONNX model that the tests use: `python test/models/make.py OUT`, a few seconds in all.

Each function here returns one model; `MODELS` names them. Tests that want a variant (another cost, another
width) put this folder on `sys.path`, import the function and call `save`. Models that scikit-learn and
LightGBM train stand in `trained.py`; files that are wrong on purpose in `broken.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
ELEMENT_TYPES = {
    "float16": TensorProto.FLOAT16,
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "int8": TensorProto.INT8,
    "int16": TensorProto.INT16,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "uint8": TensorProto.UINT8,
    "uint16": TensorProto.UINT16,
    "uint32": TensorProto.UINT32,
    "uint64": TensorProto.UINT64,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
    "bfloat16": TensorProto.BFLOAT16,
}

Shape = list[int | str | None]


def tensor(name: str, dtype: str, shape: Shape) -> onnx.ValueInfoProto:
    """An input or output of a graph; a number is a fixed axis, a string a free one, None an unnamed one."""
    return helper.make_tensor_value_info(name, ELEMENT_TYPES[dtype], shape)


def constant(name: str, value: np.ndarray) -> onnx.TensorProto:
    """An initializer."""
    return numpy_helper.from_array(np.asarray(value), name)


def model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: list[onnx.TensorProto] | None = None,
    *,
    opsets: list[onnx.OperatorSetIdProto] | None = None,
) -> onnx.ModelProto:
    """One graph as a model that any runtime of the last years reads."""
    graph = helper.make_graph(nodes, "test", inputs, outputs, constants or [])
    return helper.make_model(
        graph, ir_version=IR_VERSION, opset_imports=opsets or [helper.make_opsetid("", OPSET)]
    )


def save(made: onnx.ModelProto, path: Path) -> Path:
    """Writes the model and returns its path."""
    path.write_bytes(made.SerializeToString())
    return path


node = helper.make_node


def identity(dtype: str, shape: Shape | None = None) -> onnx.ModelProto:
    """Whatever comes in goes out: x [n, 3] → y [n, 3], or of another shape."""
    axes: Shape = shape or ["n", 3]
    return model([node("Identity", ["x"], ["y"])], [tensor("x", dtype, axes)], [tensor("y", dtype, axes)])


def doubled() -> onnx.ModelProto:
    """y = 2 x, both [n, 3] float32."""
    return model(
        [node("Add", ["x", "x"], ["y"])],
        [tensor("x", "float32", ["n", 3])],
        [tensor("y", "float32", ["n", 3])],
    )


def rank1() -> onnx.ModelProto:
    """total [n] = the sum of a row of x [n, 3]."""
    return model(
        [node("ReduceSum", ["x", "axis"], ["total"], keepdims=0)],
        [tensor("x", "float32", ["n", 3])],
        [tensor("total", "float32", ["n"])],
        [constant("axis", np.array([1], np.int64))],
    )


def column() -> onnx.ModelProto:
    """total [n, 1] = the sum of a row of x [n, 3]."""
    return model(
        [node("ReduceSum", ["x", "axis"], ["total"], keepdims=1)],
        [tensor("x", "float32", ["n", 3])],
        [tensor("total", "float32", ["n", 1])],
        [constant("axis", np.array([1], np.int64))],
    )


def multi_input() -> onnx.ModelProto:
    """y [n] float64 = a + b + the sum of c; a [n] float32, b [n, 1] int64, c [n, 2] float64."""
    return model(
        [
            node("Cast", ["a"], ["a64"], to=TensorProto.DOUBLE),
            node("Cast", ["b"], ["b64"], to=TensorProto.DOUBLE),
            node("Squeeze", ["b64", "axis"], ["b1"]),
            node("ReduceSum", ["c", "axis"], ["c1"], keepdims=0),
            node("Sum", ["a64", "b1", "c1"], ["y"]),
        ],
        [tensor("a", "float32", ["n"]), tensor("b", "int64", ["n", 1]), tensor("c", "float64", ["n", 2])],
        [tensor("y", "float64", ["n"])],
        [constant("axis", np.array([1], np.int64))],
    )


def multi_output() -> onnx.ModelProto:
    """x [n, 3] → total [n], doubled [n, 3], best [n, 1] int64 (of the largest), large [n, 3] bool."""
    return model(
        [
            node("ReduceSum", ["x", "axis"], ["total"], keepdims=0),
            node("Add", ["x", "x"], ["doubled"]),
            node("ArgMax", ["x"], ["best"], axis=1, keepdims=1),
            node("Greater", ["x", "one"], ["large"]),
        ],
        [tensor("x", "float32", ["n", 3])],
        [
            tensor("total", "float32", ["n"]),
            tensor("doubled", "float32", ["n", 3]),
            tensor("best", "int64", ["n", 1]),
            tensor("large", "bool", ["n", 3]),
        ],
        [constant("axis", np.array([1], np.int64)), constant("one", np.array(1, np.float32))],
    )


def rank3() -> onnx.ModelProto:
    """x [n, 4] → y [n, 4, 2]: each value beside its negative."""
    return model(
        [node("Unsqueeze", ["x", "axis"], ["x3"]), node("Mul", ["x3", "signs"], ["y"])],
        [tensor("x", "float32", ["n", 4])],
        [tensor("y", "float32", ["n", 4, 2])],
        [constant("axis", np.array([2], np.int64)), constant("signs", np.array([1, -1], np.float32))],
    )


def rank4() -> onnx.ModelProto:
    """image [n, 3, 8, 8] → y [n, 2, 6, 6]: a convolution with all weights one."""
    return model(
        [node("Conv", ["image", "w"], ["y"])],
        [tensor("image", "float32", ["n", 3, 8, 8])],
        [tensor("y", "float32", ["n", 2, 6, 6])],
        [constant("w", np.ones((2, 3, 3, 3), np.float32))],
    )


def free_inner() -> onnx.ModelProto:
    """tokens [batch, sequence] int64 → y [batch, sequence, 4] float32: each token times 1, 2, 3, 4."""
    return model(
        [
            node("Cast", ["tokens"], ["f"], to=TensorProto.FLOAT),
            node("Unsqueeze", ["f", "axis"], ["f3"]),
            node("Mul", ["f3", "scale"], ["y"]),
        ],
        [tensor("tokens", "int64", ["batch", "sequence"])],
        [tensor("y", "float32", ["batch", "sequence", 4])],
        [constant("axis", np.array([2], np.int64)), constant("scale", np.arange(1, 5, dtype=np.float32))],
    )


def fixed_batch() -> onnx.ModelProto:
    """y = 2 x, in calls of exactly four rows: both [4, 3]."""
    return model(
        [node("Add", ["x", "x"], ["y"])], [tensor("x", "float32", [4, 3])], [tensor("y", "float32", [4, 3])]
    )


def scalar_input() -> onnx.ModelProto:
    """y = x [n, 3] times `factor`, a scalar without a batch."""
    return model(
        [node("Mul", ["x", "factor"], ["y"])],
        [tensor("x", "float32", ["n", 3]), tensor("factor", "float32", [])],
        [tensor("y", "float32", ["n", 3])],
    )


def mixes_rows() -> onnx.ModelProto:
    """y [1, 3] = the mean of all rows: not a row for a row, though the file does not say so."""
    return model(
        [node("ReduceMean", ["x"], ["y"], axes=[0], keepdims=1)],
        [tensor("x", "float32", ["n", 3])],
        [tensor("y", "float32", None)],
    )


def ragged() -> onnx.ModelProto:
    """length [n] int64 → y [n, the largest length]: how wide a row is depends on who shares its call."""
    return model(
        [
            node("ReduceMax", ["length"], ["top"], keepdims=0),
            node("Range", ["zero", "top", "one"], ["steps"]),
            node("Unsqueeze", ["length", "axis"], ["column"]),
            node("Mul", ["column", "steps"], ["y"]),
        ],
        [tensor("length", "int64", ["n"])],
        [tensor("y", "int64", ["n", "width"])],
        [
            constant("zero", np.array(0, np.int64)),
            constant("one", np.array(1, np.int64)),
            constant("axis", np.array([1], np.int64)),
        ],
    )


def picky() -> onnx.ModelProto:
    """y = x [n, width] + three constants: the width is free on paper, and has to be 3."""
    return model(
        [node("Add", ["x", "three"], ["y"])],
        [tensor("x", "float32", ["n", "width"])],
        [tensor("y", "float32", ["n", 3])],
        [constant("three", np.array([1, 2, 3], np.float32))],
    )


def open_rank() -> onnx.ModelProto:
    """y = x [n, 3], reshaped to lengths that are picked while it runs: the file leaves the rank of y open."""
    return model(
        [
            node("Shape", ["x"], ["shape"]),
            node("Greater", ["shape", "none"], ["some"]),
            node("Compress", ["shape", "some"], ["picked"]),
            node("Reshape", ["x", "picked"], ["y"]),
        ],
        [tensor("x", "float32", ["n", 3])],
        [tensor("y", "float32", None)],
        [constant("none", np.array([-1, -1], np.int64))],
    )


def gather() -> onnx.ModelProto:
    """index [n] int64 → y [n, 2] out of a table of 10 rows; fails while it runs for an index out of range."""
    return model(
        [node("Gather", ["table", "index"], ["y"], axis=0)],
        [tensor("index", "int64", ["n"])],
        [tensor("y", "float32", ["n", 2])],
        [constant("table", np.arange(20, dtype=np.float32).reshape(10, 2))],
    )


def slow(steps: int = 500, width: int = 64) -> onnx.ModelProto:
    """y [n, width] = x after `steps` products with a matrix: about `steps` × width² × 2 operations a row.

    The defaults cost about 0.1 ms a row on one core.
    """
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(width, width)))[0].astype(np.float32)
    body = helper.make_graph(
        [node("MatMul", ["state", "turn"], ["next"]), node("Identity", ["go"], ["go_on"])],
        "step",
        [tensor("i", "int64", []), tensor("go", "bool", []), tensor("state", "float32", ["n", width])],
        [tensor("go_on", "bool", []), tensor("next", "float32", ["n", width])],
    )
    return model(
        [node("Loop", ["steps", "", "x"], ["y"], body=body)],
        [tensor("x", "float32", ["n", width])],
        [tensor("y", "float32", ["n", width])],
        [constant("steps", np.array(steps, np.int64)), constant("turn", turn)],
    )


def mlp(widths: tuple[int, ...] = (32, 256, 256, 1)) -> onnx.ModelProto:
    """A network of dense layers with Relu between them: x [n, 32] → y [n, 1]."""
    random = np.random.default_rng(1)
    nodes, constants, last = [], [], "x"
    for layer, (width, height) in enumerate(pairwise(widths)):
        final = layer == len(widths) - 2
        weights = random.normal(size=(width, height)) / np.sqrt(width)
        constants.append(constant(f"w{layer}", weights.astype(np.float32)))
        constants.append(constant(f"b{layer}", np.zeros(height, np.float32)))
        product = "y" if final else f"g{layer}"
        nodes.append(node("Gemm", [last, f"w{layer}", f"b{layer}"], [product]))
        if not final:
            nodes.append(node("Relu", [product], [f"r{layer}"]))
            last = f"r{layer}"
    return model(
        nodes,
        [tensor("x", "float32", ["n", widths[0]])],
        [tensor("y", "float32", ["n", widths[-1]])],
        constants,
    )


MODELS: dict[str, Callable[[], onnx.ModelProto]] = {
    **{f"identity_{dtype}": partial(identity, dtype) for dtype in ELEMENT_TYPES if dtype != "bfloat16"},
    "identity_rank1": partial(identity, "float32", ["n"]),
    "identity_string_rank1": partial(identity, "string", ["n"]),
    "fixed_batch_string": partial(identity, "string", [4]),
    "unnamed_axes": partial(identity, "float32", [None, None]),
    **{
        make.__name__: make
        for make in (
            *(doubled, rank1, column, multi_input, multi_output, rank3, rank4, free_inner, fixed_batch),
            *(scalar_input, mixes_rows, ragged, picky, open_rank, gather, slow, mlp),
        )
    },
}


def make_all(out: Path) -> None:
    """Writes every model into `out`."""
    import broken
    import trained

    out.mkdir(parents=True, exist_ok=True)
    for name, make in {**MODELS, **trained.MODELS}.items():
        save(make(), out / f"{name}.onnx")
    broken.write_all(out)


if __name__ == "__main__":
    make_all(Path(sys.argv[1]))
