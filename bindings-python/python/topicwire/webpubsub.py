"""Azure Web PubSub, for asyncio."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from . import _commands
from ._client import AsyncClient
from ._credentials import Credentials, TokenSource
from ._hub import (
    Acknowledgement,
    Content,
    DataType,
    Invoked,
    SessionHandlers,
    acknowledged,
    command,
    content,
    ending,
    hub_options,
    invoked,
    joined,
)
from ._subscription import Subscription
from .events import Closed
from .options import WebPubSubOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["GroupStream", "WebPubSub"]


class WebPubSub(AsyncClient, SessionHandlers):
    """Joins groups of a hub, sends to them, and raises events of an application.

        async with topicwire.WebPubSub(ACCESS_URL) as hub:
            await hub.join_group("lobby")
            await hub.send_to_group("lobby", {"hello": "world"})
            async for message in hub.messages():
                print(message.room, message.data)

    `url` is a client access URL, or a function or coroutine function that fetches one: it is asked whenever a new
    session begins. A message's `topic` is `group`, `server`, `stream` or `group_state`, its `room` is the group, its
    `id` the number that the reliable subprotocols give it, and its `typed` everything that is known of it: sender,
    data type, place in a stream.

    Over a reliable subprotocol, which is the default (`protocol="reliable_json"`), a lost connection loses nothing:
    what was sent meanwhile follows. Where that fails another session begins, the groups are joined again, and a `Gap`
    says for which of them something may be missing. Further options are those of `topicwire.options.WebPubSubOptions`.

    Raises `OptionError` for a value that cannot work, and `TypeError` for an option that does not exist.
    """

    def __init__(self, url: TokenSource, **options: Unpack[WebPubSubOptions]) -> None:
        known = Credentials()
        super().__init__(hub_options(known, url, options), known)

    async def stop(self) -> Closed | None:
        """End the client, in whatever state it is; the service forgets the session. The same as `close`."""
        return await self.close()

    async def join_group(self, group: str) -> Subscription:
        """Join a group and hear what is sent to it. It is joined again whenever another session begins.

        Raises `GatewayError` with the service's own name (`Forbidden`, …) as `gateway_code`. Cancelling it undoes it.
        """
        return joined(group, await self._ask(command("join_group", group=group), undo=_commands.unsubscribe))

    async def leave_group(self, group: str) -> None:
        """Leave a group, however often it was joined."""
        await self._ask(command("leave_group", group=group))

    async def send_to_group(
        self,
        group: str,
        data: Content,
        data_type: DataType | None = None,
        *,
        no_echo: bool = False,
        fire_and_forget: bool = False,
        metadata: Mapping[str, str] | None = None,
        ttl_seconds: int | None = None,
    ) -> Acknowledgement | None:
        """Send to everybody in a group, which one need not be in oneself, and wait for the acknowledgement.

        A `str` is sent as text, `bytes` as bytes, anything else as JSON, unless `data_type` says otherwise. With
        `no_echo` it does not come back to this connection; with `fire_and_forget` no acknowledgement is asked for, and
        `None` is returned when it was written. `metadata` is said beside the data, and `ttl_seconds`, up to 300, is
        for how long a copy that could not be delivered is worth delivering: both over the JSON subprotocols only.

        Raises what the service said, and `OutcomeUnknownError` when the session was lost in between.
        """
        kind, payload = content(data, data_type)
        text = command(
            "send_to_group",
            group=group,
            data_type=kind,
            no_echo=no_echo,
            fire_and_forget=fire_and_forget,
            metadata=None if metadata is None else dict(metadata),
            ttl_seconds=ttl_seconds,
        )
        return acknowledged(await self._ask(text, payload))

    async def send(self, data: str | bytes | bytearray | memoryview) -> None:
        """Send a text or a binary message, in simple mode (`protocol="simple"`), which has nothing else."""
        self._started()
        requests = self._asking()
        if isinstance(data, str):
            busy = self._core.send_text(data)
        else:
            busy = self._core.send_bytes(bytes(data) if isinstance(data, memoryview) else data)
        if busy:
            await requests.writable()

    async def send_event(
        self,
        event: str,
        data: Content,
        data_type: DataType | None = None,
        *,
        fire_and_forget: bool = False,
        metadata: Mapping[str, str] | None = None,
    ) -> Acknowledgement | None:
        """Raise an event of the application's server. What it answers comes as a message of the topic `server`."""
        kind, payload = content(data, data_type)
        text = command(
            "send_event",
            event=event,
            data_type=kind,
            fire_and_forget=fire_and_forget,
            metadata=None if metadata is None else dict(metadata),
        )
        return acknowledged(await self._ask(text, payload))

    async def invoke(self, event: str, data: Content = "", data_type: DataType | None = None) -> Invoked:
        """Raise an event and wait for its result. JSON subprotocols only.

        It is sent once; cancelling tells the service.

        Raises `GatewayError` when the handler failed, and `OutcomeUnknownError` when the connection was lost.
        """
        kind, payload = content(data, data_type)
        return invoked(await self._ask(command("invoke", event=event, data_type=kind), payload))

    async def start_stream(
        self, group: str, stream_id: str | None = None, *, idle_timeout_ms: int | None = None, no_echo: bool = False
    ) -> GroupStream:
        """Begin a stream to a group: fragments that arrive in order, each acknowledged.

        async with await hub.start_stream("captions") as stream:
            await stream.send("Hel")
            await stream.send("lo")
        """
        name = stream_id or str(uuid.uuid4())
        text = command("start_stream", group=group, stream_id=name, idle_timeout_ms=idle_timeout_ms, no_echo=no_echo)
        await self._ask(text)
        return GroupStream(self, group, name)

    async def set_group_state(self, group: str, state: Mapping[str, str] | None = None) -> None:
        """Set what others see of this connection in a group, or clear it."""
        await self._ask(command("set_group_state", group=group, state=None if state is None else dict(state)))

    async def subscribe_group_state(self, group: str) -> None:
        """Hear of the state of everybody in a group: messages of the topic `group_state`."""
        await self._ask(command("subscribe_group_state", group=group))

    async def unsubscribe_group_state(self, group: str) -> None:
        """Hear of it no more."""
        await self._ask(command("unsubscribe_group_state", group=group))


class GroupStream:
    """A stream to a group. It survives the connection, and ends with the session."""

    def __init__(self, hub: WebPubSub, group: str, id: str) -> None:  # noqa: A002 - the name it has
        self._hub = hub
        self._ended = False
        self.group = group
        """The group."""
        self.id = id
        """The stream's name."""

    async def send(self, data: Content, data_type: DataType | None = None) -> None:
        """Send the next fragment, and wait until the service has it. Up to 256 may wait."""
        kind, payload = content(data, data_type)
        await self._hub._ask(command("stream_data", stream_id=self.id, data_type=kind), payload)

    async def end(self, error: str | None = None, error_code: str | None = None) -> None:
        """End the stream; with `error`, early. Does nothing the second time."""
        if not self._ended:
            self._ended = True
            await self._hub._ask(command("end_stream", stream_id=self.id, error=error, error_code=error_code))

    async def __aenter__(self) -> GroupStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end(ending(kind))

    def __repr__(self) -> str:
        return f"<topicwire.GroupStream {self.id!r} to {self.group!r}>"
