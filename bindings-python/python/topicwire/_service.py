"""What a client needs of its loop: somebody who notes its state, asks the program for credentials, and logs."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import weakref
from collections.abc import Callable
from contextvars import ContextVar

from . import _commands, _credentials, _native
from ._credentials import Credentials
from ._logging import log, note
from ._loop import LoopPoller
from ._native import Closed, Fault, Need, NeedCancelled, State
from .errors import Error, UsageError
from .stream import BATCH, ended

__all__ = ["Service", "providing"]

providing: ContextVar[object] = ContextVar("providing")
"""The client for which the running code fetches a credential."""


class Service:
    """The service lane of one client."""

    def __init__(
        self,
        core: _native.Client,
        poller: LoopPoller,
        name: str,
        credentials: Credentials,
        over: weakref.WeakMethod[Callable[[], None]],
    ) -> None:
        self._core = core
        self._poller = poller
        self._name = name
        self._credentials = credentials
        self._over = over
        self._waiting: list[asyncio.Future[None]] = []
        self._asked: dict[int, asyncio.Task[None]] = {}
        self.was_active = False
        self.closed: Closed | None = None
        self._token, options = _commands.lane("service")
        self._lane = core.open_lane(poller.native, options)
        poller.add(self._token, self)

    async def active(self) -> None:
        """Wait until the client is connected."""
        while not self.was_active:
            if self.closed is not None:
                raise self.closed.cause or ended()
            await self._changed()

    async def over(self) -> Closed:
        """Wait for the client's end."""
        while self.closed is None:
            await self._changed()
        return self.closed

    async def _changed(self) -> None:
        self._poller.check()
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        finally:
            with contextlib.suppress(ValueError):
                self._waiting.remove(waiter)

    def ready(self) -> None:
        """Something happened."""
        more = True
        while more:
            try:
                events, more = self._lane.poll(BATCH)
            except UsageError:
                return  # the child of a fork
            for event in events:
                self._handle(event)

    def _handle(self, event: object) -> None:
        match event:
            case Need():
                task = asyncio.get_running_loop().create_task(self._provide(event))
                self._asked[event.request] = task
                request, asked = event.request, self._asked
                task.add_done_callback(lambda _: asked.pop(request, None))
                return
            case NeedCancelled(request):
                task_or_none = self._asked.get(request)
                if task_or_none is not None:
                    task_or_none.cancel()
                return
            case State(to="active"):
                self.was_active = True
                self._wake()
            case Fault():
                self._credentials.explain(event.request, event.error)
            case Closed():
                self.closed = event
                self.stop()
                self._wake()
                over = self._over()
                if over is not None:
                    over()
        if log.isEnabledFor(logging.WARNING):
            note(self._name, event)

    async def _provide(self, need: Need) -> None:
        providing.set(self._core)
        try:
            provided = self._credentials.call(need)
            if inspect.isawaitable(provided):
                provided = await provided
            token = _credentials.read(provided)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - it is the program's, and reported
            self._credentials.failed(need, error)
            with contextlib.suppress(Error):
                self._core.fail(need.request, _credentials.describe(error), _credentials.may_retry(error))
            return
        with contextlib.suppress(Error):
            self._core.answer(need.request, token.value, token.valid_for)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def stop(self) -> None:
        """The client goes."""
        self._poller.remove(self._token)
        for task in list(self._asked.values()):
            task.cancel()
