"""The way of the rows out. In: the frame, piece by piece, as the run has credit; out: `begin`, chunks, `end`.

Runs in a thread of its own, so that packing goes on while results come in; where all can be sent at once, in
that of the caller. What goes wrong here (columns that
do not bind, nulls, a reader that raises) ends the run, and the broker is told to forget it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from types import TracebackType
from typing import Protocol

from ..binding.binding import Binding, bind
from ..binding.bindings import Bindings
from ..errors import MdmError
from ..frame.source import Source
from ..wire.signature import Signature


class Sink(Protocol):
    """Where the rows go: a run."""

    @property
    def bindings(self) -> Bindings:
        """Those of earlier runs."""
        ...

    def wait_for_signature(self) -> Signature | None:
        """Waits until the model is loaded; None where the run has ended instead."""
        ...

    def begin(self, binding: Binding) -> None:
        """Sends the columns."""
        ...

    def wait_for_rows(self) -> int | None:
        """Waits until a chunk may be sent; how many rows it should have, None where the run has ended."""
        ...

    def send(self, rows: int, payload: memoryview, serialise_ms: float) -> None:
        """Sends a chunk of that many rows, unless the run has ended."""
        ...

    def end(self) -> None:
        """Says that no more chunks come, unless the run has ended."""
        ...

    def fail(self, error: MdmError) -> None:
        """Ends the run, unless it has ended."""
        ...


def feed(sink: Sink, source: Source, params: Mapping[str, object], fill: object | None) -> None:
    """Sends the whole source, or as much as the run lives to see."""
    with FailsRun(sink), closing(source):
        signature = sink.wait_for_signature()
        if signature is None:
            return
        key = (source.schema, signature)
        # What params and fill decide is decided anew; all else follows from the key.
        reusable = not params and fill is None
        binding = sink.bindings.take(key) if reusable else None
        if binding is None:
            binding = bind(source.schema, signature, params=params, fill=fill)
            reusable = reusable and not binding.is_open
            binding.settle(source)
        sink.begin(binding)
        _feed_chunks(sink, source, binding)
        if reusable:
            sink.bindings.give(key, binding)


def _feed_chunks(sink: Sink, source: Source, binding: Binding) -> None:
    sent = 0
    # Where the length is known the end is said at once, not when credit for another chunk has come.
    while sent != source.rows and (rows := sink.wait_for_rows()) is not None:
        piece = source.take(rows)
        if piece is None:
            break
        taken = time.perf_counter()
        payload = memoryview(binding.pack(piece))
        sink.send(piece.rows, payload, (time.perf_counter() - taken) * 1e3)
        sent += piece.rows
    sink.end()


class FailsRun:
    """What is raised inside ends the run instead of a thread that nobody looks at."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def __enter__(self) -> None:
        """Nothing to do before."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        """Hands the error over."""
        if error is not None:
            self._sink.fail(as_mdm_error(error))
        # An interrupt ends more than the run.
        return error is None or isinstance(error, Exception)


def as_mdm_error(error: BaseException) -> MdmError:
    """Itself where it is one of ours; else a fault of this product, with the cause."""
    if isinstance(error, MdmError):
        return error
    fault = MdmError(
        f"Something went wrong inside the client: {type(error).__name__}: {error}",
        remedy="Please report it with the traceback.",
    )
    fault.__cause__ = error
    return fault
