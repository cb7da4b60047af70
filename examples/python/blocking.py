"""A bot without asyncio: one loop that also has other things to do.

    TOKEN=… ROOM=… python blocking.py

`ASTRO_URL` is for a gateway of your own. Ctrl-C ends it.
"""

import os

import topicwire
import topicwire.sync


def main() -> None:
    with topicwire.sync.Astro(os.environ["TOKEN"], url=os.environ.get("ASTRO_URL")) as astro:
        astro.subscribe("channel.activities", os.environ["ROOM"])
        print("listening", flush=True)
        while not astro.closed:
            event = astro.poll(timeout=1.0)
            if isinstance(event, topicwire.Message):
                print(event.typed["type"], event.typed["user"]["name"], flush=True)
            elif event is None:
                pass  # a second without news: time for something else


try:
    main()
except KeyboardInterrupt:
    print("bye")
