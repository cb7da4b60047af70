"""`LocalGateway`: start one, publish, let things go wrong, look at what clients did."""

from __future__ import annotations

import asyncio
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from . import _conditions as conditions
from ._control import DEFAULT_ROOM, Connection, Entry, LocalGatewayError, Published, record, request
from ._process import Process
from ._waiting import wait

if TYPE_CHECKING:
    from ._asynchronous import AsyncLocalGateway

Self = TypeVar("Self", bound="LocalGateway")


class LocalGateway:
    """The server side of every dialect on a free port of this machine, in a process of its own.

        with LocalGateway() as gateway:
            client = topicwire.sync.Astro(token="any", url=gateway.astro_url)
            ...
            gateway.publish("channel.tips", {"donation": {"amount": 5}})

    It takes any token. It ends when the block does, when `close` is called, and with this process. Several can run at
    once; each has its own port. All methods may be called from any thread; each is one HTTP request on this machine.
    In an asyncio program use `async with`, which gives an `AsyncLocalGateway`.
    """

    def __init__(
        self,
        *,
        options: Mapping[str, Any] | None = None,
        bitquery: bool = False,
        seed: int | None = None,
        port: int = 0,
        program: str | os.PathLike[str] | None = None,
        ready_timeout: float = 30.0,
    ) -> None:
        """Start nothing yet: `start`, `with` and `async with` do.

        Args:
            options: How it behaves, in the form of docs/gateway.md: `{"astro": {"profile": "legacy"}}`.
            bitquery: Behave on `/graphql` as Bitquery does.
            seed: Makes ids and resume tokens the same in every run.
            port: The port on 127.0.0.1; 0 for a free one.
            program: The executable; None for the one of this installation (or of the variable `TOPICWIRE_PROGRAM`).
            ready_timeout: Seconds until it must be ready.

        Raises:
            TypeError, ValueError: An argument makes no sense; the text names it.
        """
        if options is not None and not isinstance(options, Mapping):
            raise TypeError(f"options must be a mapping such as {{'astro': {{'profile': 'legacy'}}}}, not {options!r}")
        if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
            raise ValueError(f"port must be 0 (a free one) to 65535, not {port!r}")
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64):
            raise ValueError(f"seed must be an integer from 0 to 2**64 - 1, not {seed!r}")
        if not ready_timeout > 0:
            raise ValueError(f"ready_timeout must be a number of seconds above 0, not {ready_timeout!r}")
        self._options = dict(options or {})
        self._arguments = ["--port", str(port)]
        self._arguments += ["--bitquery"] if bitquery else []
        self._arguments += [] if seed is None else ["--seed", str(seed)]
        self._program = None if program is None else os.fspath(program)
        self._ready_timeout = ready_timeout
        self._process: Process | None = None
        self._closed = False

    # Beginning and end.

    def start(self: Self) -> Self:
        """Start it, and return when it can be connected to. A gateway starts once.

        Raises:
            LocalGatewayError: The executable is missing, or it did not become ready; the text says what to do.
        """
        if self._process is not None or self._closed:
            raise LocalGatewayError("this gateway has been started before: make another one")
        self._process = Process(self._program, self._arguments, self._ready_timeout)
        try:
            if self._options:
                self.set_options(self._options)
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """End it and all its connections. Does nothing the second time."""
        self._closed = True
        if self._process is not None:
            self._process.close()

    def __enter__(self: Self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> AsyncLocalGateway:
        await asyncio.to_thread(self.start)
        return self.asynchronous

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    def __del__(self) -> None:
        if getattr(self, "_process", None) is None or self._closed or sys.is_finalizing():
            return
        warnings.warn(f"{self!r} was not closed", ResourceWarning, stacklevel=2, source=self)
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "not started" if self._process is None else f"port {self._process.port}"
        return f"<topicwire.testing.LocalGateway: {state}>"

    @property
    def asynchronous(self) -> AsyncLocalGateway:
        """The same gateway with coroutines for methods."""
        from ._asynchronous import AsyncLocalGateway

        return AsyncLocalGateway(self)

    # Where it is.

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return self._running().port

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._running().pid

    @property
    def astro_url(self) -> str:
        """Where StreamElements Astro answers."""
        return f"ws://127.0.0.1:{self.port}/"

    @property
    def graphql_url(self) -> str:
        """Where GraphQL over WebSocket answers, in both subprotocols."""
        return f"ws://127.0.0.1:{self.port}/graphql"

    @property
    def raw_url(self) -> str:
        """Where an echo answers."""
        return f"ws://127.0.0.1:{self.port}/raw"

    def access_url(
        self,
        *,
        hub: str = "chat",
        user: str | None = None,
        roles: Sequence[str] | None = None,
        groups: Sequence[str] = (),
        minutes: int = 60,
    ) -> str:
        """A client access URL of Azure Web PubSub, as the portal makes them.

        Args:
            hub: The hub.
            user: The user; None for nobody.
            roles: What the client may do; None for joining, leaving and sending to every group.
            groups: The groups that it is in from the start.
            minutes: For how long the URL lets it in.
        """
        wanted = {"hub": hub, "user": user, "groups": list(groups), "minutes": minutes}
        if roles is not None:
            wanted["roles"] = list(roles)
        return str(self.control("webpubsub/url", wanted)["url"])

    # Publish.

    def publish(self, topic: str, data: Any, *, room: str | None = None, id: str | None = None) -> Published:  # noqa: A002
        """Publish to every Astro connection that subscribed to a topic of a room.

        Args:
            topic: Any topic.
            data: The payload, of anything that JSON can say.
            room: The room; None for `DEFAULT_ROOM`.
            id: The id of the message; the id of an earlier one makes a duplicate.
        """
        body = {"topic": topic, "data": data} | {k: v for k, v in (("room", room), ("id", id)) if v is not None}
        return record(Published, self.control("astro/publish", body))

    def publish_graphql(self, field: str, data: Any) -> int:
        """Send a result to every running GraphQL operation with that root field. Returns how many there are."""
        return int(self.control("graphql/publish", {"field": field, "data": data})["receivers"])

    def publish_to_group(self, group: str | None, data: Any, *, hub: str = "chat") -> int:
        """Send JSON to everybody in a group of a Web PubSub hub, or to the whole hub. Returns how many there are."""
        wanted = {"hub": hub, "data": data} | ({} if group is None else {"group": group})
        return int(self.control("webpubsub/publish", wanted)["receivers"])

    # Let things go wrong.

    def fault(self, fault: str, **arguments: Any) -> int:
        """Let something go wrong: `gateway.fault("cut", how="reset", target="newest")`.

        docs/gateway.md lists the faults and their arguments. Returns how many connections were hit at once; a fault
        that waits for what comes next has hit none yet.

        Raises:
            LocalGatewayError: There is no such fault, or an argument does not fit.
        """
        return int(self.control("faults", {**arguments, "fault": fault})["hit"])

    def clear_faults(self) -> None:
        """Take every fault back that has not struck yet."""
        self.fault("clear")

    def reconnect(self, **arguments: Any) -> int:
        """Ask Astro clients to move to another connection, as before a planned shutdown: `token="valid"`, `twice=True`.

        Returns how many were asked.
        """
        return int(self.control("astro/reconnect", arguments)["hit"])

    def set_options(self, options: Mapping[str, Any]) -> None:
        """Change how it behaves, in the form of docs/gateway.md; what is left out stays as it is."""
        self.control("options", dict(options))

    # Look.

    def connections(self, dialect: str | None = None) -> list[Connection]:
        """The open connections, or those of one dialect."""
        found = (record(Connection, one) for one in self.control("connections")["connections"])
        return [one for one in found if dialect in (None, one.dialect)]

    def transcript(self, since: int = 0) -> list[Entry]:
        """Every frame in and out, secrets masked: all that is kept, or what came after the entry `since`."""
        return [record(Entry, one) for one in self.control(f"transcript?since={int(since)}")["entries"]]

    def sent(self, conn: int | None = None) -> list[Any]:
        """What clients sent, oldest first, decoded as JSON (text that is none as it is); secrets read `***`.

        Args:
            conn: Only what came over this connection.
        """
        return conditions.sent(self.transcript(), conn)

    def control(self, path: str, body: Any = None) -> Any:
        """Make a request of the control API of docs/gateway.md: `gateway.control("clock", {"advance_ms": 60_000})`.

        Args:
            path: What follows `/control/`.
            body: The body of a POST; None for a GET.

        Raises:
            LocalGatewayError: The gateway refused, with its reason, or has ended.
        """
        process = self._running()
        try:
            return request(process.port, path, body)
        except LocalGatewayError as error:
            # One that is ending has closed its sockets before its parent can know of it.
            if error.__cause__ is not None and process.ended(within=1.0):
                raise LocalGatewayError(f"the local gateway has ended{process.said()}") from error
            raise

    # Wait.

    def wait_for_connections(
        self, count: int, *, dialect: str | None = None, timeout: float = 10.0
    ) -> list[Connection]:
        """Wait until exactly so many connections are open, and return them.

        Raises:
            LocalGatewayError: The time is up; the text says how many there are.
        """
        return wait(conditions.connections(self, count, dialect), timeout)

    def wait_for_subscribers(
        self, topic: str, *, room: str = DEFAULT_ROOM, count: int = 1, timeout: float = 10.0
    ) -> None:
        """Wait until at least so many Astro connections have subscribed to a topic of a room."""
        wait(conditions.subscribers(self, topic, room, count), timeout)

    def wait_for_sent(self, matches: Callable[[Any], bool], *, timeout: float = 10.0) -> Any:
        """Wait until a client has sent something that matches, and return the first that does.

            gateway.wait_for_sent(lambda message: message["type"] == "subscribe")

        Something that `matches` cannot look into (it raises `KeyError`, `TypeError`, …) does not match.
        """
        return wait(conditions.has_sent(self, matches), timeout)

    def _running(self) -> Process:
        if self._closed:
            raise LocalGatewayError("the local gateway is closed")
        if self._process is None:
            raise LocalGatewayError("the local gateway is not started: use it in a `with` block, or call start()")
        return self._process
