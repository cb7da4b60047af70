"""Any WebSocket server: send, and print what comes back.

RAW_URL=ws://127.0.0.1:8080/raw python raw.py
"""

import asyncio
import os

import topicwire


async def main() -> None:
    async with topicwire.Raw(os.environ.get("RAW_URL", "ws://127.0.0.1:8080/raw")) as socket:
        await socket.send("hello")
        await socket.send(b"\x00\xff")
        for _ in range(2):
            message = await socket.recv()
            print(message.kind, message.data)


asyncio.run(main())
