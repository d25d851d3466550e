"""A broker in this process, with real sockets: it answers as a test tells it to, and writes down what it got.

Its model takes `x` [n, 2] and gives `y` [n], the sum of both; what comes back is computed here.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import zmq

from jupyterlab_mdm.client.sockets import Bell
from jupyterlab_mdm.wire.frames import read_frames, write_frames
from jupyterlab_mdm.wire.messages import (
    PROTOCOL_VERSION,
    Ask,
    At,
    Begin,
    Cancel,
    Chunk,
    ChunkDone,
    ChunkFailed,
    End,
    Error,
    Hello,
    Reply,
    RunDone,
    Submit,
    Submitted,
    Terminate,
    Welcome,
)
from jupyterlab_mdm.wire.signature import Signature, TensorSpec

SUM = Signature((TensorSpec("x", "float32", (None, 2)),), (TensorSpec("y", "float32", (None,)),))
#: Longer than anything here takes on a busy machine.
PATIENCE_S = 20


class FakeRun:
    """What the broker knows of a run."""

    def __init__(self, message: Submit, client: bytes) -> None:
        self.submit, self.client = message, client
        self.schema = b""
        self.end: End | None = None
        self.done = self.failed = self.rows = 0


class FakeBroker:
    """One cluster. Every attribute may be set by a test before the message it is about comes."""

    def __init__(self, folder: Path, name: str = "default", *, tcp: bool = False) -> None:
        self.folder, self.name = folder, name
        self.instance = "instance-1"
        self.protocol = PROTOCOL_VERSION
        self.welcomes = True
        self.credit = 4
        self.ms_per_row: float | None = None
        self.priority, self.max_batch = 16, None
        self.signature = SUM
        #: Answers a message instead of the broker, where it gives a list of messages and payloads.
        self.answer: Callable[[object, list[bytes]], list | None] = lambda message, payload: None
        self.status: dict = {"name": name}
        self.got: list = []
        self._news = threading.Condition()
        self._runs: dict[str, FakeRun] = {}
        self._hellos: list[bytes] = []
        self._client: bytes | None = None
        self._bell = Bell()
        self._todo: list[Callable[[], None]] = []
        self._stopping = False
        self._bind(tcp)
        self.path = self._write_file()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    # --- for tests ------------------------------------------------------------------------------------

    def send(self, message: object, payload=()) -> None:
        """To the client of the run, or the one that was here last; in the broker's thread."""
        self._todo.append(lambda: self._put(message, payload))
        self._bell.ring()

    def wait_for(self, kind: type, count: int = 1) -> list:
        """The messages of that kind, once there are so many."""
        with self._news:
            enough = self._news.wait_for(lambda: len(self._of(kind)) >= count, PATIENCE_S)
            assert enough, f"{count} {kind.__name__} expected, got {[type(m).__name__ for m in self.got]}"
            return self._of(kind)

    def stop(self) -> None:
        """Goes away as a killed broker does."""
        self._stopping = True
        self._bell.ring()
        self._thread.join(PATIENCE_S)
        self.path.unlink(missing_ok=True)
        self._sockets.cleanup()

    def _of(self, kind: type) -> list:
        return [message for message in self.got if isinstance(message, kind)]

    # --- sockets --------------------------------------------------------------------------------------

    def _bind(self, tcp: bool) -> None:
        self._context = zmq.Context()
        # The path of a socket may have 107 bytes, which that of a test's own folder can take up alone.
        self._sockets = tempfile.TemporaryDirectory(prefix="mdm-", dir="/tmp")
        self._in, self._out = (self._context.socket(zmq.ROUTER) for _ in range(2))
        self.public_key = None
        if tcp:
            public, secret = zmq.curve_keypair()
            self.public_key = public.decode()
            for router in (self._in, self._out):
                router.curve_server, router.curve_secretkey = True, secret
        for router in (self._in, self._out):
            router.linger = 0
            router.bind("tcp://127.0.0.1:*" if tcp else f"ipc://{self._sockets.name}/{id(router)}")

    def _write_file(self) -> Path:
        endpoints = {"in": self._in.last_endpoint.decode(), "out": self._out.last_endpoint.decode()}
        document = {
            "version": "0.1.0",
            "protocol": PROTOCOL_VERSION,
            "name": self.name,
            "instance": "instance-1",
            "pid": os.getpid(),
            "endpoints": endpoints,
            "tcp": None,
        }
        if self.public_key:
            document["endpoints"] = {"in": "ipc:///not/there/in", "out": "ipc:///not/there/out"}
            document["tcp"] = {**endpoints, "public_key": self.public_key}
        path = self.folder / f"mdm-{self.name}.json"
        path.write_text(json.dumps(document))
        path.chmod(0o600)
        return path

    def _serve(self) -> None:
        poller = zmq.Poller()
        for waited in (self._in, self._out, self._bell):
            poller.register(waited, zmq.POLLIN)
        while not self._stopping:
            poller.poll()
            self._bell.hush()
            while self._todo:
                self._todo.pop(0)()
            for router in (self._in, self._out):
                self._take(router)
        # What was sent before the end arrives; a peer that is gone is not waited for.
        self._context.destroy(linger=1000)

    def _take(self, router: zmq.Socket) -> None:
        while router.poll(0):
            client, *frames = router.recv_multipart()
            received = read_frames("client_to_broker", frames)
            if isinstance(received.message, Hello):
                self._greet(client)
            else:
                self._client = client
                self._answer(received.message, list(received.payload))
            with self._news:
                self.got.append(received.message)
                self._news.notify_all()

    def _answer(self, message, payload) -> None:
        answer = self.answer(message, payload)
        if answer is None:
            self._handle(message, payload)
        for each, its_payload in answer or []:
            self._put(each, its_payload)

    def _put(self, message, payload=()) -> None:
        run = self._runs.get(getattr(message, "run", None))
        client = self._client if run is None else run.client
        self._out.send_multipart([client, *write_frames(message, payload)])

    # --- as a broker does -----------------------------------------------------------------------------

    def _greet(self, client: bytes) -> None:
        self._hellos.append(client)
        if not self.welcomes or self._hellos.count(client) != 2:
            return
        self._client = client
        self._put(Welcome(self.protocol, "0.1.0", self.name, self.instance, 2, self.priority, self.max_batch))

    def _handle(self, message, payload) -> None:
        match message:
            case Submit():
                self._runs[message.run] = FakeRun(message, self._client)
                self._put(
                    Submitted(message.run, message.model, self.signature, self.credit, 2, self.ms_per_row)
                )
            case Ask():
                run = self._runs[message.run] = FakeRun(message, self._client)
                run.schema, run.end = payload[0], End(message.run, 1, message.rows)
                self.finish(Chunk(message.run, 0, 0, message.rows), payload[1:])
            case Begin():
                self._runs[message.run].schema = payload[0]
            case Chunk():
                self.finish(message, payload)
            case End():
                self._runs[message.run].end = message
                self._end_if_complete(message.run)
            case Cancel():
                self._runs.pop(message.run, None)
            case Terminate():
                self._put(Reply(message.request, {"state": "terminated"}))
                self._stopping = True
            case _:
                self._put(Reply(message.request, self.status))

    def finish(self, chunk: Chunk, payload) -> None:
        """Sends the result of a chunk; a run that was cancelled has none."""
        run = self._runs.get(chunk.run)
        if run is None:
            return
        run.done += 1
        run.rows += chunk.rows
        timings = {"queue": 0.5, "wait": 0.0, "decode": 0.25, "infer": 2.0, "encode": 0.25, "back": 0.125}
        done = ChunkDone(
            chunk.run,
            chunk.chunk_index,
            1,
            chunk.row_offset,
            chunk.rows,
            chunk.chunk_index % 2,
            "cpu",
            timings,
            At(1.0, 2.0, 5.0),
        )
        self._put(done, compute(run.schema, payload[0]))
        self._end_if_complete(chunk.run)

    def finish_later(self, chunk: Chunk, payload) -> None:
        """As `finish`, from a test's thread."""
        self._todo.append(lambda: self.finish(chunk, payload))
        self._bell.ring()

    def fail(self, chunk: Chunk, error) -> None:
        """Ends a chunk without a result."""
        run = self._runs[chunk.run]
        run.failed += 1
        at = At(1.0, 2.0, 5.0)
        self._put(
            ChunkFailed(chunk.run, chunk.chunk_index, 1, chunk.row_offset, chunk.rows, 0, "cpu", at, error)
        )
        self._end_if_complete(chunk.run)

    def refuse(self, message, error) -> list:
        """An answer that refuses a request or a run."""
        return [(Error(getattr(message, "request", None), getattr(message, "run", None), error), ())]

    def _end_if_complete(self, run_id: str) -> None:
        run = self._runs[run_id]
        if run.end is None or run.done + run.failed < run.end.chunks:
            return
        state = "failed" if run.failed else "done"
        self._put(RunDone(run_id, state, run.done, run.failed, run.rows, 0, None))
        del self._runs[run_id]


def compute(schema: bytes, batch: bytes) -> list[memoryview]:
    """The sum of both values of every row, as a worker sends it."""
    columns = pa.ipc.read_schema(pa.py_buffer(schema))
    taken = pa.ipc.read_record_batch(pa.py_buffer(batch), columns)
    values = taken.column(0).flatten()
    count = taken.num_rows
    first = values.take(pa.array(range(0, 2 * count, 2)))
    second = values.take(pa.array(range(1, 2 * count, 2)))
    result = pa.record_batch({"y": pc.add(first, second)})
    return [memoryview(result.schema.serialize()), memoryview(result.serialize())]
