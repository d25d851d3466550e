"""A run as its user has it. In: merged batches and the end of the run (course.py); out: the result in the
kind of the frame, by waiting, by iterating, by callback or by `await`.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any

import pyarrow as pa

from ..errors import BadOptionError, ClusterLostError, MdmTimeoutError
from ..frame.source import Source
from ..result import results
from . import run_async
from .chunk_table import chunk_table
from .course import Course
from .snapshot import RunSnapshot, RunState

logger = logging.getLogger(__name__)

#: Of the kind that was sent: pandas, polars, Arrow, a dict of arrays …
Frame = Any


class Run:
    """A prediction under way, or ended: a future, and an iterable of merged batches, for any thread."""

    def __init__(self, course: Course, source: Source, cluster: object) -> None:
        self._course = course
        self._source = source
        # A cluster closes when nobody refers to it, which may not be while this run goes on.
        self._cluster = cluster
        self._owner = os.getpid()
        self._assembling = threading.Lock()
        self._assembled: list[Frame] = []
        self._calling = threading.Lock()
        self._callbacks: list[Callable[[Run], object]] = []
        course.watch(self._run_callbacks)

    # --- what it is -----------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The same on the wire, in the panel and in `mdm status`."""
        return self._course.id

    @property
    def model(self) -> str:
        """As the user named it."""
        return self._course.spec.model

    @property
    def label(self) -> str | None:
        """What the user calls the result."""
        return self._course.spec.label

    @property
    def state(self) -> RunState:
        """One of loading, running, done, failed, cancelled."""
        return self._course.state

    @property
    def schema(self) -> pa.Schema | None:
        """The result's columns as the model declares them; None until it is loaded."""
        return self._course.schema

    @property
    def timings(self) -> pa.Table:
        """A row a chunk that has ended: who ran it, and each stage (see `timings.STAGES`) in ms."""
        return chunk_table(self.snapshot().chunks)

    def snapshot(self) -> RunSnapshot:
        """Everything that can be shown of the run now, as a value."""
        self._refuse_other_process()
        return self._course.snapshot()

    def __repr__(self) -> str:
        return f"<Run {self.id} of {self.model}: {self.state}>"

    # --- as a future ----------------------------------------------------------------------------------

    def done(self) -> bool:
        """Whether it has ended, whichever way."""
        return self._course.is_final

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.state == "cancelled"

    def cancel(self) -> bool:
        """Ends the run; its workers are told to let go of it. False where it had ended already."""
        self._refuse_other_process()
        self._course.cancel()
        return self.cancelled()

    def wait(self, timeout: float | None = None) -> bool:
        """Whether the run has ended within `timeout` seconds."""
        self._refuse_other_process()
        self._course.collect()
        return self._course.wait_for(self.done, timeout)

    def result(self, timeout: float | None = None) -> Frame:
        """Waits for the whole result: the input's rows in the input's order, in the kind of the frame.

        Raises what ended the run, and `MdmTimeoutError` after `timeout` seconds (the run goes on).
        An interrupt while waiting cancels the run.
        """
        self._wait_to_end(timeout)
        self.raise_failure()
        return self.assembled()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Waits for the end; what `result` would raise, None where it would not."""
        self._wait_to_end(timeout)
        return self._course.error

    def add_done_callback(self, callback: Callable[[Run], object]) -> None:
        """Calls `callback(run)` once the run has ended, in a thread of its own; at once where it has."""
        with self._calling:
            self._callbacks.append(callback)
        # Who waits for the end wants the whole: it must not wait for batches to be read.
        self._course.collect()
        self._run_callbacks()

    def partial(self) -> Frame:
        """The rows merged so far, in the kind of the frame, with nulls for rows that failed; never waits."""
        self._refuse_other_process()
        batches = self._course.shelf.batches
        schema = pa.schema([]) if self.schema is None else self.schema
        return results.assemble(self._source, schema, batches)

    def __await__(self) -> Generator[Any, None, Frame]:
        return run_async.result(self).__await__()

    # --- as an iterable -------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Merged batches in row order, as they come; rows that failed are null, and raise at the end.

        The batches of a reader of unknown length are handed out once; others from the first, every time.
        An interrupt while waiting cancels the run. Leaving a reader's batches early does not: the run waits
        for whoever reads on, so cancel it where nobody will.
        """
        position = 0
        while (batch := self._next_batch(position)) is not None:
            yield batch
            position += 1

    def __aiter__(self) -> AsyncIterator[pa.RecordBatch]:
        return run_async.batches(self)

    def _next_batch(self, position: int) -> pa.RecordBatch | None:
        self._refuse_other_process()
        found: list[pa.RecordBatch] = []
        try:
            self._course.wait_for(lambda: self.take(position, found) or self.done(), None)
        except KeyboardInterrupt:
            self.cancel()
            raise
        if found or self.take(position, found):
            return found[0]
        self.raise_failure()
        return None

    # --- for run_async --------------------------------------------------------------------------------

    @property
    def course(self) -> Course:
        """What moves the run."""
        return self._course

    def take(self, position: int, found: list[pa.RecordBatch]) -> bool:
        """Puts the merged batch at `position` into `found`, where it is there."""
        batch = self._course.read(position)
        if batch is not None:
            found.append(batch)
        return batch is not None

    def raise_failure(self) -> None:
        """Raises what ended the run, where it did not end well."""
        error = self._course.error
        if error is not None:
            # Raised in one caller after another, it would collect their tracebacks.
            raise error.with_traceback(None)

    def assembled(self) -> Frame:
        """The whole result of a run that is done; put together once."""
        if self._course.shelf.handed_out:
            raise BadOptionError(
                "The result is not whole any more: some of its batches were handed out by iterating.",
                remedy="Iterate over the run, or ask for its result; for a frame of known length both work.",
            )
        with self._assembling:
            if not self._assembled:
                batches = self._course.shelf.batches
                self._assembled.append(results.assemble(self._source, self.schema, batches))
            return self._assembled[0]

    # --------------------------------------------------------------------------------------------------

    def _wait_to_end(self, timeout: float | None) -> None:
        try:
            ended = self.wait(timeout)
        except KeyboardInterrupt:
            self.cancel()
            raise
        if not ended:
            raise MdmTimeoutError(
                f"The run of {self.model} has not ended within {timeout:g} s; it goes on.",
                remedy="Wait again, with more time, or end it: run.cancel().",
                details={"run": self.id, "timeout_s": timeout},
            )

    def _run_callbacks(self) -> None:
        if not self.done():
            return
        # Else course and run would keep each other, and the result, until the garbage collector comes.
        self._course.unwatch(self._run_callbacks)
        with self._calling:
            callbacks, self._callbacks = self._callbacks, []
        if callbacks:
            # In a thread of their own: what they call may wait for the thread that is here now.
            threading.Thread(
                target=self._call, args=(callbacks,), name=f"mdm-run-{self.id}", daemon=True
            ).start()

    def _call(self, callbacks: list[Callable[[Run], object]]) -> None:
        for callback in callbacks:
            try:
                callback(self)
            except Exception:
                logger.exception("A callback of run %s has failed.", self.id)

    def _refuse_other_process(self) -> None:
        if os.getpid() != self._owner:
            raise ClusterLostError(
                "This run belongs to the process that submitted it, and this one was forked off.",
                remedy="Submit a run here: the cluster object connects anew in a forked process.",
                details={"run": self.id, "process": self._owner},
            )
