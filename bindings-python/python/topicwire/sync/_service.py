"""One daemon thread for all clients of a process: it notes their states, calls handlers, and starts token providers."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Protocol

from .. import _commands, _credentials, _fork, _native
from .._credentials import Credentials
from .._handlers import Table
from .._logging import log, note
from .._native import Closed, Fault, Need, State
from .._service import providing
from ..errors import Error, UsageError
from ..stream import BATCH, ended
from ._bell import Bell

__all__ = ["HandlerLane", "Service", "dispatcher"]

PIECE = 0.25
"""Waits for a lock are cut into pieces, since on Windows no signal interrupts them."""


class Owner(Protocol):
    """Who is told that a lane has something."""

    def ready(self) -> bool:
        """Look, for one batch. Returns whether there is more."""
        ...


class Dispatcher:
    """The thread."""

    def __init__(self) -> None:
        self._owners: dict[int, weakref.ref[Any]] = {}
        self._kept: set[object] = set()
        self.bell = Bell()
        self._thread = threading.Thread(target=self._run, name="topicwire", daemon=True)
        self._thread.start()

    def add(self, token: int, owner: Owner) -> None:
        """Tell this owner when its lane has something."""
        self._owners[token] = weakref.ref(owner)

    def remove(self, token: int) -> None:
        """Tell nobody any more."""
        self._owners.pop(token, None)

    def keep(self, client: object) -> None:
        """Keep a client alive of which only its handlers are left."""
        self._kept.add(client)

    def release(self, client: object) -> None:
        """Keep it alive no longer."""
        self._kept.discard(client)

    @property
    def is_here(self) -> bool:
        """Whether this is the thread."""
        return threading.current_thread() is self._thread

    def _run(self) -> None:
        again: list[int] = []
        while True:
            try:
                tokens = list(dict.fromkeys([*again, *self.bell.ready()]))
                again = [token for token in tokens if self._tell(token)]
                if not again:
                    self.bell.wait(None)
            except (OSError, ValueError, UsageError):
                return

    def _tell(self, token: int) -> bool:
        reference = self._owners.get(token)
        owner = None if reference is None else reference()
        if owner is None:
            return False
        try:
            return bool(owner.ready())
        except UsageError:
            return False  # the child of a fork
        except Exception:  # noqa: BLE001 - one client's trouble must not be every client's
            log.exception("an event could not be handled")
            return False


_lock = threading.Lock()
_dispatcher: Dispatcher | None = None


def dispatcher() -> Dispatcher:
    """The process's dispatcher, which starts with the first client that connects."""
    global _dispatcher
    with _lock:
        if _dispatcher is None:
            _dispatcher = Dispatcher()
        return _dispatcher


def _forget() -> None:
    global _dispatcher, _lock
    _lock = threading.Lock()
    _dispatcher = None


_fork.forget.append(_forget)


class Service:
    """The service lane of one client."""

    def __init__(
        self,
        core: _native.Client,
        name: str,
        credentials: Credentials,
        over: weakref.WeakMethod[Callable[[], None]],
    ) -> None:
        self._core = core
        self._name = name
        self._credentials = credentials
        self._over = over
        self._changed = threading.Condition()
        self.was_active = False
        self.closed: Closed | None = None
        self._dispatcher = dispatcher()
        self._token, options = _commands.lane("service")
        self._dispatcher.add(self._token, self)
        self._lane = core.open_lane(self._dispatcher.bell.native, options)

    def active(self, timeout: float | None) -> bool:
        """Wait until the client is connected. False when the time is up."""
        reached = self._until(lambda: self.was_active or self.closed is not None, timeout)
        if reached and not self.was_active:
            assert self.closed is not None
            raise self.closed.cause or ended()
        return reached

    def over(self, timeout: float | None) -> Closed | None:
        """Wait for the client's end. `None` when the time is up."""
        self._until(lambda: self.closed is not None, timeout)
        return self.closed

    def _until(self, reached: Callable[[], bool], timeout: float | None) -> bool:
        with self._changed:
            deadline = None if timeout is None else time.monotonic() + timeout
            while not reached():
                left = PIECE if deadline is None else deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, PIECE))
            return True

    def ready(self) -> bool:
        """Something happened."""
        events, more = self._lane.poll(BATCH)
        for event in events:
            self._handle(event)
        return more

    def _handle(self, event: object) -> None:
        match event:
            case Need():
                # A thread of its own: it may take long, and may use the client.
                threading.Thread(target=self._provide, args=(event,), name="topicwire-provider", daemon=True).start()
                return
            case State(to="active"):
                self.was_active = True
                self._notify()
            case Fault():
                self._credentials.explain(event.request, event.error)
            case Closed():
                self.closed = event
                self.stop()
                over = self._over()
                if over is not None:
                    over()
                self._notify()
        if log.isEnabledFor(logging.WARNING):
            note(self._name, event)

    def _provide(self, need: Need) -> None:
        providing.set(self._core)
        try:
            provided = self._credentials.call(need)
            if inspect.isawaitable(provided):
                provided = asyncio.run(_awaited(provided))
            token = _credentials.read(provided)
        except Exception as error:  # noqa: BLE001 - it is the program's, and reported
            self._credentials.failed(need, error)
            with contextlib.suppress(Error):
                self._core.fail(need.request, _credentials.describe(error), _credentials.may_retry(error))
            return
        with contextlib.suppress(Error):
            self._core.answer(need.request, token.value, token.valid_for)

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def stop(self) -> None:
        """The client goes."""
        self._dispatcher.remove(self._token)


class HandlerLane:
    """The lane of one client's handlers, which the dispatcher calls."""

    def __init__(self, core: _native.Client, table: Table, done: Callable[[], None]) -> None:
        self._core = core
        self._table = table
        self._done = done
        self._dispatcher = dispatcher()
        self._token, options = _commands.lane(filter=table.wanted())
        self._dispatcher.add(self._token, self)
        self._lane = core.open_lane(self._dispatcher.bell.native, options)
        self.finished = threading.Event()

    def changed(self) -> None:
        """There is a handler more."""
        _, options = _commands.lane(filter=self._table.wanted())
        self._core.set_lane(self._lane, options)

    def ready(self) -> bool:
        """Call the handlers of a batch of events."""
        events, more = self._lane.poll(BATCH)
        for event in events:
            if self._table.wants(event):
                for handler in self._table.of(event):
                    self._call(handler, event)
            if type(event) is Closed:
                self.stop()
        return more

    def _call(self, handler: Callable[[Any], object], event: Any) -> None:
        try:
            result = handler(event)
            if inspect.isawaitable(result):
                asyncio.run(_awaited(result))
        except Exception as error:  # noqa: BLE001 - it is the program's, and reported
            self._table.failed(error, event)

    def stop(self) -> None:
        """The client goes."""
        self._dispatcher.remove(self._token)
        self.finished.set()
        self._done()


async def _awaited(awaitable: Any) -> Any:
    return await awaitable
