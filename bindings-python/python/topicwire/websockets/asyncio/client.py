"""The client of `websockets` for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from random import getrandbits
from types import TracebackType
from typing import Any, Literal, overload

from ... import _commands
from ..._client import AsyncClient
from ..._credentials import Credentials
from ...errors import ClosedError, Error, TransportError, UsageError
from ...events import Closed, Message, Opened, State
from ...options import RawOptions
from .._facts import Facts, decoded
from .._handshake import MAX_REDIRECTS, Authorities, Handshake, failure, response_of
from ..client import backoff, process_exception
from ..datastructures import HeadersLike
from ..exceptions import ConcurrencyError, ConnectionClosed, ConnectionClosedOK, InvalidStatus, ProtocolError
from ..http11 import USER_AGENT
from ..protocol import State as ConnectionState
from ..typing import Data, DataLike, LoggerLike, Origin, is_data

__all__ = ["ClientConnection", "connect"]


class _Socket(AsyncClient):
    """The connection below."""

    def __init__(self, options: str, lane: dict[str, Any]) -> None:
        super().__init__(options, Credentials())
        self._main_options = lane
        # `websockets` says nothing of connections that are forgotten.
        self._implicit = True


class ClientConnection(Facts):
    """A WebSocket connection, for asyncio. `connect` makes it."""

    def __init__(self, socket: _Socket, handshake: Handshake, logger: LoggerLike) -> None:
        super().__init__(socket._core, handshake, logger)
        self._socket = socket
        self._sending = asyncio.Lock()
        self._receiving = False
        self._pings: set[bytes] = set()

    async def __aenter__(self) -> ClientConnection:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close(1000 if kind is None else 1011)

    async def __aiter__(self) -> AsyncIterator[Data]:
        try:
            while True:
                yield await self.recv()
        except ConnectionClosedOK:
            return

    @overload
    async def recv(self, decode: Literal[True]) -> str: ...

    @overload
    async def recv(self, decode: Literal[False]) -> bytes: ...

    @overload
    async def recv(self, decode: bool | None = None) -> Data: ...

    async def recv(self, decode: bool | None = None) -> Data:
        """Receive the next message: `str` for text and `bytes` for binary, unless `decode` says otherwise.

        Cancelling it loses nothing. Raises `ConnectionClosed` at the end, and `ConcurrencyError` when another call
        waits already.
        """
        message = await self._next("recv")
        return decoded(message.data, message, decode)  # type: ignore[no-any-return]

    async def recv_streaming(self, decode: bool | None = None) -> AsyncIterator[Data]:
        """Receive the next message in pieces. Here it is one piece: the core puts fragments together."""
        message = await self._next("recv_streaming")
        yield decoded(message.data, message, decode)

    async def send(
        self,
        message: DataLike | Iterable[DataLike] | AsyncIterable[DataLike],
        text: bool | None = None,
    ) -> None:
        """Send a message: `str` as text, bytes as binary, unless `text` says otherwise; an iterable in fragments.

        Waits while much else waits to be written. Raises `ConnectionClosed`.
        """
        async with self._sending:
            if is_data(message):
                await self._write(message, text, True, True)
            elif isinstance(message, Mapping):
                raise TypeError("data is a dict-like object")
            elif isinstance(message, AsyncIterable):
                await self._fragments(message, text)
            elif isinstance(message, Iterable):
                await self._fragments(_async(message), text)
            else:
                raise TypeError("data must be str, bytes, iterable, or async iterable")

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye, and wait until the connection is closed."""
        self._closing = True
        if self._end is None:
            with contextlib.suppress(ClosedError):
                await self._socket.close(int(code), reason)
        self._look_for_end()

    async def wait_closed(self) -> None:
        """Wait until the connection is closed."""
        await self._socket.wait_closed()
        self._look_for_end()

    async def ping(self, data: DataLike | None = None) -> Awaitable[float]:
        """Send a ping. Returns a future of the pong, whose result are the seconds that it took.

        latency = await (await ws.ping())
        """
        payload = _payload(data)
        if payload is not None and payload in self._pings:
            raise ConcurrencyError("already waiting for a pong with the same data")
        while payload is None or payload in self._pings:
            payload = struct.pack("!I", getrandbits(32))
        if self.state is not ConnectionState.OPEN:
            raise await self._over()
        self._pings.add(payload)
        pong = asyncio.ensure_future(self._pong(payload))
        pong.add_done_callback(lambda future: future.cancelled() or future.exception())
        # The ping goes out before this returns.
        await asyncio.sleep(0)
        return pong

    async def pong(self, data: DataLike = b"") -> None:
        """Refuse: the core answers pings by itself, and sends no pong that nobody asked for."""
        raise NotImplementedError("topicwire.websockets sends no pong that nobody asked for; use ping()")

    # Its inside.

    async def _pong(self, payload: bytes) -> float:
        loop = asyncio.get_running_loop()
        sent = loop.time()
        try:
            await self._socket._ask(_commands.PING, payload)
        except Error as error:
            raise await self._over() from error
        finally:
            self._pings.discard(payload)
        self.latency = loop.time() - sent
        return self.latency

    async def _next(self, what: str) -> Message:
        if self._receiving:
            raise ConcurrencyError(
                f"cannot call {what} while another coroutine is already running recv or recv_streaming"
            )
        self._receiving = True
        try:
            while True:
                event = await self._socket.poll()
                if type(event) is Message:
                    return event
                if event is None or type(event) is Closed:
                    raise await self._over()
        except UsageError as error:
            if error.code == "concurrency":
                raise ConcurrencyError(str(error)) from error
            raise
        finally:
            self._receiving = False

    async def _over(self) -> ConnectionClosed:
        if self._end is None and self._core.state() == "closed":
            await self._socket.wait_closed()
        if self._end is None and self._closing:
            await self._socket.wait_closed()
        return self._closed()

    def _look_for_end(self) -> None:
        if self._end is None:
            self._end = self._socket.closed

    async def _write(self, piece: DataLike, text: bool | None, first: bool, fin: bool) -> None:
        if self._closing or self.state is ConnectionState.CLOSED:
            raise await self._over()
        as_text = isinstance(piece, str) if text is None else text
        # Had before the send, so that the notice of room cannot come before there is a lane for it.
        requests = self._socket._asking()
        try:
            if as_text:
                shown = piece if isinstance(piece, str) else bytes(piece).decode()
                busy = self._core.send_text(shown, first, fin)
            else:
                raw = piece.encode() if isinstance(piece, str) else bytes(piece)
                busy = self._core.send_bytes(raw, first, fin)
        except (ClosedError, TransportError) as error:
            await self._socket.wait_closed()
            raise await self._over() from error
        if busy:
            await requests.writable()

    async def _fragments(self, pieces: AsyncIterable[DataLike], text: bool | None) -> None:
        held: DataLike | None = None
        first = True
        try:
            async for piece in pieces:
                if not is_data(piece):
                    raise TypeError("iterable must contain bytes or str")
                if held is not None:
                    if isinstance(held, str) is not isinstance(piece, str):
                        raise TypeError("iterable must contain uniform types")
                    await self._write(held, text, first, False)
                    first = False
                held = piece
            if held is not None:
                await self._write(held, text, first, True)
        except ConnectionClosed:
            raise
        except BaseException:
            if not first:
                # A message that cannot be finished makes the connection useless.
                await self.close(1011, "error in fragmented message")
            raise


