"""ipyparallel: engines behind its ZeroMQ scheduler; arrays travel as buffers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import ipyparallel
import numpy as np

from ..workloads import Workload
from . import Ready
from .session import LIMIT_S, infer


@contextmanager
def opened(workload: Workload, num_worker: int) -> Iterator[Ready]:
    """Chunks go to the engines in turn: each has its next one waiting while it computes."""
    model = str(workload.model)
    cluster = ipyparallel.Cluster(n=num_worker, log_level=logging.ERROR)
    try:
        client = cluster.start_and_connect_sync()
        engines = [client[engine] for engine in client.ids]

        def run() -> np.ndarray:
            results = [
                engines[index % num_worker].apply_async(infer, model, feeds)
                for index, feeds in enumerate(workload.chunks())
            ]
            return np.concatenate([result.get(LIMIT_S) for result in results])

        yield Ready(run)
        client.close()
    finally:
        cluster.stop_cluster_sync()
