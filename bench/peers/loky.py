"""joblib with its own processes (loky); they outlive a run, so sessions stay warm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor

from ..workloads import Workload
from . import Ready
from .session import LIMIT_S, infer


@contextmanager
def opened(workload: Workload, num_worker: int) -> Iterator[Ready]:
    """One chunk a task: the batches of tasks that joblib would form are uneven for so few."""
    model = str(workload.model)
    try:
        with Parallel(num_worker, batch_size=1, timeout=LIMIT_S) as parallel:

            def run() -> np.ndarray:
                return np.concatenate(parallel(delayed(infer)(model, feeds) for feeds in workload.chunks()))

            yield Ready(run)
    finally:
        get_reusable_executor().shutdown(wait=True)
