"""The options of clients, by name. Emitted from the core's schema by `generate_options.py`; do not edit.

Times end in `_ms` and are in milliseconds. What is left out has the default that is given with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

__all__ = [
    "AstroOptions",
    "ConnectionOptions",
    "GraphQLOptions",
    "QueueOptions",
    "RawOptions",
    "ReconnectOptions",
    "WebPubSubOptions",
]


class ConnectionOptions(TypedDict, total=False):
    """How to reach the server."""

    ca_files: Sequence[str]
    """PEM files with certificate authorities to trust beside the system's."""
    close_timeout_ms: int
    """Time for the close handshake, in milliseconds. Default: 2000."""
    connect_timeout_ms: int
    """Time for DNS, TCP, TLS and the upgrade together, in milliseconds. Default: 10000."""
    headers: Sequence[tuple[str, str]]
    """Headers of the upgrade request, in order. Values may be secrets, so they print as `***`."""
    insecure: bool
    """Accept any certificate. For local use only. Default: false."""
    max_message: int | None
    """The largest message that is accepted, in bytes; absent for the dialect's own limit."""
    no_proxy: bool
    """Use no proxy, whatever the environment says. Default: false."""
    proxy: str | None
    """An HTTP proxy, `http://[user:password@]host:port`. Without it the usual environment variables count
    (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).
    """


class ReconnectOptions(TypedDict, total=False):
    """How to come back after a loss."""

    enabled: bool
    """Come back at all. Default: true."""
    factor: float
    """What each wait is multiplied by to get the next. Default: 2.0."""
    initial_ms: int
    """The first wait, in milliseconds. Default: 1000."""
    jitter: Literal["none", "half", "full"]
    """How the wait is spread, so that a thousand clients do not come back at once. Default: "half"."""
    max_attempts: int | None
    """Give up after this many attempts in a row; absent for never."""
    max_ms: int
    """The longest wait, in milliseconds. Default: 30000."""


class QueueOptions(TypedDict, total=False):
    """How much may wait."""

    max_requests: int
    """Commands that may wait for their answers; more are refused with `overflow`. Default: 10000."""
    request_timeout_ms: int
    """Take a command back that has no answer after this long, whatever holds it up, in milliseconds; 0 for never.
    While the server cannot be reached nothing else ends the wait. Default: 0.
    """
    send_cap: int
    """Unsent bytes above which `send` is refused with `overflow`. Default: 67108864."""
    send_high: int
    """Unsent bytes above which `send` answers `Busy`. Default: 1048576."""


class AstroOptions(TypedDict, total=False):
    """Options of `topicwire.Astro`."""

    api_url: str
    """Where rooms of credentials are looked up over HTTP when none is given and the token does not tell; empty for
    nowhere. Default: "https://api.streamelements.com".
    """
    command_burst: int
    """Commands that may go out at once after a rest; 1 is strict spacing. The gateway allows 100 per 10 s. Default:
    1.
    """
    command_interval_ms: int
    """Time between two commands, in milliseconds. The gateway allows one per 100 ms. Default: 110."""
    connection: ConnectionOptions
    """How to reach the server."""
    deliver_after_unsubscribe: bool
    """Deliver messages that were on their way when their subscription was ended. Default: false."""
    drain_ms: int
    """How long an old connection may go on delivering after a handover, in milliseconds. Default: 5000."""
    idle_timeout_ms: int
    """Replace the connection after this much silence, in milliseconds; 0 for never. The gateway pings every 30 s.
    Default: 75000.
    """
    legacy: bool
    """Behave as before 2025: no welcome is awaited, subscriptions go out when the socket opens. Default: false."""
    ping_interval_ms: int
    """Ping the gateway this often, in milliseconds; 0 for never. Default: 0."""
    provider_timeout_ms: int
    """How long a provider may take, in milliseconds. Default: 30000."""
    queue: QueueOptions
    """How much may wait."""
    reconnect: ReconnectOptions
    """How to come back after a loss."""
    response_timeout_ms: int
    """How long to wait for the answer to a command, counted from when it was written, in milliseconds. Default:
    10000.
    """
    stop_when_unauthorized: bool
    """End the client when every subscription was refused as unauthorised. Default: false."""
    tips_once: bool
    """Pass each tip once, though it may come as a tip, as a moderation step and as an activity. Default: false."""
    token_type: Literal["jwt", "oauth2", "oauth", "apikey"]
    """What kind of credential it is. Default: "jwt"."""
    verify_resume: bool
    """Send each subscription again after a resume, to be sure. It costs commands. Default: false."""
    welcome_timeout_ms: int
    """How long to wait for the gateway's welcome, in milliseconds. Default: 10000."""


