"""Every message between client and broker. In: header bytes from a socket; out: one typed message, and back.

Twin: src/wire/messages.ts, whose schemas are the source; golden frames hold the two equal. A field here is
named as on the wire, and its type says how it is read at the door. Times are ms, sizes are rows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, get_args, overload

from ..errors import BadMessageError
from .fields import (
    Count,
    Document,
    ErrorField,
    Identifier,
    Ms,
    SignatureField,
    StageTimes,
    Text,
    Whole,
    plain,
    read_fields,
)

#: Raised by one whenever an older peer would misread a message.
PROTOCOL_VERSION = 1


# --- client → broker ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """Who says hello."""

    name: Text
    version: Text
    pid: Count


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message on either socket; answered by `Welcome` once both came."""

    op: ClassVar[str] = "hello"
    protocol: Whole
    client: ClientInfo


@dataclass(frozen=True, slots=True)
class Submit:
    """Opens a run. Answered by `Submitted` (with the model's signature) or `Error`."""

    op: ClassVar[str] = "submit"
    run: Identifier
    #: Path of the model, absolute where the client could see the file.
    model: Text
    #: Which version of the file the client saw, ``MTIME_NS:SIZE``; None where it could not see it.
    version: Text | None
    params: Document
    #: Rows of the frame where they are known before it is read.
    rows: Count | None
    #: The run fails when it is older than this.
    deadline_ms: Ms | None
    #: What the user calls the result.
    label: Text | None


@dataclass(frozen=True, slots=True)
class Ask:
    """A whole run in one message: submit, begin, one chunk, end. Answered by `ChunkDone` where all goes well.

    Payload: one Arrow schema message and one Arrow record-batch message.
    """

    op: ClassVar[str] = "ask"
    run: Identifier
    model: Text
    version: Text | None
    params: Document
    rows: Count
    deadline_ms: Ms | None
    label: Text | None
    form: Literal["value"] = "value"


@dataclass(frozen=True, slots=True)
class Begin:
    """The columns of the run are settled. Payload: one Arrow schema message."""

    op: ClassVar[str] = "begin"
    run: Identifier


@dataclass(frozen=True, slots=True)
class Chunk:
    """Payload (by value): one Arrow record-batch message of the schema that `Begin` carried."""

    op: ClassVar[str] = "chunk"
    run: Identifier
    chunk_index: Count
    row_offset: Count
    rows: Count
    form: Literal["value"] = "value"


@dataclass(frozen=True, slots=True)
class End:
    """No more chunks come."""

    op: ClassVar[str] = "end"
    run: Identifier
    chunks: Count
    rows: Count


@dataclass(frozen=True, slots=True)
class Cancel:
    """The run is of no more interest."""

    op: ClassVar[str] = "cancel"
    run: Identifier


@dataclass(frozen=True, slots=True)
class Status:
    """Asks for the status document."""

    op: ClassVar[str] = "status"
    request: Identifier


@dataclass(frozen=True, slots=True)
class Scale:
    """Asks for another number of workers."""

    op: ClassVar[str] = "scale"
    request: Identifier
    num_worker: Count


@dataclass(frozen=True, slots=True)
class Load:
    """Asks that workers load a model before the first run."""

    op: ClassVar[str] = "load"
    request: Identifier
    model: Text


@dataclass(frozen=True, slots=True)
class Unload:
    """Asks that workers let go of a model."""

    op: ClassVar[str] = "unload"
    request: Identifier
    model: Text


@dataclass(frozen=True, slots=True)
class Terminate:
    """Asks the cluster to end. ``drain``: runs end first; ``now``: runs are cancelled."""

    op: ClassVar[str] = "terminate"
    request: Identifier
    mode: Literal["drain", "now"]
    timeout_ms: Ms


# --- broker → client ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Welcome:
    """The handshake is complete."""

    op: ClassVar[str] = "welcome"
    protocol: Whole
    version: Text
    name: Text
    #: Random; another one under the same name is another cluster.
    instance: Text
    num_worker: Count
    priority_batch_size: Count
    #: Most rows a chunk where the user set one.
    max_batch_size: Count | None


