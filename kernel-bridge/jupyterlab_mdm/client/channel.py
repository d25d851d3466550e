"""The way to and from the broker, and the thread that owns it. In: messages of any thread, for the broker;
out: what the broker sends, given to `receive` in that thread.

A channel is *opening* from `open` until the broker's welcome, or the lack of it; *open* from then on; *lost*
when the broker goes away or breaks the protocol; *closed* when its user says so. The last two are ends: the
thread puts its sockets away, calls `lost` once, and what is sent afterwards is refused.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing

from ..errors import ClusterLostError, MdmError, NoClusterError, error_from_document
from ..wire.frames import Buffer, Received, read_frames, write_frames
from ..wire.messages import PROTOCOL_VERSION, BrokerMessage, ClientInfo, Error, Hello, Message, Welcome
from .connection import Connection, Route, protocol_mismatch, stale
from .sockets import Bell, SocketPair

HANDSHAKE_S = 2.0
_CLOSE_S = 2.0
#: What was sent before closing gets so long to leave; a broker that takes nothing is not waited for.
_LINGER_MS = 200
#: So long without a message, and nothing more comes of a broker that has gone away.
_LAST_WORDS_MS = 50
#: Messages taken in before what is to be sent gets its turn.
_BURST = 32

Receive = Callable[[Received[BrokerMessage]], None]
Lost = Callable[[MdmError], None]


class Channel:
    """One client's connection. The callbacks run in its thread and must not wait for anything."""

    def __init__(self, connection: Connection, client: ClientInfo, receive: Receive, lost: Lost) -> None:
        self._connection = connection
        self._client = client
        self._receive = receive
        self._lost = lost
        self._outbox: deque[list[Buffer]] = deque()
        self._closing = False
        self._welcome: Welcome | None = None
        self._end: MdmError | None = None
        self._settled = threading.Event()
        self._ended = threading.Event()

    def open(self, timeout: float = HANDSHAKE_S) -> Welcome:
        """Connects and shakes hands; `timeout` in seconds.

        Raises `NoClusterError` where nobody, or another cluster, answers, and `ProtocolMismatchError`.
        """
        route = self._connection.route()
        self._bell = Bell()
        name = f"mdm-{self._connection.name}"
        self._thread = threading.Thread(target=self._serve, args=(route,), name=name, daemon=True)
        self._thread.start()
        if not self._settled.wait(timeout):
            self.close()
            raise self._stale(f"no answer within {timeout:g} s")
        if self._welcome is None:
            raise self._end or self._stale("it was closed")
        return self._welcome

    def check(self) -> None:
        """Raises what ended the channel, where it has ended."""
        if self._end is not None:
            raise error_from_document(self._end.to_document())

    def send(self, message: Message, payload: Sequence[Buffer] = ()) -> None:
        """Hands a message over; the buffers must not change afterwards. Raises `ClusterLostError`."""
        self.check()
        self._outbox.append(write_frames(message, payload))
        self._bell.ring()

    def wait_for_end(self, timeout: float) -> bool:
        """Whether the broker has gone away, or does within `timeout` seconds."""
        return self._ended.wait(timeout)

    def close(self) -> None:
        """Ends the thread and its sockets."""
        self._closing = True
        self._bell.ring()
        # The last reference to a cluster may fall in this very thread.
        if threading.current_thread() is not self._thread:
            self._thread.join(_CLOSE_S)

    # --- in the thread --------------------------------------------------------------------------------

    def _serve(self, route: Route) -> None:
        end: MdmError = ClusterLostError(
            "The thread that talks to the cluster has failed.",
            remedy="Connect again; the traceback above says what happened.",
        )
        try:
            with closing(SocketPair(route, self._bell)) as sockets:
                end = self._converse(sockets)
        finally:
            self._end = end
            self._bell.close()
            self._settled.set()
            self._lost(end)
            self._ended.set()

    def _converse(self, sockets: SocketPair) -> MdmError:
        """Sends and receives until there is a reason not to, which is returned."""
        sockets.greet(write_frames(Hello(PROTOCOL_VERSION, self._client)))
        while True:
            sockets.wait()
            self._bell.hush()
            if self._closing:
                # The cancel of a run, say: the broker should not have to find out.
                self._flush(sockets)
                sockets.close(_LINGER_MS)
                return self._closed()
            gone = sockets.is_gone()
            self._flush(sockets)
            try:
                self._take_in(sockets, None if gone else _BURST)
                # What the broker sent before it went still counts; news of its end may overtake it.
                while gone and sockets.has_more(_LAST_WORDS_MS):
                    self._take_in(sockets, None)
            except MdmError as error:
                return error
            if gone:
                return self._gone()

    def _flush(self, sockets: SocketPair) -> None:
        while self._outbox:
            sockets.send(self._outbox.popleft())

    def _take_in(self, sockets: SocketPair, limit: int | None) -> None:
        taken = 0
        while (limit is None or taken < limit) and (frames := sockets.receive()) is not None:
            taken += 1
            received = read_frames("broker_to_client", frames)
            message = received.message
            if isinstance(message, Welcome):
                self._greeted(message)
            elif isinstance(message, Error) and message.run is None and message.request is None:
                # The broker could not read something of ours, so somebody here would wait for ever.
                raise message.error
            else:
                self._receive(received)

    def _greeted(self, welcome: Welcome) -> None:
        if welcome.protocol != PROTOCOL_VERSION:
            raise protocol_mismatch(welcome.name, welcome.protocol, welcome.version)
        if welcome.instance != self._connection.instance:
            raise self._stale("another cluster answers there")
        self._welcome = welcome
        self._settled.set()

    # --- reasons to end -------------------------------------------------------------------------------

    def _stale(self, why: str) -> NoClusterError:
        return stale(self._connection.name, self._connection.path, why)

    def _gone(self) -> MdmError:
        if self._welcome is None:
            return self._stale("nobody answers")
        return ClusterLostError(
            f"The cluster {self._connection.name!r} went away.",
            remedy="Start it again and connect again; its log file says why it ended.",
            details={"name": self._connection.name, "pid": self._connection.pid},
        )

    def _closed(self) -> MdmError:
        return ClusterLostError(
            f"This connection to the cluster {self._connection.name!r} is closed.",
            remedy=f"Connect again: mdm.connect({self._connection.name!r}).",
            details={"name": self._connection.name},
        )
