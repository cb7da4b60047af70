"""Hears reliable group messages of Azure Web PubSub, touches the data of each, and prints what it cost.

`webpubsub_client.py PEER PORT SIZE EVENTS`, where peers are `topicwire`, `topicwire-sync` and `official`.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from typing import Any

PEER, PORT, SIZE, EVENTS = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
URL = f"ws://127.0.0.1:{PORT}/client/hubs/{SIZE}?access_token=t"


def used() -> float:
    """Processor time of all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Counter:
    """Counts from the second message on, and reports at the last."""

    def __init__(self) -> None:
        self._seen = -1
        self._begun = self._used = 0.0

    def heard(self, data: Any) -> None:
        if type(data) is not dict:
            raise TypeError("it is not decoded")
        self._seen += 1
        if self._seen == 0:
            self._begun, self._used = time.perf_counter(), used()
        elif self._seen == EVENTS:
            seconds, cpu = time.perf_counter() - self._begun, used() - self._used
            print(json.dumps({"events": EVENTS, "seconds": seconds, "cpu": cpu}), flush=True)
            os._exit(0)


async def topicwire(counter: Counter) -> None:
    import topicwire

    async with topicwire.WebPubSub(URL) as hub:
        stream = hub.stream(kinds=[topicwire.Message], overflow="block")
        hub._mute()
        await hub.join_group("lobby")
        async for message in stream:
            counter.heard(message.data)


def topicwire_sync(counter: Counter) -> None:
    import topicwire
    import topicwire.sync

    with topicwire.sync.WebPubSub(URL) as hub:
        stream = hub.stream(kinds=[topicwire.Message], overflow="block")
        hub.join_group("lobby")
        for message in stream:
            counter.heard(message.data)


def official(counter: Counter) -> None:
    from azure.messaging.webpubsubclient import WebPubSubClient
    from azure.messaging.webpubsubclient.models import WebPubSubProtocolType

    client = WebPubSubClient(URL, protocol_type=WebPubSubProtocolType.JSON_RELIABLE)
    client.subscribe("group-message", lambda event: counter.heard(event.data))
    client.open()
    client.join_group("lobby")
    time.sleep(600)


def main() -> None:
    counter = Counter()
    if PEER == "topicwire":
        asyncio.run(topicwire(counter))
    elif PEER == "topicwire-sync":
        topicwire_sync(counter)
    else:
        official(counter)


main()
