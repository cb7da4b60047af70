"""What programs do to clients: cancel, forget, raise, restart loops, use several of them."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
import warnings
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import topicwire
from gateway import ROOM, Gateway
from topicwire import _loop

SOON = 20.0
TICKS = "subscription { ticks(n: 1000000000, intervalMs: 0) { seq } }"


def seqs(message: topicwire.Message) -> int:
    return int(message.data["data"]["ticks"]["seq"])


# Cancellation.


async def test_a_cancelled_reader_loses_nothing_for_the_next(gateway: Gateway) -> None:
    async with topicwire.Astro("t", url=gateway.url) as astro:
        await astro.subscribe("channel.tips", ROOM)
        seen: list[int] = []

        async def read() -> None:
            async for message in astro.messages():
                seen.append(message.data)
                await asyncio.sleep(0)

        for n in range(40):
            reader = asyncio.create_task(read())
            gateway.publish("channel.tips", n)
            for _ in range(n % 5):
                await asyncio.sleep(0)
            reader.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reader
        while len(seen) < 40:
            event = await astro.poll(SOON)
            assert event is not None
            if event.topic is not None:
                seen.append(event.data)
        assert seen == list(range(40))


@pytest.mark.parametrize("turns", range(8))
async def test_connecting_can_be_cancelled_anywhere(gateway: Gateway, turns: int) -> None:
    async def connect() -> None:
        async with topicwire.Astro("t", url=gateway.url):
            await asyncio.sleep(SOON)

    connecting = asyncio.create_task(connect())
    for _ in range(turns):
        await asyncio.sleep(0.001)
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    await asyncio.to_thread(gateway.wait_for_connections, 0)


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancelled_subscription_is_undone(gateway: Gateway, turns: int) -> None:
    async with topicwire.Astro("t", url=gateway.url, command_interval_ms=1, command_burst=100) as astro:
        asking = asyncio.create_task(astro.subscribe("channel.tips", ROOM))
        for _ in range(turns):
            await asyncio.sleep(0.0005)
        done = asking.done()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError) if not done else _nothing():
            await asking
        if done:
            await astro.unsubscribe(asking.result())
        # Commands keep their order: when this one is answered, the others are.
        await astro.subscribe("channel.activities", ROOM)
        for _ in range(1000):
            if gateway.publish("channel.tips", 1) == 0:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the subscription is live")


async def test_a_subscription_is_undone_whose_answer_has_come_unseen(gateway: Gateway) -> None:
    async with topicwire.Astro("t", url=gateway.url) as astro:
        asking = asyncio.create_task(astro.subscribe("channel.tips", ROOM))
        await asyncio.sleep(0)
        # The loop stands still until the answer is in the lane.
        while astro._asking().lane.stats()[0] == 0:
            pass
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        for _ in range(1000):
            if gateway.publish("channel.tips", 1) == 0:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the subscription is live")


class _nothing:  # noqa: N801 - reads as a sentence
    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


async def test_closing_can_be_cancelled_and_goes_on(gateway: Gateway) -> None:
    astro = topicwire.Astro("t", url=gateway.url)
    await astro.connect()
    gateway.control("faults", {"fault": "mute"})
    closing = asyncio.create_task(astro.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert (await asyncio.wait_for(astro.wait_closed(), SOON)) is astro.closed


async def test_a_timeout_around_a_wait_is_only_that(gateway: Gateway) -> None:
    async with topicwire.Raw(gateway.raw_url) as socket:
        for _ in range(5):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(socket.recv(), 0.005)
        await socket.send("still here")
        assert (await socket.recv()).data == "still here"


async def test_an_iterator_goes_on_after_a_timeout(gateway: Gateway) -> None:
    async with topicwire.Astro("t", url=gateway.url) as astro:
        await astro.subscribe("channel.tips", ROOM)
        messages = astro.messages()
        for n in range(5):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(messages.__anext__(), 0.005)
            gateway.publish("channel.tips", n)
            assert (await messages.__anext__()).data == n
    with pytest.raises(StopAsyncIteration):
        await messages.__anext__()
    with pytest.raises(StopAsyncIteration):
        await messages.__anext__()


class _SlowCore:
    """The native client, with a program that is slow to look after a send."""

    def __init__(self, core: Any) -> None:
        self._core = core

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)

    def send_text(self, text: str) -> bool:
        busy = bool(self._core.send_text(text))
        while self._core.outbound_bytes() > 0:
            pass
        return busy


async def test_a_send_waits_for_no_room_that_there_was_before_it_waited(gateway: Gateway) -> None:
    async with topicwire.Raw(gateway.raw_url, queue={"send_high": 1000}) as socket:
        real = socket._core
        socket._core = _SlowCore(real)  # type: ignore[assignment]
        await asyncio.wait_for(socket.send("x" * 100_000), SOON)
        socket._core = real
        assert len((await socket.recv()).data) == 100_000


# Collection.


async def test_a_client_that_is_forgotten_warns_and_closes(gateway: Gateway) -> None:
    astro = topicwire.Astro("t", url=gateway.url)
    await astro.connect()
    await astro.subscribe("channel.tips", ROOM)
    with pytest.warns(ResourceWarning, match="unclosed <topicwire.Astro"):  # noqa: PT031 - one after the other
        del astro
        gc.collect()
    await asyncio.to_thread(gateway.wait_for_connections, 0)


async def test_a_client_with_handlers_is_not_forgotten(gateway: Gateway) -> None:
    heard = asyncio.Event()
    astro = topicwire.Astro("t", url=gateway.url)
    astro.on("channel.tips")(lambda event: heard.set())
    await astro.connect()
    await astro.subscribe("channel.tips", ROOM)
    there = weakref.ref(astro)
    del astro
    gc.collect()
    gateway.publish("channel.tips", 1)
    await asyncio.wait_for(heard.wait(), SOON)
    left = there()
    assert left is not None
    await left.close()
    del left
    await asyncio.sleep(0)
    gc.collect()
    assert there() is None


async def test_a_stream_keeps_its_client(gateway: Gateway) -> None:
    astro = topicwire.Astro("t", url=gateway.url)
    await astro.connect()
    await astro.subscribe("channel.tips", ROOM)
    stream = astro.stream(topics=["channel.tips"], kinds=[topicwire.Message])
    there = weakref.ref(astro)
    del astro
    gc.collect()
    gateway.publish("channel.tips", 1)
    event = await stream.poll(SOON)
    assert event is not None
    left = there()
    assert left is not None
    await left.close()


async def test_closed_clients_leave_nothing_behind(gateway: Gateway) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(3):
        async with topicwire.Raw(gateway.raw_url) as socket:
            await socket.send("x")
            await socket.recv()
    assert loop not in _loop._pollers
    del socket
    gc.collect()
    before = len(gc.get_objects()), _sockets()
    for _ in range(50):
        async with topicwire.Raw(gateway.raw_url) as socket:
            await socket.send("x")
            await socket.recv()
    del socket
    gc.collect()
    assert len(gc.get_objects()) - before[0] < 200
    assert _sockets() <= before[1]


def _sockets() -> int:
    folder = "/proc/self/fd"
    if not os.path.isdir(folder):
        return 0
    return len(os.listdir(folder))


# Loops.


def test_asyncio_run_many_times_in_one_process(gateway: Gateway) -> None:
    async def hear() -> object:
        async with topicwire.Raw(gateway.raw_url) as socket:
            await socket.send("again")
            return (await socket.recv()).data

    assert {asyncio.run(hear()) for _ in range(50)} == {"again"}
    assert len(_loop._pollers) == 0


def test_a_loop_that_ends_closes_its_clients(gateway: Gateway) -> None:
    left: list[topicwire.Raw] = []

    async def leave() -> None:
        left.append(topicwire.Raw(gateway.raw_url))
        await left[0].connect()

    with pytest.warns(ResourceWarning, match="unclosed"):
        asyncio.run(leave())
    gateway.wait_for_connections(0)
    assert left[0].state == "closed"


def test_a_loop_that_is_merely_closed_is_noticed_at_the_next_use(gateway: Gateway) -> None:
    loop = asyncio.new_event_loop()
    socket = topicwire.Raw(gateway.raw_url)
    loop.run_until_complete(socket.connect())
    loop.close()

    async def another() -> None:
        async with topicwire.Raw(gateway.raw_url):
            pass

    with pytest.warns(ResourceWarning, match="unclosed"):
        asyncio.run(another())
    gateway.wait_for_connections(0)
    assert socket.state == "closed"


def test_several_loops_in_several_threads(gateway: Gateway) -> None:
    counts: list[int] = []

    async def hear() -> None:
        clients = [topicwire.Raw(gateway.raw_url) for _ in range(5)]
        await asyncio.gather(*(client.connect() for client in clients))
        assert len(_loop._pollers) <= 4
        for n in range(50):
            await asyncio.gather(*(client.send(str(n)) for client in clients))
            messages = await asyncio.gather(*(client.recv() for client in clients))
            counts.append(sum(message.data == str(n) for message in messages))
        await asyncio.gather(*(client.close() for client in clients))

    threads = [threading.Thread(target=lambda: asyncio.run(hear())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON * 2)
    assert counts == [5] * 200


def test_a_request_may_come_from_another_loop_and_a_read_may_not(gateway: Gateway) -> None:
    async def main() -> None:
        async with topicwire.Astro("t", url=gateway.url) as astro:

            async def elsewhere() -> None:
                await astro.subscribe("channel.tips", ROOM)
                with pytest.raises(topicwire.UsageError) as caught:
                    await astro.poll(1)
                assert caught.value.code == "wrong_loop"
                with pytest.raises(topicwire.UsageError):
                    astro.stream()

            await asyncio.to_thread(asyncio.run, elsewhere())

    asyncio.run(main())


def _runners() -> dict[str, Callable[[Awaitable[Any]], Any]]:
    runners: dict[str, Callable[[Any], Any]] = {"asyncio": asyncio.run, "no add_reader": _run_without_add_reader}
    try:
        import uvloop
    except ImportError:
        return runners
    return {**runners, "uvloop": uvloop.run}


def _run_without_add_reader(main: Any) -> Any:
    """As Windows' proactor loop: it reads sockets, and watches none."""

    class Loop(asyncio.SelectorEventLoop):
        def add_reader(self, *_: Any) -> None:  # type: ignore[override]
            raise NotImplementedError

    loop = Loop()
    try:
        result = loop.run_until_complete(main)
        loop.run_until_complete(loop.shutdown_asyncgens())
        return result
    finally:
        loop.close()


