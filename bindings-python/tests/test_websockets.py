"""The drop-in behaves as `websockets` 17 does: every test runs with both, where that is installed."""

from __future__ import annotations

import asyncio
import gc
import importlib
import importlib.metadata
import importlib.util
import ssl
from types import ModuleType
from typing import Any

import pytest

from gateway import Gateway

SOON = 20.0
SHAPES = ["topicwire.websockets"]
if importlib.util.find_spec("websockets") and int(importlib.metadata.version("websockets").split(".")[0]) >= 17:
    # Older ones, which is what Python 3.10 has, know some of it only otherwise.
    SHAPES.append("websockets")


@pytest.fixture(params=SHAPES)
def websockets(request: pytest.FixtureRequest) -> Any:
    module = importlib.import_module(request.param)
    for name in ("asyncio.client", "sync.client", "exceptions", "typing", "frames"):
        importlib.import_module(f"{request.param}.{name}")
    return module


@pytest.fixture
def connect(websockets: Any) -> Any:
    # Beside the version's newest, older ones of `websockets` have another `connect` at the top.
    return websockets.asyncio.client.connect


async def test_messages_go_and_come(gateway: Gateway, connect: Any) -> None:
    async with connect(gateway.raw_url) as socket:
        await socket.send("text")
        assert await socket.recv() == "text"
        await socket.send(b"bytes")
        assert await socket.recv() == b"bytes"
        await socket.send("text", text=False)
        assert await socket.recv() == b"text"
        await socket.send(b"text", text=True)
        assert await socket.recv() == "text"
        await socket.send("ä")
        assert await socket.recv(decode=False) == "ä".encode()
        await socket.send("ä".encode())
        assert await socket.recv(decode=True) == "ä"
        await socket.send(["in ", "three ", "pieces"])
        assert await socket.recv() == "in three pieces"
        await socket.send(bytearray(b"array"))
        assert await socket.recv() == b"array"
        await socket.send("streamed")
        assert "".join([piece async for piece in socket.recv_streaming()]) == "streamed"


async def test_what_cannot_be_sent_is_refused(gateway: Gateway, connect: Any) -> None:
    async with connect(gateway.raw_url) as socket:
        for wrong in ({"a": 1}, 5, None, [5]):
            with pytest.raises(TypeError):
                await socket.send(wrong)


async def test_it_can_be_awaited_and_closed(gateway: Gateway, connect: Any, websockets: Any) -> None:
    socket = await connect(gateway.raw_url)
    assert socket.state is websockets.protocol.State.OPEN
    assert (socket.close_code, socket.close_reason) == (None, None)
    await socket.close(4321, "enough")
    assert socket.state is websockets.protocol.State.CLOSED
    assert (socket.close_code, socket.close_reason) == (4321, "enough")
    await socket.close()
    with pytest.raises(websockets.exceptions.ConnectionClosedError) as caught:
        await socket.recv()
    assert str(caught.value) == "sent 4321 (private use) enough; then received 4321 (private use) enough"
    with pytest.raises(websockets.exceptions.ConnectionClosed):
        await socket.send("too late")
    with pytest.raises(websockets.exceptions.ConnectionClosed):
        await socket.ping()
    await socket.wait_closed()


async def test_iteration_ends_with_an_orderly_end(gateway: Gateway, connect: Any) -> None:
    async with connect(gateway.raw_url) as socket:
        await socket.send("one")
        await socket.send("two")
        seen = []
        async for message in socket:
            seen.append(message)
            if len(seen) == 2:
                gateway.control("faults", {"fault": "close", "code": 1001, "reason": "bye"})
        assert seen == ["one", "two"]
        assert (socket.close_code, socket.close_reason) == (1001, "bye")


async def test_iteration_raises_at_any_other_end(gateway: Gateway, connect: Any, websockets: Any) -> None:
    for fault, code, text in (
        ({"fault": "close", "code": 4500, "reason": "why"}, 4500, "received 4500 (private use) why; then sent"),
        ({"fault": "close"}, 1005, None),
        ({"fault": "cut", "how": "fin"}, 1006, "no close frame received or sent"),
        ({"fault": "cut", "how": "reset"}, 1006, "no close frame received or sent"),
        ({"fault": "send_bad_frame", "kind": "bad_utf8"}, 1006, "sent 1007"),
        ({"fault": "send_bad_frame", "kind": "reserved_opcode"}, 1006, "sent 1002"),
    ):
        async with connect(gateway.raw_url) as socket:
            await socket.send("ready")
            await socket.recv()
            gateway.control("faults", fault)
            if text is None:
                assert [message async for message in socket] == []
            else:
                with pytest.raises(websockets.exceptions.ConnectionClosedError) as caught:
                    await socket.recv()
                assert str(caught.value).startswith(text), fault
            # A peer that breaks the protocol may or may not still answer our goodbye.
            if "bad_frame" not in str(fault):
                assert socket.close_code == code, fault


