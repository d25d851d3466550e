"""Arrow record-batch messages that are written in place.

In: a number of rows; out: a message to write values in. The bytes before the values are pyarrow's own: a
batch of one row is written once, and the few numbers in it that depend on the rows are set anew for each
message. So no value is copied into an array first and from there into a message.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import numpy as np
import pyarrow as pa

from ..frame.arrow_numpy import NumpyArray, array_of, lists_of, numpy_type

#: Where every buffer of a message begins: a multiple of this, from the message's first byte.
ALIGNMENT = 64
#: Continuation marker and length, before the metadata.
PREFIX_BYTES = 8


@dataclass(frozen=True)
class _Buffer:
    """A buffer of the wire's columns, none of which has nulls."""

    kind: Literal["validity", "values", "offsets", "text"]
    #: Bytes a row; for text they come with the values.
    row_bytes: int = 0

    def size(self, rows: int) -> int:
        return rows * self.row_bytes + (4 if self.kind == "offsets" else 0)


class BatchMessages:
    """Makes the messages of one schema: primitive, utf8, and fixed-size lists of either."""

    def __init__(self, schema: pa.Schema) -> None:
        self._nodes: list[int] = []
        self._buffers: list[_Buffer] = []
        for field in schema:
            self._lay_out(field.type, 1)
        self._template = _Template(schema)

    def allocate(self, rows: int, text_bytes: Sequence[int] = ()) -> tuple[pa.Buffer, list[NumpyArray]]:
        """A message of that many rows, and the bytes to be written, buffer by buffer in the schema's order.

        A buffer of values is the rows' values; strings have two, their offsets and their text, whose
        sizes are `text_bytes`, a number a column of strings.
        """
        texts = iter(text_bytes)
        sizes = [next(texts) if b.kind == "text" else b.size(rows) for b in self._buffers]
        starts = list(accumulate(map(_padded, sizes), initial=0))
        body = starts.pop()
        head = self._template.head_bytes
        message = pa.allocate_buffer(head + body)
        self._template.write(
            memoryview(message).cast("B"), rows, self._nodes, list(zip(starts, sizes, strict=True)), body
        )
        raw = np.frombuffer(message, dtype=np.uint8)
        views = []
        for buffer, start, size in zip(self._buffers, starts, sizes, strict=True):
            if buffer.kind != "validity":
                end = head + start + size
                views.append(raw[head + start : end])
                # Padding is sent too, and must not be what lay in memory before.
                raw[end : head + start + _padded(size)] = 0
        return message, views

    def _lay_out(self, arrow_type: pa.DataType, values: int) -> None:
        """Nodes and buffers in Arrow's order, `values` of them a row."""
        self._nodes.append(values)
        self._buffers.append(_Buffer("validity"))
        if pa.types.is_fixed_size_list(arrow_type):
            self._lay_out(arrow_type.value_type, values * arrow_type.list_size)
        elif pa.types.is_string(arrow_type):
            self._buffers += [_Buffer("offsets", 4 * values), _Buffer("text")]
        else:
            self._buffers.append(_Buffer("values", values * arrow_type.bit_width // 8))


class _Template:
    """The metadata of a message as pyarrow writes it, and where in it the numbers of a batch stand."""

    def __init__(self, schema: pa.Schema) -> None:
        one_row = pa.RecordBatch.from_arrays([_filled(f.type, 1) for f in schema], schema=schema)
        raw = one_row.serialize().to_pybytes()
        (metadata_bytes,) = struct.unpack_from("<i", raw, 4)
        head = bytearray(raw[: PREFIX_BYTES + metadata_bytes])
        # Longer than pyarrow's by some zeros, so that the values begin where they are aligned.
        head += bytes(_padded(len(head)) - len(head))
        struct.pack_into("<i", head, 4, len(head) - PREFIX_BYTES)
        self._head = bytes(head)
        self.head_bytes = len(head)
        message = _follow(head, PREFIX_BYTES)
        batch = _follow(head, _field(head, message, 2))
        self._body_length = _field(head, message, 3)
        self._rows = _field(head, batch, 0)
        self._nodes = _follow(head, _field(head, batch, 1)) + 4
        self._buffers = _follow(head, _field(head, batch, 2)) + 4

    def write(
        self,
        out: memoryview,
        rows: int,
        nodes: Sequence[int],
        buffers: Sequence[tuple[int, int]],
        body: int,
    ) -> None:
        """The metadata of a batch: values a row of each node (no nulls), start and size of each buffer."""
        out[: self.head_bytes] = self._head
        struct.pack_into("<q", out, self._rows, rows)
        struct.pack_into("<q", out, self._body_length, body)
        for at, values in enumerate(nodes):
            struct.pack_into("<qq", out, self._nodes + 16 * at, rows * values, 0)
        for at, (start, size) in enumerate(buffers):
            struct.pack_into("<qq", out, self._buffers + 16 * at, start, size)


def _filled(arrow_type: pa.DataType, length: int) -> pa.Array:
    """An array without nulls; text of some length, so that no length is left out of the metadata as zero."""
    if pa.types.is_fixed_size_list(arrow_type):
        size = arrow_type.list_size
        return lists_of(_filled(arrow_type.value_type, length * size), length, size)
    if pa.types.is_string(arrow_type):
        offsets = np.arange(length + 1, dtype=np.int32)
        return pa.StringArray.from_buffers(length, pa.py_buffer(offsets), pa.py_buffer(bytes(length)))
    return array_of(np.zeros(length, dtype=numpy_type(arrow_type)))


def _follow(head: bytearray, at: int) -> int:
    """Where an offset of a flatbuffer points to."""
    return int(at + struct.unpack_from("<I", head, at)[0])


def _field(head: bytearray, table: int, index: int) -> int:
    """Where a field of a flatbuffer's table stands."""
    vtable = table - struct.unpack_from("<i", head, table)[0]
    return int(table + struct.unpack_from("<H", head, vtable + 4 + 2 * index)[0])


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
