"""Where the time of a run went: in come its chunks, out go sums by stage and shares by worker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...client.snapshot import ChunkRecord
from ...wire.timings import STAGES
from .lanes import WORK_STAGES

#: What each stage is, for readers who do not know the way.
MEANINGS = {
    "serialise": "columns to Arrow",
    "to_broker": "kernel ↔ broker",
    "queue": "for a free worker",
    "to_worker": "broker ↔ worker",
    "wait": "at the worker",
    "decode": "Arrow to tensors",
    "infer": "the model",
    "encode": "tensors to Arrow",
    "back": "through the broker",
    "merge": "for rows before",
}


@dataclass(frozen=True)
class StageSum:
    """One stage over all chunks, in ms."""

    stage: str
    total_ms: float
    mean_ms: float
    longest_ms: float


@dataclass(frozen=True)
class WorkerShare:
    """What one worker did of a run."""

    worker: int
    device: str
    chunks: int
    rows: int
    #: Decode, infer and encode.
    busy_ms: float


def stage_sums(chunks: Iterable[ChunkRecord]) -> list[StageSum]:
    """In the order of the way; a stage that no chunk reports is left out."""
    of_stage: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for chunk in chunks:
        for stage, ms in chunk.timings.items():
            of_stage.setdefault(stage, []).append(ms)
    return [
        StageSum(stage, sum(spans), sum(spans) / len(spans), max(spans))
        for stage, spans in of_stage.items()
        if spans
    ]


def worker_shares(chunks: Iterable[ChunkRecord]) -> list[WorkerShare]:
    """A worker that did none of the chunks is not in the list."""
    of_worker: dict[int, list[ChunkRecord]] = {}
    for chunk in chunks:
        if chunk.worker is not None and chunk.error is None:
            of_worker.setdefault(chunk.worker, []).append(chunk)
    return [_share(worker, of_worker[worker]) for worker in sorted(of_worker)]


def _share(worker: int, chunks: list[ChunkRecord]) -> WorkerShare:
    busy = sum(chunk.timings.get(stage, 0.0) for chunk in chunks for stage in WORK_STAGES)
    return WorkerShare(worker, chunks[-1].device, len(chunks), sum(chunk.rows for chunk in chunks), busy)
