"""What a run's header says: in comes a `RunSnapshot`, out go the words that HTML and plain text share."""

from __future__ import annotations

from dataclasses import dataclass

from ...client.snapshot import FINAL_STATES, RunSnapshot
from . import words

#: Row ranges that a message names before it only counts the rest.
MOST_RANGES = 6


@dataclass(frozen=True)
class Headline:
    """The numbers of a run: the one that matters, and the rest of the line."""

    main: str
    rest: str


def headline(run: RunSnapshot) -> Headline:
    """Rows done, then what one wants to know in that state."""
    match run.state:
        case "loading":
            return Headline("", words.joined(["loading the model", _length(run)]))
        case "running":
            return _running(run)
        case "done":
            return Headline(words.plural(run.rows_done, "row"), _ended(run))
        case "failed":
            return _failed(run)
        case "cancelled":
            return Headline(words.plural(run.rows_done, "row"), _cancelled(run))


def progress(run: RunSnapshot) -> tuple[float, float]:
    """Shares (0–1) of the rows that are merged, and that are under way behind them.

    Workers do not report within a chunk: what is under way is what has come back out of order, and a chunk
    of the usual length for each worker. Of a frame without a known length all is under way.
    """
    if not run.rows:
        return (1.0, 0.0) if run.state == "done" else (0.0, float(run.state == "running"))
    settled = run.rows_done + run.rows_failed
    done = min(1.0, settled / run.rows)
    if run.state != "running":
        return done, 0.0
    ended = sum(chunk.rows for chunk in run.chunks)
    at_workers = run.num_worker * (run.chunks[-1].rows if run.chunks else 0)
    ahead = max(0, ended - settled) + at_workers
    return done, min(1.0 - done, ahead / run.rows)


def is_final(run: RunSnapshot) -> bool:
    """Whether nothing of the run will change any more."""
    return run.state in FINAL_STATES


def remarks(run: RunSnapshot) -> str:
    """What was out of the ordinary, in one line; empty mostly."""
    if run.notes:
        return words.joined(run.notes)
    return f"{words.plural(run.retried, 'chunk')} retried: a worker was replaced" if run.retried else ""


def failed_ranges(run: RunSnapshot) -> str:
    """The rows without a prediction, as ranges; empty where no chunk failed."""
    ranges: list[tuple[int, int]] = []
    failed = (chunk for chunk in run.chunks if chunk.error is not None)
    for chunk in sorted(failed, key=lambda chunk: chunk.row_offset):
        first, end = chunk.row_offset, chunk.row_offset + chunk.rows
        if ranges and ranges[-1][1] == first:
            first, _ = ranges.pop()
        ranges.append((first, end))
    more = len(ranges) - MOST_RANGES
    shown = (words.span(first, end - 1) for first, end in ranges[:MOST_RANGES])
    return words.joined([*shown, f"{words.count(more)} more" if more > 0 else None])


def _length(run: RunSnapshot) -> str | None:
    return None if run.rows is None else words.plural(run.rows, "row")


def _speed(run: RunSnapshot) -> str | None:
    speed = run.rows_per_second
    return None if speed is None else words.rate(speed)


def _running(run: RunSnapshot) -> Headline:
    of_all = "rows so far" if run.rows is None else f"of {words.plural(run.rows, 'row')}"
    left = run.seconds_left
    rest = words.joined([of_all, _speed(run), None if left is None else f"{words.seconds(left)} left"])
    return Headline(words.count(run.rows_done), rest)


def _ended(run: RunSnapshot) -> str:
    first = run.first_rows_ms
    return words.joined(
        [
            f"in {words.seconds(run.elapsed_s)}",
            _speed(run),
            None if first is None else f"first rows {words.milliseconds(first)}",
            words.plural(run.num_worker, "worker"),
        ]
    )


def _failed(run: RunSnapshot) -> Headline:
    after = f"after {words.seconds(run.elapsed_s)}"
    if not run.rows_failed:
        return Headline("", f"failed {after}")
    rest = words.joined(["predicted", f"{words.count(run.rows_failed)} failed", after])
    return Headline(words.plural(run.rows_done, "row"), rest)


def _cancelled(run: RunSnapshot) -> str:
    kept = "kept" if run.rows is None else f"of {words.count(run.rows)} kept"
    return words.joined([kept, f"cancelled after {words.seconds(run.elapsed_s)}"])
