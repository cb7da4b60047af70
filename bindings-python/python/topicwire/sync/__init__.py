"""The clients without asyncio.

    import topicwire.sync

    with topicwire.sync.Astro(token="a JWT") as astro:
        astro.subscribe("channel.activities", room="64f0a1b2c3d4e5f607182930")
        for event in astro:
            print(event.topic, event.room, event.data)

A client may be used from several threads; each of its streams has one reader at a time. Handlers and token providers
run on threads of the package's own, which are daemons. Ctrl-C works in every wait.
"""

from __future__ import annotations

from .astro import Astro
from .graphql import GraphQL, Operation
from .raw import Raw
from .stream import Stream
from .webpubsub import GroupStream, WebPubSub

__all__ = ["Astro", "GraphQL", "GroupStream", "Operation", "Raw", "Stream", "WebPubSub"]
