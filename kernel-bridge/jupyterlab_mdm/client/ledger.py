"""What became of every chunk of one run, as the client sees it. In: what was sent and what came back, with
the time of it; out: how many rows to send next, the merged parts, and the record of each chunk. Pure.

Times are seconds of this process's monotonic clock; what it hands out is in ms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyarrow as pa

from ..errors import MdmError
from ..wire.messages import At, ChunkDone, ChunkFailed, Submitted, Welcome
from .chunking import Limits, Pace, next_rows
from .merge import Merge, Part
from .snapshot import ChunkRecord

#: What the chunk's size is steered by.
_WORK = ("decode", "infer", "encode")


@dataclass(frozen=True)
class _Sent:
    at: float
    serialise_ms: float


class Ledger:
    """The numbers of one run; its owner sees to it that one thread at a time is here."""

    def __init__(self, rows: int | None, batch: int | None, welcome: Welcome) -> None:
        #: Rows of the frame; None where the end of the reader is not reached.
        self.rows = rows
        self.rows_sent = 0
        self.rows_done = 0
        self.chunks_sent = 0
        #: Chunks that may be sent now.
        self.credit = 0
        self.num_worker = welcome.num_worker
        self.failed: list[Part] = []
        self._batch = batch
        self._welcome = welcome
        self._pace = Pace()
        self._limits: Limits | None = None
        self._merge = Merge()
        self._sent: dict[int, _Sent] = {}
        self._came: dict[int, float] = {}
        self._records: dict[int, ChunkRecord] = {}

    @property
    def records(self) -> tuple[ChunkRecord, ...]:
        """Chunks that have ended, in the order in which they did."""
        return tuple(self._records.values())

    @property
    def rows_failed(self) -> int:
        """Rows that have no result."""
        return sum(part.rows for part in self.failed)

    @property
    def is_complete(self) -> bool:
        """Whether every chunk that was sent has ended and is in order."""
        return self._merge.merged == self.chunks_sent

    @property
    def retried(self) -> int:
        """Times that a chunk ran again because its worker had died."""
        return sum(record.attempt - 1 for record in self._records.values())

    def submitted(self, message: Submitted) -> None:
        """The broker takes chunks from now on."""
        self.credit += message.credit
        self.num_worker = message.num_worker
        self._pace = Pace(hint=message.ms_per_row)

    def bound(self, bytes_per_row: int, model_batch: int | None) -> None:
        """How the rows travel is settled."""
        self._limits = Limits(
            num_worker=self.num_worker,
            priority_rows=self._welcome.priority_batch_size,
            bytes_per_row=bytes_per_row,
            max_rows=self._welcome.max_batch_size,
            batch=self._batch,
            model_batch=model_batch,
        )

    def next_rows(self) -> int:
        """How many rows to send next, at least 1; `bound` comes first."""
        if self._limits is None:
            raise RuntimeError("asked for rows before the columns are bound")
        return next_rows(self._pace, self._limits, self.rows, self.rows_sent)

    def sent(self, rows: int, serialise_ms: float, now: float) -> tuple[int, int]:
        """A chunk goes out: its index and the row it starts at."""
        index, offset = self.chunks_sent, self.rows_sent
        self._sent[index] = _Sent(now, serialise_ms)
        self.chunks_sent += 1
        self.rows_sent += rows
        self.credit -= 1
        return index, offset

    def done(self, message: ChunkDone, batch: pa.RecordBatch, now: float) -> list[Part]:
        """A result has come; returns the parts that are in order now. One that came already is dropped."""
        index = message.chunk_index
        sent = self._sent.get(index)
        if sent is None or self._merge.is_known(index):
            return []
        self.credit += 1
        self._pace = self._pace.after(message.rows, sum(message.timings.get(stage, 0.0) for stage in _WORK))
        self._came[index] = now
        timings = {**message.timings, "to_broker": _to_broker(message, sent.at, now)}
        self._records[index] = _record(message, sent, timings)
        return self._merged(Part(index, message.row_offset, message.rows, batch), now)

    def chunk_failed(self, message: ChunkFailed, now: float) -> list[Part]:
        """A chunk has no result; returns the parts that are in row order now."""
        index = message.chunk_index
        sent = self._sent.get(index)
        if sent is None or self._merge.is_known(index):
            return []
        self.credit += 1
        part = Part(index, message.row_offset, message.rows, None, message.error)
        self.failed.append(part)
        self._records[index] = _record(message, sent, {}, message.error)
        return self._merged(part, now)

    def _merged(self, part: Part, now: float) -> list[Part]:
        ready = self._merge.add(part)
        for each in ready:
            self._sent.pop(each.index)
            came = self._came.pop(each.index, None)
            if came is None:
                continue
            self.rows_done += each.rows
            record = self._records[each.index]
            timings = {**record.timings, "merge": (now - came) * 1e3}
            self._records[each.index] = replace(record, timings=timings)
        return ready


def _record(
    message: ChunkDone | ChunkFailed,
    sent: _Sent,
    timings: dict[str, float],
    error: MdmError | None = None,
) -> ChunkRecord:
    return ChunkRecord(
        index=message.chunk_index,
        row_offset=message.row_offset,
        rows=message.rows,
        worker=message.worker,
        device=message.device,
        attempt=message.attempt,
        timings={**timings, "serialise": sent.serialise_ms},
        at=_axis(message.at),
        error=error,
    )


def _to_broker(message: ChunkDone, sent: float, now: float) -> float:
    """Both ways between client and broker: what the client waited, less what the broker says it had it."""
    had = message.at.done - message.at.received + message.timings.get("back", 0.0)
    return max(0.0, (now - sent) * 1e3 - had)


def _axis(at: At) -> dict[str, float]:
    return {"received": at.received, "placed": at.placed, "done": at.done}
