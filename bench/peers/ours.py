"""Ours: a warm cluster, asked through `cluster.predict` with the frame as it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import jupyterlab_mdm as mdm

from ..workloads import Workload
from . import Ready
from .session import LIMIT_S


@contextmanager
def opened(workload: Workload, num_worker: int) -> Iterator[Ready]:
    """A cluster of its own, with the model loaded by the first run."""
    with started("run", num_worker) as cluster:
        yield Ready(
            lambda: cluster.predict(workload.model, workload.frame, timeout=LIMIT_S),
            frozenset(process_ids(cluster)),
        )


@contextmanager
def started(purpose: str, num_worker: int) -> Iterator[mdm.Cluster]:
    """A cluster that ends with the block."""
    with mdm.start(num_worker, cluster_name(purpose)) as cluster:
        yield cluster


def cluster_name(purpose: str) -> str:
    """A name that no other bench on this machine uses."""
    return f"bench-{purpose}-{os.getpid()}"


def process_ids(cluster: mdm.Cluster) -> set[int]:
    """Broker and workers, as the cluster itself says."""
    status = cluster.status()
    return {status["broker"]["pid"], *(worker["pid"] for worker in status["workers"])}
