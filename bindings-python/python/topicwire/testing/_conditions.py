"""What can be waited for on a gateway."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ._control import Connection, Entry
from ._waiting import Condition

if TYPE_CHECKING:
    from .local_gateway import LocalGateway


def sent(entries: Sequence[Entry], conn: int | None = None) -> list[Any]:
    """The text messages of clients among the entries of a transcript."""
    return [
        entry.json
        for entry in entries
        if entry.direction == "in" and entry.kind == "text" and conn in (None, entry.conn)
    ]


def connections(gateway: LocalGateway, count: int, dialect: str | None) -> Condition[list[Connection]]:
    """So many connections are open."""

    def look() -> list[Connection] | None:
        found = gateway.connections(dialect)
        return found if len(found) == count else None

    def missing() -> str:
        return f"{count} {dialect or 'open'} connections are expected, {len(gateway.connections(dialect))} are open"

    return Condition(look, missing)


def subscribers(gateway: LocalGateway, topic: str, room: str, count: int) -> Condition[int]:
    """At least so many connections have subscribed."""

    def subscribed(connection: Connection) -> bool:
        known = connection.state.get("subscriptions", [])
        return any(one["topic"] == topic and one["room"] == room for one in known)

    def counted() -> int:
        return sum(subscribed(connection) for connection in gateway.connections("astro"))

    def look() -> int | None:
        found = counted()
        return found if found >= count else None

    return Condition(look, lambda: f"{count} subscribers of {topic} in {room} are expected, there are {counted()}")


def has_sent(gateway: LocalGateway, matches: Callable[[Any], bool]) -> Condition[Any]:
    """A client has sent a message that matches."""

    def fits(message: Any) -> bool:
        try:
            return bool(matches(message))
        except (AttributeError, LookupError, TypeError):
            return False  # a message of another shape

    def look() -> Any:
        return next((message for message in gateway.sent() if fits(message)), None)

    return Condition(look, lambda: f"no client has sent what is waited for; {len(gateway.sent())} messages were sent")
