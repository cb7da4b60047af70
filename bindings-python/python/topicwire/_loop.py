"""What one event loop watches: one socket, whoever many clients and streams there are."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import threading
import warnings
import weakref
from collections.abc import AsyncGenerator
from typing import Any, Protocol

from . import _fork, _native
from .errors import UsageError

__all__ = ["LoopPoller", "poller"]

MANY = 48
"""Lanes (some three a client) from which on a loop is woken with pauses."""
PAUSE = 0.001
"""Seconds between two wakes of a loop with many lanes, while there is something all the time."""


class Owner(Protocol):
    """Who is told that a lane has something."""

    def ready(self) -> None:
        """Come and look, or note that somebody should. Never raises."""


class Held(Protocol):
    """A client, as its loop knows it."""

    def loop_closed(self) -> None:
        """The loop ends; nobody will hear the client any more."""


_pollers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, LoopPoller] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def poller() -> LoopPoller:
    """The poller of the running loop, which is made when the loop's first lane opens."""
    loop = asyncio.get_running_loop()
    with _lock:
        found = _pollers.get(loop)
        gone = [(loop, one) for loop, one in _pollers.items() if loop.is_closed()]
        for closed, _ in gone:
            del _pollers[closed]
    for _, one in gone:
        one.abandon()
    if found is None:
        found = LoopPoller(loop)
        with _lock:
            _pollers[loop] = found
    return found


def _forget() -> None:
    global _lock
    _lock = threading.Lock()
    _pollers.clear()


_fork.forget.append(_forget)


class LoopPoller:
    """Watches the lanes of one loop. It ends with the last of them, and with the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)
        self._lanes: dict[int, weakref.ref[Any]] = {}
        self._clients: weakref.WeakSet[Any] = weakref.WeakSet()
        self._kept: set[Any] = set()
        self._turned = 0.0
        self._pausing = False
        self.native, number = _native.Poller.open()
        self._socket = socket.socket(fileno=number)
        self._socket.setblocking(False)
        _fork.sockets.add(self._socket)
        self._listener: asyncio.Task[None] | None = None
        reference: weakref.ref[LoopPoller] = weakref.ref(self)
        try:
            loop.add_reader(self._socket, _call, reference)
        except NotImplementedError:
            # Windows' proactor loop watches no sockets, but reads them.
            self._listener = loop.create_task(_listen(reference, self._socket))
        self._sentinel = _sentinel(reference)
        _run_to_first_yield(self._sentinel)
        # A loop that was run by hand and dropped runs no sentinel.
        self._finalizer = weakref.finalize(loop, _abandon, reference)
        self._finalizer.atexit = False

    def add(self, token: int, owner: Owner) -> None:
        """Tell this owner when its lane has something."""
        self._lanes[token] = weakref.ref(owner)

    def remove(self, token: int) -> None:
        """Tell nobody any more."""
        self._lanes.pop(token, None)
        if self._lanes:
            return
        loop = self._loop()
        if loop is None or loop.is_closed() or _is_running_here(loop):
            self._close()
        else:
            # The garbage collector runs on any thread, and a loop is its own thread's.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._close_if_idle)

    def add_client(self, client: Held) -> None:
        """Tell this client when the loop ends."""
        self._clients.add(client)

    def keep(self, client: Held) -> None:
        """Keep a client alive of which only its handlers are left."""
        self._kept.add(client)

    def release(self, client: Held) -> None:
        """Keep it alive no longer."""
        self._kept.discard(client)

    def check(self) -> None:
        """Refuse callers on other loops, whose waits nobody would end."""
        loop = self._loop()
        if loop is None or not _is_running_here(loop):
            raise UsageError("this belongs to another event loop; use it there, or make another", "wrong_loop")

    def rung(self) -> None:
        """The socket is readable."""
        with contextlib.suppress(OSError):
            self._socket.recv(4096)
        loop = self._loop()
        if loop is None or len(self._lanes) < MANY:
            self.turn()
            return
        # Many lanes with little in each: a wake for every message would cost more than the messages. As long as nobody
        # looks at the list, the core need not ring again.
        now = loop.time()
        if now - self._turned >= PAUSE:
            self._turned = now
            self.turn()
        elif not self._pausing:
            self._pausing = True
            reference: weakref.ref[LoopPoller] = weakref.ref(self)
            loop.call_later(PAUSE, _after_pause, reference)

    def after_pause(self) -> None:
        """Enough has come together."""
        self._pausing = False
        loop = self._loop()
        if loop is not None and self._socket.fileno() >= 0:
            self._turned = loop.time()
            self.turn()

    def turn(self) -> None:
        """Tell the owners of all lanes that have something."""
        more = True
        while more:
            try:
                tokens, more = self.native.ready(256)
            except UsageError:
                return  # the child of a fork
            for token in tokens:
                reference = self._lanes.get(token)
                owner = None if reference is None else reference()
                if owner is not None:
                    owner.ready()

    def abandon(self) -> None:
        """The loop ends: so do the clients that live on it."""
        open_clients = list(self._clients)
        self._clients.clear()
        self._kept.clear()
        for client in open_clients:
            client.loop_closed()
        self._lanes.clear()
        self._close()

    def _close_if_idle(self) -> None:
        if not self._lanes:
            self._close()

    def _close(self) -> None:
        loop = self._loop()
        if self._socket.fileno() < 0:
            return
        if loop is not None:
            if not loop.is_closed():
                if self._listener is None:
                    loop.remove_reader(self._socket)
                else:
                    self._listener.cancel()
            with _lock:
                if _pollers.get(loop) is self:
                    del _pollers[loop]
        self._finalizer.detach()
        self._socket.close()
        self.native.close()
        _finish(self._sentinel)


def _is_running_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _call(reference: weakref.ref[LoopPoller]) -> None:
    found = reference()
    if found is not None:
        found.rung()


def _after_pause(reference: weakref.ref[LoopPoller]) -> None:
    found = reference()
    if found is not None:
        found.after_pause()


def _abandon(reference: weakref.ref[LoopPoller]) -> None:
    found = reference()
    if found is not None and not sys.is_finalizing():
        found.abandon()


async def _listen(reference: weakref.ref[LoopPoller], hears: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            if not await loop.sock_recv(hears, 4096):
                return
        except OSError:
            return
        _call(reference)


async def _sentinel(reference: weakref.ref[LoopPoller]) -> AsyncGenerator[None, None]:
    """Wait for the end of the loop: `shutdown_asyncgens` closes what is started and not finished."""
    try:
        yield
    finally:
        found = reference()
        if found is not None:
            found.abandon()


def _run_to_first_yield(generator: AsyncGenerator[None, None]) -> None:
    # Not `anext`: nothing is awaited, so that this takes no turn of the loop.
    with contextlib.suppress(StopIteration):
        generator.asend(None).send(None)


def _finish(generator: AsyncGenerator[None, None]) -> None:
    # It may be the sentinel that has brought us here.
    with contextlib.suppress(StopIteration, RuntimeError, StopAsyncIteration):
        generator.aclose().send(None)


def unclosed(client: object) -> None:
    """Warn of a client that was left open."""
    warnings.warn(f"unclosed {client!r}", ResourceWarning, stacklevel=2, source=client)
