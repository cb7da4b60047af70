"""One client under load, which prints what it cost: `load_client.py PEER PORT SHAPE SIZE EVENTS`.

Peers are `topicwire-PARSED`, `picows-PARSED` and `websockets-PARSED`, where PARSED says what is done with each event:
`parsed` (all of it), `lazy` (the topic is read, where that is possible without the rest), `filtered` (nobody wants it),
`batches` (parsed, in batches); and `sparse` and `echo`.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

TOPIC = "channel.activities"
ROOM = "64f0a1b2c3d4e5f607182930"
SUBSCRIBE = {
    "type": "subscribe",
    "nonce": "1",
    "data": {"topic": TOPIC, "room": ROOM, "token": "t", "token_type": "jwt"},
}


class Meter:
    """Time and processor time from here on, of all threads."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = self._used()

    @staticmethod
    def _used() -> float:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime

    def report(self, events: int) -> None:
        """Print what `events` events cost."""
        seconds, cpu = time.perf_counter() - self._wall, self._used() - self._cpu
        print(json.dumps({"events": events, "seconds": round(seconds, 4), "cpu": round(cpu, 4)}))


async def topicwire(url: str, events: int, how: str) -> None:
    import topicwire

    async with topicwire.Astro("t", url=url, idle_timeout_ms=0) as astro:
        if how == "filtered":
            await filtered(astro, events)
            return
        # A queue that blocks, so that nothing is dropped however fast the server is.
        stream = astro.stream(kinds=[topicwire.Message], overflow="block")
        astro._mute()
        await astro.subscribe(TOPIC, ROOM)
        count = 0
        async for _ in stream:
            break
        meter = Meter()
        if how in ("batches", "batches-lazy"):
            async for batch in stream.batches():
                if how == "batches":
                    for event in batch:
                        event.data
                else:
                    for event in batch:
                        event.topic
                count += len(batch)
                if count >= events:
                    break
        elif how == "parsed":
            async for event in stream:
                event.data
                count += 1
                if count == events:
                    break
        else:
            async for event in stream:
                event.topic
                count += 1
                if count == events:
                    break
        meter.report(count)
        astro.abort()


async def filtered(astro: Any, events: int) -> None:
    """Nobody wants what comes; the core drops it."""
    astro._mute()
    await astro.subscribe(TOPIC, ROOM)
    while (first := astro.stats["messages"]) == 0:
        await asyncio.sleep(0.001)
    meter = Meter()
    while (there := astro.stats["messages"] - first) < events:
        await asyncio.sleep(0.005)
    meter.report(there)
    astro.abort()


async def picows(url: str, events: int, how: str) -> None:
    import orjson
    from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

    loads = orjson.loads
    done = asyncio.get_running_loop().create_future()
    meter: Meter | None = None
    count = 0

    class Listener(WSListener):
        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            nonlocal count, meter
            if frame.msg_type != WSMsgType.TEXT:
                return
            message = loads(frame.get_payload_as_memoryview())
            if meter is None:
                if message["type"] == "welcome":
                    transport.send(WSMsgType.TEXT, orjson.dumps(SUBSCRIBE))
                elif message["type"] == "message":
                    meter = Meter()
                return
            message["topic"]
            count += 1
            if count == events and not done.done():
                meter.report(count)
                done.set_result(None)
                transport.disconnect()

    transport, _ = await ws_connect(Listener, url)
    await done


async def websockets(url: str, events: int, how: str) -> None:
    from websockets.asyncio.client import connect

    async with connect(url, compression=None, ping_interval=None) as socket:
        await socket.recv()
        await socket.send(json.dumps(SUBSCRIBE))
        await socket.recv()
        await socket.recv()
        meter = Meter()
        for _ in range(events):
            json.loads(await socket.recv())["topic"]
        meter.report(events)
        socket.transport.abort()


async def topicwire_sparse(url: str, events: int) -> None:
    import topicwire

    clients = [topicwire.Astro("t", url=url, idle_timeout_ms=0) for _ in range(CONNECTIONS)]
    left = CONNECTIONS
    counting = False
    count = 0
    begun, done = asyncio.Event(), asyncio.Event()

    async def hear(client: Any) -> None:
        nonlocal left, count
        await client.connect()
        await client.subscribe(TOPIC, ROOM)
        left -= 1
        if left == 0:
            begun.set()
        async for message in client.messages():
            message.data["type"]
            if counting:
                count += 1
                if count == events:
                    done.set()

    tasks = [asyncio.create_task(hear(client)) for client in clients]
    await begun.wait()
    await asyncio.sleep(0.5)
    counting = True
    meter = Meter()
    await done.wait()
    meter.report(count)
    for client in clients:
        client.abort()
    await asyncio.gather(*tasks)


