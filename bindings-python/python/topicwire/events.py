"""What a client hears. The same names in every language.

All events have `seq`, `topic`, `room` and `data`; those that are not messages have `None` in the last three.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from ._native import (
    Closed,
    Ended,
    Fault,
    Gap,
    Lagged,
    Message,
    Opened,
    Ping,
    Pong,
    State,
    Subscribed,
    Unknown,
    Unsubscribed,
)

__all__ = [
    "KINDS",
    "Closed",
    "Ended",
    "Event",
    "Fault",
    "Gap",
    "Lagged",
    "Message",
    "Opened",
    "Ping",
    "Pong",
    "State",
    "StateName",
    "Subscribed",
    "Unknown",
    "Unsubscribed",
]

StateName: TypeAlias = Literal[
    "idle", "connecting", "awaiting_welcome", "active", "handing_over", "recovering", "backoff", "closed"
]
"""The states of a client."""

Event: TypeAlias = (
    Message | State | Opened | Subscribed | Unsubscribed | Ended | Gap | Lagged | Fault | Ping | Pong | Closed | Unknown
)
"""Any event. A later version may know more kinds: give `match` a last `case _`."""

KINDS: dict[type[Event], str] = {
    Message: "message",
    State: "state",
    Opened: "opened",
    Subscribed: "subscribed",
    Unsubscribed: "unsubscribed",
    Ended: "ended",
    Gap: "gap",
    Lagged: "lagged",
    Fault: "fault",
    Ping: "ping",
    Pong: "pong",
    Closed: "closed",
}
"""The name of each kind, as filters have it."""
