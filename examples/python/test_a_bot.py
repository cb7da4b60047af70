"""How to test a bot: `pip install pytest pytest-asyncio`, then `pytest test_a_bot.py`.

The fixtures come with topicwire. Each test has a gateway of its own, in a process of its own.
"""

import asyncio
from collections.abc import Callable

import pytest

import topicwire
import topicwire.sync
from topicwire.testing import DEFAULT_ROOM, AsyncLocalGateway, LocalGateway


async def bot(url: str, say: Callable[[str], None]) -> None:
    """The bot under test: it thanks for tips, and says when it may have missed some."""
    async with topicwire.Astro("a token", url=url) as astro:
        await astro.subscribe("channel.tips", DEFAULT_ROOM)
        async for event in astro:
            if isinstance(event, topicwire.Message):
                say(f"thank you, {event.typed['user']['name']}")
            elif isinstance(event, topicwire.Gap):
                say("did I miss something?")


def tip(name: str) -> dict[str, object]:
    donation = {"user": {"username": name}, "amount": 5, "currency": "EUR"}
    return {"_id": f"tip-{name}", "approved": "allowed", "status": "success", "donation": donation}


@pytest.mark.asyncio
async def test_it_thanks_for_a_tip(topicwire_async_gateway: AsyncLocalGateway) -> None:
    gateway, said = topicwire_async_gateway, asyncio.Queue[str]()
    running = asyncio.create_task(bot(gateway.astro_url, said.put_nowait))
    await gateway.wait_for_subscribers("channel.tips")
    await gateway.publish("channel.tips", tip("quiet_otter"))
    assert await said.get() == "thank you, quiet_otter"
    running.cancel()


@pytest.mark.asyncio
async def test_it_misses_nothing_when_it_is_asked_to_move(topicwire_async_gateway: AsyncLocalGateway) -> None:
    gateway, said = topicwire_async_gateway, asyncio.Queue[str]()
    running = asyncio.create_task(bot(gateway.astro_url, said.put_nowait))
    await gateway.wait_for_subscribers("channel.tips")
    await gateway.reconnect()
    for n in range(20):
        await gateway.publish("channel.tips", tip(str(n)))
    assert [await said.get() for _ in range(20)] == [f"thank you, {n}" for n in range(20)]
    running.cancel()


@pytest.mark.asyncio
async def test_it_says_so_when_it_may_have_missed_something(topicwire_async_gateway: AsyncLocalGateway) -> None:
    gateway, said = topicwire_async_gateway, asyncio.Queue[str]()
    running = asyncio.create_task(bot(gateway.astro_url, said.put_nowait))
    await gateway.wait_for_subscribers("channel.tips")
    await gateway.fault("cut", how="reset")
    assert await said.get() == "did I miss something?"
    running.cancel()


def test_it_asks_for_the_topic_and_shows_its_token_to_nobody_else(topicwire_gateway: LocalGateway) -> None:
    with topicwire.sync.Astro("a token", url=topicwire_gateway.astro_url) as astro:
        astro.subscribe("channel.tips", DEFAULT_ROOM)
    asked = topicwire_gateway.wait_for_sent(lambda message: message["type"] == "subscribe")
    assert asked["data"]["topic"] == "channel.tips"
    assert asked["data"]["token"] == "***"
