"""Any WebSocket server, for asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _commands
from ._client import AsyncClient
from ._credentials import Credentials
from .errors import ClosedError
from .events import Message
from .options import RawOptions
from .stream import ended

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Raw"]

# A reader that is slow slows the sender down.
MAIN: dict[str, Any] = {"overflow": "block"}


class Raw(AsyncClient):
    """Sends and receives messages over a plain WebSocket.

        async with topicwire.Raw("ws://127.0.0.1:8080/raw") as socket:
            await socket.send("hello")
            message = await socket.recv()
            print(message.data)

    A reader that is slow slows the sender down, as TCP does: nothing is dropped. It does not come back after a loss
    unless told so (`reconnect={"enabled": True}`). Further options are those of `topicwire.options.RawOptions`.

    Raises `OptionError` for a value that cannot work, and `TypeError` for an option that does not exist.
    """

    _main_options = MAIN

    def __init__(self, url: str, **options: Unpack[RawOptions]) -> None:
        super().__init__(_commands.options("raw", "Raw", RawOptions, options, url=url), Credentials())

    async def send(self, payload: str | bytes | bytearray | memoryview) -> None:
        """Send a text or a binary message. Waits only while much else waits to be written."""
        self._started()
        # Had before the send, so that the notice of room cannot come before there is a lane for it.
        requests = self._asking()
        if isinstance(payload, str):
            busy = self._core.send_text(payload)
        else:
            busy = self._core.send_bytes(bytes(payload) if isinstance(payload, memoryview) else payload)
        if busy:
            await requests.writable()

    async def ping(self, payload: bytes = b"") -> bytes:
        """Send a ping and wait for its pong, whose payload is returned."""
        reply = await self._ask(_commands.PING, payload)
        return reply.result or b""

    async def recv(self) -> Message:
        """Wait for the next message. Other events are passed over.

        Raises `ClosedError` after the end, with the reason as its cause.
        """
        stream = self._reading()
        while (event := await stream.poll()) is not None:
            if type(event) is Message:
                return event
        error: ClosedError = ended()
        if self.closed is not None:
            error.__cause__ = self.closed.cause
        raise error
