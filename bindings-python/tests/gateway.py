"""The local gateway as the tests of this folder use it: a process of its own, told what to do over HTTP."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOM = "64f0a1b2c3d4e5f607182930"


def program() -> str:
    """The executable: the one that is named by the environment, or the one of this installation."""
    named = os.environ.get("TOPICWIRE_PROGRAM") or shutil.which("topicwire", path=str(Path(sys.executable).parent))
    if not named:
        raise RuntimeError("no executable `topicwire`: install the wheel, or name it with TOPICWIRE_PROGRAM")
    return named


class Gateway:
    """A gateway process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [program(), "gateway", "--control-stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self.port: int = json.loads(self._process.stdout.readline())["port"]
        self.url = f"ws://127.0.0.1:{self.port}/"
        self.graphql_url = f"ws://127.0.0.1:{self.port}/graphql"
        self.raw_url = f"ws://127.0.0.1:{self.port}/raw"

    def control(self, path: str, body: Any = None) -> Any:
        """One request of the control API."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/control/{path}", data, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def publish(self, topic: str, data: Any, room: str = ROOM) -> int:
        """Publish to an Astro topic. Returns how many connections received it."""
        answer = self.control("astro/publish", {"topic": topic, "room": room, "data": data})
        return int(answer["receivers"])

    def connections(self) -> list[dict[str, Any]]:
        """The open connections."""
        found = self.control("connections")
        return list(found["connections"] if isinstance(found, dict) else found)

    def wait_for_connections(self, count: int) -> None:
        """Wait until so many are open."""
        deadline = time.monotonic() + 20
        while len(self.connections()) != count:
            assert time.monotonic() < deadline, f"{count} connections are expected, {self.connections()} are open"
            time.sleep(0.01)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
