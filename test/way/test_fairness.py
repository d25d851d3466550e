"""Small requests overtake bulk, and bulk moves on under a flood of small ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import jupyterlab_mdm as mdm

WIDTH = 64


def rows(count: int) -> dict[str, np.ndarray]:
    return {"x": np.ones((count, WIDTH), np.float32)}


def test_answers_a_small_request_before_the_bulk_that_came_first(cluster: mdm.Cluster, models: Path) -> None:
    bulk = cluster.submit(models / "slow.onnx", rows(6_000))
    next(iter(bulk))
    small = cluster.predict(models / "slow.onnx", rows(4), timeout=60)
    assert len(small["y"]) == 4
    assert not bulk.done()
    assert len(bulk.result(timeout=120)["y"]) == 6_000


def test_moves_bulk_on_under_a_flood_of_small_requests(cluster: mdm.Cluster, models: Path) -> None:
    bulk = cluster.submit(models / "slow.onnx", rows(1_500))
    next(iter(bulk))
    while not bulk.done():
        flood = [cluster.submit(models / "slow.onnx", rows(2)) for _ in range(40)]
        for run in flood:
            assert len(run.result(timeout=60)["y"]) == 2
        assert bulk.snapshot().elapsed_s < 60, "the flood kept the bulk from ending"
    assert len(bulk.result(timeout=1)["y"]) == 1_500


def test_gives_both_workers_a_share(cluster: mdm.Cluster, models: Path) -> None:
    run = cluster.submit(models / "slow.onnx", rows(3_000))
    run.result(timeout=120)
    shares = run.timings.group_by("worker").aggregate([("rows", "sum")]).to_pydict()
    assert sorted(shares["worker"]) == [0, 1]
    assert min(shares["rows_sum"]) > 0.25 * 3_000
