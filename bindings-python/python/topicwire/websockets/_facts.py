"""What both front ends know of a connection."""

from __future__ import annotations

import uuid
from typing import Any

from .. import _native
from ..events import Closed, Opened
from ._handshake import Handshake, reason_phrase
from .datastructures import Headers
from .exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from .frames import OK_CODES, Close
from .http11 import Request, Response
from .protocol import State
from .typing import LoggerLike, Subprotocol

__all__ = ["Facts"]


class Facts:
    """The attributes of a connection."""

    def __init__(self, core: _native.Client, handshake: Handshake, logger: LoggerLike) -> None:
        self.id = uuid.uuid4()
        """A number of this connection's own, for logs."""
        self.logger = logger
        """Where this connection logs to."""
        self.request: Request = handshake.request()
        """The request of the handshake."""
        self.response: Response | None = None
        """The server's answer to it."""
        self.latency: float = 0.0
        """Seconds that the last `ping` took to be answered."""
        self._core = core
        self._handshake = handshake
        self._subprotocol: str | None = None
        self._end: Closed | None = None
        self._closing = False

    @property
    def local_address(self) -> Any:
        """Not known: the socket is the core's."""
        return None

    @property
    def remote_address(self) -> Any:
        """Host and port of the address."""
        return self._handshake.address

    @property
    def subprotocol(self) -> Subprotocol | None:
        """The subprotocol that the server chose."""
        return None if self._subprotocol is None else Subprotocol(self._subprotocol)

    @property
    def state(self) -> State:
        """State of the connection."""
        if self._end is not None or self._core.state() == "closed":
            return State.CLOSED
        if self._closing:
            return State.CLOSING
        return State.OPEN if self.response is not None else State.CONNECTING

    @property
    def close_code(self) -> int | None:
        """The code that was received, 1006 if none was, `None` before the end."""
        self._look_for_end()
        if self._end is None:
            return None
        return 1006 if self._end.received is None else self._end.received[0]

    @property
    def close_reason(self) -> str | None:
        """The reason that was received, `None` before the end."""
        self._look_for_end()
        if self._end is None:
            return None
        return "" if self._end.received is None else self._end.received[1]

    def _look_for_end(self) -> None:
        """Note the end if it is known."""

    def _opened(self, opened: Opened) -> None:
        self._subprotocol = opened.protocol
        self.response = Response(opened.status, reason_phrase(opened.status), Headers(opened.headers))

    def _closed(self) -> ConnectionClosed:
        """The exception that tells of the end."""
        self._look_for_end()
        if self._end is None:
            return ConnectionClosedError(None, None)
        received, sent = self._end.received, self._end.sent
        rcvd = None if received is None else Close(*received)
        gone = None if sent is None else Close(*sent)
        both = rcvd is not None and gone is not None
        orderly = rcvd is not None and gone is not None and rcvd.code in OK_CODES and gone.code in OK_CODES
        kind = ConnectionClosedOK if orderly else ConnectionClosedError
        made = kind(rcvd, gone, self._end.received_first if both else None)
        made.__cause__ = self._end.cause
        return made

    def __repr__(self) -> str:
        return f"<topicwire.websockets.ClientConnection {self.id} {self.state.name}>"


def decoded(payload: Any, message: _native.Message, decode: bool | None) -> Any:
    """A message in the form that `recv` was asked for."""
    if decode is None:
        return payload
    return message.raw.decode() if decode else message.raw
