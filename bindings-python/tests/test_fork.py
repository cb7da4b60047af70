"""The children of a fork: what belongs to the parent says so and harms nobody, and new clients work."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import topicwire
import topicwire.sync
from gateway import ROOM, Gateway

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

TICKS = "subscription { ticks(n: 1000000000, intervalMs: 0) { seq } }"


@pytest.fixture
def busy(gateway: Gateway) -> Iterator[tuple[topicwire.sync.GraphQL, topicwire.sync.Operation]]:
    with topicwire.sync.GraphQL(gateway.graphql_url) as graphql:
        ticks = graphql.subscribe(TICKS)
        for _ in range(10):
            next(ticks)
        yield graphql, ticks
        ticks.close()


def in_child(act: Callable[[], object]) -> int:
    """Fork, run, and say with which status the child ended. A child that hangs ends with that of SIGALRM."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.setitimer(signal.ITIMER_REAL, 10)
            act()
            gc.collect()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_fifty_children_call_drop_and_exit(
    busy: tuple[topicwire.sync.GraphQL, topicwire.sync.Operation],
) -> None:
    graphql, ticks = busy
    calls: list[Callable[[], object]] = [
        lambda: graphql.execute("{ hello }"),
        lambda: graphql.state,
        lambda: graphql.stats,
        lambda: graphql.close(),
        lambda: graphql.subscribe(TICKS),
        lambda: graphql.abort(),
        lambda: list(ticks),
    ]

    def child() -> None:
        for call in calls:
            with pytest.raises(topicwire.UsageError) as caught:
                call()
            assert caught.value.code == "forked"
        ticks.close()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            graphql.__dict__.clear()
            ticks.__dict__.clear()
            gc.collect()

    for _ in range(50):
        next(ticks)
        assert in_child(child) == 0
    assert graphql.execute("{ hello }")["data"]


def test_children_end_as_programs_do(gateway: Gateway) -> None:
    program = Path(__file__).parent / "programs" / "forks.py"
    command = [sys.executable, "-W", "ignore", str(program), gateway.graphql_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def _hear(url: str, answers: multiprocessing.SimpleQueue[object]) -> None:
    with topicwire.sync.Astro("token", url=url) as astro:
        answers.put(astro.subscribe("channel.tips", ROOM).topic)


def test_a_new_client_works_in_a_child(
    gateway: Gateway, busy: tuple[topicwire.sync.GraphQL, topicwire.sync.Operation]
) -> None:
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.SimpleQueue[object] = context.SimpleQueue()
    child = context.Process(target=_hear, args=(gateway.url, answers))
    child.start()
    child.join(20)
    assert child.exitcode == 0
    assert answers.get() == "channel.tips"


def test_a_pool_of_forked_workers_ends(
    gateway: Gateway, busy: tuple[topicwire.sync.GraphQL, topicwire.sync.Operation]
) -> None:
    with multiprocessing.get_context("fork").Pool(3) as pool:
        assert pool.map(abs, [-1, -2, -3]) == [1, 2, 3]
