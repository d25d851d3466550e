"""The commands, as a user types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest

BIN = Path(sys.executable).parent
LIMIT_S = 60
ROWS = 2_500
X = np.random.default_rng(4).normal(size=(ROWS, 3)).astype(np.float32)
TABLE = pa.table({name: X[:, place] for place, name in enumerate("abc")})


def mdm(*words: object, command: str = "mdm") -> subprocess.CompletedProcess[str]:
    line = [str(BIN / command), *(str(word) for word in words)]
    return subprocess.run(line, check=False, capture_output=True, text=True, timeout=LIMIT_S)


def read_until(stream: IO[str], words: str) -> str:
    """All lines up to the one that has the words; fails where the stream ends before."""
    said = ""
    for line in stream:
        said += line
        if words in line:
            return said
    raise AssertionError(f"it ended without “{words}”: {said}")


@pytest.fixture(scope="module")
def command_cluster(runtime_folder: Path) -> Iterator[str]:
    started = mdm("start", "--name", "cli", "--num-worker", 2)
    assert started.returncode == 0, started.stderr
    assert "ready and listening" in started.stdout
    yield "cli"
    ended = mdm("terminate", "--name", "cli")
    assert ended.returncode == 0, ended.stderr
    assert not (runtime_folder / "mdm-cli.json").exists()


def test_reports_the_status_as_a_table_and_as_a_document(command_cluster: str) -> None:
    assert "worker" in mdm("status", "--name", command_cluster).stdout
    document = json.loads(mdm("status", "--name", command_cluster, "--json").stdout)
    assert set(document) >= {"name", "version", "endpoints", "broker", "workers", "models", "runs", "queue"}
    assert [worker["id"] for worker in document["workers"]] == [0, 1]


WRITERS = {
    "parquet": pyarrow.parquet.write_table,
    "arrow": lambda table, path: pyarrow.feather.write_feather(table, path, compression="uncompressed"),
    "csv": pyarrow.csv.write_csv,
}
READERS = {
    "parquet": pyarrow.parquet.read_table,
    "arrow": pyarrow.feather.read_table,
    "csv": pyarrow.csv.read_csv,
}


@pytest.mark.parametrize("into", READERS)
@pytest.mark.parametrize("out_of", WRITERS)
def test_predicts_from_file_to_file(
    out_of: str, into: str, command_cluster: str, models: Path, tmp_path: Path
) -> None:
    source, target = tmp_path / f"in.{out_of}", tmp_path / f"out.{into}"
    WRITERS[out_of](TABLE, source)
    done = mdm("predict", models / "rank1.onnx", source, "-o", target, "--name", command_cluster)
    assert done.returncode == 0, done.stderr
    total = READERS[into](target).column("total").to_numpy()
    np.testing.assert_allclose(total, X.sum(axis=1), rtol=1e-4, atol=1e-5)


def test_leaves_no_half_written_file_when_a_prediction_fails(
    command_cluster: str, models: Path, tmp_path: Path
) -> None:
    pyarrow.parquet.write_table(pa.table({"text": ["a"]}), tmp_path / "in.parquet")
    words = (models / "rank1.onnx", tmp_path / "in.parquet", "-o", tmp_path / "out.parquet")
    failed = mdm("predict", *words, "--name", command_cluster)
    assert failed.returncode != 0
    assert "text" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert os.listdir(tmp_path) == ["in.parquet"]


def test_scales_loads_and_unloads(command_cluster: str, models: Path) -> None:
    name = ("--name", command_cluster)
    assert mdm("scale", 3, *name).returncode == 0
    loaded = mdm("load", models / "doubled.onnx", *name)
    assert loaded.returncode == 0, loaded.stderr
    document = json.loads(mdm("status", *name, "--json").stdout)
    assert [model["workers"] for model in document["models"] if model["name"] == "doubled.onnx"] == [
        [0, 1, 2]
    ]
    assert mdm("unload", models / "doubled.onnx", *name).returncode == 0
    assert mdm("scale", 2, *name).returncode == 0


def test_fails_with_a_remedy_where_there_is_no_cluster() -> None:
    for words in (["status"], ["terminate", "-timeout=500"], ["scale", "2"]):
        failed = mdm(*words, "--name", "nowhere")
        assert failed.returncode == 1
        assert "nowhere" in failed.stderr
        assert "mdm start" in failed.stderr


def test_takes_the_original_spellings(runtime_folder: Path, tmp_path: Path) -> None:
    words = ("-num_worker=1", "–max_batch_size", "256", "--run_script_dir", tmp_path, "-verbose", "False")
    ports = ("-port=15755", "-port_out", "15756")
    names = ("-name", "old", "-logger", tmp_path / "log.txt", "-device_map=-1")
    line = [str(BIN / "MDM-server-start"), *(str(word) for word in (*words, *ports, *names))]
    server = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    banner = read_until(server.stdout, "ready and listening")
    assert "15755" in banner
    document = json.loads(mdm("status", "--name", "old", "--json").stdout)
    assert document["options"]["max_batch_size"] == 256
    ended = mdm("-ip", "localhost", "-port=15755", "-timeout=5000", command="MDM-server-terminate")
    assert ended.returncode == 0, ended.stderr
    assert server.wait(LIMIT_S) == 0
    assert "terminated" in (tmp_path / "log.txt").read_text()


def test_drains_on_ctrl_c(runtime_folder: Path) -> None:
    line = [str(BIN / "mdm"), "start", "--foreground", "--json", "--name", "front", "--num-worker", "1"]
    front = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    assert front.stdout is not None
    assert json.loads(front.stdout.readline())["event"] == "ready"
    front.send_signal(signal.SIGINT)
    assert front.wait(LIMIT_S) == 0
    assert not (runtime_folder / "mdm-front.json").exists()


def test_says_why_no_worker_came_up(tmp_path: Path) -> None:
    """A `taskset` that fails stands for whatever keeps a worker from starting."""
    for name in ("taskset", "setpriv"):
        (tmp_path / name).write_text("#!/bin/sh\necho no cores for you >&2\nexit 3\n")
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    line = [str(BIN / "mdm"), "start", "--name", "stillborn", "--num-worker", "1"]
    failed = subprocess.run(
        line, check=False, capture_output=True, text=True, timeout=LIMIT_S, env=environment
    )
    assert failed.returncode == 1
    assert "no cores for you" in failed.stderr
