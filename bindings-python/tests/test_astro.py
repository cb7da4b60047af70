"""The Astro client for asyncio."""

from __future__ import annotations

import asyncio
import logging

import pytest

import topicwire
from gateway import ROOM, Gateway

SOON = 20.0


def client(gateway: Gateway, **options: object) -> topicwire.Astro:
    return topicwire.Astro(options.pop("token", "a-token"), url=gateway.url, **options)  # type: ignore[arg-type]


async def first(astro: topicwire.Astro, kind: type[topicwire.Event]) -> topicwire.Event:
    async for event in astro:
        if type(event) is kind:
            return event
    raise AssertionError(f"the stream ended without {kind.__name__}")


async def test_the_program_of_the_documentation_hears_what_is_published(gateway: Gateway) -> None:
    async with client(gateway) as astro:
        subscription = await astro.subscribe("channel.activities", room=ROOM)
        assert gateway.publish("channel.activities", {"type": "follow", "provider": "twitch"}) == 1
        async for event in astro:
            if event.topic is not None:
                break
        assert (event.topic, event.room, event.data["type"]) == ("channel.activities", ROOM, "follow")
        assert isinstance(event, topicwire.Message)
        assert event.subscriptions == (subscription.id,)
        assert event.raw.startswith(b"{")
        assert event.typed["kind"] == "activity"
        assert event.data is event.data
        assert subscription.result["topic"] == "channel.activities"
    assert astro.state == "closed"
    assert astro.closed is not None
    assert astro.closed.clean


async def test_events_match_by_their_attributes(gateway: Gateway) -> None:
    async with client(gateway) as astro:
        await astro.subscribe("channel.tips", ROOM)
        gateway.publish("channel.tips", {"n": 1})
        seen = []
        async for event in astro:
            match event:
                case topicwire.State(before, now):
                    seen.append(f"{before}-{now}")
                case topicwire.Message("channel.tips", room, {"n": n}):
                    seen.append(f"{room} {n}")
                    break
        assert seen == ["idle-connecting", "connecting-awaiting_welcome", "awaiting_welcome-active", f"{ROOM} 1"]


async def test_events_cannot_be_changed(gateway: Gateway) -> None:
    async with client(gateway) as astro:
        event = await first(astro, topicwire.State)
        with pytest.raises(AttributeError):
            event.to = "elsewhere"  # type: ignore[union-attr,misc]


async def test_what_is_left_of_a_batch_is_read_by_the_next_reader(gateway: Gateway) -> None:
    async with client(gateway) as astro:
        await astro.subscribe("channel.tips", ROOM)
        for n in range(10):
            gateway.publish("channel.tips", {"n": n})
        seen: list[int] = []
        while len(seen) < 10:
            async for message in astro.messages():
                seen.append(message.data["n"])
                break
        assert seen == list(range(10))


async def test_two_readers_at_once_are_an_error(gateway: Gateway) -> None:
    async with client(gateway) as astro:
        async for _ in astro:
            with pytest.raises(topicwire.UsageError) as caught:
                async for _ in astro:
                    pass
            assert caught.value.code == "concurrency"
            break


async def test_a_refused_subscription_raises_what_the_gateway_said(gateway: Gateway) -> None:
    gateway.control("astro/tokens", [{"token": "good", "channel": ROOM, "scopes": ["tips:read"]}])
    async with client(gateway, token="bad") as astro:
        with pytest.raises(topicwire.GatewayError) as caught:
            await astro.subscribe("channel.tips", ROOM)
        assert caught.value.code == "unauthorized"
        assert caught.value.gateway_code == "err_unauthorized"
        assert not caught.value.retryable


async def test_tokens_come_from_functions_and_coroutine_functions(gateway: Gateway) -> None:
    gateway.control("astro/tokens", [{"token": "good", "channel": ROOM}])
    asked = []

    async def slow(request: topicwire.TokenRequest) -> str:
        await asyncio.sleep(0)
        asked.append((request.credential, request.reason))
        return "good"

    for provider in (lambda: "good", slow, lambda: topicwire.Token("good", valid_for=60)):
        async with client(gateway, token=provider) as astro:
            await astro.subscribe("channel.tips", ROOM)
    assert asked == [("default", "initial")]


async def test_what_a_provider_raises_is_the_cause_of_the_fault(gateway: Gateway) -> None:
    def fail() -> str:
        raise LookupError("no-secret-in-logs")

    async with client(gateway, token=fail) as astro:
        asking = asyncio.create_task(astro.subscribe("channel.tips", ROOM))
        fault = await first(astro, topicwire.Fault)
        assert isinstance(fault, topicwire.Fault)
        assert fault.kind == "provider"
        assert isinstance(fault.error.__cause__, LookupError)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_a_provider_that_waits_for_its_own_client_is_told_so(gateway: Gateway) -> None:
    caught: list[topicwire.Error] = []

    async def fetch() -> str:
        try:
            await socket.connect()
        except topicwire.Error as error:
            caught.append(error)
        return "good"

    socket = topicwire.GraphQL(gateway.graphql_url, fetch, lazy=False)
    async with socket:
        pass
    assert [error.code for error in caught] == ["provider_reentrant"]


