"""Who is measured: each a module that opens a warm set-up for a workload, and in it a way to run it once,
from the whole frame to the whole output. Everybody's processes hold a session of one thread each.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import NamedTuple

from ..workloads import Workload


class Ready(NamedTuple):
    """A peer that is set up."""

    #: Runs the workload once; the output has the rows in order and is of whatever kind.
    run: Callable[[], object]
    #: Its processes that are not below this one.
    apart: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Peer:
    """One way to run a model over a frame."""

    key: str
    #: What tables call it; `{n}` is the number of processes.
    label: str
    #: Module in this package with `opened(workload, num_worker)`.
    module: str
    #: Whether the bench fails where it does not start.
    must_run: bool = False
    #: Whether its processes work while they wait: it stands only while it is measured, not beside others.
    is_restless: bool = False

    def opened(self, workload: Workload, num_worker: int) -> AbstractContextManager[Ready]:
        """The set-up, to be entered; raises `ImportError` where what it needs is not installed."""
        module = import_module(f".{self.module}", __name__)
        opened: AbstractContextManager[Ready] = module.opened(workload, num_worker)
        return opened

    def title(self, num_worker: int) -> str:
        """The label, filled in."""
        return self.label.format(n=num_worker)


BASELINE = Peer("inprocess", "onnxruntime in-process, 1 thread", "inprocess", must_run=True)
SMALL_CALLS = Peer("calls", "onnxruntime in-process, 1 thread, small calls", "small_calls")
ALL_THREADS = Peer("threads", "onnxruntime in-process, all threads", "threads")
OURS = Peer("ours", "jupyterlab-mdm, {n} workers", "ours", must_run=True)
PEERS = (
    BASELINE,
    SMALL_CALLS,
    ALL_THREADS,
    OURS,
    Peer("pool", "ProcessPoolExecutor (spawn), {n}", "pool"),
    Peer("ipyparallel", "ipyparallel, {n} engines", "engines"),
    Peer("ray", "Ray actors, {n}", "ray_actors", is_restless=True),
    Peer("joblib", "joblib, {n}", "loky"),
    Peer("dask", "Dask actors on a LocalCluster, {n}", "dask_cluster", is_restless=True),
)
