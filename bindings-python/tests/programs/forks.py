"""A program whose children end as programs do: `atexit`, finalizers and all. Argument: the URL of a GraphQL server."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import topicwire
import topicwire.sync

TICKS = "subscription { ticks(n: 1000000000, intervalMs: 0) { seq } }"
URL = sys.argv[1]

with topicwire.sync.GraphQL(URL) as graphql:
    # A child leaves this `with` too, and must leave the client alone: it is the parent's.
    ticks = graphql.subscribe(TICKS)
    for _ in range(10):
        next(ticks)
    for _ in range(10):
        child = os.fork()
        if child == 0:
            signal.setitimer(signal.ITIMER_REAL, 10)
            break
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "a child did not end well"
        next(ticks)


async def in_a_loop() -> None:
    async with topicwire.GraphQL(URL) as graphql:
        async for _ in graphql.subscribe(TICKS):
            break
        child = os.fork()
        if child == 0:
            signal.setitimer(signal.ITIMER_REAL, 10)
            return
        ended = os.waitpid(child, 0)  # noqa: ASYNC222 - nothing else is to happen
        assert os.waitstatus_to_exitcode(ended[1]) == 0, "a child did not end well"


if child != 0:
    asyncio.run(in_a_loop())
