"""Files that are wrong, or that a runtime may refuse, each in its own way; written by `make.py`."""

from __future__ import annotations

from pathlib import Path

import make
import numpy as np
import onnx
from make import constant, model, node, save, tensor
from onnx import TensorProto, helper


def opset_of_the_future() -> onnx.ModelProto:
    """Asks for an opset that no runtime has."""
    return model(
        [node("Identity", ["x"], ["y"])],
        [tensor("x", "float32", ["n", 3])],
        [tensor("y", "float32", ["n", 3])],
        opsets=[helper.make_opsetid("", 999)],
    )


def ir_of_the_future() -> onnx.ModelProto:
    """Asks for an IR version that no runtime has."""
    made = make.doubled()
    made.ir_version = 999
    return made


def unknown_operator() -> onnx.ModelProto:
    """Uses an operator of a domain that nobody registered."""
    return model(
        [node("Frobnicate", ["x"], ["y"], domain="com.example.custom")],
        [tensor("x", "float32", ["n", 3])],
        [tensor("y", "float32", ["n", 3])],
        opsets=[helper.make_opsetid("", make.OPSET), helper.make_opsetid("com.example.custom", 1)],
    )


def misspelt_operator() -> onnx.ModelProto:
    """Uses an operator that ONNX itself does not have."""
    return model(
        [node("Identitty", ["x"], ["y"])],
        [tensor("x", "float32", ["n", 3])],
        [tensor("y", "float32", ["n", 3])],
    )


def bfloat16_output() -> onnx.ModelProto:
    """x [n, 3] float32 → y [n, 3] bfloat16."""
    return model(
        [node("Cast", ["x"], ["y"], to=TensorProto.BFLOAT16)],
        [tensor("x", "float32", ["n", 3])],
        [tensor("y", "bfloat16", ["n", 3])],
    )


def sequence_output() -> onnx.ModelProto:
    """A sequence of tensors that does not come from a ZipMap."""
    return model(
        [node("SequenceConstruct", ["x", "x"], ["y"])],
        [tensor("x", "float32", ["n", 3])],
        [helper.make_tensor_sequence_value_info("y", TensorProto.FLOAT, ["n", 3])],
    )


def two_batches() -> onnx.ModelProto:
    """Two inputs that fix their first axis, each to another length."""
    return model(
        [node("ReduceSum", ["a"], ["sa"], keepdims=1), node("Add", ["sa", "b"], ["y"])],
        [tensor("a", "float32", [3, 2]), tensor("b", "float32", [4, 2])],
        [tensor("y", "float32", [4, 2])],
    )


def external_data(out: Path) -> None:
    """y = x [n, 3] + offset, whose values lie in a file beside the model."""
    made = model(
        [node("Add", ["x", "offset"], ["y"])],
        [tensor("x", "float32", ["n", 3])],
        [tensor("y", "float32", ["n", 3])],
        [constant("offset", np.array([1, 2, 3], np.float32))],
    )
    (out / "external_data.onnx.data").unlink(missing_ok=True)
    onnx.save_model(
        made,
        out / "external_data.onnx",
        save_as_external_data=True,
        location="external_data.onnx.data",
        size_threshold=0,
    )


BROKEN = (
    *(opset_of_the_future, ir_of_the_future, unknown_operator, misspelt_operator),
    *(bfloat16_output, sequence_output, two_batches),
)


def write_all(out: Path) -> None:
    """Writes every file of this module into `out`."""
    for make_one in BROKEN:
        save(make_one(), out / f"{make_one.__name__}.onnx")
    whole = make.mlp().SerializeToString()
    (out / "truncated.onnx").write_bytes(whole[: len(whole) // 2])
    (out / "empty.onnx").write_bytes(b"")
    (out / "not_onnx.onnx").write_bytes(b"This is a text file and no model at all.\n" * 20)
    external_data(out)
