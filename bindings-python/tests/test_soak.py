"""Memory stays flat under a flood, however its messages are read.

300,000 messages a reader, so that the run stays short; `TOPICWIRE_SOAK=5000000` makes it the five million that the
package is held to before a release.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import topicwire
import topicwire.sync

EVENTS = int(os.environ.get("TOPICWIRE_SOAK", "300000"))
PROGRAM = Path(__file__).parent / "programs" / "flood.py"
STATM = Path("/proc/self/statm")

pytestmark = pytest.mark.skipif(not STATM.exists(), reason="this system does not tell how much memory a process has")


@pytest.fixture
def flood() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    yield process.stdout.readline().strip()
    process.stdin.close()
    process.wait(20)
    process.stdout.close()


def resident() -> int:
    """Bytes of memory that are really there."""
    gc.collect()
    return int(STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Flat:
    """Holds that memory does not grow after the first part."""

    def __init__(self) -> None:
        self.count = 0
        self._at_first = 0

    def seen(self, events: int) -> bool:
        """Count. True when that was enough."""
        before, self.count = self.count, self.count + events
        first = EVENTS // 4
        if before < first <= self.count:
            self._at_first = resident()
        return self.count >= EVENTS

    def check(self) -> None:
        """Hold it."""
        grown = resident() - self._at_first
        assert grown < 4 << 20, f"{grown} bytes more after {self.count} messages"


async def every_attribute(socket: topicwire.Raw, flat: Flat) -> None:
    kept: list[topicwire.Message] = []
    async for message in socket.messages():
        _ = (message.data, message.raw, message.typed, message.topic, message.id, message.subscriptions, repr(message))
        if flat.count % 1000 == 0:
            # Somebody who keeps a few of many.
            kept.append(message)
            del kept[:-50]
        if flat.seen(1):
            return


async def in_batches(socket: topicwire.Raw, flat: Flat) -> None:
    async for batch in socket.batches():
        for event in batch:
            _ = event.data
        if flat.seen(len(batch)):
            return


async def with_short_waits(socket: topicwire.Raw, flat: Flat) -> None:
    while True:
        event = await socket.poll(0.1)
        if event is not None and flat.seen(1):
            return


@pytest.mark.parametrize("read", [every_attribute, in_batches, with_short_waits])
def test_memory_stays_flat(flood: str, read: Callable[[topicwire.Raw, Flat], object]) -> None:
    flat = Flat()

    async def main() -> None:
        async with topicwire.Raw(flood) as socket:
            await read(socket, flat)  # type: ignore[misc]
            socket.abort()

    asyncio.run(main())
    flat.check()


def test_memory_stays_flat_without_asyncio(flood: str) -> None:
    flat = Flat()
    with topicwire.sync.Raw(flood) as socket:
        for message in socket.messages():
            _ = (message.data, message.raw)
            if flat.seen(1):
                break
        socket.abort()
    flat.check()
