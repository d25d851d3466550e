"""Dask: an actor in each of its worker processes; the client talks straight to them, past the scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from distributed import Client, LocalCluster

from ..workloads import Workload
from . import Ready
from .session import LIMIT_S, Model


@contextmanager
def opened(workload: Workload, num_worker: int) -> Iterator[Ready]:
    """Chunks go to the actors in turn: each has its next one waiting while it computes."""
    with (
        LocalCluster(num_worker, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        made = [
            client.submit(Model, str(workload.model), actor=True, workers=[address], pure=False)
            for address in client.scheduler_info()["workers"]
        ]
        actors = [future.result(LIMIT_S) for future in made]

        def run() -> np.ndarray:
            results = [
                actors[index % num_worker].infer(feeds) for index, feeds in enumerate(workload.chunks())
            ]
            return np.concatenate([result.result(LIMIT_S) for result in results])

        yield Ready(run)
