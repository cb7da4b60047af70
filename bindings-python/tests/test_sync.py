"""The clients without asyncio."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable

import pytest

import topicwire
import topicwire.sync
from gateway import ROOM, Gateway

SOON = 20.0


def client(gateway: Gateway, **options: object) -> topicwire.sync.Astro:
    return topicwire.sync.Astro(options.pop("token", "a-token"), url=gateway.url, **options)  # type: ignore[arg-type]


def test_iteration_and_poll_read_one_stream(gateway: Gateway) -> None:
    with client(gateway) as astro:
        subscription = astro.subscribe("channel.tips", ROOM)
        gateway.publish("channel.tips", 1)
        gateway.publish("channel.tips", 2)
        for event in astro:
            if event.topic == "channel.tips":
                assert event.data == 1
                break
        second = astro.poll(timeout=SOON)
        assert isinstance(second, topicwire.Message)
        assert (second.data, second.subscriptions) == (2, (subscription.id,))
        assert astro.poll(timeout=0.0) is None
        astro.unsubscribe(subscription)
        assert isinstance(astro.poll(SOON), topicwire.Unsubscribed)
    assert astro.closed is not None
    assert [type(event) for event in astro] == [topicwire.State, topicwire.Closed]


def test_two_readers_at_once_are_an_error(gateway: Gateway) -> None:
    with client(gateway) as astro:
        for _ in astro:
            with pytest.raises(topicwire.UsageError) as caught:
                next(iter(astro))
            assert caught.value.code == "concurrency"
            break


def test_handlers_and_providers_run_on_other_threads(gateway: Gateway) -> None:
    heard: queue.Queue[tuple[str, object]] = queue.Queue()

    async def fetch() -> str:
        heard.put(("fetch", threading.current_thread() is threading.main_thread()))
        return "good"

    gateway.control("astro/tokens", [{"token": "good", "channel": ROOM}])
    astro = client(gateway, token=fetch)

    @astro.on("channel.tips")
    def tip(event: topicwire.Message) -> None:
        heard.put((threading.current_thread().name, event.data))

    with astro:
        astro.subscribe("channel.tips", ROOM)
        gateway.publish("channel.tips", 1)
        assert [heard.get(timeout=SOON) for _ in range(2)] == [("fetch", False), ("topicwire", 1)]


def test_a_handler_may_use_and_end_its_client(gateway: Gateway) -> None:
    astro = client(gateway)

    @astro.on("channel.tips")
    def tip(event: topicwire.Message) -> None:
        astro.subscribe("channel.activities", ROOM)
        astro.close()

    astro.connect(SOON)
    astro.subscribe("channel.tips", ROOM)
    gateway.publish("channel.tips", 1)
    assert astro.wait_closed(SOON) is not None


def test_several_threads_use_one_client(gateway: Gateway) -> None:
    with client(gateway, command_interval_ms=0, command_burst=100) as astro:
        topics = [f"channel.topic{n}" for n in range(8)]
        gateway.control("options", {"astro": {"any_topic": True}})
        ids = queue.Queue[int]()
        threads = [
            threading.Thread(target=lambda topic: ids.put(astro.subscribe(topic, ROOM).id), args=(topic,))
            for topic in topics
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
        assert len({ids.get(timeout=SOON) for _ in topics}) == 8


def test_an_operation_ends_its_iteration(gateway: Gateway) -> None:
    with topicwire.sync.GraphQL(gateway.graphql_url) as graphql:
        results = [
            result.data["data"]["ticks"]["seq"]
            for result in graphql.subscribe("subscription { ticks(n: 3, intervalMs: 1) { seq } }")
        ]
        assert len(results) == 3
        assert graphql.execute('{ hello(name: "you") }')["data"]["hello"]


def test_raw_sends_and_receives(gateway: Gateway) -> None:
    with topicwire.sync.Raw(gateway.raw_url) as socket:
        socket.send("text")
        assert socket.recv(SOON).data == "text"
        socket.send(b"bytes")
        assert socket.recv(SOON).data == b"bytes"
        assert socket.ping(b"p", timeout=SOON) == b"p"
        with pytest.raises(TimeoutError):
            socket.recv(0.0)
    with pytest.raises(topicwire.ClosedError):
        socket.recv()


def test_connecting_has_a_timeout() -> None:
    with Gateway_that_hangs() as url, pytest.raises(TimeoutError):
        topicwire.sync.Raw(url).connect(timeout=0.05)


class Gateway_that_hangs:  # noqa: N801 - reads as a sentence
    def __enter__(self) -> str:
        self._gateway = Gateway()
        self._gateway.control("faults", {"fault": "hang_upgrades"})
        return self._gateway.raw_url

    def __exit__(self, *_: object) -> None:
        self._gateway.close()


WAITS: dict[str, Callable[[topicwire.sync.Astro], object]] = {
    "iteration": lambda astro: list(astro),
    "poll": lambda astro: [astro.poll(SOON) for _ in range(100)],
    "request": lambda astro: astro.subscribe("channel.tips", ROOM),
    "end": lambda astro: astro.wait_closed(SOON),
}


@pytest.mark.parametrize("wait", WAITS)
def test_ctrl_c_interrupts_a_wait(gateway: Gateway, wait: str) -> None:
    gateway.control("faults", {"fault": "drop_responses", "count": 100})
    with client(gateway, response_timeout_ms=60_000) as astro:
        timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            WAITS[wait](astro)
        timer.join()
        assert astro.state == "active"
