"""The end of the interpreter with a busy client: it exits with 0 and says nothing."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway import Gateway

PROGRAM = Path(__file__).parent / "programs" / "busy.py"


def run(how: str, url: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", str(PROGRAM), how, url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("how", ["run-returns", "exit-in-loop", "loop-left-open", "sync", "reader-thread", "os-exit"])
def test_a_busy_client_lets_the_interpreter_go(gateway: Gateway, how: str) -> None:
    with ThreadPoolExecutor(4) as several:
        ends = list(several.map(lambda _: run(how, gateway.graphql_url), range(10)))
    assert set(ends) == {(0, "")}


def test_fifty_of_fifty_runs_end_well(gateway: Gateway) -> None:
    with ThreadPoolExecutor(4) as several:
        ends = list(several.map(lambda _: run("run-returns", gateway.graphql_url), range(50)))
    assert ends == [(0, "")] * 50


IMPORT = """
import os, threading, topicwire, topicwire.sync
assert threading.active_count() == 1
if os.path.isdir('/proc/self/task'):
    assert len(os.listdir('/proc/self/task')) == 1
    opened = ['/proc/self/fd/' + number for number in os.listdir('/proc/self/fd')]
    assert not any('socket' in os.readlink(one) for one in opened if os.path.islink(one))
"""


def test_importing_starts_nothing_and_opens_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
