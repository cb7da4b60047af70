from typing import Any, Literal, final, type_check_only

from .errors import Error
from .events import StateName

__all__ = [
    "Client",
    "Closed",
    "Ended",
    "Fault",
    "Gap",
    "Lagged",
    "Lane",
    "Message",
    "Need",
    "NeedCancelled",
    "Opened",
    "Ping",
    "Poller",
    "Pong",
    "Reply",
    "State",
    "Subscribed",
    "Unknown",
    "Unsubscribed",
    "Writable",
    "__version__",
    "decode",
    "forked",
]

__version__: str

def forked() -> None: ...
def decode(json: bytes) -> Any: ...

@final
class Poller:
    @staticmethod
    def open() -> tuple[Poller, int]: ...
    def ready(self, limit: int) -> tuple[list[int], bool]: ...
    def close(self) -> None: ...

@final
class Lane:
    @property
    def token(self) -> int: ...
    def poll(self, limit: int) -> tuple[list[Any], bool]: ...
    def stats(self) -> tuple[int, int, int]: ...
    def close(self) -> None: ...

@final
class Client:
    def __new__(cls, options: str) -> Client: ...
    def connect(self) -> None: ...
    def next_request(self) -> int: ...
    def submit(self, request: int, reply_lane: Lane | None, command: str, payload: bytes | None = None) -> bool: ...
    def send_text(
        self, text: str, first: bool = True, fin: bool = True, request: int = 0, reply_lane: Lane | None = None
    ) -> bool: ...
    def send_bytes(
        self,
        payload: bytes | bytearray,
        first: bool = True,
        fin: bool = True,
        request: int = 0,
        reply_lane: Lane | None = None,
    ) -> bool: ...
    def cancel(self, request: int) -> Literal["queued", "in_flight", "unknown"]: ...
    def answer(self, request: int, token: str, valid_for: float | None = None) -> None: ...
    def fail(self, request: int, text: str, retryable: bool) -> None: ...
    def open_lane(
        self,
        poller: Poller,
        options: str,
        request: int = 0,
        command: str | None = None,
        reply_lane: Lane | None = None,
    ) -> Lane: ...
    def set_lane(self, lane: Lane, options: str) -> None: ...
    def close_lane(self, lane: Lane) -> None: ...
    def outbound_bytes(self) -> int: ...
    def state(self) -> StateName: ...
    def stats(self) -> dict[str, int]: ...
    def refusal(self) -> tuple[int, list[tuple[str, str]], bytes] | None: ...
    def close(self, code: int, reason: str) -> None: ...
    def abort(self) -> None: ...

@final
class Message:
    """A message of the gateway. Nothing of it is decoded before you look."""

    __match_args__ = ("topic", "room", "data")
    @property
    def seq(self) -> int:
        """Place in the client-wide order of events."""
    @property
    def topic(self) -> str | None:
        """The topic, where the gateway has such a thing."""
    @property
    def room(self) -> str | None:
        """The room, group or channel, where the gateway has such a thing."""
    @property
    def data(self) -> Any:
        """The payload as Python objects (JSON), text, or bytes, decoded when first asked for."""
    @property
    def typed(self) -> Any:
        """The payload as what it means, under steady names; `None` where there is no such view."""
    @property
    def raw(self) -> bytes:
        """The payload as it came."""
    @property
    def id(self) -> str | None:
        """The gateway's id of the message."""
    @property
    def time(self) -> str | None:
        """When the gateway published it, as it wrote it."""
    @property
    def received(self) -> int:
        """When it arrived, in milliseconds since 1970."""
    @property
    def subscriptions(self) -> tuple[int, ...]:
        """The numbers of the subscriptions that it belongs to; perhaps none."""
    @property
    def connection(self) -> int:
        """Which connection of the client it came by: 1, 2 and so on."""
    @property
    def kind(self) -> Literal["json", "text", "binary", "json_string", "unknown"]:
        """What the payload's bytes are."""

@type_check_only
class _Event:
    @property
    def seq(self) -> int:
        """Place in the client-wide order of events."""
    @property
    def topic(self) -> None:
        """Only messages have a topic."""
    @property
    def room(self) -> None:
        """Only messages have a room."""
    @property
    def data(self) -> Any:
        """`None`: only messages have data."""

@final
class State(_Event):
    """The client's state changed."""

    __match_args__ = ("from_", "to", "cause")
    @property
    def from_(self) -> StateName:
        """The state before."""
    @property
    def to(self) -> StateName:
        """The state now: `idle`, `connecting`, `active` and so on; `StateName` has them all."""
    @property
    def cause(self) -> Error | None:
        """Why, where there is a reason: a `topicwire.Error`."""

@final
class Opened(_Event):
    """A connection is open and greeted."""

    __match_args__ = ("connection", "protocol", "status", "resumed")
    @property
    def connection(self) -> int:
        """Which connection of this client: 1, 2 and so on."""
    @property
    def protocol(self) -> str | None:
        """The subprotocol that the server chose."""
    @property
    def status(self) -> int:
        """HTTP status of the upgrade."""
    @property
    def headers(self) -> list[tuple[str, str]]:
        """Headers of the upgrade's answer, as pairs of texts."""
    @property
    def resumed(self) -> bool:
        """Subscriptions were carried over by the gateway."""
    @property
    def greeting(self) -> bytes | None:
        """The gateway's greeting, if it sent one, as bytes."""

