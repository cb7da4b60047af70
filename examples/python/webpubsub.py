"""Joins a group of an Azure Web PubSub hub, says something, and prints what comes.

`HUB` holds a client access URL, for example the one that `topicwire gateway` prints. Run it twice and watch the two
talk.
"""

from __future__ import annotations

import asyncio
import os

import topicwire


async def main() -> None:
    """Until Ctrl-C."""
    async with topicwire.WebPubSub(os.environ["HUB"]) as hub:
        await hub.join_group("lobby")
        await hub.send_to_group("lobby", "good morning")
        async for event in hub:
            match event:
                case topicwire.Message():
                    print(f"{event.room or event.topic}: {event.data}", flush=True)
                case topicwire.Opened(resumed=True):
                    print("the session goes on where it was", flush=True)
                case topicwire.Gap():
                    print("messages may be missing since", event.since, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
