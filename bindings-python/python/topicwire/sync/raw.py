"""Any WebSocket server, without asyncio."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .. import _commands
from .._credentials import Credentials
from ..errors import AnswerTimeoutError, ClosedError
from ..events import Message
from ..options import RawOptions
from ..raw import MAIN
from ..stream import ended
from . import _requests
from ._client import SyncClient

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Raw"]


class Raw(SyncClient):
    """Sends and receives messages over a plain WebSocket.

        with topicwire.sync.Raw("ws://127.0.0.1:8080/raw") as socket:
            socket.send("hello")
            print(socket.recv(timeout=1.0).data)

    Arguments are those of `topicwire.Raw`.
    """

    _main_options = MAIN

    def __init__(self, url: str, **options: Unpack[RawOptions]) -> None:
        super().__init__(_commands.options("raw", "Raw", RawOptions, options, url=url), Credentials())

    def send(self, payload: str | bytes | bytearray | memoryview) -> None:
        """Send a text or a binary message. Waits only while much else waits to be written."""
        self._started()
        replies = _requests.here(self._core)
        if isinstance(payload, str):
            busy = self._core.send_text(payload)
        else:
            busy = self._core.send_bytes(bytes(payload) if isinstance(payload, memoryview) else payload)
        if busy:
            replies.writable()

    def ping(self, payload: bytes = b"", *, timeout: float | None = None) -> bytes:
        """Send a ping and wait for its pong, whose payload is returned."""
        reply = self._ask(_commands.PING, payload, timeout=timeout)
        return reply.result or b""

    def recv(self, timeout: float | None = None) -> Message:
        """Wait for the next message. Other events are passed over.

        Raises `ClosedError` after the end, with the reason as its cause, and `AnswerTimeoutError` when none came
        within `timeout` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        stream = self._reading()
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            event = stream.poll(left)
            if type(event) is Message:
                return event
            if event is None:
                if not stream.has_ended:
                    raise AnswerTimeoutError("no message within the given time", "timeout", retryable=True)
                error: ClosedError = ended()
                if self.closed is not None:
                    error.__cause__ = self.closed.cause
                raise error
