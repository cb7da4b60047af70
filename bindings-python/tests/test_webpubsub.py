"""The clients of Azure Web PubSub, against the local gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

import topicwire
import topicwire.sync
from topicwire.options import WebPubSubOptions
from topicwire.testing import LocalGateway

SOON = 20.0
FAST = WebPubSubOptions(reconnect={"initial_ms": 10, "max_ms": 50})
PROTOCOLS: list[Any] = ["json", "reliable_json", "protobuf", "reliable_protobuf"]


@pytest.fixture
def hub_gateway() -> Iterator[LocalGateway]:
    with LocalGateway() as gateway:
        yield gateway


async def message(hub: topicwire.WebPubSub) -> topicwire.Message:
    async for found in hub.messages():
        return found
    raise AssertionError("the client ended")


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_what_is_sent_to_a_group_comes_back_as_what_it_was(hub_gateway: LocalGateway, protocol: Any) -> None:
    async with topicwire.WebPubSub(hub_gateway.access_url(user="maya"), protocol=protocol) as hub:
        await hub.join_group("lobby")
        for data in ({"n": 1.5, "text": "päivää"}, "some text", b"\x00\xff"):
            acknowledged = await hub.send_to_group("lobby", data)
            assert acknowledged is not None
            assert not acknowledged.duplicate
            came = await asyncio.wait_for(message(hub), SOON)
            assert (came.topic, came.room, came.data) == ("group", "lobby", data)
        assert (came.id is not None) == protocol.startswith("reliable")
        assert await hub.send_to_group("lobby", 1, no_echo=True) is not None
        assert await hub.send_to_group("lobby", 2, fire_and_forget=True) is None
        came = await asyncio.wait_for(message(hub), SOON)
        assert came.data == 2
        await hub.leave_group("lobby")
        assert hub_gateway.publish_to_group("lobby", 3) == 0


async def test_who_sent_a_message_is_in_its_typed_view(hub_gateway: LocalGateway) -> None:
    async with topicwire.WebPubSub(hub_gateway.access_url(user="maya")) as hub:
        await hub.join_group("lobby")
        await hub.send_to_group("lobby", "hello")
        came = await message(hub)
        assert came.typed["from_user_id"] == "maya"
        assert came.typed["data_type"] == "text"


async def test_what_is_said_beside_the_data_comes_with_it(hub_gateway: LocalGateway) -> None:
    async with topicwire.WebPubSub(hub_gateway.access_url()) as hub:
        await hub.join_group("lobby")
        await hub.send_to_group("lobby", "hello", metadata={"trace": "a1"}, ttl_seconds=60)
        assert (await message(hub)).typed["metadata"] == {"trace": "a1"}
        await hub.send_event("ask", 1, metadata={"trace": "a2"})
        for wrong in ({"metadata": {"": "x"}}, {"ttl_seconds": 301}):
            with pytest.raises(topicwire.OptionError, match=next(iter(wrong))):
                await hub.send_to_group("lobby", 1, **wrong)
    async with topicwire.WebPubSub(hub_gateway.access_url(), protocol="protobuf") as hub:
        with pytest.raises(topicwire.UsageError, match="JSON subprotocol"):
            await hub.send_to_group("lobby", 1, ttl_seconds=1)


async def test_events_and_invocations_are_answered_by_the_server(hub_gateway: LocalGateway) -> None:
    async with topicwire.WebPubSub(hub_gateway.access_url()) as hub:
        await hub.send_event("ask", {"n": 1})
        came = await asyncio.wait_for(message(hub), SOON)
        assert (came.topic, came.room, came.data) == ("server", None, {"n": 1})
        assert await hub.invoke("ask", {"n": 2}) == topicwire.Invoked("json", {"n": 2})
        assert await hub.invoke("ask", "text") == topicwire.Invoked("text", "text")
        assert await hub.invoke("ask", b"\x00\xff") == topicwire.Invoked("binary", b"\x00\xff")


async def test_a_stream_is_heard_piece_by_piece(hub_gateway: LocalGateway) -> None:
    async with topicwire.WebPubSub(hub_gateway.access_url()) as hub:
        await hub.join_group("captions")
        async with await hub.start_stream("captions", "st") as stream:
            await stream.send("Hel")
            await stream.send("lo")
        pieces: list[Any] = []
        async for came in hub.messages():
            assert came.topic == "stream"
            pieces.append(came.data)
            if came.data["stream"]["end"]:
                break
        assert [piece["data"] for piece in pieces[:2]] == ["Hel", "lo"]
        assert {piece["stream"]["stream_id"] for piece in pieces} == {"st"}


async def test_a_lost_connection_is_recovered_without_loss(hub_gateway: LocalGateway) -> None:
    heard: list[str] = []
    async with topicwire.WebPubSub(hub_gateway.access_url(), **FAST) as hub:
        hub.on_recovering(lambda event: heard.append("recovering"))
        hub.on_recovered(lambda event: heard.append("recovered"))
        hub.on_disconnected(lambda event: heard.append("disconnected"))
        hub.on_group_message(lambda event: heard.append(str(event.data)))
        await hub.join_group("lobby")
        hub_gateway.publish_to_group("lobby", 1)
        hub_gateway.fault("cut", how="reset")
        hub_gateway.publish_to_group("lobby", 2)
        await until(lambda: "2" in heard and "recovered" in heard)
        hub_gateway.publish_to_group("lobby", 3)
        await until(lambda: "3" in heard)
    assert [one for one in heard if one.isdigit()] == ["1", "2", "3"]
    assert "recovering" in heard
    assert "disconnected" not in heard


async def test_another_session_joins_the_groups_again_and_says_why_the_last_one_ended(
    hub_gateway: LocalGateway,
) -> None:
    ends: list[topicwire.State] = []
    begun: list[str] = []
    urls: list[str] = []

    async def provider() -> str:
        urls.append(await asyncio.to_thread(hub_gateway.access_url))
        return urls[-1]

    hub = topicwire.WebPubSub(provider, **FAST)
    hub.on_connected(lambda event: begun.append(json.loads(event.greeting)["connection_id"]))
    hub.on_disconnected(ends.append)
    async with hub:
        await hub.join_group("lobby")
        hub_gateway.fault("close", code=1008, reason="moved")
        await until(lambda: len(begun) == 2)
        await until(lambda: hub_gateway.publish_to_group("lobby", 1) == 1)
    assert len(urls) == 2
    assert len(set(begun)) == 2
    [end] = ends
    assert end.cause is not None
    assert (end.cause.gateway_code, end.cause.gateway_text) == ("1008", "moved")


async def test_what_the_service_refuses_is_raised_with_its_name(hub_gateway: LocalGateway) -> None:
    async with topicwire.WebPubSub(hub_gateway.access_url(roles=[])) as hub:
        with pytest.raises(topicwire.GatewayError) as caught:
            await hub.join_group("lobby")
        assert caught.value.gateway_code == "Forbidden"


async def test_options_and_data_that_cannot_work_are_refused_at_once(hub_gateway: LocalGateway) -> None:
    secret = "wss://example.org/client/hubs/h?access_token=sesame"
    for options in ({"ack_messages": 0}, {"protocol": "smoke"}, {"simple_group": "g"}):
        with pytest.raises(topicwire.OptionError) as caught:
            topicwire.WebPubSub(secret, **options)
        assert "sesame" not in str(caught.value)
    with pytest.raises(TypeError, match="did you mean 'protocol'"):
        topicwire.WebPubSub(secret, protocoll="json")  # type: ignore[call-arg]
    with pytest.raises(topicwire.OptionError, match="url"):
        topicwire.WebPubSub(7)  # type: ignore[arg-type]
    async with topicwire.WebPubSub(hub_gateway.access_url()) as hub:
        for data, kind in ((object(), None), (1, "text"), ("text", "binary"), (float("nan"), None)):
            with pytest.raises(topicwire.OptionError):
                await hub.send_to_group("lobby", data, kind)  # type: ignore[arg-type]


async def test_simple_mode_has_messages_and_nothing_else(hub_gateway: LocalGateway) -> None:
    async with topicwire.WebPubSub(hub_gateway.access_url(), protocol="simple") as hub:
        await hub.send("hello")
        came = await asyncio.wait_for(message(hub), SOON)
        assert came.data == "hello"
        with pytest.raises(topicwire.UsageError):
            await hub.join_group("lobby")


async def test_it_can_be_stopped_while_it_recovers(hub_gateway: LocalGateway) -> None:
    stopped: list[topicwire.Closed] = []
    hub = topicwire.WebPubSub(hub_gateway.access_url())
    hub.on_stopped(stopped.append)
    await hub.connect()
    hub_gateway.fault("hang_upgrades", count=100)
    hub_gateway.fault("cut", how="reset")
    await until(lambda: hub.state == "recovering")
    closed = await asyncio.wait_for(hub.stop(), SOON)
    assert closed is not None
    assert closed.cause is None
    assert len(stopped) == 1


def test_the_same_without_asyncio(hub_gateway: LocalGateway) -> None:
    urls: list[str] = []

    def provider() -> str:
        urls.append(hub_gateway.access_url())
        return urls[-1]

    with topicwire.sync.WebPubSub(provider, **FAST) as hub:
        joined = hub.join_group("lobby", timeout=SOON)
        assert (joined.topic, joined.room) == ("group", "lobby")
        messages = hub.messages()
        for data in ({"n": 1}, "text", b"\x00"):
            assert hub.send_to_group("lobby", data, timeout=SOON) is not None
            assert next(messages).data == data
        hub_gateway.fault("cut", how="reset")
        hub_gateway.publish_to_group("lobby", 2)
        assert next(messages).data == 2
        assert hub.invoke("ask", {"n": 2}, timeout=SOON).data == {"n": 2}
        with hub.start_stream("lobby", no_echo=True) as stream:
            stream.send("Hel")
        hub.leave_group("lobby")
        closed = hub.stop()
    assert closed is not None
    assert len(urls) == 1


async def until(reached: Any) -> None:
    deadline = asyncio.get_running_loop().time() + SOON
    while not reached():
        assert asyncio.get_running_loop().time() < deadline, "it does not happen"
        await asyncio.sleep(0.01)
