"""The programs of the README and of docs/python.md run as they stand there, and print what stands below them."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from topicwire.testing import DEFAULT_ROOM, LocalGateway, LocalGatewayError

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "docs/python.md"]
PROGRAM = re.compile(r"^```python\n(.*?)^```$(?:(?:(?!^```).)*?^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
TIP = {
    "_id": "t1",
    "approved": "allowed",
    "status": "success",
    "donation": {"user": {"username": "quiet_otter"}, "amount": 5, "currency": "EUR"},
}
FOLLOW = {"type": "follow", "provider": "twitch", "data": {"username": "quiet_otter"}}


def programs() -> list[ParameterSet]:
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for number, match in enumerate(PROGRAM.finditer(text), 1):
            found.append(pytest.param(match[1], match[2] or "", id=f"{page}, program {number}"))
    return found


@pytest.mark.parametrize(("program", "printed"), programs())
def test_a_program_of_a_page_prints_what_the_page_says(program: str, printed: str) -> None:
    with LocalGateway() as gateway:
        text = program.replace("127.0.0.1:8080", f"127.0.0.1:{gateway.port}")
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        publishing = threading.Thread(target=publish, args=(gateway, process))
        publishing.start()
        try:
            assert process.stdout is not None
            wanted = printed.splitlines()
            assert [process.stdout.readline().rstrip("\n") for _ in wanted] == wanted
            if not any(endless in text for endless in ("while not", "async for event in astro", "wait_closed")):
                rest = process.communicate(timeout=60)[0]
                assert process.returncode == 0, rest
        finally:
            process.kill()
            process.communicate()
            publishing.join()


def publish(gateway: LocalGateway, process: subprocess.Popen[str]) -> None:
    """What somebody else publishes, as soon as the program listens."""
    while process.poll() is None:
        try:
            topics = [one["topic"] for found in gateway.connections("astro") for one in found.state["subscriptions"]]
            for topic, data in (("channel.tips", TIP), ("channel.activities", FOLLOW)):
                if topic in topics:
                    gateway.publish(topic, data, room=DEFAULT_ROOM)
                    return
        except LocalGatewayError:
            return
        time.sleep(0.01)


def test_every_page_has_programs() -> None:
    assert {str(page) for page in PAGES} == {str(one.id).partition(",")[0] for one in programs()}