@final
class Subscribed(_Event):
    """A subscription is live."""

    __match_args__ = ("subscription", "recovered", "confirmed")
    @property
    def subscription(self) -> int:
        """Which one."""
    @property
    def recovered(self) -> bool:
        """It was live before, and is again."""
    @property
    def confirmed(self) -> bool:
        """The gateway said so, rather than that the command is merely on its way."""

@final
class Unsubscribed(_Event):
    """A subscription was ended by the user."""

    __match_args__ = ("subscription",)
    @property
    def subscription(self) -> int:
        """Which one."""

@final
class Ended(_Event):
    """A subscription was ended by the gateway, or given up."""

    __match_args__ = ("subscription", "outcome", "error")
    @property
    def subscription(self) -> int:
        """Which one."""
    @property
    def outcome(self) -> Literal["completed", "failed", "stopped", "lost", "unknown"]:
        """How: `completed`, `failed`, `stopped` or `lost`."""
    @property
    def error(self) -> Error | None:
        """Why, if it failed or was lost: a `topicwire.Error`."""

@final
class Gap(_Event):
    """Messages may have been missed."""

    __match_args__ = ("subscriptions", "since", "until", "cause")
    @property
    def subscriptions(self) -> tuple[int, ...]:
        """The subscriptions concerned."""
    @property
    def since(self) -> int:
        """When the last frame arrived before the loss, in milliseconds since 1970."""
    @property
    def until(self) -> int | None:
        """When messages flowed again, in milliseconds since 1970; `None` if they do not yet."""
    @property
    def cause(self) -> Error | None:
        """Why: a `topicwire.Error`."""

@final
class Lagged(_Event):
    """The stream's reader was too slow, and messages were dropped here."""

    __match_args__ = ("first", "last", "count")
    @property
    def first(self) -> int:
        """Sequence number of the first message dropped."""
    @property
    def last(self) -> int:
        """Sequence number of the last message dropped."""
    @property
    def count(self) -> int:
        """How many were dropped."""

@final
class Reply(_Event):
    """The answer to a request. Only the package itself sees it."""

    __match_args__ = ("request", "subscription", "result", "confirmed", "error")
    @property
    def request(self) -> int:
        """The request."""
    @property
    def subscription(self) -> int | None:
        """The subscription that the request created or ended."""
    @property
    def result(self) -> bytes | None:
        """The gateway's result as bytes, where there is one."""
    @property
    def confirmed(self) -> bool:
        """The answer came from the gateway, not merely from the socket."""
    @property
    def error(self) -> Error | None:
        """Why it failed: a `topicwire.Error`."""

@final
class Need(_Event):
    """The core needs something of the user. Only the package itself sees it."""

    __match_args__ = ("request", "what", "credential", "reason", "gateway_code", "deadline_ms")
    @property
    def request(self) -> int:
        """To be quoted in the answer."""
    @property
    def what(self) -> str:
        """What is needed: `token`."""
    @property
    def credential(self) -> str:
        """The credential's name; `default` is the client's own."""
    @property
    def reason(self) -> str:
        """Why it is needed now: `initial`, `reconnect` or `rejected`."""
    @property
    def gateway_code(self) -> str | None:
        """The gateway's code, if it rejected the last value."""
    @property
    def deadline_ms(self) -> int:
        """Milliseconds that the answer may take."""

@final
class NeedCancelled(_Event):
    """A need is no longer wanted. Only the package itself sees it."""

    __match_args__ = ("request",)
    @property
    def request(self) -> int:
        """The need's request."""

@final
class Writable(_Event):
    """There is room to send again. Only the package itself sees it."""

    __match_args__ = ()

@final
class Fault(_Event):
    """Something went wrong that does not end the client."""

    __match_args__ = ("kind", "error", "subscription", "count")
    @property
    def kind(self) -> str:
        """What kind of thing, for example `connect`, `stale`, `throttled` or `bad_frame`."""
    @property
    def error(self) -> Error:
        """Details: a `topicwire.Error`."""
    @property
    def subscription(self) -> int | None:
        """The subscription concerned, if one is."""
    @property
    def request(self) -> int | None:
        """The request of the need whose provider failed, if that is it."""
    @property
    def count(self) -> int:
        """How many equal faults this one stands for."""

@final
class Ping(_Event):
    """A WebSocket ping arrived, and has been answered."""

    __match_args__ = ("payload",)
    @property
    def payload(self) -> bytes:
        """What it carried."""

@final
class Pong(_Event):
    """A WebSocket pong arrived."""

    __match_args__ = ("payload",)
    @property
    def payload(self) -> bytes:
        """What it carried."""

@final
class Closed(_Event):
    """The end of the stream. Nothing follows."""

    __match_args__ = ("received", "sent", "clean", "cause")
    @property
    def received(self) -> tuple[int, str] | None:
        """Code and reason of the close frame that the peer sent."""
    @property
    def sent(self) -> tuple[int, str] | None:
        """Code and reason of the close frame that we sent."""
    @property
    def received_first(self) -> bool:
        """The peer's came first."""
    @property
    def clean(self) -> bool:
        """Both sides said goodbye."""
    @property
    def cause(self) -> Error | None:
        """Why it ended: a `topicwire.Error`; `None` when the user asked for it."""

@final
class Unknown(_Event):
    """An event of a kind that this version does not know."""

    __match_args__ = ()
