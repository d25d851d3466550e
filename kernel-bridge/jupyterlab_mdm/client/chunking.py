"""How many rows the next chunk gets. In: what chunks took so far, and limits; out: a number of rows. Pure.

A chunk is sized by time: some 60 ms of work outweigh what a chunk costs in the chain (about 2 ms of CPU in
client, broker and worker), still bring first rows early and let a cancel be felt within 100 ms. Until a
chunk has come back the broker's memory of the model is believed, or a small probe is sent. Near the end
chunks shrink, so that no worker idles while another has the last big one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Work in one chunk (decode, infer and encode).
TARGET_MS = 60.0
#: Below it a chunk's own cost in the chain outweighs what an even end saves.
FLOOR_MS = 2.0
PROBE_ROWS = 16
#: A small chunk is a poor measure of a large one: the next may be only so many times its size.
GROWTH = 16
MAX_BYTES = 1 << 20
#: Weight of what was known when another chunk of the same size comes back.
_MEMORY = 0.6


@dataclass(frozen=True)
class Pace:
    """What chunks took: sums in which older chunks fade, and large chunks count for more than small ones."""

    #: The broker's ms a row, from earlier runs of the model; counts until a chunk has come back.
    hint: float | None = None
    ms: float = 0.0
    rows: float = 0.0
    #: Rows of the largest chunk that came back.
    largest: int = 0

    @property
    def ms_per_row(self) -> float | None:
        """None where nothing is known."""
        return self.ms / self.rows if self.rows else self.hint

    def after(self, rows: int, ms: float) -> Pace:
        """With one more chunk that came back."""
        if rows == 0:
            return self
        return Pace(self.hint, self.ms * _MEMORY + ms, self.rows * _MEMORY + rows, max(self.largest, rows))


@dataclass(frozen=True)
class Limits:
    """What bounds every chunk of a run."""

    num_worker: int
    #: A run of so few rows is one chunk: it goes before larger ones in the broker.
    priority_rows: int
    bytes_per_row: int
    #: Most rows a chunk, where the cluster sets it.
    max_rows: int | None = None
    #: Rows a chunk, where the user fixes it.
    batch: int | None = None
    #: Rows a call, where the model fixes it.
    model_batch: int | None = None


def next_rows(pace: Pace, limits: Limits, total: int | None, sent: int) -> int:
    """Rows of the next chunk, at least 1; `total` is None where the end is not known."""
    if limits.batch is not None:
        return limits.batch
    rows = _by_time(pace)
    if total is not None and total <= limits.priority_rows:
        rows = total
    else:
        rows = min(rows, MAX_BYTES / max(1, limits.bytes_per_row), _even_end(pace, limits, total, sent))
    if limits.max_rows is not None:
        rows = min(rows, limits.max_rows)
    return _whole_batches(rows, limits.model_batch or 1)


def _by_time(pace: Pace) -> float:
    if pace.ms_per_row is None:
        return PROBE_ROWS
    growth = pace.largest * GROWTH if pace.largest else math.inf
    return min(_worth(TARGET_MS, pace.ms_per_row), growth)


def _even_end(pace: Pace, limits: Limits, total: int | None, sent: int) -> float:
    if total is None:
        return math.inf
    share = math.ceil((total - sent) / (2 * max(1, limits.num_worker)))
    floor = PROBE_ROWS if pace.ms_per_row is None else _worth(FLOOR_MS, pace.ms_per_row)
    return max(share, floor)


def _worth(ms: float, ms_per_row: float) -> float:
    return ms / ms_per_row if ms_per_row else math.inf


def _whole_batches(rows: float, batch: int) -> int:
    return max(1, int(rows) // batch) * batch