class GraphQLOptions(TypedDict, total=False):
    """Options of `topicwire.GraphQL`."""

    ack_timeout_ms: int
    """How long to wait for the server's acknowledgement, in milliseconds. Default: 10000."""
    assume_legacy: bool
    """Take the server for a legacy one when it names no subprotocol. Default: false."""
    auth: Literal["query", "header", "payload", "extensions"]
    """Where the credential goes. Default: "payload"."""
    auth_name: str
    """The name of the URL parameter, header, or member of the payload or the extensions that carries it. Default:
    "Authorization".
    """
    auth_prefix: str
    """What stands before the credential, for example `Bearer `. Not used in a URL. Default: "Bearer "."""
    connection: ConnectionOptions
    """How to reach the server."""
    execute_timeout_ms: int
    """How long to wait for the result of a query or a mutation, in milliseconds; 0 for ever. Default: 60000."""
    fatal_closes: Sequence[int]
    """Close codes to give up on, beside 1002, 1003, 1007, 1009, 1010, 4400, 4406 and 4409, and beside 4401 and 4403,
    which are given up on if a fresh credential does not help or cannot be had.
    """
    idle_timeout_ms: int
    """Replace the connection after this much silence, in milliseconds; 0 for 2.5 times the period of the heartbeat
    that the server shows, if it shows one. Default: 0.
    """
    init_payload: str
    """The payload of `connection_init`: a JSON object as text; empty for none. It may hold secrets."""
    lazy: bool
    """Connect when the first operation starts, not before. Default: true."""
    linger_ms: int
    """Close an unused socket after this long, in milliseconds; 0 for never. Default: 0."""
    ping_interval_ms: int
    """Probe the server this often, in milliseconds; 0 for never. Default: 0."""
    pong_timeout_ms: int
    """How long the answer to a probe may take, in milliseconds. Default: 10000."""
    protocol: Literal["auto", "modern", "legacy"]
    """Which subprotocol to speak. Default: "auto"."""
    provider_timeout_ms: int
    """How long a provider may take, in milliseconds. Default: 30000."""
    queue: QueueOptions
    """How much may wait."""
    reconnect: ReconnectOptions
    """How to come back after a loss."""
    retry_closes: Sequence[int]
    """Close codes to come back from, whatever else is said."""
    sockets: Literal["shared", "per_operation"]
    """One socket for all operations, or one for each. Default: "shared"."""


class RawOptions(TypedDict, total=False):
    """Options of `topicwire.Raw`."""

    connection: ConnectionOptions
    """How to reach the server."""
    control_events: bool
    """Report pings and pongs as events. Default: false."""
    idle_timeout_ms: int
    """Give the connection up after this much silence, in milliseconds; 0 for never. Default: 0."""
    ping_interval_ms: int
    """Ping this often, in milliseconds; 0 for never. Default: 0."""
    ping_timeout_ms: int
    """Give the connection up when a ping is not answered for this long, in milliseconds; 0 for never. Default:
    20000.
    """
    queue: QueueOptions
    """How much may wait."""
    reconnect: ReconnectOptions
    """How to come back after a loss. Off unless `enabled` is set."""
    subprotocols: Sequence[str]
    """Subprotocols to offer, the best first."""


class WebPubSubOptions(TypedDict, total=False):
    """Options of `topicwire.WebPubSub`."""

    ack_bytes: int
    """Acknowledge after this many bytes. The service lets 16 MB wait. Default: 524288."""
    ack_interval_ms: int
    """Acknowledge at the latest after this long, in milliseconds. Default: 250."""
    ack_messages: int
    """Acknowledge after this many messages. The service lets 1,000 wait and then ends the session. Default: 64."""
    answer_timeout_ms: int
    """How long the service may take to acknowledge a command or to answer an invocation, in milliseconds; 0 for
    ever. A command is then sent again under its number, so that it is done once. Default: 30000.
    """
    connected_timeout_ms: int
    """How long to wait for the service's `connected`, in milliseconds. Default: 10000."""
    connection: ConnectionOptions
    """How to reach the service."""
    envelopes: bool
    """Deliver every message as the canonical JSON of all that is known of it (sender, type, number, stream) rather
    than its data alone. Default: false.
    """
    ping_interval_ms: int
    """Ping the service this often, in milliseconds; 0 for never. Default: 20000."""
    ping_timeout_ms: int
    """Give the connection up when nothing comes for this long after a ping, in milliseconds; 0 for never. Default:
    10000.
    """
    protocol: Literal["reliable_json", "json", "reliable_protobuf", "protobuf", "simple"]
    """Which subprotocol to speak. Default: "reliable_json"."""
    provider_timeout_ms: int
    """How long a provider may take, in milliseconds. Default: 30000."""
    queue: QueueOptions
    """How much may wait."""
    reconnect: ReconnectOptions
    """How to come back after a loss."""
    recovery_ms: int
    """How long a lost session is tried to be taken up again before another is begun, in milliseconds. Default:
    30000.
    """
    resend_unknown: bool
    """Send commands again whose outcome a lost session left unknown: they may then be carried out twice. Default:
    false.
    """
    retries: int
    """How often a command is tried again that failed in the service or was not acknowledged in time. Default: 3."""
    simple_group: str | None
    """Simple mode: every message goes to this group. Without it, it goes to the application's server as the event
    `message`.
    """
    simple_no_echo: bool
    """Simple mode: do not send messages to the group's own sender. Default: false."""
