"""Messages that no client of ours sends: each is answered by an error, and the cluster goes on."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq

import jupyterlab_mdm as mdm

ANSWER_MS = 10_000


class RawClient:
    """Two bare sockets, as the protocol wants them."""

    def __init__(self, runtime_folder: Path, protocol: int = 1) -> None:
        endpoints = json.loads((runtime_folder / "mdm-shared.json").read_text())["endpoints"]
        # Its own: a ROUTER refuses a second peer of one name, also while it still takes leave of the first.
        identity = secrets.token_hex(8).encode()
        self.context = zmq.Context()
        self.requests, self.results = (self.context.socket(zmq.DEALER) for _ in range(2))
        for socket, door in ((self.requests, "in"), (self.results, "out")):
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.ROUTING_ID, identity)
            socket.setsockopt(zmq.RCVTIMEO, ANSWER_MS)
            socket.connect(endpoints[door])
            client = {"name": "abuse", "version": "9.9.9", "pid": 1}
            socket.send_json({"op": "hello", "protocol": protocol, "client": client})
        try:
            self.greeting = self.receive()
        except zmq.Again:
            self.context.destroy(linger=0)
            raise

    def send(self, header: object, *payload: bytes) -> None:
        raw = header if isinstance(header, bytes) else json.dumps(header).encode()
        self.requests.send_multipart([raw, *payload])

    def receive(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.results.recv_multipart()[0])
        return answer


@pytest.fixture
def client(cluster: mdm.Cluster, runtime_folder: Path, models: Path) -> Iterator[RawClient]:
    raw = RawClient(runtime_folder)
    assert raw.greeting["op"] == "welcome"
    yield raw
    raw.context.destroy(linger=0)
    x = np.ones((3, 3), np.float32)
    np.testing.assert_array_equal(cluster.predict(models / "doubled.onnx", {"x": x}, timeout=60)["y"], 2 * x)


def test_names_both_versions_when_a_client_speaks_another_protocol(
    cluster: mdm.Cluster, runtime_folder: Path
) -> None:
    raw = RawClient(runtime_folder, protocol=99)
    raw.context.destroy(linger=0)
    assert raw.greeting["op"] == "error"
    error = raw.greeting["error"]
    assert error["code"] == "protocol_mismatch"
    assert error["details"] == {"cluster": 1, "client": 99}


GARBAGE = [
    b"",
    b"{",
    b"\xff\xfe\x00",
    b"[]",
    b'"submit"',
    {"op": "nothing"},
    {"op": "constructor"},
    {"op": "chunk", "run": "x"},
    {"op": "scale", "request": "r", "num_worker": -1},
    {"op": "scale", "request": "r", "num_worker": 1e300},
    {"op": "done", "run": "r", "chunk_index": 0, "attempt": 1, "rows": 1, "timings": {}},
    {"op": "submit", "run": "r" * 1000, "model": "m"},
]


@pytest.mark.parametrize("header", GARBAGE, ids=lambda header: str(header)[:40])
def test_answers_garbage_with_bad_message(header: object, client: RawClient) -> None:
    client.send(header)
    assert client.receive()["error"]["code"] == "bad_message"


FIELDS = {"version": None, "params": {}, "rows": None, "deadline_ms": None, "label": None}


def submit(client: RawClient, models: Path) -> None:
    model = str(models / "doubled.onnx")
    client.send({"op": "submit", "run": "raw", "model": model, **FIELDS})
    assert client.receive()["op"] == "submitted"


CHUNK = {"op": "chunk", "run": "raw", "chunk_index": 0, "row_offset": 0, "rows": 3, "form": "value"}


def test_fails_a_run_that_is_sent_a_flood_before_it_is_answered(client: RawClient, models: Path) -> None:
    client.send({"op": "submit", "run": "raw", "model": "/nowhere.onnx", **FIELDS})
    for index in range(5):
        client.send({**CHUNK, "chunk_index": index, "row_offset": 3 * index}, b"no batch")
    ended = client.receive()
    assert (ended["op"], ended["state"]) == ("run_done", "failed")
    assert ended["error"]["code"] in ("bad_message", "model_not_found")


def test_fails_a_run_whose_chunk_comes_before_its_schema(client: RawClient, models: Path) -> None:
    submit(client, models)
    client.send(CHUNK, b"x")
    ended = client.receive()
    assert (ended["op"], ended["state"], ended["error"]["code"]) == ("run_done", "failed", "bad_message")


def test_fails_a_run_that_sends_more_than_its_credit(client: RawClient, models: Path) -> None:
    submit(client, models)
    client.send({"op": "begin", "run": "raw"}, b"no schema")
    for index in range(1_000):
        client.send({**CHUNK, "chunk_index": index, "row_offset": 3 * index}, b"no batch")
    answers = [client.receive()]
    while answers[-1]["op"] != "run_done":
        answers.append(client.receive())
    assert answers[-1]["state"] == "failed"


def test_fails_a_chunk_whose_payload_is_no_arrow(client: RawClient, models: Path) -> None:
    submit(client, models)
    client.send({"op": "begin", "run": "raw"}, b"no schema")
    client.send(CHUNK, b"no batch")
    failed = client.receive()
    assert (failed["op"], failed["error"]["code"]) == ("chunk_failed", "bad_message")
    client.send({"op": "end", "run": "raw", "chunks": 1, "rows": 3})
    assert client.receive()["state"] == "failed"


def test_refuses_to_move_the_run_of_another_client(
    client: RawClient, runtime_folder: Path, models: Path
) -> None:
    submit(client, models)
    client.send({"op": "submit", "run": "raw", "model": "m", **FIELDS})
    assert client.receive()["error"]["code"] == "bad_message"