class connect:  # noqa: N801 - the name it has
    """Connect to a WebSocket server.

        async with connect("ws://127.0.0.1:8080/raw") as websocket:
            await websocket.send("hello")
            print(await websocket.recv())

    It can be awaited, for a connection that is closed with `close`; and iterated, to connect again whenever the
    connection was lost:

        async for websocket in connect(...):
            try:
                ...
            except websockets.ConnectionClosed:
                continue

    Arguments are those of `websockets.connect`; see `topicwire.websockets` for what differs. Raises `InvalidURI`,
    `OSError`, `InvalidHandshake` and `TimeoutError`.
    """

    def __init__(
        self,
        uri: str,
        *,
        origin: Origin | None = None,
        extensions: Sequence[Any] | None = None,
        subprotocols: Sequence[str] | None = None,
        compression: str | None = "deflate",
        additional_headers: HeadersLike | None = None,
        user_agent_header: str | None = USER_AGENT,
        proxy: str | Literal[True] | None = True,
        process_exception: Callable[[Exception], Exception | None] = process_exception,
        open_timeout: float | None = 10,
        ping_interval: float | None = 20,
        ping_timeout: float | None = 20,
        close_timeout: float | None = 10,
        reconnect_delays: Callable[[], Generator[float, None, None]] = backoff,
        max_size: int | tuple[int | None, int | None] | None = 2**20,
        max_queue: int | tuple[int | None, int | None] | None = 16,
        write_limit: int | tuple[int, int | None] = 2**15,
        logger: LoggerLike | None = None,
        ssl: Any = None,
        **kwargs: Any,
    ) -> None:
        self.uri = uri
        self._handshake = Handshake(
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
            write_limit,
        )
        self._handshake.check(compression, extensions, kwargs)
        self.process_exception = process_exception
        self.reconnect_delays = reconnect_delays
        self.logger: LoggerLike = logger if logger is not None else logging.getLogger("topicwire.websockets")
        self.connection: ClientConnection | None = None

    def __await__(self) -> Generator[Any, None, ClientConnection]:
        return self._connect().__await__()

    async def __aenter__(self) -> ClientConnection:
        self.connection = await self
        return self.connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.connection is not None:
            await self.connection.__aexit__(kind, error, trace)

    async def __aiter__(self) -> AsyncIterator[ClientConnection]:
        delays: Generator[float, None, None] | None = None
        while True:
            try:
                async with self as websocket:
                    delays = None
                    yield websocket
            except GeneratorExit:
                raise
            except Exception as error:
                if self.connection is not None:
                    # It was the program's, inside of the loop.
                    raise
                fatal = self.process_exception(error)
                if fatal is error:
                    raise
                if fatal is not None:
                    raise fatal from error
                delays = delays if delays is not None else self.reconnect_delays()
                delay = next(delays)
                self.logger.info("connect failed; reconnecting in %.1f seconds: %s", delay, type(error).__name__)
                await asyncio.sleep(delay)
            finally:
                self.connection = None

    async def _connect(self) -> ClientConnection:
        handshake = self._handshake
        for _ in range(MAX_REDIRECTS):
            try:
                return await _open(handshake, self.logger)
            except InvalidStatus as refused:
                after = handshake.redirected(refused.response)
                if after is None:
                    raise
                handshake = after
        raise ProtocolError(f"more than {MAX_REDIRECTS} redirects")


async def _open(handshake: Handshake, logger: LoggerLike) -> ClientConnection:
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
                match await socket.poll():
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


async def _async(pieces: Iterable[DataLike]) -> AsyncIterator[DataLike]:
    for piece in pieces:
        yield piece


def _payload(data: DataLike | None) -> bytes | None:
    if data is None:
        return None
    if isinstance(data, str):
        return data.encode()
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise TypeError("data must be str or bytes-like")
