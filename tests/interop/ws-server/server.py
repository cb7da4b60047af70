"""A WebSocket server on Python's `websockets` for tests of the raw client; `server.mjs` offers the same paths on npm `ws`. See README.md."""

import argparse
import asyncio
import json
import os
import sys
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

PROTOCOLS = ["chat.v2", "chat.v1"]  # in order of preference
held = set()  # transports that are not read until /control/resume


async def echo(socket, query):
    async for message in socket:
        await socket.send(message)


async def inspect(socket, query):
    headers = {name.lower(): value for name, value in socket.request.headers.raw_items()}
    await socket.send(json.dumps({"path": socket.request.path, "headers": headers, "subprotocol": socket.subprotocol or ""}))
    await socket.wait_closed()


async def fragments(socket, query):
    size = int(query.get("size", 3))
    async for message in socket:
        await socket.send(pieces(socket, message, size))


async def pieces(socket, message, size):
    for at in range(0, len(message), size):
        if at > 0:
            await socket.ping(str(at))
        yield message[at : at + size]


async def close(socket, query):
    await socket.recv()
    await socket.close(int(query.get("code", 1000)), query.get("reason", ""))


async def drop(socket, query):
    await socket.recv()
    socket.transport.abort()


async def ping(socket, query):
    data = query.get("data", "")
    answered = await socket.ping(data)
    await answered
    await socket.send(data)
    await socket.wait_closed()


async def burst(socket, query):
    filler = "x" * int(query.get("bytes", 0))
    for seq in range(1, int(query.get("n", 1)) + 1):
        await socket.send(json.dumps({"seq": seq, "filler": filler}))
    await socket.close(1000, "done")


async def hold(socket, query):
    socket.transport.pause_reading()
    held.add(socket.transport)
    received = 0
    try:
        async for message in socket:
            received += len(message)
            await socket.send(str(received))
    finally:
        held.discard(socket.transport)


async def mute(socket, query):
    socket.transport.pause_reading()
    await asyncio.get_running_loop().create_future()


BEHAVIOURS = {f"/{behaviour.__name__}": behaviour for behaviour in (echo, inspect, fragments, close, drop, ping, burst, hold, mute)}


def request_came(connection, request):
    """Answers what is no upgrade, or not to become one."""
    url = urlsplit(request.path)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    if url.path == "/refuse":
        response = connection.respond(HTTPStatus(int(query.get("status", 503))), "busy")
        response.headers["Retry-After"] = "2"
        return response
    if url.path == "/control/resume":
        for transport in held:
            transport.resume_reading()
        return connection.respond(HTTPStatus.OK, "")
    return None


async def handle(socket):
    url = urlsplit(socket.request.path)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    try:
        await BEHAVIOURS.get(url.path, echo)(socket, query)
    except ConnectionClosed:
        pass  # a client that goes away is no news


def choose(connection, offered):
    return next((known for known in PROTOCOLS if known in offered), None)


async def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, default=0)
    port = arguments.parse_args().port
    # Keep-alive pings of our own would come between the frames that a test counts.
    options = {"compression": None, "ping_interval": None, "max_size": 64 << 20, "close_timeout": 1}
    async with serve(handle, "127.0.0.1", port, process_request=request_came, select_subprotocol=choose, **options) as server:
        port = server.sockets[0].getsockname()[1]
        print(json.dumps({"event": "listening", "port": port, "pid": os.getpid(), "url": f"ws://127.0.0.1:{port}"}), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        os._exit(0)  # with every connection as it is: the parent has gone


asyncio.run(main())
