"""The program of Bitquery's documentation that uses `gql`, with `topicwire.GraphQL` in its place.

The transport's URL and header become the client's arguments, `gql(…)` is not needed, and a result is the whole
execution result as a dictionary. Reconnecting comes with it.
"""

import asyncio
import os

import topicwire


async def main() -> None:
    graphql = topicwire.GraphQL(
        os.environ.get("GRAPHQL_URL", "wss://streaming.bitquery.io/graphql"),
        token=os.environ.get("TOKEN", "ory_at_..."),
        auth="query",
        auth_name="token",
        protocol="legacy",
    )

    await graphql.connect()
    print("Connected")

    # Define the subscription query
    query = """
        subscription MyQuery {
            EVM(network: eth) {
                count: Blocks {
                    Block {
                        TxCount
                    }
                }
            }
        }
    """

    async def subscribe_and_print() -> None:
        try:
            async for result in graphql.subscribe(query):
                print(result.data, flush=True)
        except asyncio.CancelledError:
            print("Subscription cancelled.")

    # Run the subscription and stop after 100 seconds
    seconds = float(os.environ.get("SECONDS_TO_RUN", "100"))
    try:
        await asyncio.wait_for(subscribe_and_print(), timeout=seconds)
    except asyncio.TimeoutError:
        print(f"Stopping subscription after {seconds:g} seconds.")

    # Close the connection
    await graphql.close()
    print("Transport closed")


# Run the asyncio event loop
asyncio.run(main())