@dataclass(frozen=True, slots=True)
class Submitted:
    """The run's model is loaded: its columns can be bound and sent."""

    op: ClassVar[str] = "submitted"
    run: Identifier
    model: Text
    signature: SignatureField
    #: Chunks that the client may have under way; each `ChunkDone` and `ChunkFailed` gives one back.
    credit: Count
    num_worker: Count
    #: What a row of this model took lately, None where it has not run yet.
    ms_per_row: Ms | None


@dataclass(frozen=True, slots=True)
class Credit:
    """That many more chunks may be sent than before (workers were added)."""

    op: ClassVar[str] = "credit"
    run: Identifier
    chunks: Count


@dataclass(frozen=True, slots=True)
class At:
    """Where on the run's own axis (0 = submit reached the broker, broker's clock) a chunk was what."""

    received: Ms
    placed: Ms
    done: Ms


@dataclass(frozen=True, slots=True)
class ChunkDone:
    """Payload: an Arrow schema message and an Arrow record-batch message, one column an output."""

    op: ClassVar[str] = "chunk_done"
    run: Identifier
    chunk_index: Count
    attempt: Count
    row_offset: Count
    rows: Count
    worker: Count
    device: Text
    timings: StageTimes
    at: At


@dataclass(frozen=True, slots=True)
class ChunkFailed:
    """A chunk has no result; the others of its run go on."""

    op: ClassVar[str] = "chunk_failed"
    run: Identifier
    chunk_index: Count
    attempt: Count
    row_offset: Count
    rows: Count
    worker: Count
    device: Text
    at: At
    error: ErrorField


@dataclass(frozen=True, slots=True)
class RunDone:
    """Nothing more comes of the run."""

    op: ClassVar[str] = "run_done"
    run: Identifier
    state: Literal["done", "failed", "cancelled"]
    chunks_done: Count
    chunks_failed: Count
    rows_done: Count
    #: Chunks that ran again because their worker died.
    retried: Count
    error: ErrorField | None


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a control request; ``result`` is the document of that request."""

    op: ClassVar[str] = "reply"
    request: Identifier
    result: Document


@dataclass(frozen=True, slots=True)
class Error:
    """A request or a run was refused, or a message could not be read (both None)."""

    op: ClassVar[str] = "error"
    request: Identifier | None
    run: Identifier | None
    error: ErrorField


ControlRequest = Status | Scale | Load | Unload | Terminate
ClientMessage = Hello | Submit | Ask | Begin | Chunk | End | Cancel | ControlRequest
RunMessage = Submitted | Credit | ChunkDone | ChunkFailed | RunDone
BrokerMessage = Welcome | RunMessage | Reply | Error
Message = ClientMessage | BrokerMessage

Door = Literal["client_to_broker", "broker_to_client"]

#: Which messages may come through which door.
DOORS: dict[Door, dict[str, Any]] = {
    "client_to_broker": {cls.op: cls for cls in get_args(ClientMessage)},
    "broker_to_client": {cls.op: cls for cls in get_args(BrokerMessage)},
}


@overload
def parse(door: Literal["client_to_broker"], header: bytes | memoryview) -> ClientMessage: ...
@overload
def parse(door: Literal["broker_to_client"], header: bytes | memoryview) -> BrokerMessage: ...
def parse(door: Door, header: bytes | memoryview) -> Message:
    """The one door from bytes to a message.

    Raises `BadMessageError` naming the field, when the header is not a message of that door.
    """
    try:
        value = json.loads(bytes(header))
    except ValueError as cause:
        raise BadMessageError("The header of a message is not JSON.") from cause
    op = str(value.get("op", "")) if isinstance(value, dict) else ""
    cls = DOORS[door].get(op)
    if cls is None:
        raise BadMessageError(
            f'A message with op "{op}" is not allowed here.', details={"op": op, "door": door}
        )
    try:
        message: Message = read_fields(cls, value)
    except ValueError as cause:
        raise BadMessageError(f'Message "{op}": {cause}.', details={"op": op}) from cause
    return message


def encode(message: Message) -> bytes:
    """The bytes of a message's header. Raises ValueError where a document holds what JSON cannot."""
    document = {
        "op": message.op,
        **{field.name: plain(getattr(message, field.name)) for field in fields(message)},
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
