"""One client for realtime gateways.

Say what you want to hear, then hear it: typed, in order, without loss where the gateway allows it, and with a clear
word where it does not. Reconnecting, resubscribing, pacing, keep-alive and planned handovers need no line of yours.

    import asyncio, topicwire

    async def main() -> None:
        async with topicwire.Astro(token="a JWT") as astro:
            await astro.subscribe("channel.activities", room="64f0a1b2c3d4e5f607182930")
            async for event in astro:
                match event:
                    case topicwire.Message():
                        print(event.topic, event.room, event.data)
                    case topicwire.Gap():
                        print("messages may be missing since", event.since)

    asyncio.run(main())

The same without asyncio is in `topicwire.sync`. `topicwire.websockets` has the shape of the package `websockets`, and
`topicwire.testing` a gateway on this machine to test programs with.
"""

from __future__ import annotations

from ._credentials import Token, TokenRequest
from ._hub import Acknowledgement, Invoked
from ._native import __version__
from ._subscription import Subscription
from .astro import Astro
from .errors import (
    AnswerTimeoutError,
    ClosedError,
    Error,
    GatewayError,
    InternalError,
    OptionError,
    OutcomeUnknownError,
    ProviderError,
    QueueFullError,
    TransportError,
    UsageError,
)
from .events import (
    Closed,
    Ended,
    Event,
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
from .graphql import GraphQL, Operation
from .raw import Raw
from .stream import Stream
from .webpubsub import GroupStream, WebPubSub

__all__ = [
    "Acknowledgement",
    "AnswerTimeoutError",
    "Astro",
    "Closed",
    "ClosedError",
    "Ended",
    "Error",
    "Event",
    "Fault",
    "Gap",
    "GatewayError",
    "GraphQL",
    "GroupStream",
    "InternalError",
    "Invoked",
    "Lagged",
    "Message",
    "Opened",
    "Operation",
    "OptionError",
    "OutcomeUnknownError",
    "Ping",
    "Pong",
    "ProviderError",
    "QueueFullError",
    "Raw",
    "State",
    "Stream",
    "Subscribed",
    "Subscription",
    "Token",
    "TokenRequest",
    "TransportError",
    "Unknown",
    "Unsubscribed",
    "UsageError",
    "WebPubSub",
    "__version__",
]
