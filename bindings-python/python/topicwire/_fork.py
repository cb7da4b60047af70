"""The child of a fork: clients belong to the parent, and what they left here is put away."""

from __future__ import annotations

import os
import socket
import weakref
from collections.abc import Callable

from . import _native

sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
"""The sockets that hear the core. A child that kept them would hear its parent's."""

forget: list[Callable[[], None]] = []
"""What the parts of the package do in a child to start anew."""


def _after_in_child() -> None:
    _native.forked()
    for one in list(sockets):
        one.close()
    sockets.clear()
    for act in forget:
        act()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_in_child)
