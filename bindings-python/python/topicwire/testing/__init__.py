"""A gateway on this machine, to test programs with.

    from topicwire.testing import LocalGateway

    with LocalGateway() as gateway:
        ...  # let the program connect to gateway.astro_url, gateway.graphql_url or gateway.raw_url
        gateway.publish("channel.tips", {"donation": {"amount": 5}})

The gateway is the executable `topicwire`, which the wheel carries, in a process of its own: it speaks the server side
of every dialect, takes any token, and goes wrong on request. It ends with this process, however that ends.
`async with` gives the same with coroutines. pytest finds the fixtures `topicwire_gateway` and
`topicwire_async_gateway` by themselves. docs/gateway.md describes everything a gateway can be asked for.
"""

from __future__ import annotations

from ._asynchronous import AsyncLocalGateway
from ._control import DEFAULT_ROOM, Connection, Entry, LocalGatewayError, Published
from .local_gateway import LocalGateway

__all__ = [
    "DEFAULT_ROOM",
    "AsyncLocalGateway",
    "Connection",
    "Entry",
    "LocalGateway",
    "LocalGatewayError",
    "Published",
]
