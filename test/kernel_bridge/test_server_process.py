"""Starting a cluster, and its end with whoever started it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from fake_broker import PATIENCE_S
from fake_node import pretend_cluster, pretend_node

import jupyterlab_mdm as mdm
from jupyterlab_mdm.client.server_process import ServerProcess, start_arguments

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-in for Node is a script")


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        ({}, []),
        ({"num_worker": None, "verbose": False}, []),
        ({"verbose": True, "log_file": "a.txt"}, ["--verbose", "--log-file", "a.txt"]),
        (
            {"device_map": [0, 1], "gpu_memory_fraction": 0.5},
            ["--device-map", "0,1", "--gpu-memory-fraction", "0.5"],
        ),
        ({"run_script_dir": Path("/tmp")}, ["--run-script-dir", "/tmp"]),
        ({"port": 5555, "num_worker": 0}, ["--num-worker", "0", "--port", "5555"]),
    ],
)
def test_keywords_become_options_of_the_command(options, flags):
    num_worker = options.pop("num_worker", None)
    assert start_arguments("n", num_worker, options) == ["start", "--json", "--name", "n", *flags]


def test_an_option_that_no_command_line_can_hold_is_refused():
    with pytest.raises(mdm.BadOptionError, match="device_map"):
        start_arguments("n", None, {"device_map": {"a": 1}})


def test_a_started_cluster_predicts_and_ends_with_its_block(runtime, monkeypatch, tmp_path):
    pretend_cluster(monkeypatch, tmp_path)
    with mdm.start(num_worker=2, name="mine") as cluster:
        frame = pd.DataFrame({"a": [1.0], "b": [2.0]}, dtype="float32")
        assert cluster.predict("sum.onnx", frame)["y"].tolist() == [3.0]
        server = cluster._server
    assert server._process.returncode == 0
    assert not (runtime / "mdm-mine.json").exists()


def test_a_block_that_is_left_after_its_cluster_was_lost_does_not_raise(runtime, monkeypatch, tmp_path):
    pretend_cluster(monkeypatch, tmp_path)
    with mdm.start() as cluster:
        cluster._server._process.kill()
        assert cluster._link().wait_for_end(PATIENCE_S)


def test_a_cluster_ends_when_its_connection_is_closed(runtime, monkeypatch, tmp_path):
    pretend_cluster(monkeypatch, tmp_path)
    cluster = mdm.start()
    cluster.close()
    assert cluster._server._process.wait(PATIENCE_S) == 0


def test_a_detached_cluster_outlives_its_block(runtime, monkeypatch, tmp_path):
    pretend_cluster(monkeypatch, tmp_path)
    monkeypatch.setattr("jupyterlab_mdm.client.server_process._STEP_S", 0.01)
    with mdm.start(detach=True) as cluster:
        process = cluster._server._process
    assert process.poll() is None
    mdm.connect().terminate()
    assert process.wait(PATIENCE_S) == 0


OWNER = """
import os, sys
import jupyterlab_mdm as mdm
cluster = mdm.start()
if sys.argv[1] == "forks" and os.fork() == 0:
    os.read(int(sys.argv[2]), 1)
    os._exit(0)
print("up", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("how", ["exit", "kill"])
@pytest.mark.parametrize("forks", ["alone", "forks"])
def test_a_cluster_ends_with_the_process_that_started_it(runtime, monkeypatch, tmp_path, how, forks):
    pretend_cluster(monkeypatch, tmp_path)
    # A forked child lives until `child_ends` is closed: longer than its parent and the cluster.
    child_lives, child_ends = os.pipe()
    command = [sys.executable, "-c", OWNER, forks, str(child_lives)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[child_lives], text=True
    ) as owner:
        assert owner.stdout.readline() == "up\n"
        with mdm.connect() as witness:
            if how == "kill":
                owner.kill()
            else:
                owner.stdin.write("\n")
                owner.stdin.flush()
            owner.wait(PATIENCE_S)
            assert witness._link().wait_for_end(PATIENCE_S)
        os.close(child_ends)
    os.close(child_lives)


def test_an_interrupt_of_the_kernel_s_process_group_does_not_reach_the_cluster(
    runtime, monkeypatch, tmp_path
):
    pretend_cluster(monkeypatch, tmp_path)
    with mdm.start() as cluster:
        assert os.getpgid(cluster._server._process.pid) != os.getpgid(0)


def test_what_the_node_side_refuses_is_raised_as_what_it_is(runtime, monkeypatch, tmp_path):
    error = {
        "code": "port_taken",
        "message": "Port 5555 is in use.",
        "remedy": "Take another.",
        "details": {"port": 5555},
    }
    pretend_node(
        monkeypatch, tmp_path, f"print({json.dumps(json.dumps({'event': 'error', 'error': error}))})"
    )
    with pytest.raises(mdm.PortTakenError, match="Port 5555 is in use") as raised:
        mdm.start(port=5555)
    assert raised.value.details == {"port": 5555}


def test_last_words_of_a_node_side_that_ends_early_are_in_the_error(runtime, monkeypatch, tmp_path):
    pretend_node(
        monkeypatch, tmp_path, "import sys; print('no such module'); sys.exit('zeromq is not there')"
    )
    with pytest.raises(mdm.WorkerCannotStartError, match=r"(?s)exit code 1.*zeromq is not there"):
        mdm.start()


def test_a_node_side_that_says_nothing_is_given_up_and_ended(runtime, monkeypatch, tmp_path):
    pretend_node(monkeypatch, tmp_path, "import sys; sys.stdin.read()")
    server = ServerProcess(start_arguments("default", None, {}), detach=False)
    with pytest.raises(mdm.MdmTimeoutError, match="not ready within"):
        server.wait_until_ready(timeout=0.05)
    server.kill()
    assert server._process.returncode is not None
