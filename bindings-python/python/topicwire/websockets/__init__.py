"""The client of the package `websockets` (15 to 17), on Topicwire's connection.

    import topicwire.websockets as websockets

and a program that was written for `websockets` runs: `connect` as a context manager, awaited, or as a reconnecting
iterator; `recv`, `send`, `ping`, `close`, iteration; the same exceptions. `topicwire.websockets.sync.client.connect` is
the same for threads.

What differs: there is no server and no permessage-deflate (`compression` is accepted and no compression is offered);
the arguments `sock`, `host`, `port` and `create_connection` are refused; `pong` cannot be sent unasked; fragments of a
message arrive as one; of an `ssl.SSLContext`, whether it verifies and which authorities it was given count.
"""

from __future__ import annotations

from . import exceptions
from .asyncio.client import ClientConnection, connect
from .datastructures import Headers, HeadersLike, MultipleValuesError
from .exceptions import (
    ConcurrencyError,
    ConnectionClosed,
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidHandshake,
    InvalidMessage,
    InvalidProxy,
    InvalidState,
    InvalidStatus,
    InvalidURI,
    NegotiationError,
    PayloadTooBig,
    ProtocolError,
    ProxyError,
    SecurityError,
    WebSocketException,
)
from .frames import Close, CloseCode
from .http11 import Request, Response
from .protocol import State
from .typing import Data, LoggerLike, Origin, Subprotocol

__all__ = [
    "ClientConnection",
    "Close",
    "CloseCode",
    "ConcurrencyError",
    "ConnectionClosed",
    "ConnectionClosedError",
    "ConnectionClosedOK",
    "Data",
    "Headers",
    "HeadersLike",
    "InvalidHandshake",
    "InvalidMessage",
    "InvalidProxy",
    "InvalidState",
    "InvalidStatus",
    "InvalidURI",
    "LoggerLike",
    "MultipleValuesError",
    "NegotiationError",
    "Origin",
    "PayloadTooBig",
    "ProtocolError",
    "ProxyError",
    "Request",
    "Response",
    "SecurityError",
    "State",
    "Subprotocol",
    "WebSocketException",
    "connect",
    "exceptions",
]
