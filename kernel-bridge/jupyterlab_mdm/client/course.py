"""The course of one run. In: the broker's messages about it (link.py) and the rows that `feed.py` brings;
out: those rows as chunks, merged batches on the shelf, and the news that something has changed.

A run is *loading* from submit until the broker has its model and says what it takes; *running* while chunks
go out and results come back; *done* when each chunk has ended well and the broker says so. It has *failed*
when the broker refuses it, its columns do not bind, the frame's reader raises, the cluster is lost, or, once
all other chunks have ended, when a chunk has failed; it is *cancelled* when somebody says so. The last three
are ends: the first of them counts, everything that waits is woken, and later messages are ignored.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pyarrow as pa

from ..binding.binding import Binding
from ..binding.bindings import Bindings
from ..errors import ClusterLostError, MdmError, MdmTimeoutError, ModelFailedError, RunCancelledError
from ..result import results
from ..wire.frames import Buffer
from ..wire.messages import (
    Ask,
    Begin,
    Cancel,
    Chunk,
    ChunkDone,
    ChunkFailed,
    Credit,
    End,
    RunDone,
    RunMessage,
    Submit,
    Submitted,
)
from ..wire.signature import Signature
from .feed import FailsRun
from .ledger import Ledger
from .link import Link, new_id
from .merge import Part, failure
from .run_spec import RunSpec
from .shelf import Shelf
from .snapshot import FINAL_STATES, RunSnapshot, RunState
from .waiting import wait_for

#: Merged batches of a reader that may wait to be read before no more rows are sent.
UNREAD_BATCHES = 64


class Course:
    """State, numbers and merged rows of one run. Any thread may ask; only `wait_for` takes long."""

    def __init__(self, link: Link, spec: RunSpec, rows: int | None) -> None:
        self.id = new_id()
        self.spec = spec
        self.state: RunState = "loading"
        self.error: MdmError | None = None
        #: The result's columns as the model declares them; None until it is known.
        self.schema: pa.Schema | None = None
        #: Of a batch that came: a free axis has its length there.
        self._seen_schema: pa.Schema | None = None
        self.shelf = Shelf(keeps=rows is not None)
        self._link = link
        self._ledger = Ledger(rows, spec.batch, link.welcome)
        self._changed = threading.Condition()
        self._watchers: set[Callable[[], None]] = set()
        self._signature: Signature | None = None
        self._collecting = False
        self._is_brief = False
        #: Of a brief run: its columns and its rows, until both are there.
        self._held: list[Buffer] = []
        self._all_sent = False
        self._retried = 0
        self._started = time.perf_counter()
        self._ended: float | None = None
        self._first_rows: float | None = None

    def submit(self) -> None:
        """Asks the broker, or waits with that until all can be asked at once. Raises `ClusterLostError`."""
        self._link.attach(self)
        try:
            self._ask_or_open()
        except ClusterLostError as error:
            self.lose(error)
            raise

    def _ask_or_open(self) -> None:
        self._link.check()
        known = self._link.known_models.get(self.spec.path, self.spec.version)
        if known is not None and self._fits_one_message(known.signature):
            self._is_brief = True
            self._start(replace(known, credit=1))
            return
        self._link.send(Submit(**self.spec.opening(self.id), rows=self._ledger.rows))

    @property
    def is_brief(self) -> bool:
        """Whether it is one message: the rows are few, and what the model takes is known already."""
        return self._is_brief

    def _fits_one_message(self, signature: Signature) -> bool:
        welcome, rows = self._link.welcome, self._ledger.rows or 0
        most = min(welcome.priority_batch_size, welcome.max_batch_size or rows)
        return self.spec.batch is None and signature.batch is None and 0 < rows <= most

    # --- for whoever waits ----------------------------------------------------------------------------

    @property
    def is_final(self) -> bool:
        """Whether the run has ended."""
        return self.state in FINAL_STATES

    def wait_for(self, ready: Callable[[], bool], timeout: float | None) -> bool:
        """Whether `ready` has become true within `timeout` seconds; it is asked after every change."""
        with self._changed:
            return wait_for(self._changed, ready, timeout)

    def watch(self, watcher: Callable[[], None]) -> None:
        """Calls `watcher` after every change, in any thread; it must not wait."""
        with self._changed:
            self._watchers.add(watcher)

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """No more calls, but for one that is under way."""
        with self._changed:
            self._watchers.discard(watcher)

    def read(self, position: int) -> pa.RecordBatch | None:
        """The merged batch at `position`, None where it is not there yet."""
        with self._changed:
            batch = self.shelf.read(position)
        # Only what was handed out makes room; telling of every look would wake those who look for ever.
        if batch is not None and not self.shelf.keeps:
            self._tell()
        return batch

    def collect(self) -> None:
        """Somebody waits for the whole result: rows are sent whether batches are read or not."""
        with self._changed:
            if self._collecting:
                return
            self._collecting = True
        self._tell()

    def cancel(self) -> None:
        """Ends the run here and now; the broker is told."""
        error = RunCancelledError("The run was cancelled.", details={"run": self.id})
        self._end("cancelled", error, tell_broker=True)

    def fail(self, error: MdmError) -> None:
        """Ends the run with an error of this side; the broker is told."""
        self._end("failed", error, tell_broker=True)

    def lose(self, error: MdmError) -> None:
        """Ends the run with an error of the other side."""
        self._end("failed", error)

    def snapshot(self) -> RunSnapshot:
        """The run as it stands."""
        with self._changed:
            ledger = self._ledger
            first = self._first_rows
            return RunSnapshot(
                id=self.id,
                model=self.spec.model,
                label=self.spec.label,
                state=self.state,
                rows=ledger.rows,
                rows_done=ledger.rows_done,
                rows_failed=ledger.rows_failed,
                elapsed_s=(self._ended or time.perf_counter()) - self._started,
                first_rows_ms=None if first is None else (first - self._started) * 1e3,
                num_worker=ledger.num_worker,
                retried=self._retried,
                chunks=ledger.records,
                head=self.shelf.head,
                error=self.error,
            )

    # --- for the thread that feeds --------------------------------------------------------------------

    @property
    def bindings(self) -> Bindings:
        """Those of earlier runs on this link."""
        return self._link.bindings

    def wait_for_signature(self) -> Signature | None:
        """Waits until the model is loaded; None where the run has ended. Raises `MdmTimeoutError`."""
        limit = self.spec.load_timeout_s
        if self.wait_for(lambda: self._signature is not None or self.is_final, limit):
            return None if self.is_final else self._signature
        raise MdmTimeoutError(
            f"The model {self.spec.model} was not loaded within {limit:g} s.",
            remedy="Give it more time: load_timeout=…; or load it before: cluster.load(model, timeout=…).",
            details={"run": self.id, "model": self.spec.path, "timeout_s": limit},
        )

    def begin(self, binding: Binding) -> None:
        """Sends the columns."""
        batch = None if self._signature is None else self._signature.batch
        with self._changed:
            self._ledger.bound(binding.bytes_per_row, batch)
        schema = memoryview(binding.wire_schema.serialize())
        if self._is_brief:
            self._held.append(schema)
        else:
            self._link.send(Begin(self.id), [schema])

    def wait_for_rows(self) -> int | None:
        """Waits for credit, and for room where results are read; rows of the next chunk, None at an end."""
        self.wait_for(lambda: self.is_final or (self._ledger.credit > 0 and self._has_room()), None)
        with self._changed:
            return None if self.is_final else self._ledger.next_rows()

    def _has_room(self) -> bool:
        return self.shelf.keeps or self._collecting or len(self.shelf) < UNREAD_BATCHES

    def send(self, rows: int, payload: memoryview, serialise_ms: float) -> None:
        """Sends a chunk, unless the run has ended."""
        with self._changed:
            if self.is_final:
                return
            index, offset = self._ledger.sent(rows, serialise_ms, time.perf_counter())
        if self._is_brief:
            self._held.append(payload)
        else:
            self._link.send(Chunk(self.id, index, offset, rows), [payload])

    def end(self) -> None:
        """Says that no more chunks come."""
        with self._changed:
            if self.is_final:
                return
            chunks, rows = self._ledger.chunks_sent, self._ledger.rows_sent
            self._ledger.rows = rows
            self._all_sent = True
        if self._is_brief:
            self._link.send(Ask(**self.spec.opening(self.id), rows=rows), self._held)
        else:
            self._link.send(End(self.id, chunks, rows))
        self._end_if_complete()

    # --- for the channel's thread ---------------------------------------------------------------------

    def receive(self, message: RunMessage, payload: Sequence[Buffer]) -> None:
        """Takes in a message of this run."""
        with FailsRun(self):
            match message:
                case Submitted():
                    self._submitted(message)
                case Credit():
                    with self._changed:
                        self._ledger.credit += message.chunks
                case ChunkDone():
                    self._chunk_done(message, payload)
                case ChunkFailed():
                    with self._changed:
                        self._shelve(self._ledger.chunk_failed(message, time.perf_counter()))
                case RunDone():
                    self._run_done(message)
        self._tell()

    def _submitted(self, message: Submitted) -> None:
        self._link.known_models.remember(self.spec.path, self.spec.version, message)
        self._start(message)

    def _start(self, message: Submitted) -> None:
        schema = results.result_schema(message.signature)
        with self._changed:
            if self.is_final:
                return
            self._ledger.submitted(message)
            self.schema, self._signature = schema, message.signature
            self.state = "running"

    def _chunk_done(self, message: ChunkDone, payload: Sequence[Buffer]) -> None:
        now = time.perf_counter()
        schema_message, batch_message = payload
        batch = results.unpack(schema_message, batch_message)
        if batch.num_rows != message.rows:
            raise ModelFailedError(
                f"The model {self.spec.model} gave {batch.num_rows} rows for {message.rows}.",
                remedy="A model must give one row of output for each row of input.",
                details={"row_offset": message.row_offset, "rows": message.rows, "given": batch.num_rows},
            )
        with self._changed:
            self._shelve(self._ledger.done(message, batch, now))
        self._end_if_complete()

    def _shelve(self, parts: Sequence[Part]) -> None:
        if self.is_final:
            return
        for part in parts:
            batch = part.batch
            if batch is None:
                seen = self._seen_schema
                batch = results.nulls(self.schema if seen is None else seen, part.rows)
            else:
                self._seen_schema = batch.schema
            self.shelf.put(batch)
            self._first_rows = self._first_rows or time.perf_counter()

    def _end_if_complete(self) -> None:
        """All rows are here: the broker, which is about to say so, is not waited for."""
        with self._changed:
            complete = self._all_sent and self._ledger.is_complete and not self._ledger.failed
            if complete and self._ledger.chunks_sent:
                self._retried = self._ledger.retried
            else:
                return
        self._end("done", None)

    def _run_done(self, message: RunDone) -> None:
        with self._changed:
            self._retried = message.retried
            failed, complete = self._ledger.failed, self._ledger.is_complete
        if message.state == "cancelled":
            self._end(
                "cancelled", message.error or RunCancelledError("The run was cancelled by the cluster.")
            )
        elif message.state == "done" and complete:
            self._end("done", None)
        elif failed and complete:
            self._end("failed", failure(failed, self._ledger.rows))
        else:
            self._end("failed", message.error or _incomplete(message))

    # --- changes --------------------------------------------------------------------------------------

    def _end(self, state: RunState, error: MdmError | None, *, tell_broker: bool = False) -> None:
        with self._changed:
            if self.is_final:
                return
            self.state, self.error = state, error
            self._ended = time.perf_counter()
        self._link.detach(self)
        if tell_broker:
            self._link.tell(Cancel(self.id))
        self._tell()

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()
            watchers = list(self._watchers)
        for watcher in watchers:
            watcher()


def _incomplete(message: RunDone) -> MdmError:
    return MdmError(
        f"The cluster says that the run is {message.state}, but results are missing.",
        remedy="Please report it with the cluster's log file.",
        details={"chunks_done": message.chunks_done, "chunks_failed": message.chunks_failed},
    )
