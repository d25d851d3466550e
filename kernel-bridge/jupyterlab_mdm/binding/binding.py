"""How a frame's columns become a model's inputs: decided once, done for every piece.

In: the schema of a frame and the signature of a model, then pieces of the frame; out: Arrow messages with one
tensor column an input. `matching.py` decides which column goes where, `casting.py` how; `packing.py` and
`text_packing.py` do it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from ..frame.source import Piece, Source
from ..wire.signature import Signature
from .batch_message import BatchMessages
from .binding_table import binding_error, listed
from .bound_input import BoundInput
from .matching import frame_columns, match
from .scalars import check_params, fills_of


def bind(
    schema: pa.Schema,
    signature: Signature,
    *,
    params: Mapping[str, object] | None = None,
    fill: object | None = None,
) -> Binding:
    """Decide which columns go to which input, before any row is read.

    `params` holds the values of inputs without axes, by name; `fill` what stands for missing values: one
    value, or a mapping from column names. Raises `BindingError` with both sides as a table where columns do
    not bind, `BadOptionError` where a value in `params` or `fill` is not of its input's type.
    """
    columns = frame_columns(schema)
    sides = (signature.inputs, [(column.name, column.kind) for column in columns])
    missing = check_params(params or {}, signature.inputs)
    if missing:
        raise binding_error(
            f"Input {listed(missing)} takes one value for all rows.",
            f"Give it as params={{{missing[0]!r}: …}}.",
            *sides,
        )
    row_inputs = [spec for spec in signature.inputs if spec.shape]
    if not row_inputs:
        raise binding_error("The model takes no rows.", "Run it on its own, without a frame.", *sides)
    matches = match(columns, row_inputs)
    fills = fills_of(fill, matches)
    used = {column.index for found in matches for column in found.columns}
    return Binding(
        [BoundInput.of(found, fills) for found in matches],
        params=[spec.name for spec in signature.inputs if not spec.shape],
        unused=[column.name for column in columns if column.index not in used],
    )


class Binding:
    """The columns of every input. Not for two threads at once."""

    def __init__(self, inputs: Sequence[BoundInput], params: Sequence[str], unused: Sequence[str]) -> None:
        self.inputs = tuple(inputs)
        #: Inputs whose value comes from params.
        self.params = tuple(params)
        #: Columns that go to no input.
        self.unused = tuple(unused)
        self._messages: BatchMessages | None = None

    @property
    def is_open(self) -> bool:
        """Whether the length of lists in a column is not known before the first row has been looked at."""
        return any(bound.fit.is_open for bound in self.inputs)

    def settle(self, source: Source) -> None:
        """Look at the source's first row where it decides the length of a free axis; it can still be taken.

        Where there is no row at all such an axis gets length 1. Raises `BindingError` where the row does not
        fit its input, and what the source raises.
        """
        if self.is_open:
            self.inputs = tuple(bound.settled(source) for bound in self.inputs)

    @property
    def wire_schema(self) -> pa.Schema:
        """One column an input; raises `BindingError` while a length `is_open`."""
        return pa.schema([bound.field for bound in self.inputs])

    @property
    def bytes_per_row(self) -> int:
        """Bytes of a row in a message; an estimate for strings and while a length `is_open`."""
        return sum(bound.bytes_per_row for bound in self.inputs)

    def pack(self, piece: Piece) -> pa.Buffer:
        """The piece as one Arrow record-batch message of `wire_schema`, 64-byte aligned, without nulls.

        Raises `NullsError` and `CastOverflowError` naming column, row and value, `BindingError` where a list
        is not as long as those before, `FrameInvalidError` where an object is not of its column's type.
        """
        if self._messages is None:
            self._messages = BatchMessages(self.wire_schema)
        texts = [bound.text(piece) for bound in self.inputs if bound.is_text]
        message, buffers = self._messages.allocate(piece.rows, [len(text.bytes) for text in texts])
        views, ready = iter(buffers), iter(texts)
        for bound in self.inputs:
            if bound.is_text:
                next(ready).write(next(views), next(views))
            else:
                bound.write(next(views), piece)
        return message

    def describe(self) -> str:
        """Which columns go to which input, how their values change, and which columns are not sent."""
        lines = [line for bound in self.inputs for line in bound.describe()]
        lines += [f"{name} ← params" for name in self.params]
        if self.unused:
            lines.append(f"not sent: {listed(self.unused)}")
        return "\n".join(lines)
