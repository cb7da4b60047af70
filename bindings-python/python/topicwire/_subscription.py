"""A subscription, as both front ends give it."""

from __future__ import annotations

from typing import Any

__all__ = ["Subscription"]


class Subscription:
    """A live subscription."""

    __slots__ = ("id", "result", "room", "topic")

    id: int
    """Its number, as `event.subscriptions` has it."""
    topic: str
    """The topic."""
    room: str | None
    """The room, if one was named."""
    result: Any
    """What the gateway said when it accepted, decoded."""

    def __init__(self, id: int, topic: str, room: str | None, result: Any) -> None:  # noqa: A002 - the name it has
        self.id = id
        self.topic = topic
        self.room = room
        self.result = result

    def __repr__(self) -> str:
        return f"Subscription(id={self.id}, topic={self.topic!r}, room={self.room!r})"
