"""Watches a blockchain over GraphQL, and says where blocks may be missing.

    TOKEN=… python blocks.py

`GRAPHQL_URL` is for a server of your own. The token goes into the URL, where Bitquery wants it; no log, error or event
shows it.
"""

import asyncio
import os

import topicwire

QUERY = "subscription { EVM(network: eth) { Blocks { Block { Number TxCount } } } }"
URL = os.environ.get("GRAPHQL_URL", "wss://streaming.bitquery.io/graphql")


async def main() -> None:
    async with topicwire.GraphQL(URL, os.environ["TOKEN"], auth="query", auth_name="token") as graphql:
        async with graphql.subscribe(QUERY, data_timeout_ms=60_000) as blocks:
            async for event in blocks.events():
                match event:
                    case topicwire.Message():
                        for block in event.data["data"]["EVM"]["Blocks"]:
                            number, count = block["Block"]["Number"], block["Block"]["TxCount"]
                            print(f"block {number} with {count} transactions", flush=True)
                    case topicwire.Gap():
                        # Here a program has something to do: read what came since `event.since` from an archive, say.
                        print("blocks may be missing", flush=True)
                    case topicwire.Fault():
                        print(event.error, flush=True)


asyncio.run(main())
