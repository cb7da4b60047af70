"""The state of a connection."""

from __future__ import annotations

import enum

__all__ = ["State"]


class State(enum.IntEnum):
    """A WebSocket connection is in one of these four states."""

    CONNECTING, OPEN, CLOSING, CLOSED = range(4)


CONNECTING, OPEN, CLOSING, CLOSED = State
