"""What the clients without asyncio share."""

from __future__ import annotations

import contextlib
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, TypeVar

from .. import _commands, _exit, _handlers, _loop, _native
from .._credentials import Credentials
from .._handlers import AnyHandler, ErrorHandler, Table
from .._service import providing
from ..errors import AnswerTimeoutError, Error, UsageError
from ..events import Closed, Event, Message, StateName
from ..stream import Overflow
from . import _requests
from ._service import HandlerLane, Service, dispatcher
from .stream import Stream

__all__ = ["SyncClient"]

Self = TypeVar("Self", bound="SyncClient")


class SyncClient:
    """A client of one gateway, without asyncio. It is used once."""

    _main_options: dict[str, Any] = {}  # noqa: RUF012 - never changed

    def __init__(self, options: str, credentials: Credentials) -> None:
        self._core = _native.Client(options)
        self._credentials = credentials
        self._table = Table()
        self._starting = threading.Lock()
        self._service: Service | None = None
        self._handler_lane: HandlerLane | None = None
        self._main: Stream | None = None
        self._muted = False
        self._implicit = False

    # Its life.

    def start(self) -> None:
        """Begin to connect and return at once. What comes of it comes as events."""
        with self._starting:
            if self._service is not None:
                return
            core = self._core
            self._service = Service(core, repr(self), self._credentials, weakref.WeakMethod(self._over))
            self._main = self._open(**self._main_options)
            _exit.opened(core)
            if self._table:
                self._muted = True
                self._main.change(filter={"kinds": []})
                self._run_handlers()
            core.connect()

    def connect(self, timeout: float | None = None) -> None:
        """Begin to connect, and wait until the gateway has greeted.

        While it cannot be reached the client goes on trying: give a `timeout` in seconds, or call `start` and watch
        the events.

        Raises the reason when the client has given up, and `AnswerTimeoutError` when the time is up.
        """
        self.start()
        assert self._service is not None
        if self._connects_lazily():
            return
        self._refuse_reentry()
        self._refuse_handlers("connect")
        if not self._service.active(timeout):
            raise AnswerTimeoutError("the gateway was not reached within the given time", "timeout", retryable=True)

    def close(self, code: int = 1000, reason: str = "") -> Closed | None:
        """Say goodbye and wait for the end. Messages that arrive meanwhile can still be read.

        Returns how it ended, and `None` if it had never begun, or when a handler closes its own client, whose end it
        cannot wait for.
        """
        if self._service is None:
            return None
        if self._service.closed is None:
            self._core.close(code, reason)
        return self.wait_closed()

    def wait_closed(self, timeout: float | None = None) -> Closed | None:
        """Wait until the client has ended, for programs that only have handlers. `None` when the time is up."""
        self.start()
        assert self._service is not None
        if dispatcher().is_here:
            return self._service.closed
        closed = self._service.over(timeout)
        if closed is not None and self._handler_lane is not None:
            while not self._handler_lane.finished.wait(0.25):
                pass
        return closed

    def abort(self) -> None:
        """End the client at once, without a goodbye."""
        if self._service is not None:
            self._core.abort()

    def __enter__(self: Self) -> Self:
        try:
            self.connect()
        except BaseException:
            self.abort()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_ours():
            return
        try:
            self.close()
        except BaseException:
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

    def __iter__(self) -> Iterator[Event]:
        return self._reading().__iter__()

    def messages(self) -> Iterator[Message]:
        """Only the messages of the main stream."""
        return self._reading().messages()

    def batches(self) -> Iterator[list[Event]]:
        """The main stream in lists of up to 256 events, for who needs the speed."""
        return self._reading().batches()

    def poll(self, timeout: float | None = None) -> Event | None:
        """Return the next event, or `None` when none came within `timeout` seconds, and after the end."""
        return self._reading().poll(timeout)

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
        """Register a handler for topics and for kinds of events.

            @astro.on("channel.tips")
            def thank(event): ...

        Handlers of all clients are called by one thread, one event after the other. One that raises is logged, and
        reported to `on_error`. A client with handlers fills its main stream only from when somebody begins to read it.
        """

        def register(handler: AnyHandler) -> AnyHandler:
            _handlers.check(handler)
            with self._starting:
                first = not self._table
                self._table.add(what, handler)
                if self._service is not None and self._service.closed is None:
                    if first:
                        self._run_handlers()
                    elif self._handler_lane is not None:
                        self._handler_lane.changed()
            return handler

        return register

    def on_error(self, hook: ErrorHandler) -> ErrorHandler:
        """Register what is called with the exception and the event when a handler has raised."""
        self._table.on_error = hook
        return hook

    # For the clients of each gateway.

    def _ask(
        self,
        command: str,
        payload: bytes | None = None,
        undo: Callable[[int], str] | None = None,
        timeout: float | None = None,
        given: Callable[[], object] | None = None,
    ) -> _native.Reply:
        self._started()
        self._refuse_reentry()
        return _requests.here(self._core).ask(self._core, command, payload, undo, timeout, given)

    def _open(self, request: int = 0, command: str | None = None, keeps: object = None, **options: Any) -> Stream:
        return Stream(self._core, request, command, self._credentials.look, keeps, **options)

    def _started(self) -> None:
        if self._service is None:
            raise UsageError("the client is not connected: use `with`, or call `connect()`", "closed")

    def _connects_lazily(self) -> bool:
        return False

    def _refuse_reentry(self) -> None:
        if providing.get(None) is self._core and self._core.state() not in ("active", "handing_over"):
            text = "a token provider waits for its own client, which waits for the token"
            raise UsageError(text, "provider_reentrant")

    def _refuse_handlers(self, what: str) -> None:
        if dispatcher().is_here:
            raise UsageError(f"`{what}` waits for the thread that calls handlers; call `start()` here", "concurrency")

    # Its inside.

    def _reading(self) -> Stream:
        if self._main is None:
            raise UsageError("the client is not connected: use `with`, or call `connect()`", "closed")
        if self._muted:
            self._muted = False
            with contextlib.suppress(Error):
                self._main.change(**{"filter": {}, **self._main_options})
        return self._main

    def _run_handlers(self) -> None:
        reference = weakref.ref(self)

        def done() -> None:
            client = reference()
            if client is not None:
                dispatcher().release(client)

        dispatcher().keep(self)
        self._handler_lane = HandlerLane(self._core, self._table, done)

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
        _exit.closed(self._core)
        service.stop()
        if not self._implicit:
            _loop.unclosed(self)

    def __repr__(self) -> str:
        return f"<topicwire.sync.{type(self).__name__} {id(self):#x}>"
