"""What one thread waits for: a socket that becomes readable when a lane has something."""

from __future__ import annotations

import contextlib
import select
import socket
import sys
import time

from .. import _fork, _native

__all__ = ["Bell"]

SLICE = 0.25 if sys.platform == "win32" else None
"""On Windows no signal interrupts a wait, so that it is cut into pieces."""


class Bell:
    """A poller, and the socket that it rings."""

    def __init__(self) -> None:
        self.native, number = _native.Poller.open()
        self._socket = socket.socket(fileno=number)
        self._socket.setblocking(False)
        _fork.sockets.add(self._socket)

    def wait(self, timeout: float | None) -> bool:
        """Wait until it rings, for `timeout` seconds at most. Then one has to look at the lanes again.

        It waits in the system's `poll` or `select`, which Ctrl-C interrupts.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            piece = left if SLICE is None or (left is not None and left < SLICE) else SLICE
            if self._readable(piece):
                with contextlib.suppress(OSError):
                    self._socket.recv(4096)
                return True
            if left is not None and left <= (piece or 0.0):
                return False

    def ready(self) -> list[int]:
        """The tokens of the lanes that have something; the bell rings again for what comes from here on."""
        tokens: list[int] = []
        more = True
        while more:
            found, more = self.native.ready(256)
            tokens += found
        return tokens

    def close(self) -> None:
        """End it and its lanes."""
        self._socket.close()
        self.native.close()

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError):
            self._socket.close()

    def _readable(self, timeout: float | None) -> bool:
        if hasattr(select, "poll"):
            # Unlike `select`, it takes file descriptors of any number.
            watch = select.poll()
            watch.register(self._socket, select.POLLIN)
            return bool(watch.poll(None if timeout is None else timeout * 1000))
        return bool(select.select([self._socket], [], [], timeout)[0])
