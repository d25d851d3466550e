"""Over TCP with CURVE: the same cluster, the same answers; no key, no word."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import zmq

import jupyterlab_mdm as mdm

X = np.random.default_rng(9).normal(size=(4_000, 3)).astype(np.float32)


@pytest.fixture
def tcp_file(runtime_folder: Path) -> Path:
    return runtime_folder / "mdm-remote.json"


def test_predicts_over_tcp_where_the_sockets_cannot_be_reached(models: Path, tcp_file: Path) -> None:
    with mdm.start(num_worker=1, name="remote", tcp=True) as cluster:
        here = cluster.predict(models / "doubled.onnx", {"x": X}, timeout=60)
        document = json.loads(tcp_file.read_text())
        document["endpoints"] |= {"in": "ipc:///nowhere/in", "out": "ipc:///nowhere/out"}
        far = tcp_file.with_name("mdm-far.json")
        shutil.copy(tcp_file, far)
        far.write_text(json.dumps(document))
        try:
            there = mdm.connect("far")
            np.testing.assert_array_equal(
                there.predict(models / "doubled.onnx", {"x": X}, timeout=60)["y"], here["y"]
            )
            there.close()
        finally:
            far.unlink()


def test_hears_nobody_who_has_no_key(models: Path, tcp_file: Path) -> None:
    with mdm.start(num_worker=1, name="remote", tcp=True) as cluster:
        endpoint = cluster.status()["endpoints"]["tcp_in"]
        with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_DISCONNECTED)
            socket.connect(endpoint)
            assert monitor.poll(10_000), "a client without a key was let in"
            socket.disable_monitor()