@pytest.mark.parametrize("kind", _runners())
def test_every_kind_of_loop(gateway: Gateway, kind: str) -> None:
    async def main() -> int:
        async with topicwire.GraphQL(gateway.graphql_url) as graphql, topicwire.Astro("t", url=gateway.url) as astro:
            await astro.subscribe("channel.tips", ROOM)
            count = 0
            async for _ in graphql.subscribe(TICKS):
                count += 1
                if count == 300:
                    break
            return count

    run = _runners()[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [run(main()) for _ in range(3)] == [300] * 3


def test_ctrl_c_ends_a_loop_and_its_clients(gateway: Gateway) -> None:
    async def main() -> None:
        async with topicwire.GraphQL(gateway.graphql_url) as graphql:
            async for result in graphql.subscribe(TICKS):
                if seqs(result) == 100:
                    os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    gateway.wait_for_connections(0)


# Fairness and memory.


async def test_a_busy_stream_lets_other_tasks_run(gateway: Gateway) -> None:
    async with topicwire.GraphQL(gateway.graphql_url) as graphql:
        turns = 0
        running = True

        async def other() -> None:
            nonlocal turns
            while running:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        count = 0
        async for _ in graphql.subscribe(TICKS):
            count += 1
            if count == 600:
                break
        running = False
        await task
        assert turns >= count // 256


async def test_what_is_kept_of_a_batch_keeps_no_more_than_itself(gateway: Gateway) -> None:
    async with topicwire.GraphQL(gateway.graphql_url) as graphql:
        kept: list[topicwire.Message] = []
        count = 0
        async for result in graphql.subscribe(TICKS):
            if count % 10 == 0:
                kept.append(result)
            count += 1
            if count == 300:
                break
        assert [seqs(message) for message in kept] == [seqs(kept[0]) + 10 * n for n in range(30)]
        assert all(message.raw.startswith(b"{") for message in kept)


def test_reference_counts_stay(gateway: Gateway) -> None:
    async def main() -> None:
        async with topicwire.GraphQL(gateway.graphql_url) as graphql:
            before = sys.getrefcount(None), sys.getrefcount(topicwire.Message)
            count = 0
            async for result in graphql.subscribe(TICKS):
                _ = (result.data, result.raw, result.typed, result.topic, result.room, result.subscriptions)
                count += 1
                if count == 500:
                    break
            after = sys.getrefcount(None), sys.getrefcount(topicwire.Message)
            if sys.version_info < (3, 12):
                assert abs(after[0] - before[0]) < 250
            assert abs(after[1] - before[1]) < 250

    asyncio.run(main())
