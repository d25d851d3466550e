"""Faults, made by killing real processes: what is left is complete, or says what is missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jupyterlab_mdm as mdm
from jupyterlab_mdm import errors

WIDTH = 64
LIMIT_S = 30


def wait_for(condition: Callable[[], Any]) -> Any:
    """What `condition` returns, once that is true; fails after LIMIT_S."""
    deadline = time.monotonic() + LIMIT_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came to pass"
    return found


def rows(count: int) -> dict[str, np.ndarray]:
    return {"x": np.random.default_rng(5).normal(size=(count, WIDTH)).astype(np.float32)}


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.fixture
def own_cluster() -> Iterator[mdm.Cluster]:
    with mdm.start(num_worker=2, name="fault") as started:
        yield started


def busy_worker(cluster: mdm.Cluster, but_not: int = 0) -> int | None:
    """The pid of a worker that runs a chunk now."""
    for worker in cluster.status()["workers"]:
        if worker["state"] == "busy" and worker["pid"] != but_not:
            return int(worker["pid"])
    return None


def state_of(cluster: mdm.Cluster, run: str) -> str:
    return next(entry["state"] for entry in cluster.status()["runs"] if entry["id"] == run)


def test_completes_a_run_whose_worker_was_killed(
    own_cluster: mdm.Cluster, models: Path, reference: Callable[..., list[np.ndarray]]
) -> None:
    frame = rows(3_000)
    run = own_cluster.submit(models / "slow.onnx", frame)
    wait_for(lambda: run.snapshot().rows_done > 0)
    killed = wait_for(lambda: busy_worker(own_cluster))
    os.kill(killed, signal.SIGKILL)
    result = run.result(timeout=LIMIT_S * 2)
    np.testing.assert_allclose(result["y"], reference(models / "slow.onnx", **frame)[0], rtol=1e-4)
    assert run.snapshot().retried >= 1
    workers = wait_for(lambda: [w for w in own_cluster.status()["workers"] if w["state"] == "idle"][1:])
    assert killed not in [worker["pid"] for worker in workers]


def test_fails_alone_the_chunk_that_ended_two_workers() -> None:
    """One worker, so that which chunk it runs is known: the first of three, until that is given up."""
    models = Path(os.environ.get("MDM_TEST_MODELS", Path(__file__).parents[2] / ".cache/test-models"))
    with mdm.start(num_worker=1, name="poison") as cluster:
        run = cluster.submit(models / "slow.onnx", rows(1_500), batch=500)
        first = wait_for(lambda: busy_worker(cluster))
        os.kill(first, signal.SIGKILL)
        second = wait_for(lambda: busy_worker(cluster, but_not=first))
        os.kill(second, signal.SIGKILL)
        with pytest.raises(errors.PoisonChunkError, match="Rows 0–499") as raised:
            run.result(timeout=LIMIT_S * 2)
        assert raised.value.details["rows"] == [[0, 500]]
        kept = run.partial()["y"]
        assert np.isnan(kept[:500]).all()
        assert not np.isnan(kept[500:]).any()


def test_tells_the_client_when_the_broker_is_killed_and_leaves_no_worker(models: Path) -> None:
    cluster = mdm.start(num_worker=2, name="headless")
    status = cluster.status()
    run = cluster.submit(models / "slow.onnx", rows(20_000))
    wait_for(lambda: run.snapshot().rows_done > 0)
    os.kill(status["broker"]["pid"], signal.SIGKILL)
    with pytest.raises(errors.ClusterLostError):
        run.result(timeout=LIMIT_S)
    assert len(run.partial()["y"]) > 0
    for worker in status["workers"]:
        wait_for(lambda pid=worker["pid"]: is_gone(pid))
    cluster.close()
    with mdm.start(num_worker=1, name="headless"):
        pass


STARTS_AND_HANGS = """
import sys, jupyterlab_mdm as mdm
cluster = mdm.start(num_worker=2, name=sys.argv[1])
status = cluster.status()
print(*[worker["pid"] for worker in status["workers"]], status["broker"]["pid"], flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_ends_the_cluster_with_the_process_that_started_it(way: signal.Signals, runtime_folder: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", STARTS_AND_HANGS, "orphan"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    pids = [int(pid) for pid in child.stdout.readline().split()]
    assert len(pids) == 3
    child.send_signal(way)
    child.wait(LIMIT_S)
    for pid in pids:
        wait_for(lambda pid=pid: is_gone(pid))
    assert not (runtime_folder / "mdm-orphan.json").exists()


SUBMITS_AND_HANGS = """
import sys, numpy as np, jupyterlab_mdm as mdm
run = mdm.connect("fault").submit(sys.argv[1], {"x": np.ones((200_000, 64), np.float32)})
next(iter(run))
print(run.id, flush=True)
sys.stdin.read()
"""


def test_cancels_the_runs_of_a_client_that_was_killed(own_cluster: mdm.Cluster, models: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", SUBMITS_AND_HANGS, str(models / "slow.onnx")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    run = child.stdout.readline().strip()
    child.kill()
    child.wait(LIMIT_S)
    wait_for(lambda: state_of(own_cluster, run) == "cancelled")
    wait_for(lambda: busy_worker(own_cluster) is None)
    assert own_cluster.status()["queue"] == {"small": 0, "bulk": 0}


def test_never_mixes_two_versions_of_a_model_that_was_replaced_in_mid_run(
    models: Path, tmp_path: Path, reference: Callable[..., list[np.ndarray]]
) -> None:
    path, frame = tmp_path / "model.onnx", rows(2_000)
    path.write_bytes((models / "slow.onnx").read_bytes())
    with mdm.start(num_worker=1, name="replaced") as cluster:
        run = cluster.submit(path, frame)
        wait_for(lambda: run.snapshot().rows_done > 0)
        path.write_bytes((models / "identity_float32.onnx").read_bytes())
        cluster.scale(2)
        result = run.result(timeout=LIMIT_S * 2)
    np.testing.assert_allclose(result["y"], reference(models / "slow.onnx", **frame)[0], rtol=1e-4)


def test_says_at_once_that_the_cluster_is_lost_also_to_a_request_of_few_rows(models: Path) -> None:
    few = {"x": np.ones((4, 3), np.float32)}
    cluster = mdm.start(num_worker=1, name="gone")
    for _ in range(2):
        cluster.predict(models / "doubled.onnx", few, timeout=LIMIT_S)
    os.kill(cluster.status()["broker"]["pid"], signal.SIGKILL)
    with pytest.raises(errors.ClusterLostError):
        cluster.status()
    with pytest.raises(errors.ClusterLostError):
        cluster.submit(models / "doubled.onnx", few)
    cluster.close()
    with mdm.start(num_worker=1, name="gone"):
        pass
