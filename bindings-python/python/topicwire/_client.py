"""What the clients for asyncio share."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import weakref
from collections.abc import AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import Any, TypeVar

from . import _commands, _exit, _handlers, _loop, _native
from ._credentials import Credentials
from ._handlers import AnyHandler, ErrorHandler, Handlers
from ._logging import log
from ._requests import Requests
from ._service import Service, providing
from .errors import Error, UsageError
from .events import Closed, Event, Message, StateName
from .stream import Overflow, Stream

__all__ = ["AsyncClient"]

Self = TypeVar("Self", bound="AsyncClient")


class AsyncClient:
    """A client of one gateway, for asyncio. It is used once, on the loop on which it was started."""

    _main_options: dict[str, Any] = {}  # noqa: RUF012 - never changed

    def __init__(self, options: str, credentials: Credentials) -> None:
        self._core = _native.Client(options)
        self._credentials = credentials
        self._handlers = Handlers()
        self._requests: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Requests] = weakref.WeakKeyDictionary()
        self._streams: weakref.WeakSet[Stream] = weakref.WeakSet()
        self._service: Service | None = None
        self._poller: _loop.LoopPoller | None = None
        self._main: Stream | None = None
        self._muted = False
        self._implicit = False

    # Its life.

    def start(self) -> None:
        """Begin to connect and return at once. What comes of it comes as events."""
        if self._service is not None:
            return
        poller = _loop.poller()
        core = self._core
        self._poller = poller
        self._service = Service(core, poller, repr(self), self._credentials, weakref.WeakMethod(self._over))
        self._main = self._open(**self._main_options)
        poller.add_client(self)
        _exit.opened(core)
        if self._handlers.table:
            self._mute()
            self._run_handlers()
        try:
            core.connect()
        except BaseException:
            self._release()
            raise

    async def connect(self) -> None:
        """Begin to connect, and wait until the gateway has greeted.

        While it cannot be reached the client goes on trying: bound the wait with `asyncio.timeout`, or call `start`
        and watch the events.

        Raises the reason when the client has given up.
        """
        self.start()
        assert self._service is not None
        if not self._connects_lazily():
            self._refuse_reentry()
            await self._service.active()

    async def close(self, code: int = 1000, reason: str = "") -> Closed | None:
        """Say goodbye and wait for the end. Messages that arrive meanwhile can still be read.

        Returns how it ended, and `None` if it had never begun.
        """
        if self._service is None:
            return None
        if self._service.closed is None:
            self._core.close(code, reason)
        closed = await self._service.over()
        await self._handlers.finish()
        return closed

    async def wait_closed(self) -> Closed:
        """Wait until the client has ended, for programs that only have handlers."""
        self.start()
        assert self._service is not None
        closed = await self._service.over()
        await self._handlers.finish()
        return closed

    def abort(self) -> None:
        """End the client at once, without a goodbye."""
        if self._service is not None:
            self._core.abort()

    async def __aenter__(self: Self) -> Self:
        try:
            await self.connect()
        except BaseException:
            self.abort()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_ours():
            return
        try:
            await self.close()
        except asyncio.CancelledError:
            self.abort()
            raise

    @property
    def state(self) -> StateName:
        """The state: `idle`, `connecting`, `active` and so on; `StateName` has them all."""
        return self._core.state()

    @property
    def stats(self) -> dict[str, int]:
        """Counters: messages, those that nobody wanted, duplicates, faults."""
        return self._core.stats()

    @property
    def closed(self) -> Closed | None:
        """How the client ended; `None` while it has not."""
        return None if self._service is None else self._service.closed

    # Reading.

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._reading().__aiter__()

    def messages(self) -> AsyncIterator[Message]:
        """Only the messages of the main stream."""
        return self._reading().messages()

    def batches(self) -> AsyncIterator[list[Event]]:
        """The main stream in lists of up to 256 events, for who needs the speed."""
        return self._reading().batches()

    async def poll(self, timeout: float | None = None) -> Event | None:
        """Return the next event, or `None` when none came within `timeout` seconds, and after the end."""
        return await self._reading().poll(timeout)

    def stream(
        self,
        *,
        topics: Iterable[str] | None = None,
        rooms: Iterable[str] | None = None,
        subscriptions: Iterable[int] | None = None,
        kinds: Iterable[type[Event]] | None = None,
        overflow: Overflow = "drop_oldest",
        events: int | None = None,
        bytes: int | None = None,  # noqa: A002 - the name it has in every language
    ) -> Stream:
        """Open a stream of its own, with its own queue, for some of the events.

        `overflow` says what happens to a message when `events` messages or `bytes` bytes wait already: `drop_oldest`,
        `drop_newest`, `close`, or `block`, which stops reading the socket. Where messages were dropped stands a
        `Lagged`.

            async with astro.stream(topics=["channel.tips"]) as tips:
                async for event in tips: ...
        """
        self._started()
        wanted = _commands.filtered(topics, rooms, subscriptions, kinds)
        options: dict[str, Any] = {"filter": wanted, "overflow": overflow}
        if events is not None:
            options["events"] = events
        if bytes is not None:
            options["bytes"] = bytes
        return self._open(keeps=self, **options)

    def on(self, *what: str | type[Event]) -> Callable[[AnyHandler], AnyHandler]:
        """Register a handler for topics and for kinds of events. Coroutine functions are awaited.

            @astro.on("channel.tips")
            async def thank(event): ...

            @astro.on(topicwire.Gap)
            def note(event): ...

        Handlers are called one event after the other, in order. One that raises is logged, and reported to `on_error`.
        A client with handlers fills its main stream only from when somebody begins to read it.
        """

        def register(handler: AnyHandler) -> AnyHandler:
            _handlers.check(handler)
            first = not self._handlers.table
            self._handlers.table.add(what, handler)
            if self._service is not None and self._service.closed is None:
                if first:
                    self._run_handlers()
                else:
                    self._handlers.changed()
            return handler

        return register

    def on_error(self, hook: ErrorHandler) -> ErrorHandler:
        """Register what is called with the exception and the event when a handler has raised."""
        self._handlers.table.on_error = hook
        return hook

    # For the clients of each gateway.

    async def _ask(
        self, command: str, payload: bytes | None = None, undo: Callable[[int], str] | None = None
    ) -> _native.Reply:
        self._started()
        self._refuse_reentry()
        return await self._asking().ask(command, payload, undo)

    def _asking(self) -> Requests:
        loop = asyncio.get_running_loop()
        requests = self._requests.get(loop)
        if requests is None:
            requests = self._requests[loop] = Requests(self._core, _loop.poller())
        return requests

    def _open(self, request: int = 0, command: str | None = None, keeps: object = None, **options: Any) -> Stream:
        assert self._poller is not None
        if _loop.poller() is not self._poller:
            raise UsageError("this client belongs to another event loop; use it there, or make another", "wrong_loop")
        stream = Stream(self._core, self._poller, request, command, self._credentials.look, keeps, **options)
        self._streams.add(stream)
        return stream

    def _started(self) -> None:
        if self._service is None:
            raise UsageError("the client is not connected: use `async with`, or await `connect()`", "closed")

    def _connects_lazily(self) -> bool:
        return False

    def _refuse_reentry(self) -> None:
        if providing.get(None) is self._core and self._core.state() not in ("active", "handing_over"):
            text = "a token provider waits for its own client, which waits for the token"
            raise UsageError(text, "provider_reentrant")

    # Its inside.

    def _reading(self) -> Stream:
        if self._main is None:
            raise UsageError("the client is not connected: use `async with`, or await `connect()`", "closed")
        if self._muted:
            self._muted = False
            with contextlib.suppress(Error):
                self._main.change(**{"filter": {}, **self._main_options})
        return self._main

    def _mute(self) -> None:
        # Its events would only fill a queue: whoever has handlers mostly reads no stream.
        assert self._main is not None
        self._muted = True
        self._main.change(filter={"kinds": []})

    def _run_handlers(self) -> None:
        assert self._poller is not None
        poller, reference = self._poller, weakref.ref(self)

        def done() -> None:
            client = reference()
            if client is not None:
                poller.release(client)

        poller.keep(self)
        self._handlers.start(self._core, poller, done)

    def _is_ours(self) -> bool:
        """Whether this is the process that the client was made in. The child of a fork leaves it alone."""
        try:
            self._core.state()
        except UsageError:
            return False
        return True

    def _over(self) -> None:
        """The client has ended."""
        _exit.closed(self._core)
        for stream in list(self._streams):
            stream.retire()
        if self._handlers.stream is not None:
            self._handlers.stream.retire()

    def _release(self) -> None:
        """Let go of everything, when nobody will ask any more."""
        _exit.closed(self._core)
        self._handlers.stop()
        if self._service is not None:
            self._service.stop()
        for requests in list(self._requests.values()):
            requests.close()
        for stream in list(self._streams):
            stream.close()

    def loop_closed(self) -> None:
        """The loop ends with the client open."""
        if self._service is None or self._service.closed is not None:
            return
        with contextlib.suppress(Error):
            self._core.abort()
        self._release()
        log.warning("%r was open when its event loop ended", self)
        if not self._implicit:
            _loop.unclosed(self)

    def __del__(self) -> None:
        service = getattr(self, "_service", None)
        if service is None or service.closed is not None or sys.is_finalizing():
            return
        try:
            if self._core.state() == "closed":
                return
            self._core.abort()
        except UsageError:
            return  # the child of a fork
        self._release()
        if not self._implicit:
            _loop.unclosed(self)

    def __repr__(self) -> str:
        return f"<topicwire.{type(self).__name__} {id(self):#x}>"
