"""The client of `websockets` for threads."""

from __future__ import annotations

import contextlib
import logging
import struct
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import getrandbits
from types import TracebackType
from typing import Any, Literal

from ... import _commands
from ..._credentials import Credentials
from ...errors import ClosedError, Error, TransportError, UsageError
from ...events import Closed, Message, Opened, State
from ...options import RawOptions
from ...sync import _requests
from ...sync._client import SyncClient
from .._facts import Facts, decoded
from .._handshake import MAX_REDIRECTS, Authorities, Handshake, failure, response_of
from ..datastructures import HeadersLike
from ..exceptions import ConcurrencyError, ConnectionClosed, ConnectionClosedOK, InvalidStatus, ProtocolError
from ..http11 import USER_AGENT
from ..protocol import State as ConnectionState
from ..typing import Data, DataLike, LoggerLike, Origin, is_data

__all__ = ["ClientConnection", "connect"]


class _Socket(SyncClient):
    """The connection below."""

    def __init__(self, options: str, lane: dict[str, Any]) -> None:
        super().__init__(options, Credentials())
        self._main_options = lane
        # `websockets` says nothing of connections that are forgotten.
        self._implicit = True


class ClientConnection(Facts):
    """A WebSocket connection, for threads. `connect` makes it."""

    def __init__(self, socket: _Socket, handshake: Handshake, logger: LoggerLike) -> None:
        super().__init__(socket._core, handshake, logger)
        self._socket = socket
        self._sending = threading.Lock()
        self._pings: set[bytes] = set()

    def __enter__(self) -> ClientConnection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(1000 if kind is None else 1011)

    def __iter__(self) -> Iterator[Data]:
        try:
            while True:
                yield self.recv()
        except ConnectionClosedOK:
            return

    def recv(self, timeout: float | None = None, decode: bool | None = None) -> Data:
        """Receive the next message: `str` for text and `bytes` for binary, unless `decode` says otherwise.

        Raises `ConnectionClosed` at the end, `TimeoutError` when none came within `timeout` seconds, and
        `ConcurrencyError` when another thread receives already.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                event = self._socket.poll(left)
            except UsageError as error:
                if error.code == "concurrency":
                    raise ConcurrencyError(str(error)) from error
                raise
            if type(event) is Message:
                return decoded(event.data, event, decode)  # type: ignore[no-any-return]
            if type(event) is Closed or (event is None and self._socket._reading().has_ended):
                raise self._over()
            if event is None:
                raise TimeoutError(f"timed out in {timeout:.1f}s")

    def recv_streaming(self, decode: bool | None = None) -> Iterator[Data]:
        """Receive the next message in pieces. Here it is one piece: the core puts fragments together."""
        yield self.recv(decode=decode)

    def send(self, message: DataLike | Iterable[DataLike], text: bool | None = None) -> None:
        """Send a message: `str` as text, bytes as binary, unless `text` says otherwise; an iterable in fragments.

        Waits while much else waits to be written. Raises `ConnectionClosed`.
        """
        with self._sending:
            if is_data(message):
                self._write(message, text, True, True)
            elif isinstance(message, Mapping):
                raise TypeError("data is a dict-like object")
            elif isinstance(message, Iterable):
                self._fragments(message, text)
            else:
                raise TypeError("data must be str, bytes, or iterable")

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye, and wait until the connection is closed."""
        self._closing = True
        if self._end is None:
            with contextlib.suppress(ClosedError):
                self._socket.close(int(code), reason)
        self._look_for_end()

    def ping(self, data: DataLike | None = None, ack_on_close: bool = False) -> threading.Event:
        """Send a ping. Returns an event that is set when the pong has come, or, with `ack_on_close`, at the end."""
        payload = _payload(data)
        if payload is not None and payload in self._pings:
            raise ConcurrencyError("already waiting for a pong with the same data")
        while payload is None or payload in self._pings:
            payload = struct.pack("!I", getrandbits(32))
        if self.state is not ConnectionState.OPEN:
            raise self._over()
        self._pings.add(payload)
        answered = threading.Event()
        asked = threading.Event()
        arguments = (payload, asked, answered, ack_on_close)
        threading.Thread(target=self._pong, args=arguments, name="topicwire-ping", daemon=True).start()
        asked.wait()
        return answered

    def pong(self, data: DataLike = b"") -> None:
        """Refuse: the core answers pings by itself, and sends no pong that nobody asked for."""
        raise NotImplementedError("topicwire.websockets sends no pong that nobody asked for; use ping()")

    # Its inside.

    def _pong(self, payload: bytes, asked: threading.Event, answered: threading.Event, ack_on_close: bool) -> None:
        sent = time.monotonic()
        try:
            self._socket._ask(_commands.PING, payload, given=asked.set)
            self.latency = time.monotonic() - sent
            answered.set()
        except Error:
            if ack_on_close:
                answered.set()
        finally:
            asked.set()
            self._pings.discard(payload)

    def _over(self) -> ConnectionClosed:
        if self._end is None and (self._closing or self._core.state() == "closed"):
            self._socket.wait_closed()
        return self._closed()

    def _look_for_end(self) -> None:
        if self._end is None:
            self._end = self._socket.closed

    def _write(self, piece: DataLike, text: bool | None, first: bool, fin: bool) -> None:
        if self._closing or self.state is ConnectionState.CLOSED:
            raise self._over()
        as_text = isinstance(piece, str) if text is None else text
        replies = _requests.here(self._core)
        try:
            if as_text:
                shown = piece if isinstance(piece, str) else bytes(piece).decode()
                busy = self._core.send_text(shown, first, fin)
            else:
                raw = piece.encode() if isinstance(piece, str) else bytes(piece)
                busy = self._core.send_bytes(raw, first, fin)
            if busy:
                replies.writable()
        except (ClosedError, TransportError) as error:
            self._socket.wait_closed()
            raise self._over() from error

    def _fragments(self, pieces: Iterable[DataLike], text: bool | None) -> None:
        held: DataLike | None = None
        first = True
        try:
            for piece in pieces:
                if not is_data(piece):
                    raise TypeError("iterable must contain bytes or str")
                if held is not None:
                    if isinstance(held, str) is not isinstance(piece, str):
                        raise TypeError("iterable must contain uniform types")
                    self._write(held, text, first, False)
                    first = False
                held = piece
            if held is not None:
                self._write(held, text, first, True)
        except ConnectionClosed:
            raise
        except BaseException:
            if not first:
                # A message that cannot be finished makes the connection useless.
                self.close(1011, "error in fragmented message")
            raise


