"""A run as it stands at one moment: a value that display, tests and users read; nothing here moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from ..errors import MdmError

RunState = Literal["loading", "running", "done", "failed", "cancelled"]
FINAL_STATES: frozenset[str] = frozenset({"done", "failed", "cancelled"})


@dataclass(frozen=True)
class ChunkRecord:
    """One chunk that has ended, done or failed."""

    index: int
    row_offset: int
    rows: int
    worker: int
    #: Where it ran, e.g. ``cpu 0``.
    device: str
    #: 1 for the first; more where a worker died under it.
    attempt: int
    #: Stage (`timings.STAGES`) → ms.
    timings: dict[str, float]
    #: received, placed, done: ms since the broker took the run in, on the broker's clock.
    at: dict[str, float]
    error: MdmError | None = None


@dataclass(frozen=True)
class RunSnapshot:
    """Everything that can be shown of a run."""

    id: str
    #: As the user named it, e.g. ``flights.onnx``.
    model: str
    #: What the user calls the result, if anything.
    label: str | None
    state: RunState
    #: Rows of the frame; None while a reader of unknown length is still read.
    rows: int | None
    #: Rows merged in order so far.
    rows_done: int
    rows_failed: int
    #: Since submit; stands still once the run has ended.
    elapsed_s: float
    #: Milliseconds from submit to the first merged rows; None before them.
    first_rows_ms: float | None
    num_worker: int
    #: Chunks that ran again because their worker died.
    retried: int
    chunks: tuple[ChunkRecord, ...] = ()
    #: The first merged rows (at most 10), in the result's columns.
    head: pa.Table | None = None
    error: MdmError | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def rows_per_second(self) -> float | None:
        """Merged rows a second since submit; None before the first."""
        return self.rows_done / self.elapsed_s if self.rows_done and self.elapsed_s else None

    @property
    def seconds_left(self) -> float | None:
        """At the speed so far; None where it cannot be told."""
        speed = self.rows_per_second
        if self.rows is None or speed is None or self.state in FINAL_STATES:
            return None
        return max(0, self.rows - self.rows_done) / speed
