"""Azure Web PubSub, without asyncio."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from .. import _commands
from .._credentials import Credentials, TokenSource
from .._hub import (
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
from .._subscription import Subscription
from ..events import Closed
from ..options import WebPubSubOptions
from . import _requests
from ._client import SyncClient

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["GroupStream", "WebPubSub"]


class WebPubSub(SyncClient, SessionHandlers):
    """Joins groups of a hub, sends to them, and raises events of an application.

        with topicwire.sync.WebPubSub(ACCESS_URL) as hub:
            hub.join_group("lobby")
            hub.send_to_group("lobby", {"hello": "world"})
            for message in hub.messages():
                print(message.room, message.data)

    Arguments are those of `topicwire.WebPubSub`.
    """

    def __init__(self, url: TokenSource, **options: Unpack[WebPubSubOptions]) -> None:
        known = Credentials()
        super().__init__(hub_options(known, url, options), known)

    def stop(self) -> Closed | None:
        """End the client, in whatever state it is; the service forgets the session. The same as `close`."""
        return self.close()

    def join_group(self, group: str, *, timeout: float | None = None) -> Subscription:
        """Join a group and hear what is sent to it. It is joined again whenever another session begins.

        Raises `GatewayError` with the service's own name (`Forbidden`, …) as `gateway_code`.
        An interrupt, and the end of `timeout` seconds, undo it.
        """
        return joined(group, self._ask(command("join_group", group=group), undo=_commands.unsubscribe, timeout=timeout))

    def leave_group(self, group: str) -> None:
        """Leave a group, however often it was joined."""
        self._ask(command("leave_group", group=group))

    def send_to_group(
        self,
        group: str,
        data: Content,
        data_type: DataType | None = None,
        *,
        no_echo: bool = False,
        fire_and_forget: bool = False,
        metadata: Mapping[str, str] | None = None,
        ttl_seconds: int | None = None,
        timeout: float | None = None,
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
        return acknowledged(self._ask(text, payload, timeout=timeout))

    def send(self, data: str | bytes | bytearray | memoryview) -> None:
        """Send a text or a binary message, in simple mode (`protocol="simple"`), which has nothing else."""
        self._started()
        replies = _requests.here(self._core)
        if isinstance(data, str):
            busy = self._core.send_text(data)
        else:
            busy = self._core.send_bytes(bytes(data) if isinstance(data, memoryview) else data)
        if busy:
            replies.writable()

    def send_event(
        self,
        event: str,
        data: Content,
        data_type: DataType | None = None,
        *,
        fire_and_forget: bool = False,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
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
        return acknowledged(self._ask(text, payload, timeout=timeout))

    def invoke(
        self, event: str, data: Content = "", data_type: DataType | None = None, *, timeout: float | None = None
    ) -> Invoked:
        """Raise an event and wait for its result. JSON subprotocols only.

        It is sent once; an interrupt, and the end of `timeout` seconds, tell the service.

        Raises `GatewayError` when the handler failed, and `OutcomeUnknownError` when the connection was lost.
        """
        kind, payload = content(data, data_type)
        return invoked(self._ask(command("invoke", event=event, data_type=kind), payload, timeout=timeout))

    def start_stream(
        self, group: str, stream_id: str | None = None, *, idle_timeout_ms: int | None = None, no_echo: bool = False
    ) -> GroupStream:
        """Begin a stream to a group: fragments that arrive in order, each acknowledged.

        with hub.start_stream("captions") as stream:
            stream.send("Hel")
            stream.send("lo")
        """
        name = stream_id or str(uuid.uuid4())
        text = command("start_stream", group=group, stream_id=name, idle_timeout_ms=idle_timeout_ms, no_echo=no_echo)
        self._ask(text)
        return GroupStream(self, group, name)

    def set_group_state(self, group: str, state: Mapping[str, str] | None = None) -> None:
        """Set what others see of this connection in a group, or clear it."""
        self._ask(command("set_group_state", group=group, state=None if state is None else dict(state)))

    def subscribe_group_state(self, group: str) -> None:
        """Hear of the state of everybody in a group: messages of the topic `group_state`."""
        self._ask(command("subscribe_group_state", group=group))

    def unsubscribe_group_state(self, group: str) -> None:
        """Hear of it no more."""
        self._ask(command("unsubscribe_group_state", group=group))


class GroupStream:
    """A stream to a group. It survives the connection, and ends with the session."""

    def __init__(self, hub: WebPubSub, group: str, id: str) -> None:  # noqa: A002 - the name it has
        self._hub = hub
        self._ended = False
        self.group = group
        """The group."""
        self.id = id
        """The stream's name."""

    def send(self, data: Content, data_type: DataType | None = None) -> None:
        """Send the next fragment, and wait until the service has it. Up to 256 may wait."""
        kind, payload = content(data, data_type)
        self._hub._ask(command("stream_data", stream_id=self.id, data_type=kind), payload)

    def end(self, error: str | None = None, error_code: str | None = None) -> None:
        """End the stream; with `error`, early. Does nothing the second time."""
        if not self._ended:
            self._ended = True
            self._hub._ask(command("end_stream", stream_id=self.id, error=error, error_code=error_code))

    def __enter__(self) -> GroupStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(ending(kind))

    def __repr__(self) -> str:
        return f"<topicwire.sync.GroupStream {self.id!r} to {self.group!r}>"