async def test_pings_are_answered_with_their_latency(gateway: Gateway, connect: Any, websockets: Any) -> None:
    async with connect(gateway.raw_url) as socket:
        latency = await (await socket.ping())
        assert 0 < latency == socket.latency
        assert await (await socket.ping(b"payload")) > 0
        gateway.control("faults", {"fault": "withhold_pongs"})
        first = await socket.ping("same")
        with pytest.raises(websockets.exceptions.ConcurrencyError):
            await socket.ping(b"same")
        gateway.control("faults", {"fault": "cut", "how": "reset"})
        with pytest.raises(websockets.exceptions.ConnectionClosed):
            await first


async def test_a_cancelled_recv_loses_nothing(gateway: Gateway, connect: Any) -> None:
    async with connect(gateway.raw_url) as socket:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.005)
        await socket.send("kept")
        assert await socket.recv() == "kept"


async def test_two_readers_are_refused(gateway: Gateway, connect: Any, websockets: Any) -> None:
    async with connect(gateway.raw_url) as socket:
        waiting = asyncio.create_task(socket.recv())
        await asyncio.sleep(0)
        with pytest.raises(websockets.exceptions.ConcurrencyError):
            await socket.recv()
        await socket.send("x")
        assert await waiting == "x"


async def test_subprotocols_headers_and_answers(gateway: Gateway, connect: Any, websockets: Any) -> None:
    headers = websockets.datastructures.Headers({"X-One": "1"})
    async with connect(
        gateway.raw_url + "?q=1",
        subprotocols=["first.example", "second.example"],
        additional_headers=headers,
        origin="https://example.org",
        user_agent_header="me/1",
    ) as socket:
        assert socket.subprotocol == "first.example"
        assert socket.response.status_code == 101
        assert socket.response.headers["upgrade"].lower() == "websocket"
        assert socket.request.path == "/raw?q=1"
        assert socket.request.headers["X-One"] == "1"
        assert socket.remote_address[1] == gateway.port
    async with connect(gateway.raw_url) as socket:
        assert socket.subprotocol is None


async def test_refused_upgrades(gateway: Gateway, connect: Any, websockets: Any) -> None:
    gateway.control("faults", {"fault": "refuse_upgrades", "status": 429, "retry_after": 2})
    with pytest.raises(websockets.exceptions.InvalidStatus) as caught:
        await connect(gateway.raw_url)
    assert str(caught.value) == "server rejected WebSocket connection: HTTP 429"
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "2"
    gateway.control("faults", {"fault": "hang_upgrades"})
    with pytest.raises((TimeoutError, asyncio.TimeoutError), match="timed out during opening handshake"):
        await connect(gateway.raw_url, open_timeout=0.05)
    with pytest.raises(ConnectionRefusedError):
        await connect("ws://127.0.0.1:1/")
    gateway.control("faults", {"fault": "reset_upgrades"})
    with pytest.raises((OSError, websockets.exceptions.InvalidHandshake)):
        await connect(gateway.raw_url)


async def test_what_cannot_work_is_refused_before_anything_is_opened(connect: Any, websockets: Any) -> None:
    for uri in ("http://example.org/", "example.org", "ws:///path", "ws://example.org/#fragment"):
        with pytest.raises(websockets.exceptions.InvalidURI):
            await connect(uri)
    with pytest.raises(ValueError, match="compression"):
        await connect("ws://example.org/", compression="zip")
    with pytest.raises(ValueError, match="ssl"):
        await connect("ws://example.org/", ssl=ssl.create_default_context())
    with pytest.raises(TypeError):
        await connect("ws://example.org/", subprotocols="one")


async def test_a_message_that_is_too_big_ends_the_connection(gateway: Gateway, connect: Any, websockets: Any) -> None:
    async with connect(gateway.raw_url, max_size=1000) as socket:
        await socket.send("x" * 1000)
        assert len(await socket.recv()) == 1000
        await socket.send("x" * 1001)
        with pytest.raises(websockets.exceptions.ConnectionClosedError, match="1009"):
            await socket.recv()


