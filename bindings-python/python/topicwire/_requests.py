"""Requests of one client from one loop: a lane for their replies, and who waits for which."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from . import _commands, _native
from ._loop import LoopPoller
from ._native import Closed, Reply, Writable
from .errors import ClosedError, Error, UsageError
from .stream import BATCH, ended

__all__ = ["Requests"]


class Requests:
    """The requests of one client from one loop."""

    def __init__(self, core: _native.Client, poller: LoopPoller) -> None:
        self._core = core
        self._poller = poller
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._unwanted: dict[int, Callable[[int], str]] = {}
        self._room: list[asyncio.Future[None]] = []
        self._over = False
        self._token, options = _commands.lane("reply")
        self.lane = core.open_lane(poller.native, options)
        poller.add(self._token, self)

    async def ask(self, command: str, payload: bytes | None = None, undo: Callable[[int], str] | None = None) -> Reply:
        """Give a command and wait for its reply. Cancelling takes it back; `undo` says how, when it is done already."""
        core, lane = self._core, self.lane
        return await self._answered(lambda request: core.submit(request, lane, command, payload), undo)

    async def written(self, send: Callable[[int, _native.Lane], bool]) -> None:
        """Send something and wait until it was written to the socket."""
        lane = self.lane
        await self._answered(lambda request: send(request, lane), None)

    async def writable(self) -> None:
        """Wait until there is room to send again."""
        self._poller.check()
        if self._over:
            return
        room: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._room.append(room)
        await room

    async def _answered(self, give: Callable[[int], bool], undo: Callable[[int], str] | None) -> Reply:
        self._poller.check()
        request = self._core.next_request()
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[request] = answer
        try:
            give(request)
            reply = await answer
        except asyncio.CancelledError:
            self._take_back(request, answer, undo)
            raise
        finally:
            self._waiting.pop(request, None)
        if reply.error is not None:
            raise reply.error
        return reply

    def _take_back(self, request: int, answer: asyncio.Future[Reply], undo: Callable[[int], str] | None) -> None:
        if answer.done() and not answer.cancelled() and answer.exception() is None:
            self._undo(answer.result(), undo)
            return
        # The answer may be in the lane already, where nobody has seen it: then there is nothing left to cancel.
        if undo is not None:
            self._unwanted[request] = undo
        with contextlib.suppress(Error):
            self._core.cancel(request)

    def _undo(self, reply: Reply, undo: Callable[[int], str] | None) -> None:
        if reply.error is None and undo is not None:
            with contextlib.suppress(Error):
                self._core.submit(self._core.next_request(), None, undo(reply.request))

    def ready(self) -> None:
        """Replies have come."""
        more = True
        while more:
            try:
                events, more = self.lane.poll(BATCH)
            except UsageError:
                return  # the child of a fork
            for event in events:
                kind = type(event)
                if kind is Reply:
                    waiter = self._waiting.pop(event.request, None)
                    if waiter is not None and not waiter.done():
                        waiter.set_result(event)
                    elif event.request in self._unwanted:
                        self._undo(event, self._unwanted.pop(event.request))
                elif kind is Writable:
                    self._let_go()
                elif kind is Closed:
                    self._end(event.cause)

    def _let_go(self) -> None:
        room, self._room = self._room, []
        for one in room:
            if not one.done():
                one.set_result(None)

    def _end(self, cause: Error | None) -> None:
        self._over = True
        self._poller.remove(self._token)
        self._let_go()
        waiting, self._waiting = self._waiting, {}
        for waiter in waiting.values():
            if not waiter.done():
                error: Error = ended()
                error.__cause__ = cause
                waiter.set_exception(error)

    def close(self) -> None:
        """The client goes."""
        self._poller.remove(self._token)
        self._end(ClosedError("the client was closed before the answer came", "closed"))