def connect(
    uri: str,
    *,
    ssl: Any = None,
    origin: Origin | None = None,
    extensions: Sequence[Any] | None = None,
    subprotocols: Sequence[str] | None = None,
    compression: str | None = "deflate",
    additional_headers: HeadersLike | None = None,
    user_agent_header: str | None = USER_AGENT,
    proxy: str | Literal[True] | None = True,
    open_timeout: float | None = 10,
    ping_interval: float | None = 20,
    ping_timeout: float | None = 20,
    close_timeout: float | None = 10,
    max_size: int | tuple[int | None, int | None] | None = 2**20,
    max_queue: int | tuple[int | None, int | None] | None = 16,
    logger: LoggerLike | None = None,
    **kwargs: Any,
) -> ClientConnection:
    """Connect to a WebSocket server.

        with connect("ws://127.0.0.1:8080/raw") as websocket:
            websocket.send("hello")
            print(websocket.recv())

    Arguments are those of `websockets.sync.client.connect`; see `topicwire.websockets` for what differs. Raises
    `InvalidURI`, `OSError`, `InvalidHandshake` and `TimeoutError`.
    """
    handshake = Handshake(
        uri,
        subprotocols,
        origin,
        additional_headers,
        user_agent_header,
        proxy,
        ssl,
        open_timeout,
        ping_interval,
        ping_timeout,
        close_timeout,
        max_size,
        max_queue,
    )
    handshake.check(compression, extensions, kwargs)
    chosen: LoggerLike = logger if logger is not None else logging.getLogger("topicwire.websockets")
    for _ in range(MAX_REDIRECTS):
        try:
            return _open(handshake, chosen)
        except InvalidStatus as refused:
            after = handshake.redirected(refused.response)
            if after is None:
                raise
            handshake = after
    raise ProtocolError(f"more than {MAX_REDIRECTS} redirects")


def _open(handshake: Handshake, logger: LoggerLike) -> ClientConnection:
    authorities = Authorities(handshake.authorities())
    try:
        try:
            own: Any = handshake.options(authorities.files)
            json = _commands.options("raw", "connect", RawOptions, own, url=handshake.uri_for_core)
            socket = _Socket(json, handshake.lane())
        except Error as error:
            raise failure(error, None, handshake.uri) from error
        connection = ClientConnection(socket, handshake, logger)
        try:
            socket.start()
            while True:
                match socket.poll():
                    case Opened() as opened:
                        connection._opened(opened)
                    case State(to="active"):
                        return connection
                    case Closed(cause=cause):
                        reason = cause if cause is not None else ClosedError("closed", "closed")
                        raise failure(reason, response_of(socket._core), handshake.uri) from cause
        except BaseException:
            socket.abort()
            raise
    finally:
        authorities.remove()


def _payload(data: DataLike | None) -> bytes | None:
    if data is None:
        return None
    if isinstance(data, str):
        return data.encode()
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise TypeError("data must be str or bytes-like")
