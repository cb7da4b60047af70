"""What both front ends of Web PubSub share: options, commands, and handlers for what happens to a session."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

from . import _commands, _native
from ._credentials import Credentials, TokenSource
from ._handlers import check
from ._subscription import Subscription
from .errors import OptionError
from .events import Closed, Event, Message, Opened, State
from .options import WebPubSubOptions

__all__ = ["Acknowledgement", "DataType", "Invoked", "SessionHandlers"]

DataType: TypeAlias = Literal["json", "text", "binary", "protobuf"]
"""What is sent. `protobuf` is a serialised `google.protobuf.Any`."""

Content: TypeAlias = Any
"""What is sent: a `str` as text, `bytes` and the like as bytes, anything else as JSON, unless a data type is named."""


class Acknowledgement(NamedTuple):
    """How the service acknowledged a command."""

    ack_id: int
    """The number under which it was done, in however many attempts."""
    duplicate: bool
    """The service had done it before, in an attempt whose acknowledgement was lost."""


class Invoked(NamedTuple):
    """What an invocation answered."""

    data_type: str
    """What the data is: `json`, `text` or `binary`."""
    data: Any
    """The data: what JSON says, a `str`, or `bytes`."""


def hub_options(known: Credentials, url: TokenSource, options: WebPubSubOptions) -> str:
    """The options of a client."""
    own: dict[str, Any]
    if isinstance(url, str):
        own = {"url": url}
    elif callable(url):
        known.option("default", url)
        own = {"url_provider": True}
    else:
        raise OptionError("option `url`: expected a str or a function that returns one", "invalid_option")
    return _commands.options("webpubsub", "WebPubSub", WebPubSubOptions, options, **own)


def command(kind: str, **members: Any) -> str:
    """A command of groups. What is `None` is left out."""
    given = {name: value for name, value in members.items() if value is not None}
    return _commands.written(kind, {"type": kind, **given})


def content(data: Content, data_type: DataType | None) -> tuple[str, bytes]:
    """What is sent, as bytes, and what they are."""
    if data_type is None:
        is_bytes = isinstance(data, (bytes, bytearray, memoryview))
        data_type = "text" if isinstance(data, str) else "binary" if is_bytes else "json"
    if data_type == "json":
        try:
            return "json", json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
        except (TypeError, ValueError) as error:
            raise OptionError("option `data`: expected what JSON can say", "invalid_option") from (
                error if isinstance(error, TypeError) else None
            )
    if data_type == "text":
        if not isinstance(data, str):
            raise OptionError("option `data`: expected a str, since it is to be sent as text", "invalid_option")
        return "text", data.encode()
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise OptionError(f"option `data`: expected bytes, since it is to be sent as {data_type}", "invalid_option")
    return data_type, bytes(data)


def joined(group: str, reply: _native.Reply) -> Subscription:
    """The subscription to a group."""
    result = None if reply.result is None else _native.decode(reply.result)
    return Subscription(reply.subscription or reply.request, "group", group, result)


def acknowledged(reply: _native.Reply) -> Acknowledgement | None:
    """What an acknowledgement says; `None` when none was asked for."""
    if not reply.result:
        return None
    result = _native.decode(reply.result)
    return Acknowledgement(result["ack_id"], result["duplicate"])


def invoked(reply: _native.Reply) -> Invoked:
    """What an invocation answered."""
    if not reply.result:
        return Invoked("json", None)
    result = _native.decode(reply.result)
    kind, data = result["data_type"], result["data"]
    if kind in ("binary", "protobuf") and isinstance(data, str):
        data = base64.b64decode(data)
    return Invoked(kind, data)


def ending(kind: type[BaseException] | None) -> str | None:
    """What the end of a stream says when an exception left its block: the class, since the text may be secret."""
    return None if kind is None else kind.__name__


Handles = TypeVar("Handles", bound=Callable[..., Any])


class SessionHandlers:
    """Handlers by what happens to the session, under the names that the service's own clients have for it.

    Each is called with the event of the client that says so, in its place among all others.
    """

    on: Callable[..., Callable[[Any], Any]]

    def on_connected(self, handler: Handles) -> Handles:
        """Call with an `Opened` when a session has begun; its `greeting` has connection and user id as JSON."""
        return self._when(Opened, lambda event: not event.resumed, handler)

    def on_recovering(self, handler: Handles) -> Handles:
        """Call with a `State` when the connection was lost and the session is to be taken up again."""
        return self._when(State, lambda event: event.to == "recovering", handler)

    def on_recovered(self, handler: Handles) -> Handles:
        """Call with a `State` when the session goes on where it was: nothing was missed."""
        return self._when(State, lambda event: event.from_ == "recovering" and event.to == "active", handler)

    def on_disconnected(self, handler: Handles) -> Handles:
        """Call with a `State` when a session is over and another is to begin.

        `cause.gateway_code` and `cause.gateway_text` are the close code and reason, if the service gave them.
        """
        return self._when(State, _is_lost, handler)

    def on_stopped(self, handler: Handles) -> Handles:
        """Call with a `Closed` when the client has ended; `received` and `sent` are the close codes and reasons."""
        return self._when(Closed, lambda event: True, handler)

    def on_group_message(self, handler: Handles) -> Handles:
        """Call with each `Message` that was sent to a group; `room` is the group."""
        return self._when(Message, lambda event: event.topic in ("group", "stream"), handler)

    def on_server_message(self, handler: Handles) -> Handles:
        """Call with each `Message` that the application's server sent."""
        return self._when(Message, lambda event: event.topic == "server", handler)

    def _when(self, kind: type[Event], wanted: Callable[[Any], bool], handler: Handles) -> Handles:
        check(handler)

        def call(event: Any) -> Any:
            return handler(event) if wanted(event) else None

        self.on(kind)(call)
        return handler


def _is_lost(event: State) -> bool:
    return event.from_ in ("active", "recovering") and event.to in ("backoff", "connecting", "awaiting_welcome")
