"""The rounds. In: a workload and the peers; out: how long each took, and how right it was.

The peers stand warm side by side, and a round runs each once in changing order, so that what slows the
machine for a while slows all of them. Those that use a core while they wait would slow the others: they are
set up and warmed anew for each of their runs.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
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
#: What a peer raises that is not installed, or whose processes the machine does not let start.
START_ERRORS = (ImportError, OSError, RuntimeError, ValueError)


@dataclass
class Entrant:
    """A peer in the rounds."""

    peer: Peer
    #: Enters a warm set-up: one that stands, or for the restless one of its own.
    entered: Callable[[], AbstractContextManager[Ready]]
    seconds: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    difference: float = 0.0

    def run(self, reference: np.ndarray) -> None:
        """One round; checks the output."""
        with self.entered() as ready:
            pids = processes_of(ready)
            with uncollected():
                before, started = cpu_seconds(pids), time.perf_counter()
                output = ready.run()
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
        standing: list[Ready] = []
        entrants: dict[str, Entrant] = {}
        absent: dict[str, PeerResult] = {}
        reference = np.empty(0)
        for peer in peers:
            say(f"{workload.key}: starting {peer.title(num_worker)}")
            try:
                entrant, output = _enter(stack, standing, peer, workload, num_worker)
            except START_ERRORS as error:
                if peer.must_run:
                    raise
                absent[peer.key] = PeerResult(peer.key, peer.title(num_worker), note=_why_absent(error))
                continue
            if peer == BASELINE:
                reference = as_array(output)
            entrant.check(output, reference)
            entrants[peer.key] = entrant
        waiting = _waiting_percent(standing)
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


def _enter(
    stack: ExitStack, standing: list[Ready], peer: Peer, workload: Workload, num_worker: int
) -> tuple[Entrant, object]:
    """The peer with its first output; where it is not restless, it stands until the stack is unwound."""

    @contextmanager
    def warmed() -> Iterator[Ready]:
        with peer.opened(workload, num_worker) as ready:
            ready.run()
            yield ready

    if peer.is_restless:
        with peer.opened(workload, num_worker) as ready:
            return Entrant(peer, warmed), ready.run()
    ready = stack.enter_context(peer.opened(workload, num_worker))
    standing.append(ready)
    return Entrant(peer, lambda: nullcontext(ready)), ready.run()


def _why_absent(error: Exception) -> str:
    return f"not installed ({error.name})" if isinstance(error, ImportError) else f"does not start ({error})"


def processes_of(ready: Ready) -> set[int]:
    """Its processes, and this one with all that others left below it, idle."""
    return and_below({os.getpid(), *ready.apart})


def in_order_of(number: int, entrants: Sequence[Entrant]) -> list[Entrant]:
    """Shuffled, in the same way for the same round of another run."""
    return random.Random(number).sample(entrants, len(entrants))


def _waiting_percent(standing: Iterable[Ready]) -> float | None:
    pids = set().union(*map(processes_of, standing))
    time.sleep(SETTLE_S)
    return busy_percent(pids, WAITING_S)
