"""The end of the interpreter: clients that are still open say goodbye, all of them together in a tenth of a second."""

from __future__ import annotations

import atexit
import contextlib
import time
import weakref

from . import _fork, _native
from .errors import Error

__all__ = ["closed", "opened"]

_open: weakref.WeakSet[_native.Client] = weakref.WeakSet()
_registered = False

GRACE = 0.1
"""Seconds that all goodbyes together may take."""


def opened(core: _native.Client) -> None:
    """Note that a client has been opened."""
    global _registered
    if not _registered:
        _registered = True
        atexit.register(_goodbye)
    _open.add(core)


def closed(core: _native.Client) -> None:
    """Note that it needs no goodbye any more."""
    _open.discard(core)


def _goodbye() -> None:
    leaving = list(_open)
    for core in leaving:
        with contextlib.suppress(Error):
            core.close(1001, "")
    deadline = time.monotonic() + GRACE
    while leaving and time.monotonic() < deadline:
        with contextlib.suppress(Error):
            leaving = [core for core in leaving if core.state() != "closed"]
        if leaving:
            time.sleep(0.002)
    for core in leaving:
        with contextlib.suppress(Error):
            core.abort()


_fork.forget.append(_open.clear)
