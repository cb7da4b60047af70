"""A stream of events: what `for` reads."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from types import GeneratorType, TracebackType
from typing import Any, TypeVar

from .. import _commands, _native
from ..errors import UsageError
from ..events import Closed, Event, Message
from ..stream import BATCH
from ._bell import Bell

__all__ = ["Stream"]

T = TypeVar("T")


class Stream:
    """The events of one queue, in order. It has one reader at a time, and ends after `Closed`.

    `client.stream(...)` makes one. Leave it with `with` or `close` when it is no longer read.
    """

    def __init__(
        self,
        core: _native.Client,
        request: int = 0,
        command: str | None = None,
        look: Callable[[list[Any]], None] | None = None,
        keeps: object = None,
        **options: Any,
    ) -> None:
        self._core = core
        self._look = look
        self._keeps = keeps
        self._options = options
        self._bell = Bell()
        _, json = _commands.lane(**options)
        self._lane = core.open_lane(self._bell.native, json, request, command)
        self._pending: Iterator[Any] = iter(())
        self._reading = threading.Lock()
        self._reader: weakref.ref[GeneratorType[Any, None, None]] | None = None
        self._ended = False
        self._closed = False

    def __iter__(self) -> Iterator[Event]:
        return self._named(self._iterate)

    def messages(self) -> Iterator[Message]:
        """Only the messages: the same stream, without what else it says."""
        return self._named(self._iterate_messages)

    def batches(self) -> Iterator[list[Event]]:
        """Events in lists of up to 256, as they come, for who needs the speed."""
        return self._named(self._iterate_batches)

    def poll(self, timeout: float | None = None) -> Event | None:
        """Return the next event, or `None` when none came within `timeout` seconds, and after the end."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._alone():
            while True:
                for event in self._pending:
                    return event  # type: ignore[no-any-return]
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                if not self._more(left):
                    return None

    @property
    def lag(self) -> tuple[int, int, int]:
        """How many events and bytes wait to be read, and how many messages were ever dropped."""
        return self._lane.stats()

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing more to come."""
        return self._ended

    def close(self) -> None:
        """End the stream, and the subscriptions that it owns. What nobody has read is forgotten."""
        if self._closed:
            return
        self._closed = self._ended = True
        self._pending = iter(())
        self._keeps = None
        try:
            self._core.close_lane(self._lane)
        except UsageError:
            return  # the child of a fork
        if self._reading.acquire(blocking=False):
            self._reading.release()
            self._bell.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            try:
                self._core.close_lane(self._lane)
            except UsageError:
                return
            self._bell.close()

    def change(self, **options: Any) -> None:
        """Want something else."""
        self._options.update(options)
        _, json = _commands.lane(**self._options)
        self._core.set_lane(self._lane, json)

    def _refill(self) -> bool:
        if self._ended:
            return False
        events, _ = self._lane.poll(BATCH)
        if not events:
            return False
        if type(events[-1]) is Closed:
            self._ended = True
        if self._look is not None:
            self._look(events)
        self._pending = iter(events)
        return True

    def _more(self, timeout: float | None) -> bool:
        """Wait until there is something. False at the end, and when the time is up."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._refill():
            if self._ended:
                return False
            # What is listed already does not ring again, so the list is taken before the wait.
            if self._bell.ready():
                continue
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return False
            self._bell.wait(left)
        return True

    def _alone(self) -> _Alone:
        return _Alone(self._reading)

    def _begin(self, reader: weakref.ref[GeneratorType[Any, None, None]]) -> None:
        other = None if self._reader is None else self._reader()
        if other is not None and other.gi_frame is not None:
            raise UsageError("this stream has a reader already; open another with `stream()`", "concurrency")
        self._reader = reader

    def _named(self, read: Callable[[list[Any]], Iterator[T]]) -> Iterator[T]:
        name: list[Any] = []
        generator = read(name)
        name.append(weakref.ref(generator))
        return generator

    def _next(self) -> bool:
        with self._alone():
            return self._more(None)

    def _iterate(self, name: list[Any]) -> Iterator[Any]:
        self._begin(name[0])
        while True:
            yield from self._pending
            if not self._next():
                return

    def _iterate_messages(self, name: list[Any]) -> Iterator[Any]:
        self._begin(name[0])
        while True:
            for event in self._pending:
                if type(event) is Message:
                    yield event
            if not self._next():
                return

    def _iterate_batches(self, name: list[Any]) -> Iterator[Any]:
        self._begin(name[0])
        while True:
            events = list(self._pending)
            if events:
                yield events
            if not self._next():
                return


class _Alone:
    """One reader at a time, and an error rather than a wait for the second."""

    __slots__ = ("_lock",)

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise UsageError("another thread reads this stream; open another with `stream()`", "concurrency")

    def __exit__(self, *_: object) -> None:
        self._lock.release()
