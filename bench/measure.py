"""The rounds. In: a workload and the peers; out: how long each took, and how right it was.

All peers stand warm side by side, and a round runs each once in changing order, so that what slows the
machine for a while slows all of them.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np

from .clock import busy_percent, say, uncollected
from .outputs import as_array, difference
from .peers import BASELINE, Peer, Ready
from .processes import and_below, cpu_seconds
from .results import PeerResult, WorkloadResult, finite
from .workloads import Workload

#: Lets what a start or a run leaves behind settle before the peers' waiting is measured.
SETTLE_S = 1.0
WAITING_S = 3.0
#: What starting the processes of a peer raises where the machine does not let it.
START_ERRORS = (OSError, RuntimeError, ValueError)


@dataclass
class Entrant:
    """A peer in the rounds."""

    peer: Peer
    ready: Ready
    seconds: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    difference: float = 0.0

    def processes(self) -> set[int]:
        """Its processes, and this one with all that others left below it, idle."""
        return and_below({os.getpid(), *self.ready.apart})

    def run(self, reference: np.ndarray) -> None:
        """One round; checks the output."""
        pids = self.processes()
        with uncollected():
            before, started = cpu_seconds(pids), time.perf_counter()
            output = self.ready.run()
            seconds, after = time.perf_counter() - started, cpu_seconds(pids)
        self.seconds.append(seconds)
        if before is not None and after is not None:
            self.cpu_s.append(after - before)
        self.check(output, reference)

    def check(self, output: object, reference: np.ndarray) -> None:
        """Keeps the largest difference so far."""
        self.difference = max(self.difference, difference(output, reference))

    def result(self, label: str) -> PeerResult:
        """What came of it."""
        return PeerResult(self.peer.key, label, self.seconds, self.cpu_s, finite(self.difference))


def measure(
    workload: Workload, peers: Sequence[Peer], rounds: int, num_worker: int
) -> tuple[WorkloadResult, np.ndarray]:
    """All peers, `rounds` times, and the baseline's output; the baseline is the first of them."""
    with ExitStack() as stack:
        entrants, absent = _open_all(stack, workload, peers, num_worker)
        reference = as_array(entrants[BASELINE.key].ready.run())
        for entrant in entrants.values():
            entrant.check(entrant.ready.run(), reference)
        waiting = _waiting_percent(entrants.values())
        for number in range(rounds):
            say(f"{workload.key}: round {number + 1} of {rounds}")
            for entrant in in_order_of(number, list(entrants.values())):
                entrant.run(reference)
    results = [
        absent[peer.key] if peer.key in absent else entrants[peer.key].result(peer.title(num_worker))
        for peer in peers
    ]
    measured = WorkloadResult(
        workload.key,
        workload.title,
        workload.rows,
        workload.chunk_rows,
        workload.call_rows,
        results,
        waiting_percent=waiting,
    )
    return measured, reference


def _open_all(
    stack: ExitStack, workload: Workload, peers: Sequence[Peer], num_worker: int
) -> tuple[dict[str, Entrant], dict[str, PeerResult]]:
    entrants: dict[str, Entrant] = {}
    absent: dict[str, PeerResult] = {}
    for peer in peers:
        say(f"{workload.key}: starting {peer.title(num_worker)}")
        try:
            entrants[peer.key] = Entrant(peer, stack.enter_context(peer.opened(workload, num_worker)))
        except ImportError as error:
            if peer.must_run:
                raise
            absent[peer.key] = _absent(peer, num_worker, f"not installed ({error.name})")
        except START_ERRORS as error:
            if peer.must_run:
                raise
            absent[peer.key] = _absent(peer, num_worker, f"did not start ({error})")
    return entrants, absent


def _absent(peer: Peer, num_worker: int, note: str) -> PeerResult:
    return PeerResult(peer.key, peer.title(num_worker), note=note)


def in_order_of(number: int, entrants: Sequence[Entrant]) -> list[Entrant]:
    """Shuffled, in the same way for the same round of another run."""
    return random.Random(number).sample(entrants, len(entrants))


def _waiting_percent(entrants: Iterable[Entrant]) -> float | None:
    pids = set().union(*(entrant.processes() for entrant in entrants))
    time.sleep(SETTLE_S)
    return busy_percent(pids, WAITING_S)
