"""What a model takes and gives, as the broker's answer to ``submit`` says it (twin: src/wire/messages.ts)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: A fixed length, the name of a free axis, or a free axis without a name.
Axis = int | str | None


@dataclass(frozen=True)
class TensorSpec:
    """One input or output; the first axis of ``shape`` is the batch."""

    name: str
    #: One of float16/32/64, int8…int64, uint8…uint64, bool, string.
    dtype: str
    shape: tuple[Axis, ...]
    #: Names of the columns that a ``[n, k]`` output stands for (a ZipMap's classes).
    columns: tuple[str, ...] | None = None

    @property
    def row_shape(self) -> tuple[Axis, ...]:
        """The shape of one row: every axis but the batch."""
        return self.shape[1:]

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> TensorSpec:
        """From the wire's JSON."""
        columns = document["columns"]
        return cls(
            document["name"],
            document["dtype"],
            tuple(document["shape"]),
            None if columns is None else tuple(columns),
        )


@dataclass(frozen=True)
class Signature:
    """Inputs and outputs of a model, in the model's order."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    #: Rows a call where the model fixes its batch; None where it is free.
    batch: int | None = None

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Signature:
        """From the wire's JSON."""
        return cls(
            tuple(TensorSpec.from_document(spec) for spec in document["inputs"]),
            tuple(TensorSpec.from_document(spec) for spec in document["outputs"]),
            document["batch"],
        )
