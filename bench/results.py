"""What was measured, as values: made by the measuring, read by tables, targets and the JSON file."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class PeerResult:
    """One peer on one workload; empty lists where it did not run, and a note says why."""

    key: str
    label: str
    #: Whole frame to whole output, a round each.
    seconds: list[float] = field(default_factory=list)
    #: CPU of all its processes, a round each; empty where it cannot be told.
    cpu_s: list[float] = field(default_factory=list)
    #: From the baseline's output, over all rounds; None where an output could not be compared at all.
    max_diff: float | None = 0.0
    note: str = ""


@dataclass(frozen=True)
class Streamed:
    """Runs of ours that were iterated over."""

    #: From submit to the first batch in order.
    first_rows_ms: list[float]
    #: Stage → ms, summed over the chunks of a run; the median of the runs.
    stages_ms: dict[str, float]
    chunks: int
    max_diff: float | None


@dataclass(frozen=True)
class Requests:
    """Small requests on a warm model, ms each, and the same calls in-process."""

    rows: int
    count: int
    p50_ms: float
    p95_ms: float
    inprocess_p50_ms: float
    inprocess_p95_ms: float
    max_diff: float | None


@dataclass(frozen=True)
class WorkloadResult:
    """One workload, all peers."""

    key: str
    title: str
    rows: int
    chunk_rows: int
    #: Rows of the small calls of the baseline's variant.
    call_rows: int
    peers: list[PeerResult]
    #: CPU of the processes of all peers that stand side by side while nobody runs, % of a core.
    waiting_percent: float | None = None
    streamed: Streamed | None = None
    requests: Requests | None = None

    def peer(self, key: str) -> PeerResult | None:
        """The peer of that key, where it ran."""
        return next((peer for peer in self.peers if peer.key == key and peer.seconds), None)

    def multiple(self, peer: PeerResult) -> float:
        """How many times as fast as the baseline, by the medians."""
        return median(self.peers[0].seconds) / median(peer.seconds)

    def multiples(self, peer: PeerResult) -> list[float]:
        """The same round by round."""
        return [base / own for base, own in zip(self.peers[0].seconds, peer.seconds, strict=True)]


@dataclass(frozen=True)
class Idle:
    """A cluster with a loaded model that nobody asks; % of a core."""

    seconds: float
    cluster_percent: float | None
    client_percent: float


@dataclass(frozen=True)
class Results:
    """One run of the bench."""

    machine: dict[str, str]
    quick: bool
    rounds: int
    num_worker: int
    workloads: list[WorkloadResult]
    #: `mdm start` to ready.
    start_s: list[float] = field(default_factory=list)
    idle: Idle | None = None


def finite(value: float) -> float | None:
    """JSON has no infinity."""
    return value if math.isfinite(value) else None


def to_document(results: Results) -> dict[str, Any]:
    """As JSON has it."""
    return asdict(results)


def from_document(document: dict[str, Any]) -> Results:
    """From the JSON of an earlier run."""
    workloads = [
        WorkloadResult(
            **{
                **workload,
                "peers": [PeerResult(**peer) for peer in workload["peers"]],
                "streamed": workload["streamed"] and Streamed(**workload["streamed"]),
                "requests": workload["requests"] and Requests(**workload["requests"]),
            }
        )
        for workload in document["workloads"]
    ]
    return Results(
        **{**document, "workloads": workloads, "idle": document["idle"] and Idle(**document["idle"])}
    )
