"""Handlers by topic and by kind of event: a stream of their own, and a task that calls them."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

from . import _commands, _native
from ._logging import log
from ._loop import LoopPoller
from .errors import OptionError
from .events import Closed, Event, Lagged, Message
from .stream import Stream

__all__ = ["ErrorHandler", "Handler", "Handlers"]

Handler: TypeAlias = "Callable[[Any], Awaitable[object] | object]"
"""What is called with an event: a function, or a coroutine function, which is awaited."""
ErrorHandler: TypeAlias = Callable[[Exception, Event], object]
"""What is called when a handler has raised."""
AnyHandler = TypeVar("AnyHandler", bound=Callable[..., Any])


class Table:
    """Which handlers want which events. Both front ends use it."""

    def __init__(self) -> None:
        self._topics: dict[str, list[Handler]] = {}
        self._kinds: dict[type[Event], list[Handler]] = {}
        self.on_error: ErrorHandler | None = None

    def add(self, what: tuple[str | type[Event], ...], handler: Handler) -> None:
        """Add a handler."""
        for one in what:
            if isinstance(one, str):
                self._topics.setdefault(one, []).append(handler)
            else:
                _commands.kind_name(one)
                self._kinds.setdefault(one, []).append(handler)

    def __bool__(self) -> bool:
        return bool(self._topics or self._kinds)

    def wanted(self) -> dict[str, Any]:
        """The filter of a stream that has what the handlers want, and no more."""
        kinds = [_commands.kind_name(kind) for kind in self._kinds]
        if self._topics and Message not in self._kinds:
            return {"kinds": ["message", *kinds], "topics": sorted(self._topics)}
        return {"kinds": kinds}

    def of(self, event: Event) -> list[Handler]:
        """The handlers of an event."""
        found = self._kinds.get(type(event), ())
        topical = self._topics.get(event.topic, ()) if event.topic is not None else ()
        return [*topical, *found]

    def wants(self, event: Event) -> bool:
        """Whether an event that always comes is wanted."""
        return type(event) not in (Closed, Lagged) or type(event) in self._kinds

    def failed(self, error: Exception, event: Event) -> None:
        """Report that a handler has raised."""
        log.error("a handler of %r raised", event, exc_info=error)
        if self.on_error is not None:
            try:
                self.on_error(error, event)
            except Exception:  # noqa: BLE001 - it is the program's, and reported
                log.exception("the handler of errors raised")


def check(handler: object) -> None:
    """Refuse what cannot be called."""
    if not callable(handler):
        raise OptionError("option `handler`: expected a function", "invalid_option")


class Handlers:
    """The handlers of one client."""

    def __init__(self) -> None:
        self.table = Table()
        self._stream: Stream | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, core: _native.Client, poller: LoopPoller, done: Callable[[], None]) -> None:
        """Open the stream, and begin to call."""
        stream = self._stream = Stream(core, poller, filter=self.table.wanted())
        self._task = asyncio.get_running_loop().create_task(_run(self.table, stream))
        self._task.add_done_callback(lambda _: done())

    def changed(self) -> None:
        """There is a handler more."""
        if self._stream is not None:
            self._stream.change(filter=self.table.wanted())

    @property
    def stream(self) -> Stream | None:
        """The stream that feeds them."""
        return self._stream

    @property
    def is_current(self) -> bool:
        """Whether it is a handler that is running."""
        return self._task is not None and asyncio.current_task() is self._task

    async def finish(self) -> None:
        """Wait until all have been called."""
        if self._task is not None and not self.is_current:
            await asyncio.wait({self._task})

    def stop(self) -> None:
        """The client goes."""
        if self._task is not None:
            self._task.cancel()
        if self._stream is not None:
            self._stream.close()


async def _run(table: Table, stream: Stream) -> None:
    async for event in stream:
        if not table.wants(event):
            continue
        for handler in table.of(event):
            try:
                result = handler(event)
                if inspect.isawaitable(result):
                    await result
            except Exception as error:  # noqa: BLE001 - it is the program's, and reported
                table.failed(error, event)
