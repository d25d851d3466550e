"""Who waits for what. In: everything that the broker sends; out: the same, to the run or request it is for.

A link belongs to the process that opened it; `cluster.py` opens another after a fork.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from typing import Any, Protocol

from ..binding.bindings import Bindings
from ..errors import ClusterLostError, MdmError, MdmTimeoutError, error_from_document
from ..wire.frames import Buffer, Received
from ..wire.messages import (
    BrokerMessage,
    ClientInfo,
    ClientMessage,
    ControlRequest,
    Error,
    Reply,
    RunMessage,
    Welcome,
)
from .channel import HANDSHAKE_S, Channel
from .connection import Connection
from .known_models import KnownModels


class RunListener(Protocol):
    """What a run does with its messages; called in the channel's thread, so nothing here may wait."""

    @property
    def id(self) -> str:
        """The run's id on the wire."""
        ...

    def receive(self, message: RunMessage, payload: Sequence[Buffer]) -> None:
        """Takes in a message of this run."""
        ...

    def lose(self, error: MdmError) -> None:
        """Nothing more comes: the run was refused, or the cluster is gone."""
        ...


def new_id() -> str:
    """An id of a run or a request that no other client has."""
    return secrets.token_hex(8)


class Link:
    """A channel, and the runs and requests that are under way on it. Any thread may use it."""

    def __init__(self, connection: Connection, client: ClientInfo) -> None:
        self.connection = connection
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._runs: dict[str, RunListener] = {}
        self._requests: dict[str, Future[dict[str, Any]]] = {}
        self._channel = Channel(connection, client, self._receive, self._lose)
        self._welcome: Welcome | None = None
        self.known_models = KnownModels()
        self.bindings = Bindings()

    def open(self, timeout: float = HANDSHAKE_S) -> Welcome:
        """Raises as `Channel.open`."""
        welcome = self._welcome = self._channel.open(timeout)
        return welcome

    @property
    def welcome(self) -> Welcome:
        """What the broker said of itself; `open` comes first."""
        if self._welcome is None:
            raise RuntimeError("asked before the link was open")
        return self._welcome

    @property
    def is_ours(self) -> bool:
        """False in a child that was forked off: its threads and sockets stayed with the parent."""
        return self._owner == os.getpid()

    def attach(self, run: RunListener) -> None:
        """From now on the messages of this run go to it, until `detach`."""
        with self._lock:
            self._runs[run.id] = run

    def detach(self, run: RunListener) -> None:
        """What still comes of this run is ignored."""
        with self._lock:
            self._runs.pop(run.id, None)

    def send(self, message: ClientMessage, payload: Sequence[Buffer] = ()) -> None:
        """Raises `ClusterLostError`."""
        self._channel.send(message, payload)

    def check(self) -> None:
        """Raises `ClusterLostError` where the cluster is known to be gone."""
        self._channel.check()

    def tell(self, message: ClientMessage) -> None:
        """As `send`, where it does not matter if the cluster is gone."""
        with suppress(ClusterLostError):
            self._channel.send(message)

    def ask(self, request: ControlRequest, timeout: float) -> dict[str, Any]:
        """The answer to a control request; `timeout` in seconds.

        Raises the error that the broker answers, `MdmTimeoutError`, or `ClusterLostError`.
        """
        answer: Future[dict[str, Any]] = Future()
        with self._lock:
            self._requests[request.request] = answer
        try:
            self.send(request)
            return answer.result(timeout)
        except FutureTimeoutError as cause:
            if isinstance(cause, MdmError):
                raise
            raise MdmTimeoutError(
                f'The cluster {self.connection.name!r} did not answer "{request.op}" within {timeout:g} s.',
                remedy="Give it more time (timeout=…), or look at its log file.",
                details={"request": request.op, "timeout_s": timeout},
            ) from None
        finally:
            with self._lock:
                self._requests.pop(request.request, None)

    def wait_for_end(self, timeout: float) -> bool:
        """Whether the cluster has gone away, or does within `timeout` seconds."""
        return self._channel.wait_for_end(timeout)

    def close(self) -> None:
        """Runs and requests under way end with `ClusterLostError`. Does nothing in a forked child."""
        if self.is_ours:
            self._channel.close()

    # --- in the channel's thread ----------------------------------------------------------------------

    def _receive(self, received: Received[BrokerMessage]) -> None:
        message = received.message
        if isinstance(message, Reply):
            self._answer(message.request, message.result)
        elif isinstance(message, Error):
            self._refuse(message)
        elif not isinstance(message, Welcome):
            with self._lock:
                run = self._runs.get(message.run)
            # A run that has ended here (cancelled, failed) may still have results under way.
            if run is not None:
                run.receive(message, received.payload)

    def _refuse(self, message: Error) -> None:
        with self._lock:
            run = self._runs.pop(message.run or "", None)
            answer = self._requests.pop(message.request or "", None)
        if run is not None:
            run.lose(message.error)
        if answer is not None:
            answer.set_exception(message.error)

    def _answer(self, request: str, result: dict[str, Any]) -> None:
        with self._lock:
            answer = self._requests.pop(request, None)
        # None: the one who asked has given up waiting.
        if answer is not None:
            answer.set_result(result)

    def _lose(self, end: MdmError) -> None:
        with self._lock:
            runs, self._runs = list(self._runs.values()), {}
            answers, self._requests = list(self._requests.values()), {}
        document = end.to_document()
        # One error each: they are raised in threads of their own.
        for run in runs:
            run.lose(error_from_document(document))
        for answer in answers:
            answer.set_exception(error_from_document(document))
