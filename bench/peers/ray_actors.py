"""Ray: an actor a process; chunks travel through its shared memory."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ..workloads import Workload
from . import Ready
from .session import LIMIT_S, Model

STORE_BYTES = 1 << 30
#: Ray reads them when it is imported. With a token of its own it writes none into the home folder.
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
}


@contextmanager
def opened(workload: Workload, num_worker: int) -> Iterator[Ready]:
    """Chunks go to the actors in turn: each has its next one waiting while it computes."""
    os.environ.update(ENVIRONMENT)
    import ray

    # Its sockets need a path of at most 107 bytes, which a folder in a checkout may not leave.
    folder = tempfile.mkdtemp(prefix="mdm-ray-", dir="/tmp")
    try:
        ray.init(
            address="local",
            num_cpus=num_worker,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=STORE_BYTES,
            _temp_dir=folder,
        )
        actor = ray.remote(num_cpus=1)(Model)
        actors = [actor.remote(str(workload.model)) for _ in range(num_worker)]

        def run() -> np.ndarray:
            results = [
                actors[index % num_worker].infer.remote(feeds)
                for index, feeds in enumerate(workload.chunks())
            ]
            return np.concatenate(ray.get(results, timeout=LIMIT_S))

        yield Ready(run)
    finally:
        ray.shutdown()
        shutil.rmtree(folder)
