"""A bot with handlers, a token that is read when it is needed, and a clean end.

    TOKEN_FILE=… ROOM=… python bot.py

`ASTRO_URL` is for a gateway of your own. Ctrl-C ends it.
"""

import asyncio
import os
from pathlib import Path

import topicwire


def token() -> str:
    """Asked at first, for each new connection, and when the gateway has refused the last one."""
    return Path(os.environ["TOKEN_FILE"]).read_text().strip()


async def main() -> None:
    url = os.environ.get("ASTRO_URL")
    async with topicwire.Astro(token, url=url, token_type="oauth2", tips_once=True) as astro:

        @astro.on("channel.tips")
        async def thank(tip: topicwire.Message) -> None:
            print(f"{tip.typed['user']['name']} gave {tip.typed['amount']} {tip.typed['currency']}", flush=True)

        @astro.on(topicwire.Fault)
        def complain(fault: topicwire.Fault) -> None:
            print(fault.error, flush=True)

        await astro.subscribe("channel.tips", os.environ["ROOM"])
        print("listening", flush=True)
        await astro.wait_closed()


try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("bye")
