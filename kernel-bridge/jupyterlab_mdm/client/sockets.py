"""The ZeroMQ of a client: two DEALER sockets under one routing id, and the watch over them. In: frames to
send on `in`; out: frames received on `out`, and whether the broker is gone. One thread's (channel.py).
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Sequence
from contextlib import suppress

import zmq
from zmq.utils.monitor import recv_monitor_message

from ..wire.frames import Buffer
from .connection import Route

#: libzmq answers heartbeats beside a busy broker, so so long a silence means a stopped or unplugged one.
_HEARTBEAT_MS, _SILENCE_MS = 5_000, 30_000
#: Received frames below it are copied: cheaper than a view, and aligned as Arrow wants its buffers.
_COPY_BELOW = 1 << 16
_GONE = zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED
#: For ever, as far as a lost connection is concerned. Not "never" (-1): with that, libzmq throws away what it
#: has received and nobody has read yet as soon as the connection ends.
_RECONNECT_MS = 3_600_000


class Bell:
    """Wakes the thread that waits on it; any thread may ring."""

    def __init__(self) -> None:
        self._inner, self._outer = socket.socketpair()
        self._inner.setblocking(False)
        self._outer.setblocking(False)
        self._rung = False

    def fileno(self) -> int:
        """What to poll."""
        return self._inner.fileno()

    def ring(self) -> None:
        """Wakes the thread, once for all rings until it hushes the bell."""
        if self._rung:
            return
        self._rung = True
        # A bell that is full has been rung; one that is closed has nobody left to wake.
        with suppress(OSError):
            self._outer.send(b"\0")

    def hush(self) -> None:
        """To be called before looking for what was rung about: a later ring counts again."""
        with suppress(BlockingIOError):
            self._inner.recv(64)
        # Only now: a ring between the two would leave the bell marked as rung and nothing in it.
        self._rung = False

    def close(self) -> None:
        """Later rings are ignored."""
        self._inner.close()
        self._outer.close()


class SocketPair:
    """Both sockets, connected at once; a connection that breaks is not made again."""

    def __init__(self, route: Route, bell: Bell) -> None:
        self._context = zmq.Context()
        identity = secrets.token_hex(16).encode()
        curve = None if route.public_key is None else (route.public_key.encode(), *zmq.curve_keypair())
        self._inbound = self._dealer(identity, curve)
        self._outbound = self._dealer(identity, curve)
        self._monitors = [dealer.get_monitor_socket(_GONE) for dealer in (self._outbound, self._inbound)]
        self._outbound.connect(route.outbound)
        self._inbound.connect(route.inbound)
        self._poller = zmq.Poller()
        for waited in (self._outbound, *self._monitors, bell):
            self._poller.register(waited, zmq.POLLIN)

    def _dealer(self, identity: bytes, curve: tuple[bytes, bytes, bytes] | None) -> zmq.Socket[bytes]:
        dealer: zmq.Socket[bytes] = self._context.socket(zmq.DEALER)
        dealer.routing_id = identity
        dealer.linger = 0
        # Credit bounds what is under way; a water mark would only make a send fail.
        dealer.sndhwm = dealer.rcvhwm = 0
        dealer.setsockopt(zmq.RECONNECT_IVL, _RECONNECT_MS)
        dealer.setsockopt(zmq.HEARTBEAT_IVL, _HEARTBEAT_MS)
        dealer.setsockopt(zmq.HEARTBEAT_TIMEOUT, _SILENCE_MS)
        if curve is not None:
            dealer.curve_serverkey, dealer.curve_publickey, dealer.curve_secretkey = curve
        return dealer

    def wait(self) -> None:
        """Until the bell rings, a message is there, or the broker is gone."""
        self._poller.poll()

    def greet(self, frames: Sequence[Buffer]) -> None:
        """On both sockets: the broker learns that they are one client's."""
        self._outbound.send_multipart(frames)
        self._inbound.send_multipart(frames)

    def send(self, frames: Sequence[Buffer]) -> None:
        """Large frames without a copy; never waits, as there is no water mark."""
        self._inbound.send_multipart(frames, copy=False)

    def receive(self) -> list[Buffer] | None:
        """The frames of the next message; None where none is there yet."""
        try:
            frames = self._outbound.recv_multipart(zmq.NOBLOCK, copy=False)
        except zmq.Again:
            return None
        return [frame.bytes if len(frame) < _COPY_BELOW else frame.buffer for frame in frames]

    def has_more(self, timeout_ms: int) -> bool:
        """Whether a message is there, or comes within that time."""
        return bool(self._outbound.poll(timeout_ms))

    def is_gone(self) -> bool:
        """Whether either connection has ended, or could not be made; what was received is still there."""
        for monitor in self._monitors:
            if monitor.poll(0):
                recv_monitor_message(monitor)
                return True
        return False

    def close(self, linger_ms: int = 0) -> None:
        """Also ends libzmq's thread; what was sent gets `linger_ms` to leave."""
        self._context.destroy(linger=linger_ms)
