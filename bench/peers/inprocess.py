"""The baseline: a loop over chunks in this process, on one thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ..workloads import Workload
from . import Ready
from .session import Model


@contextmanager
def opened(workload: Workload, num_worker: int) -> Iterator[Ready]:
    """One thread, whatever the number of workers."""
    yield looped(workload, threads=1)


def looped(workload: Workload, threads: int) -> Ready:
    """Chunk after chunk through one session."""
    model = Model(str(workload.model), threads)
    return Ready(lambda: np.concatenate([model.infer(feeds) for feeds in workload.chunks()]))