async def picows_sparse(url: str, events: int) -> None:
    import orjson
    from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

    loads = orjson.loads
    counting = False
    count = left = 0
    begun, done = asyncio.Event(), asyncio.Event()

    class Listener(WSListener):
        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            nonlocal count, left
            if frame.msg_type != WSMsgType.TEXT:
                return
            message = loads(frame.get_payload_as_memoryview())
            if message["type"] == "welcome":
                transport.send(WSMsgType.TEXT, orjson.dumps(SUBSCRIBE))
                left += 1
                if left == CONNECTIONS:
                    begun.set()
            elif counting:
                message["data"]["type"]
                count += 1
                if count == events:
                    done.set()

    sockets = [(await ws_connect(Listener, url))[0] for _ in range(CONNECTIONS)]
    await begun.wait()
    await asyncio.sleep(0.5)
    counting = True
    meter = Meter()
    await done.wait()
    meter.report(count)
    for socket in sockets:
        socket.disconnect()


CONNECTIONS = 200


async def topicwire_echo(url: str, trips: int) -> list[float]:
    import topicwire

    times = []
    async with topicwire.Raw(url) as socket:
        text = "x" * 200
        for _ in range(trips):
            begun = time.perf_counter()
            await socket.send(text)
            await socket.recv()
            times.append(time.perf_counter() - begun)
    return times


async def drop_in_echo(url: str, trips: int) -> list[float]:
    from topicwire.websockets import connect

    return await _echo(connect(url), trips)


async def websockets_echo(url: str, trips: int) -> list[float]:
    from websockets.asyncio.client import connect

    return await _echo(connect(url, compression=None), trips)


async def _echo(connecting: Any, trips: int) -> list[float]:
    times = []
    async with connecting as socket:
        text = "x" * 200
        for _ in range(trips):
            begun = time.perf_counter()
            await socket.send(text)
            await socket.recv()
            times.append(time.perf_counter() - begun)
    return times


async def picows_echo(url: str, trips: int) -> list[float]:
    from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

    times: list[float] = []
    done = asyncio.get_running_loop().create_future()
    text = b"x" * 200

    class Listener(WSListener):
        def on_ws_connected(self, transport: WSTransport) -> None:
            self.begun = time.perf_counter()
            transport.send(WSMsgType.TEXT, text)

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            times.append(time.perf_counter() - self.begun)
            if len(times) == trips:
                done.set_result(None)
                transport.disconnect()
                return
            self.begun = time.perf_counter()
            transport.send(WSMsgType.TEXT, text)

    await ws_connect(Listener, url)
    await done
    return times


SPARSE: dict[str, Callable[[str, int], Awaitable[None]]] = {"topicwire": topicwire_sparse, "picows": picows_sparse}
PEERS: dict[str, Callable[[str, int, str], Awaitable[None]]] = {
    "topicwire": topicwire,
    "picows": picows,
    "websockets": websockets,
}
ECHOES: dict[str, Callable[[str, int], Awaitable[list[float]]]] = {
    "topicwire": topicwire_echo,
    "topicwire.websockets": drop_in_echo,
    "picows": picows_echo,
    "websockets": websockets_echo,
}


def main() -> None:
    peer, port, shape, size, events = sys.argv[1:6]
    name, _, how = peer.partition("-")
    base = f"ws://127.0.0.1:{port}"
    if how == "echo":
        times = sorted(asyncio.run(ECHOES[name](f"{base}/echo", int(events))))  # type: ignore[arg-type]
        print(json.dumps({"p50_us": round(times[len(times) // 2] * 1e6, 1)}))
        return
    if how == "sparse":
        asyncio.run(SPARSE[name](f"{base}/sparse/{shape}/{size}", int(events)))  # type: ignore[arg-type]
        return
    asyncio.run(PEERS[name](f"{base}/flood/{shape}/{size}", int(events), how))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
