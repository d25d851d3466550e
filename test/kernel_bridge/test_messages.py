"""The Python half of the protocol against what TypeScript wrote: schemas and golden frames."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from jupyterlab_mdm.errors import BadMessageError
from jupyterlab_mdm.wire import messages
from jupyterlab_mdm.wire.frames import read_frames, write_frames

WIRE = Path(__file__).parents[2] / "schema" / "wire"
DOORS = ["client_to_broker", "broker_to_client"]
GOLDEN = sorted(path for door in DOORS for path in (WIRE / "golden").glob(f"{door}.*.frames"))


def golden_frames(path: Path) -> list[bytes]:
    data, frames, at = path.read_bytes(), [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        frames.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return frames


def door_of(path: Path) -> str:
    return path.name.split(".")[0]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_frame_is_read_and_written_again_as_it_was(path):
    frames = golden_frames(path)
    received = read_frames(door_of(path), frames)
    written = write_frames(received.message, received.payload)
    assert json.loads(written[0]) == json.loads(frames[0])
    assert written[1:] == frames[1:]


def test_there_is_a_golden_frame_for_every_message():
    known = {(door, op) for door in DOORS for op in messages.DOORS[door]}
    assert {tuple(path.name.split(".")[:2]) for path in GOLDEN} == known


@pytest.mark.parametrize(
    "path", sorted(p for door in DOORS for p in WIRE.glob(f"{door}.*.json")), ids=lambda p: p.name
)
def test_a_message_has_the_fields_of_its_schema(path):
    door, op = path.name.split(".")[:2]
    schema = json.loads(path.read_text())
    fields = set(messages.DOORS[door][op].__dataclass_fields__)
    assert fields | {"op"} == set(schema["properties"])


def test_fields_that_a_newer_peer_adds_are_ignored():
    header = b'{"op":"credit","run":"a","chunks":2,"colour":"blue"}'
    assert messages.parse("broker_to_client", header) == messages.Credit("a", 2)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"", "not JSON"),
        (b"[1]", 'op ""'),
        (b'{"op":["credit"]}', "not allowed here"),
        (b'{"op":"work"}', '"work" is not allowed here'),
        (b'{"op":"submit"}', '"submit" is not allowed here'),
        (b'{"op":"credit","chunks":1}', "run: expected text"),
        (b'{"op":"credit","run":"","chunks":1}', "run: expected 1 to 128 characters"),
        (b'{"op":"credit","run":"a","chunks":-1}', "chunks: expected a whole number of 0 or more"),
        (b'{"op":"credit","run":"a","chunks":1.5}', "chunks: expected a whole number"),
        (b'{"op":"credit","run":"a","chunks":true}', "chunks: expected a whole number"),
        (b'{"op":"credit","run":"a","chunks":9007199254740993}', "chunks: expected a whole number"),
        (b'{"op":"reply","request":"a","result":[]}', "result: expected an object"),
        (b'{"op":"run_done","run":"a","state":"odd"}', "state: expected one of done, failed, cancelled"),
        (b'{"op":"error","request":null,"run":null,"error":{"code":"poison_chunk"}}', "error: expected text"),
    ],
)
def test_a_header_that_is_no_message_is_refused_by_name(header, says):
    with pytest.raises(BadMessageError, match=says):
        messages.parse("broker_to_client", header)


def submitted(**changes):
    signature = {"inputs": [], "outputs": [], "batch": None, **changes.pop("signature", {})}
    document = {
        "op": "submitted",
        "run": "a",
        "model": "m",
        "signature": signature,
        "credit": 1,
        "num_worker": 1,
    }
    return json.dumps({**document, "ms_per_row": None, **changes}).encode()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ms_per_row": "fast"}, "ms_per_row: expected a number"),
        ({"ms_per_row": float("nan")}, "ms_per_row: expected a number"),
        ({"ms_per_row": -1}, "ms_per_row: expected a number of 0 or more"),
        ({"signature": {"batch": "n"}}, "signature: expected a whole number"),
        ({"signature": {"inputs": {}}}, "signature: expected a list"),
        ({"signature": {"inputs": [{"name": "x", "dtype": "bf16"}]}}, '"bf16" is not a type of a tensor'),
    ],
)
def test_a_signature_is_checked_to_its_depth(changes, says):
    with pytest.raises(BadMessageError, match=says):
        messages.parse("broker_to_client", submitted(**changes))


def test_what_json_cannot_hold_is_not_written():
    with pytest.raises(ValueError, match="JSON"):
        messages.encode(messages.Reply("a", {"value": float("inf")}))
