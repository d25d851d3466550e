"""The frames of one message: `[header JSON] [payload …]`, without the routing ids that ROUTER sockets put
before them. Twin: src/wire/frames.ts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar, overload

from .messages import BrokerMessage, ClientMessage, Door, Message, encode, parse

#: Bytes of a payload; a view keeps what it looks at alive.
Buffer = bytes | memoryview
M_co = TypeVar("M_co", bound=Message, covariant=True)


@dataclass(frozen=True, slots=True)
class Received(Generic[M_co]):
    """One message as it came in."""

    message: M_co
    payload: Sequence[Buffer]


@overload
def read_frames(door: Literal["client_to_broker"], frames: Sequence[Buffer]) -> Received[ClientMessage]: ...
@overload
def read_frames(door: Literal["broker_to_client"], frames: Sequence[Buffer]) -> Received[BrokerMessage]: ...
def read_frames(door: Door, frames: Sequence[Buffer]) -> Received[Message]:
    """Raises `BadMessageError`."""
    return Received(parse(door, frames[0] if frames else b""), frames[1:])


def write_frames(message: Message, payload: Sequence[Buffer] = ()) -> list[Buffer]:
    """The frames to hand to a socket."""
    return [encode(message), *payload]
