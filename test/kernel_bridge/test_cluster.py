"""A cluster as its user has it: control, lifetimes, forks."""

from __future__ import annotations

import gc
import multiprocessing
import os
import subprocess
import sys
import threading

import pandas as pd
import pytest
from fake_broker import PATIENCE_S, FakeBroker

import jupyterlab_mdm as mdm
from jupyterlab_mdm.wire import messages


@pytest.fixture
def frame():
    return pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, dtype="float32")


def io_threads():
    return [thread for thread in threading.enumerate() if thread.name == "mdm-default"]


@pytest.mark.parametrize(
    ("use", "kind", "fields"),
    [
        (lambda cluster: cluster.status(), messages.Status, {}),
        (lambda cluster: cluster.scale(3), messages.Scale, {"num_worker": 3}),
        (lambda cluster: cluster.load("elsewhere.onnx"), messages.Load, {"model": "elsewhere.onnx"}),
        (lambda cluster: cluster.unload("elsewhere.onnx"), messages.Unload, {"model": "elsewhere.onnx"}),
    ],
    ids=["status", "scale", "load", "unload"],
)
def test_a_control_request_is_sent_and_its_document_returned(connected, broker, use, kind, fields):
    broker.status = {"answer": 42}
    assert use(connected) == {"answer": 42}
    (sent,) = broker.wait_for(kind)
    assert {name: getattr(sent, name) for name in fields} == fields


@pytest.mark.parametrize(("now", "mode"), [(False, "drain"), (True, "now")])
def test_terminate_ends_the_cluster_and_waits_for_its_end(connected, broker, now, mode):
    connected.terminate(now=now, timeout=3)
    (sent,) = broker.wait_for(messages.Terminate)
    assert (sent.mode, sent.timeout_ms) == (mode, 3000)
    broker._thread.join(PATIENCE_S)
    with pytest.raises(mdm.ClusterLostError):
        connected.status()


def test_a_cluster_that_goes_before_it_answers_has_terminated(connected, broker):
    def go(message, payload):
        broker._stopping = True
        return []

    broker.answer = go
    connected.terminate()


def test_terminating_a_lost_cluster_is_an_error(connected, broker):
    broker.stop()
    assert connected._link().wait_for_end(PATIENCE_S)
    with pytest.raises(mdm.ClusterLostError):
        connected.terminate()


def test_a_block_leaves_a_cluster_running_that_it_only_connected_to(broker):
    with mdm.connect() as cluster:
        cluster.status()
    assert broker._of(messages.Terminate) == []
    assert mdm.connect().status() == {"name": "default"}


def test_closing_ends_runs_under_way_and_later_use(connected, broker, frame):
    broker.answer = lambda message, payload: []
    run = connected.submit("sum.onnx", frame)
    connected.close()
    with pytest.raises(mdm.ClusterLostError, match="closed"):
        run.result(PATIENCE_S)
    with pytest.raises(mdm.ClusterLostError, match="closed"):
        connected.status()


def test_a_cluster_that_nobody_holds_closes_its_connection(broker):
    cluster = mdm.connect()
    (thread,) = io_threads()
    del cluster
    gc.collect()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_a_run_keeps_its_cluster_open_to_its_end(broker, frame):
    run = mdm.connect().submit("sum.onnx", frame)
    gc.collect()
    assert run.result(PATIENCE_S)["y"].tolist() == [4.0, 6.0]


def use_in_child(cluster, frame, pipe):
    result = cluster.predict("sum.onnx", frame)
    pipe.send(result["y"].tolist())
    pipe.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_connects_anew_and_the_parent_goes_on(connected, broker, frame):
    connected.status()
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    child = context.Process(target=use_in_child, args=(connected, frame, there))
    child.start()
    assert here.poll(PATIENCE_S)
    assert here.recv() == [4.0, 6.0]
    child.join(PATIENCE_S)
    assert child.exitcode == 0
    assert connected.predict("sum.onnx", frame)["y"].tolist() == [4.0, 6.0]


def ask_in_child(run, pipe):
    try:
        run.result()
    except mdm.ClusterLostError as error:
        pipe.send(error.message)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_run_in_a_forked_child_says_whose_it_is(connected, broker, frame):
    broker.answer = lambda message, payload: []
    run = connected.submit("sum.onnx", frame)
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    child = context.Process(target=ask_in_child, args=(run, there))
    child.start()
    assert here.poll(PATIENCE_S)
    assert "forked off" in here.recv()
    child.join(PATIENCE_S)


AT_EXIT = """
import jupyterlab_mdm as mdm
import pandas as pd
cluster = mdm.connect()
frame = pd.DataFrame({"a": [1.0], "b": [2.0]}, dtype="float32")
run = cluster.submit("sum.onnx", frame)
print(cluster.status()["name"], flush=True)
"""


def test_an_interpreter_ends_though_runs_are_under_way(runtime):
    broker = FakeBroker(runtime)
    broker.answer = lambda message, payload: [] if isinstance(message, messages.Submit) else None
    ended = subprocess.run(
        [sys.executable, "-c", AT_EXIT], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    broker.stop()
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "default\n", "")
