"""The exceptions of the drop-in.

* `WebSocketException`
    * `ConnectionClosed`
        * `ConnectionClosedOK`
        * `ConnectionClosedError`
    * `InvalidURI`
    * `InvalidProxy`
    * `InvalidHandshake`
        * `SecurityError`
        * `ProxyError`
        * `InvalidMessage`
        * `InvalidStatus`
        * `InvalidHeader`
            * `InvalidUpgrade`
        * `NegotiationError`
    * `ProtocolError`
    * `PayloadTooBig`
    * `InvalidState`
    * `ConcurrencyError`
"""

from __future__ import annotations

import warnings

from . import frames, http11

__all__ = [
    "ConcurrencyError",
    "ConnectionClosed",
    "ConnectionClosedError",
    "ConnectionClosedOK",
    "InvalidHandshake",
    "InvalidHeader",
    "InvalidMessage",
    "InvalidProxy",
    "InvalidState",
    "InvalidStatus",
    "InvalidURI",
    "InvalidUpgrade",
    "NegotiationError",
    "PayloadTooBig",
    "ProtocolError",
    "ProxyError",
    "SecurityError",
    "WebSocketException",
]


class WebSocketException(Exception):  # noqa: N818 - the name it has
    """Base class of all exceptions here."""


class ConnectionClosed(WebSocketException):
    """The connection is closed. `rcvd` and `sent` are the close frames, `rcvd_then_sent` tells their order."""

    def __init__(
        self, rcvd: frames.Close | None, sent: frames.Close | None, rcvd_then_sent: bool | None = None
    ) -> None:
        super().__init__(rcvd, sent, rcvd_then_sent)
        self.rcvd = rcvd
        self.sent = sent
        self.rcvd_then_sent = rcvd_then_sent

    def __str__(self) -> str:
        if self.rcvd is None:
            if self.sent is None:
                return "no close frame received or sent"
            return f"sent {self.sent}; no close frame received"
        if self.sent is None:
            return f"received {self.rcvd}; no close frame sent"
        if self.rcvd_then_sent:
            return f"received {self.rcvd}; then sent {self.sent}"
        return f"sent {self.sent}; then received {self.rcvd}"

    @property
    def code(self) -> int:
        """The code that was received. Deprecated, as in `websockets`."""
        warnings.warn("use ConnectionClosed.rcvd.code", DeprecationWarning, stacklevel=2)
        return 1006 if self.rcvd is None else int(self.rcvd.code)

    @property
    def reason(self) -> str:
        """The reason that was received. Deprecated, as in `websockets`."""
        warnings.warn("use ConnectionClosed.rcvd.reason", DeprecationWarning, stacklevel=2)
        return "" if self.rcvd is None else self.rcvd.reason


class ConnectionClosedOK(ConnectionClosed):
    """An orderly end: codes 1000 and 1001 or none, both received and sent."""


class ConnectionClosedError(ConnectionClosed):
    """Any other end."""


class InvalidURI(WebSocketException):
    """The address is not one of a WebSocket."""

    def __init__(self, uri: str, msg: str) -> None:
        super().__init__(uri, msg)
        self.uri = uri
        self.msg = msg

    def __str__(self) -> str:
        # The address itself may hold a token.
        return f"not a valid URI: {self.msg}"


class InvalidProxy(WebSocketException):
    """The proxy's address cannot be used."""

    def __init__(self, proxy: str, msg: str) -> None:
        super().__init__(proxy, msg)
        self.proxy = proxy
        self.msg = msg

    def __str__(self) -> str:
        return f"not a valid proxy: {self.msg}"


class InvalidHandshake(WebSocketException):
    """The opening handshake failed."""


class SecurityError(InvalidHandshake):
    """A handshake broke a security rule, such as a redirect from `wss` to `ws`."""


class ProxyError(InvalidHandshake):
    """The proxy refused."""


class InvalidMessage(InvalidHandshake):
    """The answer is not one of HTTP."""


class InvalidStatus(InvalidHandshake):
    """The server refused the upgrade; `response` is its answer."""

    def __init__(self, response: http11.Response) -> None:
        super().__init__(response)
        self.response = response

    def __str__(self) -> str:
        return f"server rejected WebSocket connection: HTTP {self.response.status_code:d}"


class InvalidHeader(InvalidHandshake):
    """A header of the answer is missing or wrong."""

    def __init__(self, name: str, value: str | None = None) -> None:
        super().__init__(name, value)
        self.name = name
        self.value = value

    def __str__(self) -> str:
        if self.value is None:
            return f"missing {self.name} header"
        return f"invalid {self.name} header: {self.value}" if self.value else f"empty {self.name} header"


class InvalidUpgrade(InvalidHeader):
    """The `Upgrade` or `Connection` header is wrong."""


class NegotiationError(InvalidHandshake):
    """No agreement on a subprotocol or an extension."""


class ProtocolError(WebSocketException):
    """A frame broke the protocol."""


class PayloadTooBig(WebSocketException):
    """A message is larger than `max_size`."""


class InvalidState(WebSocketException, AssertionError):  # noqa: N818 - the name it has
    """A call that the state of the connection forbids."""


class ConcurrencyError(WebSocketException, RuntimeError):
    """Two calls at once that exclude each other, such as `recv` twice."""
