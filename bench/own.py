"""What is measured of ours alone, with nobody else about: first rows, stages, small requests, start and rest.
In: workloads, and the baseline's outputs for them; out: values of results.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import numpy as np

from jupyterlab_mdm.wire.timings import STAGES

from .clock import busy_percent, say, uncollected
from .outputs import difference
from .peers.ours import cluster_name, process_ids, started
from .peers.session import LIMIT_S, Model
from .processes import and_below
from .results import Idle, Requests, Streamed, finite
from .workloads import Workload

REQUEST_ROWS = 16
#: Ours and in-process take turns, so that both see the same machine; in a turn each stays warm.
REQUESTS_A_TURN = 50
COMMAND_LIMIT_S = 60
#: A finished run leaves some tidying up.
SETTLE_S = 2.0


def stream(workload: Workload, reference: np.ndarray, rounds: int, num_worker: int) -> Streamed:
    """Iterates over runs; the model is loaded by one before them."""
    say(f"{workload.key}: first rows and stages")
    first_ms: list[float] = []
    stages: list[dict[str, float]] = []
    chunks, largest = 0, 0.0
    with started("stream", num_worker) as cluster:
        cluster.predict(workload.model, workload.frame, timeout=LIMIT_S)
        for _ in range(rounds):
            with uncollected():
                begun = time.perf_counter()
                run = cluster.submit(workload.model, workload.frame, timeout=LIMIT_S)
                next(iter(run))
                first_ms.append((time.perf_counter() - begun) * 1e3)
                output = run.result(LIMIT_S)
            largest = max(largest, difference(output, reference))
            timings = run.timings
            chunks = timings.num_rows
            stages.append({stage: sum(timings.column(stage).drop_null().to_pylist()) for stage in STAGES})
    summed = {stage: median(one[stage] for one in stages) for stage in STAGES}
    return Streamed(first_ms, summed, chunks, finite(largest))


def ask(workload: Workload, reference: np.ndarray, count: int, num_worker: int) -> Requests:
    """`count` requests of a few rows each, one after the other."""
    say(f"{workload.key}: {count} requests of {REQUEST_ROWS} rows")
    head = workload.head(REQUEST_ROWS)
    model = Model(str(workload.model))
    inprocess_ms: list[float] = []
    ours_ms: list[float] = []
    largest = 0.0
    with started("ask", num_worker) as cluster:

        def ours() -> object:
            return cluster.predict(workload.model, head, timeout=LIMIT_S)

        def inprocess() -> object:
            return model.infer(workload.feeds(0, REQUEST_ROWS))

        # Also warms both.
        _turn(ours, REQUESTS_A_TURN)
        _turn(inprocess, REQUESTS_A_TURN)
        while len(ours_ms) < count:
            turn = min(REQUESTS_A_TURN, count - len(ours_ms))
            inprocess_ms += _turn(inprocess, turn)
            ours_ms += _turn(ours, turn)
            largest = max(largest, difference(ours(), reference[:REQUEST_ROWS]))
    return Requests(
        rows=REQUEST_ROWS,
        count=count,
        p50_ms=median(ours_ms),
        p95_ms=percentile_95(ours_ms),
        inprocess_p50_ms=median(inprocess_ms),
        inprocess_p95_ms=percentile_95(inprocess_ms),
        max_diff=finite(largest),
    )


def _turn(call: Callable[[], object], count: int) -> list[float]:
    spans = []
    with uncollected():
        for _ in range(count):
            begun = time.perf_counter()
            call()
            spans.append((time.perf_counter() - begun) * 1e3)
    return spans


def percentile_95(values: list[float]) -> float:
    """The value that 95 % do not exceed."""
    return quantiles(values, n=20, method="inclusive")[-1]


def start_seconds(times: int, num_worker: int) -> list[float]:
    """`mdm start` until it returns, which is when the cluster is ready; each is terminated again."""
    return [_start_once(f"{cluster_name('start')}-{index}", num_worker) for index in range(times)]


def _start_once(name: str, num_worker: int) -> float:
    say(f"mdm start --name {name}")
    begun = time.perf_counter()
    _mdm("start", "--name", name, "-n", str(num_worker))
    seconds = time.perf_counter() - begun
    _mdm("terminate", "--name", name)
    return seconds


def _mdm(*arguments: str) -> None:
    command = str(Path(sys.executable).with_name("mdm"))
    # Files, not pipes: the cluster may inherit them, and their end would be waited for.
    with tempfile.TemporaryFile() as output:
        try:
            subprocess.run(
                [command, *arguments], stdout=output, stderr=output, check=True, timeout=COMMAND_LIMIT_S
            )
        except subprocess.CalledProcessError as error:
            output.seek(0)
            error.add_note(output.read().decode(errors="replace"))
            raise


def rest(workload: Workload, seconds: float, num_worker: int) -> Idle:
    """A cluster that has run a model, and that nobody asks anything for so long."""
    say(f"an idle cluster, for {seconds:g} s")
    with started("rest", num_worker) as cluster:
        cluster.predict(workload.model, workload.frame, timeout=LIMIT_S)
        pids = and_below({os.getpid(), *process_ids(cluster)}) - {os.getpid()}
        time.sleep(SETTLE_S)
        client_before, begun = time.process_time(), time.perf_counter()
        cluster_percent = busy_percent(pids, seconds)
        client_s, passed = time.process_time() - client_before, time.perf_counter() - begun
    return Idle(seconds, cluster_percent, 100 * client_s / passed)
