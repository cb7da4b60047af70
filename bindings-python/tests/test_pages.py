"""The programs of the gateways' own documentation pages run with one import line changed, and their URL.

`programs/pages` has them as they stand there: both revisions of StreamElements' Astro page, and the two of Azure Web
PubSub's page.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway import ROOM, Gateway

PAGES = Path(__file__).parent / "programs" / "pages"
SHAPES = ["topicwire.websockets", *(["websockets"] if importlib.util.find_spec("websockets") else [])]


def page(name: str, shape: str, replaced: dict[str, str]) -> str:
    """A program of a page, with the import line changed."""
    text = (PAGES / f"{name}.py").read_text(encoding="utf-8")
    assert text.count("import websockets\n") == 1
    text = text.replace("import websockets\n", f"import {shape} as websockets\n")
    if sys.version_info >= (3, 14):
        # There is no loop to get any more, whatever the package.
        text = text.replace("asyncio.get_event_loop().run_until_complete(", "asyncio.run(")
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    return text


@contextmanager
def running(program: str) -> Iterator[subprocess.Popen[str]]:
    """The program, which is not left running whatever happens."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-W", "ignore", "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


@pytest.mark.parametrize("shape", SHAPES)
def test_the_astro_page_of_2025(gateway: Gateway, shape: str) -> None:
    program = page("astro_2025", shape, {'wss://astro.streamelements.com"': f'{gateway.url}"', "YOUR_CHANNEL_ID": ROOM})
    with running(program) as process:
        assert line(process) == "Connected to StreamElements Astro"
        assert line(process).startswith("Welcome received, client ID: ")
        assert line(process).startswith("Success: ")
        gateway.publish("channel.activities", {"type": "follow"})
        assert line(process) == f"[channel.activities] in room {ROOM}: {{'type': 'follow'}}"
        assert line(process) == "New activity: {'type': 'follow'}"
        gateway.control("astro/reconnect", {})
        assert line(process) == "Server is shutting down, reconnecting..."
        assert process.wait(20) == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_the_astro_page_of_2024(gateway: Gateway, shape: str) -> None:
    gateway.control("options", {"astro": {"profile": "legacy"}})
    program = page("astro_2024", shape, {"wss://astro.streamelements.com": gateway.url, "channelId123": ROOM})
    with running(program) as process:
        assert line(process) == "Connected to StreamElements Astro"
        assert line(process).startswith("Message from server: ")
        assert line(process).startswith("Received response: ")
        gateway.publish("channel.follow", {"name": "quiet_otter"})
        assert line(process).startswith("Message from server: ")
        assert line(process).startswith("Received notification: ")
        assert line(process) == "New follower: {'name': 'quiet_otter'}"
        gateway.control("faults", {"fault": "close", "code": 1000})
        assert line(process) == "Connection closed"
        assert process.wait(20) == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_the_simple_client_of_web_pubsub(gateway: Gateway, shape: str) -> None:
    """What is sent in simple mode is the event `message`, which the gateway's event handler answers with itself."""
    with running(page("webpubsub_simple", shape, {"<Client_URL_From_Portal>": access_url(gateway)})) as process:
        assert [line(process) for _ in range(100)] == ["hello"] * 100
        gateway.control("faults", {"fault": "cut", "how": "fin"})
        rest = process.communicate(timeout=20)[0]
        assert process.returncode == 1
        assert rest.rstrip().endswith("ConnectionClosedError: no close frame received or sent")


@pytest.mark.parametrize("shape", SHAPES)
def test_the_group_client_of_web_pubsub(gateway: Gateway, shape: str) -> None:
    with running(page("webpubsub_group", shape, {"<Client_URL_From_Portal>": access_url(gateway)})) as process:
        connected = json.loads(line(process))
        assert (connected["type"], connected["event"]) == ("system", "connected")
        assert process.wait(20) == 0
    transcript = json.dumps(gateway.control("transcript"))
    assert "json.webpubsub.azure.v1" in transcript
    assert "joinGroup" in transcript


def access_url(gateway: Gateway) -> str:
    return str(gateway.control("webpubsub/url", {})["url"])
