"""What the product promises, and whether a run of the bench kept it. Pure: results in, verdicts out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from .peers import ALL_THREADS, BASELINE, OURS
from .results import Results, WorkloadResult

#: Times as fast as one in-process thread.
SPEED = {"flights": 1.9, "mlp": 1.3, "minilm": 1.9}
#: Threads share the frame's memory; for so little work a byte no process can keep up with that.
MAY_WIN = {"mlp": {ALL_THREADS.key}}
FIRST_ROWS = {"flights": 100.0}
REQUEST_OVER_INPROCESS_MS = 2.0
START_S = 2.0
IDLE_PERCENT = 1.0


@dataclass(frozen=True)
class Target:
    """One promise."""

    name: str
    wanted: str
    measured: str
    met: bool


def targets(results: Results) -> list[Target]:
    """Every promise that this run can tell something about."""
    return [
        *(target for workload in results.workloads for target in _of_workload(workload)),
        *_of_cluster(results),
    ]


def _of_workload(workload: WorkloadResult) -> Iterator[Target]:
    ours = workload.peer(OURS.key)
    if ours is not None:
        speed, wanted = workload.multiple(ours), SPEED[workload.key]
        yield Target(f"{workload.key}: speed", f"≥ {wanted:g} ×", f"{speed:.2f} ×", speed >= wanted)
        yield from _not_behind(workload, speed)
    if workload.streamed and workload.key in FIRST_ROWS:
        first, limit = median(workload.streamed.first_rows_ms), FIRST_ROWS[workload.key]
        yield Target(
            f"{workload.key}: first merged rows", f"≤ {limit:g} ms", f"{first:.0f} ms", first <= limit
        )
    if workload.requests:
        asked = workload.requests
        over = asked.p50_ms - asked.inprocess_p50_ms
        yield Target(
            f"{workload.key}: {asked.rows} rows, p50 over in-process",
            f"≤ {REQUEST_OVER_INPROCESS_MS:g} ms",
            f"{over:.2f} ms",
            over <= REQUEST_OVER_INPROCESS_MS,
        )


def _not_behind(workload: WorkloadResult, speed: float) -> Iterator[Target]:
    left_out = {BASELINE.key, OURS.key, *MAY_WIN.get(workload.key, ())}
    others = [peer for peer in workload.peers if peer.seconds and peer.key not in left_out]
    if not others:
        return
    best = max(others, key=workload.multiple)
    fastest = workload.multiple(best)
    yield Target(
        f"{workload.key}: not behind a peer",
        f"≥ {fastest:.2f} × ({best.label})",
        f"{speed:.2f} ×",
        speed >= fastest,
    )


def _of_cluster(results: Results) -> Iterator[Target]:
    if results.start_s:
        start = median(results.start_s)
        yield Target("mdm start to ready", f"≤ {START_S:g} s", f"{start:.2f} s", start <= START_S)
    if results.idle and results.idle.cluster_percent is not None:
        idle = results.idle.cluster_percent
        yield Target("idle cluster", f"≤ {IDLE_PERCENT:g} % of a core", f"{idle:.2f} %", idle <= IDLE_PERCENT)
