"""A program that ends while its client is busy. Arguments: how it ends, and the URL of a GraphQL server."""

from __future__ import annotations

import asyncio
import os
import sys
import threading

import topicwire
import topicwire.sync

TICKS = "subscription { ticks(n: 1000000000, intervalMs: 0) { seq } }"
HOW, URL = sys.argv[1:3]


async def until_busy(keep: bool) -> None:
    graphql = topicwire.GraphQL(URL)
    count = 0
    async for _ in graphql.subscribe(TICKS):
        count += 1
        if count == 100:
            break
    if HOW == "exit-in-loop":
        sys.exit(0)
    if keep:
        KEPT.append(graphql)


def until_busy_without_asyncio() -> None:
    graphql = topicwire.sync.GraphQL(URL)
    graphql.on(topicwire.State)(lambda event: None)
    ticks = graphql.subscribe(TICKS)
    for _ in range(100):
        next(ticks)
    KEPT.extend([graphql, ticks])


KEPT: list[object] = []

if HOW in ("run-returns", "exit-in-loop"):
    asyncio.run(until_busy(keep=True))
elif HOW == "loop-left-open":
    loop = asyncio.new_event_loop()
    loop.run_until_complete(until_busy(keep=True))
    KEPT.append(loop)
elif HOW == "sync":
    until_busy_without_asyncio()
elif HOW == "reader-thread":
    graphql = topicwire.sync.GraphQL(URL)
    reader = threading.Thread(target=lambda: [None for _ in graphql.subscribe(TICKS)], daemon=True)
    reader.start()
    for _ in graphql.subscribe(TICKS):
        break
elif HOW == "os-exit":
    until_busy_without_asyncio()
    os._exit(0)
