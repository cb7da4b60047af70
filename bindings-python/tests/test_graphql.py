"""The GraphQL client for asyncio."""

from __future__ import annotations

import asyncio
import gc
import warnings

import pytest

import topicwire
from gateway import Gateway

TICKS = "subscription Ticks($n: Int!) { ticks(n: $n, intervalMs: 1) { seq } }"


async def test_a_subscription_is_an_iterator_that_ends_with_it(gateway: Gateway) -> None:
    async with topicwire.GraphQL(gateway.graphql_url) as graphql:
        results = [result.data["data"]["ticks"]["seq"] async for result in graphql.subscribe(TICKS, {"n": 4})]
        assert len(results) == 4


async def test_the_program_in_one_line_needs_no_connect_and_warns_of_nothing(gateway: Gateway) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        count = 0
        async for _ in topicwire.GraphQL(gateway.graphql_url).subscribe(TICKS, {"n": 3}):
            count += 1
        gc.collect()
    assert count == 3


async def test_queries_and_mutations_have_a_result(gateway: Gateway) -> None:
    async with topicwire.GraphQL(gateway.graphql_url, lazy=False) as graphql:
        assert (await graphql.execute('mutation { echo(text: "a") }'))["data"] == {"echo": "a"}
        with pytest.raises(topicwire.GatewayError):
            await graphql.execute("{ nothingOfTheKind }")


async def test_an_operation_that_fails_raises(gateway: Gateway) -> None:
    async with topicwire.GraphQL(gateway.graphql_url) as graphql:
        with pytest.raises(topicwire.GatewayError):
            async for _ in graphql.subscribe("subscription { failingSubscribe { seq } }"):
                pass


async def test_leaving_an_operation_ends_it_on_the_server(gateway: Gateway) -> None:
    async with topicwire.GraphQL(gateway.graphql_url) as graphql:
        async with graphql.subscribe("subscription { ticks(n: 1000000, intervalMs: 1) { seq } }") as ticks:
            async for _ in ticks:
                break
        async for event in graphql:
            if isinstance(event, (topicwire.Ended, topicwire.Closed)):
                break
            if isinstance(event, topicwire.Subscribed):
                break
        for _ in range(2000):
            if not any(connection.get("operations") for connection in gateway.connections()):
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the operation goes on")


async def test_a_cancelled_wait_loses_no_result(gateway: Gateway) -> None:
    async with topicwire.GraphQL(gateway.graphql_url) as graphql:
        seen = []
        ticks = graphql.subscribe("subscription { ticks(n: 40, intervalMs: 2) { seq } }")
        while True:
            try:
                seen.append((await asyncio.wait_for(ticks.__anext__(), 0.001)).data["data"]["ticks"]["seq"])
            except asyncio.TimeoutError:
                continue
            except StopAsyncIteration:
                break
        assert seen == list(range(seen[0], seen[0] + 40))


async def test_typed_has_errors_in_one_shape(gateway: Gateway) -> None:
    async with topicwire.GraphQL(gateway.graphql_url) as graphql:
        async for result in graphql.subscribe("subscription { failingField(n: 1, every: 1, intervalMs: 1)  }"):
            assert result.typed["errors"][0]["message"]