async def test_large_messages_and_many_messages(gateway: Gateway, connect: Any) -> None:
    async with connect(gateway.raw_url, max_size=None) as socket:
        await socket.send("y" * 3_000_000)
        assert len(await socket.recv()) == 3_000_000

        async def send() -> None:
            for n in range(2000):
                await socket.send(f"{n} " + "z" * 200)

        sending = asyncio.create_task(send())
        for n in range(2000):
            assert (await socket.recv()).split(" ")[0] == str(n)
            if n % 100 == 0:
                await asyncio.sleep(0)
        await sending


async def test_a_reader_that_pauses_slows_the_sender_and_loses_nothing(gateway: Gateway, connect: Any) -> None:
    async with connect(gateway.raw_url, max_queue=4) as socket:
        for n in range(500):
            await socket.send(str(n) + "w" * 1000)
        await asyncio.sleep(0.05)
        assert [int((await socket.recv()).rstrip("w")) for _ in range(500)] == list(range(500))


async def test_it_reconnects_as_an_iterator(gateway: Gateway, connect: Any, websockets: Any) -> None:
    seen: list[str] = []
    gateway.control("faults", {"fault": "refuse_upgrades", "status": 503, "count": 2})
    async for socket in connect(gateway.raw_url, reconnect_delays=lambda: iter([0.001] * 100)):
        try:
            await socket.send(str(len(seen)))
            seen.append(await socket.recv())
            if len(seen) == 3:
                break
            gateway.control("faults", {"fault": "close", "code": 1011})
            await socket.recv()
        except websockets.exceptions.ConnectionClosed:
            continue
    assert seen == ["0", "1", "2"]
    gateway.control("faults", {"fault": "refuse_upgrades", "status": 403})
    with pytest.raises(websockets.exceptions.InvalidStatus):
        async for _ in connect(gateway.raw_url):
            pass


async def test_an_error_inside_of_the_context_says_goodbye_with_1011(gateway: Gateway, connect: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        async with connect(gateway.raw_url) as socket:
            raise ZeroDivisionError
    assert socket.close_code == 1011


@pytest.mark.filterwarnings("error")
async def test_a_forgotten_connection_is_closed_quietly(gateway: Gateway) -> None:
    from topicwire.websockets import connect

    socket = await connect(gateway.raw_url)
    del socket
    gc.collect()
    await asyncio.to_thread(gateway.wait_for_connections, 0)


async def test_what_the_drop_in_cannot_do_is_refused_by_name() -> None:
    from topicwire.websockets import connect

    for name in ("sock", "host", "create_connection", "nonsense"):
        with pytest.raises(TypeError, match=name):
            connect("ws://example.org/", **{name: object()})  # type: ignore[arg-type]


# Threads.


def test_threads_send_and_receive(gateway: Gateway, websockets: Any) -> None:
    with websockets.sync.client.connect(gateway.raw_url, subprotocols=["a.b"]) as socket:
        assert socket.subprotocol == "a.b"
        socket.send("text")
        assert socket.recv() == "text"
        socket.send(b"bytes")
        assert socket.recv(timeout=SOON) == b"bytes"
        socket.send(["a", "b"])
        assert socket.recv(decode=False) == b"ab"
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.01)
        assert socket.ping().wait(SOON)
        socket.send("last")
        for message in socket:
            assert message == "last"
            gateway.control("faults", {"fault": "close", "code": 1000})
    assert socket.close_code == 1000
    with pytest.raises(websockets.exceptions.ConnectionClosedOK):
        socket.recv()
    with pytest.raises(websockets.exceptions.ConnectionClosed):
        socket.send("late")


def test_threads_see_refusals_and_breaks(gateway: Gateway, websockets: Any) -> None:
    connect = websockets.sync.client.connect
    gateway.control("faults", {"fault": "refuse_upgrades", "status": 403})
    with pytest.raises(websockets.exceptions.InvalidStatus):
        connect(gateway.raw_url)
    with pytest.raises(ConnectionRefusedError):
        connect("ws://127.0.0.1:1/")
    with pytest.raises(websockets.exceptions.InvalidURI):
        connect("nonsense")
    with connect(gateway.raw_url) as socket:
        gateway.wait_for_connections(1)
        gateway.control("faults", {"fault": "cut", "how": "fin"})
        with pytest.raises(websockets.exceptions.ConnectionClosedError):
            socket.recv(timeout=SOON)


def test_the_names_of_the_modules(websockets: ModuleType) -> None:
    for name in (
        "connect",
        "ClientConnection",
        "ConnectionClosed",
        "ConnectionClosedOK",
        "ConnectionClosedError",
        "InvalidHandshake",
        "InvalidStatus",
        "InvalidURI",
        "WebSocketException",
        "Close",
        "CloseCode",
        "State",
        "Headers",
        "Data",
        "Subprotocol",
        "Origin",
    ):
        assert hasattr(websockets, name), name