async def test_handlers_hear_their_topics_and_kinds(gateway: Gateway) -> None:
    astro = client(gateway)
    heard: asyncio.Queue[object] = asyncio.Queue()

    @astro.on("channel.tips")
    async def tip(event: topicwire.Message) -> None:
        await asyncio.sleep(0)
        heard.put_nowait(event.data)

    @astro.on(topicwire.Subscribed)
    def subscribed(event: topicwire.Subscribed) -> None:
        heard.put_nowait(event.subscription)

    async with astro:
        tips = await astro.subscribe("channel.tips", ROOM)
        other = await astro.subscribe("channel.activities", ROOM)

        @astro.on("channel.activities")
        def activity(event: topicwire.Message) -> None:
            heard.put_nowait(event.data)

        gateway.publish("channel.tips", 1)
        gateway.publish("channel.activities", 2)
        seen = [await asyncio.wait_for(heard.get(), SOON) for _ in range(4)]
        assert seen == [tips.id, other.id, 1, 2]


async def test_a_handler_that_raises_is_reported_and_the_others_go_on(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    astro = client(gateway)
    reported = []
    done = asyncio.Event()

    @astro.on("channel.tips")
    def broken(event: topicwire.Message) -> None:
        raise ZeroDivisionError

    @astro.on("channel.tips")
    def good(event: topicwire.Message) -> None:
        done.set()

    @astro.on_error
    def report(error: Exception, event: topicwire.Event) -> None:
        reported.append((type(error), event.topic))

    with caplog.at_level(logging.ERROR, "topicwire"):
        async with astro:
            await astro.subscribe("channel.tips", ROOM)
            gateway.publish("channel.tips", {})
            await asyncio.wait_for(done.wait(), SOON)
    assert reported == [(ZeroDivisionError, "channel.tips")]
    assert "a handler of Message" in caplog.text


async def test_a_stream_of_its_own_has_what_it_wants(gateway: Gateway) -> None:
    async with client(gateway) as astro:
        await astro.subscribe("channel.tips", ROOM)
        await astro.subscribe("channel.activities", ROOM)
        async with astro.stream(topics=["channel.tips"], kinds=[topicwire.Message]) as tips:
            gateway.publish("channel.activities", 1)
            gateway.publish("channel.tips", 2)
            event = await tips.poll(SOON)
            assert event is not None
            assert (event.topic, event.data) == ("channel.tips", 2)


async def test_a_slow_reader_is_told_what_it_missed(gateway: Gateway) -> None:
    async with client(gateway) as astro:
        await astro.subscribe("channel.tips", ROOM)
        async with astro.stream(kinds=[topicwire.Message], events=3) as tips:
            for n in range(8):
                gateway.publish("channel.tips", n)
            seen = []
            async for message in astro.messages():
                if message.data == 7:
                    break
            async for event in tips:
                seen.append(event.count if isinstance(event, topicwire.Lagged) else event.data)
                if event.data == 7:
                    break
            assert seen == [5, 5, 6, 7]
            assert tips.lag[2] == 5


async def test_a_handover_loses_nothing_and_a_cut_tells_of_its_gap(gateway: Gateway) -> None:
    async with client(gateway, reconnect={"initial_ms": 10}) as astro:
        await astro.subscribe("channel.tips", ROOM)
        gateway.control("astro/reconnect", {})
        gateway.publish("channel.tips", "after the handover")
        gaps = 0
        async for event in astro:
            gaps += isinstance(event, topicwire.Gap)
            if event.data == "after the handover":
                break
        assert gaps == 0
        gateway.control("faults", {"fault": "cut", "how": "reset"})
        gap = await first(astro, topicwire.Gap)
        assert isinstance(gap, topicwire.Gap)
        assert len(gap.subscriptions) == 1


async def test_events_are_read_after_the_end(gateway: Gateway) -> None:
    async with client(gateway) as astro:
        await astro.subscribe("channel.tips", ROOM)
        async with astro.stream(topics=["channel.tips"]) as seen:
            gateway.publish("channel.tips", "the last")
            await seen.poll(SOON)
    events = [event async for event in astro]
    assert [event.data for event in events if event.topic] == ["the last"]
    assert type(events[-1]) is topicwire.Closed
    assert await astro.poll(0) is None


async def test_an_option_that_does_not_exist_is_named() -> None:
    with pytest.raises(TypeError, match="unknown option 'comand_burst'; did you mean 'command_burst'"):
        topicwire.Astro("t", comand_burst=3)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="command_burst"):
        topicwire.Astro("t", command_burst=1000)
    with pytest.raises(topicwire.OptionError, match="unknown field `initial`"):
        topicwire.Astro("t", reconnect={"initial": 3})  # type: ignore[typeddict-unknown-key]


async def test_a_call_before_the_start_says_what_to_do() -> None:
    astro = topicwire.Astro("t")
    with pytest.raises(topicwire.UsageError, match="async with"):
        await astro.subscribe("channel.tips")
    with pytest.raises(topicwire.UsageError, match="async with"):
        await astro.poll()


async def test_tokens_are_in_no_log_and_no_text(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with client(gateway, token="sesame-1234") as astro:
            await astro.subscribe("channel.tips", ROOM)
            shown = repr(astro) + repr(astro.stats)
        shown += repr([event async for event in astro])
    assert "sesame" not in caplog.text + shown
