"""The baseline with calls that fit the core's caches: what smaller calls alone win, without a second core."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..workloads import Workload
from . import Ready
from .inprocess import looped


@contextmanager
def opened(workload: Workload, num_worker: int) -> Iterator[Ready]:
    """One thread, whatever the number of workers."""
    yield looped(replace(workload, chunk_rows=workload.call_rows), threads=1)
