"""Where the time of one chunk went: the names of its stages (twin, with the table: src/wire/timings.ts)."""

from __future__ import annotations

#: In the order of the way; each a span of one process's monotonic clock, in ms.
STAGES = (
    "serialise",
    "to_broker",
    "queue",
    "to_worker",
    "wait",
    "decode",
    "infer",
    "encode",
    "back",
    "merge",
)
