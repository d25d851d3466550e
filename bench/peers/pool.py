"""The standard library: a pool of spawned processes, chunks and outputs pickled through its pipes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context

import numpy as np

from ..workloads import Workload
from . import Ready
from .session import LIMIT_S, infer


@contextmanager
def opened(workload: Workload, num_worker: int) -> Iterator[Ready]:
    """All chunks are handed in at once; the pool keeps the next one waiting in its pipe."""
    with ProcessPoolExecutor(num_worker, mp_context=get_context("spawn")) as pool:
        infer_chunk = partial(infer, str(workload.model))

        def run() -> np.ndarray:
            return np.concatenate(list(pool.map(infer_chunk, workload.chunks(), timeout=LIMIT_S)))

        yield Ready(run)
