"""A stream of events: what `async for` reads."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Any, Literal, TypeAlias

from . import _commands, _native
from ._loop import LoopPoller
from .errors import ClosedError, UsageError
from .events import Closed, Event, Message

__all__ = ["Overflow", "Stream"]

BATCH = 256

Overflow: TypeAlias = Literal["drop_oldest", "drop_newest", "close", "block"]
"""What happens to a message that does not fit into a stream's queue."""


class Stream:
    """The events of one queue, in order. It has one reader at a time, and ends after `Closed`.

    `client.stream(...)` makes one. Leave it with `async with` or `close` when it is no longer read.
    """

    def __init__(
        self,
        core: _native.Client,
        poller: LoopPoller,
        request: int = 0,
        command: str | None = None,
        look: Callable[[list[Any]], None] | None = None,
        keeps: object = None,
        **options: Any,
    ) -> None:
        self._core = core
        self._poller = poller
        self._look = look
        self._keeps = keeps
        self._options = options
        self._token, json = _commands.lane(**options)
        self._lane = core.open_lane(poller.native, json, request, command)
        poller.add(self._token, self)
        self._pending: Iterator[Any] = iter(())
        self._batches: deque[list[Any]] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._reader: weakref.ref[_Reader] | None = None
        self._ended = False
        self._retiring = False
        self._closed = False
        self._waited = True
        # Whether the lane may have something: it said so, or was announced.
        self._listed = True

    def __aiter__(self) -> AsyncIterator[Event]:
        return _Reader(self, self._iterate)

    def messages(self) -> AsyncIterator[Message]:
        """Only the messages: the same stream, without what else it says."""
        return _Reader(self, self._iterate_messages)

    def batches(self) -> AsyncIterator[list[Event]]:
        """Events in lists of up to 256, as they come, for who needs the speed."""
        return _Reader(self, self._iterate_batches)

    async def poll(self, timeout: float | None = None) -> Event | None:
        """Return the next event, or `None` when none came within `timeout` seconds, and after the end."""
        self._check()
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        while True:
            for event in self._pending:
                return event  # type: ignore[no-any-return]
            if self._refill():
                continue
            if self._ended:
                return None
            left = None if deadline is None else deadline - loop.time()
            if left is not None and left <= 0:
                return None
            await self._wait(left)

    @property
    def lag(self) -> tuple[int, int, int]:
        """How many events and bytes wait to be read, and how many messages were ever dropped."""
        return self._lane.stats()

    def close(self) -> None:
        """End the stream, and the subscriptions that it owns. What nobody has read is forgotten."""
        if self._closed:
            return
        self._closed = self._ended = True
        self._pending = iter(())
        self._batches.clear()
        self._keeps = None
        try:
            self._core.close_lane(self._lane)
        except UsageError:
            return  # the child of a fork
        self._poller.remove(self._token)
        self.ready()

    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self._closed = True
            try:
                self._core.close_lane(self._lane)
            except UsageError:
                return
            self._poller.remove(self._token)

    # What the package does with it.

    def ready(self) -> None:
        """The lane has something."""
        self._listed = True
        if self._retiring:
            self._drain()
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def retire(self) -> None:
        """The client has ended: take what is left, so that the loop need not watch the lane."""
        self._retiring = self._listed = True
        self._drain()
        self.ready_if_waiting()

    def ready_if_waiting(self) -> None:
        """Wake the reader, if there is one."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def change(self, **options: Any) -> None:
        """Want something else."""
        self._options.update(options)
        _, json = _commands.lane(**self._options)
        self._core.set_lane(self._lane, json)

    def _drain(self) -> None:
        while not self._ended:
            events, more = self._lane.poll(BATCH)
            if events:
                self._note(events)
                self._batches.append(events)
            elif not more:
                return

    def _note(self, events: list[Any]) -> None:
        if type(events[-1]) is Closed:
            self._ended = True
            self._poller.remove(self._token)
        if self._look is not None:
            self._look(events)

    def _refill(self) -> bool:
        """Take what there is, without waiting."""
        if self._batches:
            self._pending = iter(self._batches.popleft())
            return True
        if self._ended or not self._listed:
            return False
        events, self._listed = self._lane.poll(BATCH)
        if not events:
            return False
        self._note(events)
        self._pending = iter(events)
        return True

    async def _more(self) -> bool:
        """Wait until there is something. False at the end."""
        if not self._waited and (self._listed or self._batches):
            # Others want a turn too, however much there is to read.
            await asyncio.sleep(0)
        self._waited = False
        while not self._refill():
            if self._ended:
                return False
            self._waited = True
            await self._wait(None)
        return True

    async def _wait(self, timeout: float | None) -> None:
        if self._waiter is not None:
            raise UsageError("this stream has a reader already; open another with `stream()`", "concurrency")
        self._check()
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        timer = None if timeout is None else loop.call_later(timeout, _wake, waiter)
        try:
            await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def _check(self) -> None:
        if not self._ended:
            self._poller.check()

    def read_by(self, reader: _Reader) -> None:
        """Somebody begins to read. One at a time."""
        # A reader that was left with `break` is not there any more, though its generator has yet to be closed.
        other = None if self._reader is None else self._reader()
        if other is not None and other is not reader:
            raise UsageError("this stream has a reader already; open another with `stream()`", "concurrency")
        self._reader = weakref.ref(reader)

    async def _iterate(self, reader: weakref.ref[_Reader]) -> AsyncGenerator[Any, None]:
        try:
            while True:
                for event in self._pending:
                    yield event
                if not await self._more():
                    break
        finally:
            self._left(reader())

    async def _iterate_messages(self, reader: weakref.ref[_Reader]) -> AsyncGenerator[Any, None]:
        try:
            while True:
                for event in self._pending:
                    if type(event) is Message:
                        yield event
                if not await self._more():
                    break
        finally:
            self._left(reader())

    async def _iterate_batches(self, reader: weakref.ref[_Reader]) -> AsyncGenerator[Any, None]:
        try:
            while True:
                events = list(self._pending)
                if events:
                    yield events
                if not await self._more():
                    break
        finally:
            self._left(reader())

    def _left(self, reader: _Reader | None) -> None:
        """A generator is over: with the stream, or because its wait was cancelled."""
        if reader is not None:
            reader.begin_again()
            if self._reader is not None and self._reader() is reader:
                self._reader = None


class _Reader:
    """What `async for` takes events from: a generator, which is the fastest, and another after one was cancelled.

    A wait that is cancelled, for example by a timeout, ends its generator; the stream it does not end.
    """

    __slots__ = ("__weakref__", "_make", "_next", "_stream")

    def __init__(self, stream: Stream, make: Callable[[weakref.ref[_Reader]], AsyncGenerator[Any, None]]) -> None:
        self._stream = stream
        self._make = make
        self._next: Callable[[], Awaitable[Any]] | None = None

    def __aiter__(self) -> _Reader:
        return self

    def __anext__(self) -> Awaitable[Any]:
        return self._begin() if self._next is None else self._next()

    def begin_again(self) -> None:
        """Make another generator when the next event is asked for."""
        self._next = None

    async def _begin(self) -> Any:
        self._stream.read_by(self)
        first = self._next = self._make(weakref.ref(self)).__anext__
        return await first()


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def ended() -> ClosedError:
    """What a call on a client that has ended raises."""
    return ClosedError("the client is closed; make a new one", "closed")
