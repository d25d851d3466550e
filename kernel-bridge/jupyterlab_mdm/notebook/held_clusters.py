"""The clusters that this kernel's magics use: in come names, out go clusters, connected once and kept.

One that a magic started ends with the kernel; one that ran already is only connected to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import jupyterlab_mdm as mdm

from ..errors import ClusterLostError

if TYPE_CHECKING:
    from ..client.cluster import Cluster

T = TypeVar("T")


class HeldClusters:
    """By name."""

    def __init__(self) -> None:
        self._clusters: dict[str, Cluster] = {}

    def start(
        self, name: str, num_worker: int | None, *, detach: bool, options: dict[str, object]
    ) -> Cluster:
        """A cluster of that name and size: a cell that starts one can so be run again.

        Raises `ClusterExistsError` where one of that name runs that this kernel does not use yet.
        """
        held = self._clusters.get(name)
        if held is not None:
            try:
                if num_worker is not None and num_worker != len(held.status()["workers"]):
                    held.scale(num_worker)
                return held
            except ClusterLostError:
                self.forget(name)
        started = mdm.start(num_worker, name, detach=detach, **options)
        self._clusters[name] = started
        return started

    def use(self, name: str, action: Callable[[Cluster], T]) -> T:
        """What the action makes of that cluster; one that was lost is looked for again, once.

        Raises `NoClusterError` where there is none.
        """
        held = self._clusters.get(name)
        if held is not None:
            try:
                return action(held)
            except ClusterLostError:
                self.forget(name)
        connected = mdm.connect(name)
        self._clusters[name] = connected
        return action(connected)

    def forget(self, name: str) -> None:
        """Closes the connection to it, if there is one."""
        held = self._clusters.pop(name, None)
        if held is not None:
            held.close()
