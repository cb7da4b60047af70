"""The local gateway for asyncio: every request runs in a thread, so that clients on the same loop go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import _conditions as conditions
from ._control import DEFAULT_ROOM, Connection, Entry, Published
from ._waiting import in_thread, wait_async

if TYPE_CHECKING:
    from .local_gateway import LocalGateway


class AsyncLocalGateway:
    """A running `LocalGateway` whose methods are coroutines: what `async with LocalGateway()` gives.

    The methods are those of `LocalGateway`, where they are described.
    """

    def __init__(self, gateway: LocalGateway) -> None:
        self.synchronous = gateway
        """The same gateway with methods that block."""

    def __repr__(self) -> str:
        return f"{self.synchronous!r}.asynchronous"

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return self.synchronous.port

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self.synchronous.pid

    @property
    def astro_url(self) -> str:
        """Where StreamElements Astro answers."""
        return self.synchronous.astro_url

    @property
    def graphql_url(self) -> str:
        """Where GraphQL over WebSocket answers, in both subprotocols."""
        return self.synchronous.graphql_url

    @property
    def raw_url(self) -> str:
        """Where an echo answers."""
        return self.synchronous.raw_url

    async def publish(self, topic: str, data: Any, *, room: str | None = None, id: str | None = None) -> Published:  # noqa: A002
        """Publish to every Astro connection that subscribed to a topic of a room."""
        return await in_thread(lambda: self.synchronous.publish(topic, data, room=room, id=id))

    async def publish_graphql(self, field: str, data: Any) -> int:
        """Send a result to every running GraphQL operation with that root field. Returns how many there are."""
        return await in_thread(lambda: self.synchronous.publish_graphql(field, data))

    async def publish_to_group(self, group: str | None, data: Any, *, hub: str = "chat") -> int:
        """Send JSON to everybody in a group of a Web PubSub hub, or to the whole hub. Returns how many there are."""
        return await in_thread(lambda: self.synchronous.publish_to_group(group, data, hub=hub))

    async def access_url(self, **wanted: Any) -> str:
        """A client access URL of Azure Web PubSub; the arguments are those of `LocalGateway.access_url`."""
        return await in_thread(lambda: self.synchronous.access_url(**wanted))

    async def fault(self, fault: str, **arguments: Any) -> int:
        """Let something go wrong: `await gateway.fault("cut", how="reset")`. Returns how many were hit at once."""
        return await in_thread(lambda: self.synchronous.fault(fault, **arguments))

    async def clear_faults(self) -> None:
        """Take every fault back that has not struck yet."""
        await in_thread(self.synchronous.clear_faults)

    async def reconnect(self, **arguments: Any) -> int:
        """Ask Astro clients to move to another connection. Returns how many were asked."""
        return await in_thread(lambda: self.synchronous.reconnect(**arguments))

    async def set_options(self, options: Mapping[str, Any]) -> None:
        """Change how it behaves; what is left out stays as it is."""
        await in_thread(lambda: self.synchronous.set_options(options))

    async def connections(self, dialect: str | None = None) -> list[Connection]:
        """The open connections, or those of one dialect."""
        return await in_thread(lambda: self.synchronous.connections(dialect))

    async def transcript(self, since: int = 0) -> list[Entry]:
        """Every frame in and out, secrets masked."""
        return await in_thread(lambda: self.synchronous.transcript(since))

    async def sent(self, conn: int | None = None) -> list[Any]:
        """What clients sent, oldest first, decoded as JSON; secrets read `***`."""
        return await in_thread(lambda: self.synchronous.sent(conn))

    async def control(self, path: str, body: Any = None) -> Any:
        """Make a request of the control API of docs/gateway.md."""
        return await in_thread(lambda: self.synchronous.control(path, body))

    async def wait_for_connections(
        self, count: int, *, dialect: str | None = None, timeout: float = 10.0
    ) -> list[Connection]:
        """Wait until exactly so many connections are open, and return them."""
        return await wait_async(conditions.connections(self.synchronous, count, dialect), timeout)

    async def wait_for_subscribers(
        self, topic: str, *, room: str = DEFAULT_ROOM, count: int = 1, timeout: float = 10.0
    ) -> None:
        """Wait until at least so many Astro connections have subscribed to a topic of a room."""
        await wait_async(conditions.subscribers(self.synchronous, topic, room, count), timeout)

    async def wait_for_sent(self, matches: Callable[[Any], bool], *, timeout: float = 10.0) -> Any:
        """Wait until a client has sent something that matches, and return the first that does."""
        return await wait_async(conditions.has_sent(self.synchronous, matches), timeout)

    async def close(self) -> None:
        """End it and all its connections."""
        await in_thread(self.synchronous.close)
