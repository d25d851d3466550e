"""A loop over chunks in this process, each spread over the threads of one session, one a core."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..workloads import Workload
from . import Ready
from .inprocess import looped


@contextmanager
def opened(workload: Workload, num_worker: int) -> Iterator[Ready]:
    """As many threads as onnxruntime takes by itself."""
    yield looped(workload, threads=0)
