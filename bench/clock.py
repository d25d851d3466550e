"""Timing that is the same everywhere: the garbage collector held off, and CPU beside wall time."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from .processes import cpu_seconds


def say(line: str) -> None:
    """Progress, beside the results."""
    sys.stderr.write(f"• {line}\n")


@contextmanager
def uncollected() -> Iterator[None]:
    """Garbage is collected before the block and not in it."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def busy_percent(pids: Iterable[int], seconds: float) -> float | None:
    """What these processes use of a core over the next seconds, while this one sleeps; 100: a whole core."""
    pids = set(pids)
    before, started = cpu_seconds(pids), time.perf_counter()
    time.sleep(seconds)
    after, passed = cpu_seconds(pids), time.perf_counter() - started
    return None if before is None or after is None else 100 * (after - before) / passed
