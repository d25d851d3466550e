"""When each worker did what: in come the chunks of a run, out go one lane a worker with its bars.

All times are ms on the broker's clock since it took the run in. Of many chunks, neighbours of a lane become
one bar, so that what is drawn stays small however long the run was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ...client.snapshot import ChunkRecord, RunSnapshot

#: What a worker does with a chunk, in its order.
WORK_STAGES = ("decode", "infer", "encode")
#: Lanes that are drawn; what more workers did stands in the tables only.
MOST_LANES = 16


@dataclass(frozen=True)
class Bar:
    """One chunk, or neighbours of one lane; the worker was idle for what the stages leave of the span."""

    chunks: tuple[ChunkRecord, ...]
    start_ms: float
    end_ms: float
    #: In the order of `WORK_STAGES`; in all at most the span.
    stages_ms: tuple[float, float, float]

    @property
    def failed(self) -> bool:
        """Whether a chunk in it ended with an error."""
        return any(chunk.error is not None for chunk in self.chunks)

    @property
    def retried(self) -> bool:
        """Whether a chunk in it ran again because its worker died."""
        return any(chunk.attempt > 1 for chunk in self.chunks)


@dataclass(frozen=True)
class Lane:
    """What one worker did."""

    worker: int
    device: str
    bars: tuple[Bar, ...]


def lanes(run: RunSnapshot, most_bars: int) -> tuple[Lane, ...]:
    """A lane for each worker that ended a chunk, with at most ``most_bars`` bars over all lanes."""
    of_workers = list(_by_worker(run.chunks))[:MOST_LANES]
    until = max((chunk.at["done"] for chunk in run.chunks if "done" in chunk.at), default=0)
    a_lane = max(1, most_bars // max(1, len(of_workers)))
    return tuple(
        Lane(worker, chunks[-1].device, merged([_bar(chunk) for chunk in chunks], a_lane, until))
        for worker, chunks in of_workers
    )


def merged(bars: Sequence[Bar], most: int, until_ms: float) -> tuple[Bar, ...]:
    """The same bars where they are at most ``most``; else those of one slice of the time as one."""
    if len(bars) <= most or until_ms <= 0:
        return tuple(bars)
    slice_ms = until_ms / most
    last = most - 1
    slices = groupby(bars, key=lambda bar: min(last, int((bar.start_ms + bar.end_ms) / 2 / slice_ms)))
    return tuple(_join(list(neighbours)) for _, neighbours in slices)


def until_ms(run: RunSnapshot) -> float:
    """Where the time axis ends: while a run goes on, where it will probably end."""
    latest = max((chunk.at.get("done", 0.0) for chunk in run.chunks), default=0.0)
    if run.state != "running":
        return latest
    return max(latest, (run.elapsed_s + (run.seconds_left or 0)) * 1000)


def ticks(until: float, most: int = 6) -> list[float]:
    """Round times from 0, at most ``most`` and one more, none past the end."""
    if until <= 0:
        return [0.0]
    step = next(step for step in _round_steps() if until / step <= most)
    return [index * step for index in range(int(until / step) + 1)]


def _round_steps() -> Iterator[float]:
    scale = 0.1
    while True:
        yield from (scale, 2 * scale, 5 * scale)
        scale *= 10


def _by_worker(chunks: Iterable[ChunkRecord]) -> Iterator[tuple[int, list[ChunkRecord]]]:
    """Only what can be drawn: a chunk that failed without a worker has neither lane nor time."""
    of_workers: dict[int, list[ChunkRecord]] = {}
    for chunk in chunks:
        if chunk.worker is not None and "done" in chunk.at:
            of_workers.setdefault(chunk.worker, []).append(chunk)
    for worker in sorted(of_workers):
        yield worker, sorted(of_workers[worker], key=lambda chunk: chunk.at["done"])


def _bar(chunk: ChunkRecord) -> Bar:
    decode, infer, encode = (chunk.timings.get(stage, 0.0) for stage in WORK_STAGES)
    end = chunk.at["done"]
    return _fitted((chunk,), max(0.0, end - decode - infer - encode), end, (decode, infer, encode))


def _join(bars: Sequence[Bar]) -> Bar:
    if len(bars) == 1:
        return bars[0]
    decode, infer, encode = (sum(column) for column in zip(*(bar.stages_ms for bar in bars), strict=True))
    chunks = tuple(chunk for bar in bars for chunk in bar.chunks)
    return _fitted(
        chunks,
        min(bar.start_ms for bar in bars),
        max(bar.end_ms for bar in bars),
        (decode, infer, encode),
    )


def _fitted(
    chunks: tuple[ChunkRecord, ...], start: float, end: float, stages: tuple[float, float, float]
) -> Bar:
    """The way back to the broker differs from chunk to chunk, so spans can overlap: stages never do."""
    work = sum(stages)
    scale = min(1.0, (end - start) / work) if work > 0 else 0.0
    decode, infer, encode = stages
    return Bar(chunks, start, end, (decode * scale, infer * scale, encode * scale))
