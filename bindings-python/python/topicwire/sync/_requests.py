"""Requests from threads: each thread has a bell, and for each client that it asks a lane for the replies."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Callable

from .. import _commands, _fork, _native
from .._native import Closed, Reply, Writable
from ..errors import AnswerTimeoutError, Error
from ..stream import BATCH, ended
from ._bell import Bell

__all__ = ["Replies", "here"]


class _Thread(threading.local):
    def __init__(self) -> None:
        self.bell: Bell | None = None
        self.replies: weakref.WeakKeyDictionary[_native.Client, Replies] = weakref.WeakKeyDictionary()


_thread = _Thread()


def _forget() -> None:
    global _thread
    _thread = _Thread()


_fork.forget.append(_forget)


def here(core: _native.Client) -> Replies:
    """The replies of a client to this thread."""
    thread = _thread
    if thread.bell is None:
        thread.bell = Bell()
    found = thread.replies.get(core)
    if found is None:
        found = thread.replies[core] = Replies(core, thread.bell)
    return found


class Replies:
    """The replies of one client to one thread."""

    def __init__(self, core: _native.Client, bell: Bell) -> None:
        # Not the client itself, which this must not keep alive: it hangs on the client in a weak dictionary.
        self._core = weakref.ref(core)
        self._bell = bell
        _, options = _commands.lane("reply")
        self._lane = core.open_lane(bell.native, options)
        self._arrived: dict[int, Reply] = {}
        self._awaited: set[int] = set()
        self._writable = False
        self._closed: Closed | None = None

    def ask(
        self,
        core: _native.Client,
        command: str,
        payload: bytes | None = None,
        undo: Callable[[int], str] | None = None,
        timeout: float | None = None,
        given: Callable[[], object] | None = None,
    ) -> Reply:
        """Give a command and wait for its reply. An interrupt takes it back. `given` is called between the two."""
        request = core.next_request()
        self._awaited.add(request)
        try:
            core.submit(request, self._lane, command, payload)
            if given is not None:
                given()
            self._wait(lambda: request in self._arrived, timeout)
            reply = self._arrived.pop(request)
        except BaseException:
            self._take_back(core, request, undo)
            raise
        finally:
            self._awaited.discard(request)
            self._arrived.pop(request, None)
        if reply.error is not None:
            raise reply.error
        return reply

    def writable(self) -> None:
        """Wait until there is room to send again."""
        self._writable = False
        self._wait(lambda: self._writable, None)

    def _take_back(self, core: _native.Client, request: int, undo: Callable[[int], str] | None) -> None:
        with contextlib.suppress(Error):
            # The answer may be in the lane already, where nobody has seen it: then there is nothing left to cancel.
            if core.cancel(request) == "unknown":
                self._collect()
                reply = self._arrived.get(request)
                if reply is not None and reply.error is None and undo is not None:
                    core.submit(core.next_request(), None, undo(request))

    def _wait(self, done: Callable[[], bool], timeout: float | None) -> None:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            self._collect()
            if done():
                return
            if self._closed is not None:
                error: Error = ended()
                error.__cause__ = self._closed.cause
                raise error
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise AnswerTimeoutError("no answer within the given time", "timeout", retryable=True)
            self._bell.ready()
            if not self._collect():
                self._bell.wait(left)

    def _collect(self) -> bool:
        events, more = self._lane.poll(BATCH)
        any_came = bool(events)
        while events:
            for event in events:
                kind = type(event)
                if kind is Reply:
                    if event.request in self._awaited:
                        self._arrived[event.request] = event
                elif kind is Writable:
                    self._writable = True
                elif kind is Closed:
                    self._closed = event
            events, more = self._lane.poll(BATCH) if more else ([], False)
        return any_came
