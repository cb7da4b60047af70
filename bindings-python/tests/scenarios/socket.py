"""The server's side of a WebSocket, no more of it than scenarios need."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Waiting:
    """A connection whose upgrade nobody has answered yet."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str) -> None:
        self._reader = reader
        self._writer = writer
        lines = head.split("\r\n")
        self.path = lines[0].split(" ")[1]
        pairs = [line.partition(":") for line in lines[1:] if ":" in line]
        self._headers = [(name.strip().lower(), value.strip()) for name, _, value in pairs]

    @property
    def offers(self) -> list[str]:
        """The subprotocols that the client offers."""
        values = [value for name, value in self._headers if name == "sec-websocket-protocol"]
        return [one.strip() for value in values for one in value.split(",")]

    def accept(self, protocol: str | None) -> Socket:
        """Upgrade."""
        key = next(value for name, value in self._headers if name == "sec-websocket-key")
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode(), usedforsecurity=False).digest()
        answer = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n"
        )
        if protocol is not None:
            answer += f"Sec-WebSocket-Protocol: {protocol}\r\n"
        self._writer.write(f"{answer}\r\n".encode())
        return Socket(self._reader, self._writer)

    async def refuse(self, status: int, headers: dict[str, str]) -> None:
        """Answer with another status, and hang up."""
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        answer = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n{more}\r\n"
        self._writer.write(answer.encode())
        await self._writer.drain()
        self._writer.close()


class Socket:
    """An open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, text: str) -> None:
        """Send a text message."""
        self._write(TEXT, text.encode())
        await self._writer.drain()

    async def send_bytes(self, frames: bytes) -> None:
        """Send whole frames as they are."""
        self._writer.write(frames)
        await self._writer.drain()

    async def text(self) -> str:
        """The client's next text message."""
        while True:
            kind, payload = await self._frame()
            if kind == TEXT:
                return payload.decode()
            if kind == CLOSE:
                raise AssertionError(f"the client closes: {payload!r}")

    async def close(self, code: int, reason: str) -> None:
        """Close with a close frame, and wait for the client's."""
        self._write(CLOSE, struct.pack("!H", code) + reason.encode())
        try:
            while (await self._frame())[0] != CLOSE:
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        self._writer.close()

    async def closed(self) -> int | None:
        """The client's close frame, which is answered; `None` if the connection ends without one."""
        try:
            while True:
                kind, payload = await self._frame()
                if kind == CLOSE:
                    self._write(CLOSE, payload)
                    self._writer.close()
                    return int(struct.unpack("!H", payload[:2])[0]) if payload else None
        except (asyncio.IncompleteReadError, ConnectionError):
            self._writer.close()
            return None

    def hang_up(self) -> None:
        """End it without a word."""
        self._writer.close()

    def _write(self, kind: int, payload: bytes) -> None:
        length = len(payload)
        if length < 126:
            head = struct.pack("!BB", 0x80 | kind, length)
        elif length < 1 << 16:
            head = struct.pack("!BBH", 0x80 | kind, 126, length)
        else:
            head = struct.pack("!BBQ", 0x80 | kind, 127, length)
        self._writer.write(head + payload)

    async def _frame(self) -> tuple[int, bytes]:
        first, second = await self._reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            length = struct.unpack("!H", await self._reader.readexactly(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", await self._reader.readexactly(8))[0]
        mask = await self._reader.readexactly(4)
        masked = await self._reader.readexactly(length)
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(masked))
        if first & 0x0F == PING:
            self._write(PONG, payload)
        return first & 0x0F, payload


class Server:
    """Connections on a free port, in the order in which they come."""

    def __init__(self) -> None:
        self._arrived: asyncio.Queue[Waiting] = asyncio.Queue()
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._arrive, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()

    @property
    def url(self) -> str:
        """Its address."""
        assert self._server is not None
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    async def next(self) -> Waiting:
        """The next connection."""
        return await self._arrived.get()

    async def _arrive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return
        self._arrived.put_nowait(Waiting(reader, writer, head.decode("latin-1")))
