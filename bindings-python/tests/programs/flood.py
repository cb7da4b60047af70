"""A server that sends small messages as fast as they are taken. Prints its port; ends with its standard input."""

from __future__ import annotations

import asyncio
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scenarios.socket import Server


def frames() -> bytes:
    """Some hundred messages of different content, as they stand on the wire."""
    texts = ['{"number":%d,"name":"brisk heron","text":"%s"}' % (n, "x" * 200) for n in range(256)]  # noqa: UP031
    return b"".join(struct.pack("!BBH", 0x81, 126, len(text)) + text.encode() for text in texts)


async def main() -> None:
    """Serve until the parent is gone."""
    flood = frames()
    async with Server() as server:
        print(server.url, flush=True)
        loop = asyncio.get_running_loop()
        gone = loop.run_in_executor(None, sys.stdin.read)
        arrived = await server.next()
        socket = arrived.accept(None)
        while not gone.done():
            try:
                await socket.send_bytes(flood)
            except ConnectionError:
                break
        await gone


asyncio.run(main())
