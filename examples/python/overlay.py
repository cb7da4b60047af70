"""What an overlay shows: everything that happens in a channel, and where something may be missing.

    TOKEN=… ROOM=… python overlay.py

`ASTRO_URL` is for a gateway of your own.
"""

import asyncio
import os

import topicwire


def show(line: str) -> None:
    print(line, flush=True)


async def main() -> None:
    room = os.environ["ROOM"]
    async with topicwire.Astro(os.environ["TOKEN"], url=os.environ.get("ASTRO_URL")) as astro:
        await asyncio.gather(*(astro.subscribe(topic, room) for topic in ("channel.activities", "channel.tips")))
        async for event in astro:
            match event:
                case topicwire.Message("channel.tips"):
                    show(f"{event.typed['user']['name']}: {event.typed['amount']} {event.typed['currency']}")
                case topicwire.Message():
                    show(f"{event.typed['type']}: {event.typed['user']['name']}")
                case topicwire.Gap(subscriptions):
                    show(f"something may be missing in {len(subscriptions)} subscriptions")
                case topicwire.Lagged(count=count):
                    show(f"{count} messages were dropped: this program is too slow")
                case topicwire.State(to=state):
                    show(f"· {state}")
                case _:
                    pass  # further kinds of events


asyncio.run(main())
