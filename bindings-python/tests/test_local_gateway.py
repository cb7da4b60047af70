"""`topicwire.testing`: the gateway as programs' tests use it."""

from __future__ import annotations

import asyncio
import gc
import importlib.metadata
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

import topicwire
import topicwire.sync
from topicwire import _program
from topicwire.testing import DEFAULT_ROOM, LocalGateway, LocalGatewayError

pytest_plugins = ["pytester"]
SECRET = "eyJhbGciOiJub25lIn0.eyJzZWNyZXQiOjF9.never-show-this"


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and is not yet reaped does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while alive(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.01)


def script(folder: Path, text: str) -> Path:
    """An executable that is no gateway."""
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


# What it is for.


def test_a_blocking_program_hears_what_is_published() -> None:
    with LocalGateway() as gateway, topicwire.sync.Astro("any", url=gateway.astro_url) as astro:
        astro.subscribe("channel.tips", DEFAULT_ROOM)
        published = gateway.publish("channel.tips", {"amount": 5})
        assert published.receivers == 1
        message = next(iter(astro.messages()))
        assert (message.topic, message.data) == ("channel.tips", {"amount": 5})


async def test_an_asyncio_program_hears_what_is_published() -> None:
    async with LocalGateway() as gateway, topicwire.Astro("any", url=gateway.astro_url) as astro:
        await astro.subscribe("channel.tips", DEFAULT_ROOM)
        await gateway.wait_for_subscribers("channel.tips")
        assert (await gateway.publish("channel.tips", None)).receivers == 1
        async for message in astro.messages():
            assert message.data is None
            break


async def test_a_graphql_operation_hears_what_is_published() -> None:
    async with LocalGateway() as gateway, topicwire.GraphQL(gateway.graphql_url) as graphql:
        blocks = graphql.subscribe("subscription { blocks { number } }")
        await gateway.wait_for_sent(lambda message: message["type"] == "subscribe")
        while await gateway.publish_graphql("blocks", {"number": 7}) == 0:
            await asyncio.sleep(0.01)
        async for result in blocks:
            assert result.data == {"data": {"blocks": {"number": 7}}}
            break


async def test_what_a_program_sent_can_be_looked_at_without_its_secrets() -> None:
    async with LocalGateway() as gateway, topicwire.Astro(SECRET, url=gateway.astro_url) as astro:
        await astro.subscribe("channel.tips", DEFAULT_ROOM)
        asked = await gateway.wait_for_sent(lambda message: message["data"]["topic"] == "channel.tips")
        assert (asked["type"], asked["data"]["token"]) == ("subscribe", "***")
        [connection] = await gateway.connections("astro")
        assert connection.state["subscriptions"][0]["room"] == DEFAULT_ROOM
        assert await gateway.connections("graphql") == []
        transcript = await gateway.transcript()
        assert [entry.seq for entry in await gateway.transcript(since=1)] == [entry.seq for entry in transcript][1:]
        assert await gateway.sent(conn=connection.conn) == await gateway.sent()
        everything = repr((gateway, transcript, await gateway.connections(), await gateway.sent()))
        assert SECRET not in everything


async def test_faults_strike_and_are_taken_back() -> None:
    async with LocalGateway() as gateway, topicwire.Astro("any", url=gateway.astro_url) as astro:
        await gateway.wait_for_connections(1, dialect="astro")
        assert await gateway.fault("refuse_upgrades", status=502, count=1_000_000) == 0
        assert await gateway.fault("cut", how="reset", target="newest") == 1
        await gateway.wait_for_connections(0)
        await gateway.clear_faults()
        await gateway.wait_for_connections(1, timeout=30)
        await astro.subscribe("channel.tips", DEFAULT_ROOM)
        await gateway.publish("channel.tips", "after all")
        async for message in astro.messages():
            assert message.data == "after all"
            break


async def test_a_handover_moves_a_program_to_another_connection() -> None:
    async with LocalGateway() as gateway, topicwire.Astro("any", url=gateway.astro_url) as astro:
        await astro.subscribe("channel.tips", DEFAULT_ROOM)
        assert await gateway.reconnect(grace_ms=100) == 1
        while [one.conn for one in await gateway.connections()] != [2]:
            await asyncio.sleep(0.01)


def test_several_run_at_once_and_know_nothing_of_each_other() -> None:
    with LocalGateway() as one, LocalGateway() as other, topicwire.sync.Raw(one.raw_url) as raw:
        raw.send("to one")
        one.wait_for_connections(1)
        assert one.port != other.port
        assert other.connections() == []
        assert other.transcript() == []


def test_options_and_seed_reach_the_gateway() -> None:
    with LocalGateway(options={"astro": {"profile": "legacy"}}, seed=7, bitquery=True) as gateway:
        options = gateway.control("options")
        assert options["astro"]["profile"] == "legacy"
        assert options["graphql"]["bitquery"] is True
        first = gateway.publish("channel.tips", 1).id
    with LocalGateway(seed=7) as gateway:
        # The clock is part of an id, and the rest of it is the seed's.
        assert gateway.publish("channel.tips", 1).id[10:] == first[10:]


# Beginning and end.


def test_nothing_is_left_after_the_block() -> None:
    with LocalGateway() as gateway:
        pid = gateway.pid
        assert alive(pid)
    assert not alive(pid)
    gateway.close()
    with pytest.raises(LocalGatewayError, match="closed"):
        gateway.connections()
    with pytest.raises(LocalGatewayError, match="make another one"):
        gateway.start()


@pytest.mark.parametrize("end", ["os._exit(1)", "os.kill(os.getpid(), signal.SIGKILL)", "raise SystemExit"])
def test_the_gateway_ends_with_its_parent_however_that_ends(end: str) -> None:
    program = f"""
import os, signal
from topicwire.testing import LocalGateway
gateway = LocalGateway().start()
print(gateway.pid, flush=True)
input()
{end}
"""
    with subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1, text=True) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.stdin.write("\n")
        parent.stdin.close()
        parent.wait(20)
        wait_until_gone(pid)


def test_a_forgotten_gateway_is_ended_with_a_warning() -> None:
    gateway = LocalGateway().start()
    pid = gateway.pid
    with pytest.warns(ResourceWarning, match="was not closed"):  # noqa: PT031 - one after the other
        del gateway
        gc.collect()
    assert not alive(pid)


def test_one_that_was_never_started_needs_no_end() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gateway = LocalGateway()
        assert "not started" in repr(gateway)
        with pytest.raises(LocalGatewayError, match="not started"):
            _ = gateway.port
        del gateway
        gc.collect()


@pytest.mark.parametrize("_", range(10))
def test_a_gateway_that_has_ended_says_so_even_while_the_system_clears_it_away(_: int) -> None:
    with LocalGateway() as gateway:
        os.kill(gateway.pid, signal.SIGKILL)
        with pytest.raises(LocalGatewayError, match="has ended"):
            gateway.connections()


async def test_a_wait_that_is_cancelled_ends_at_once() -> None:
    async with LocalGateway() as gateway:
        waiting = asyncio.create_task(gateway.wait_for_connections(1, timeout=1000))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


# What can be wrong.


def test_a_missing_program_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LocalGatewayError, match=r"nowhere.* cannot be started: No such file"):
        LocalGateway(program=tmp_path / "nowhere").start()
    monkeypatch.setenv("TOPICWIRE_PROGRAM", str(tmp_path / "nowhere"))
    with pytest.raises(LocalGatewayError, match=r"TOPICWIRE_PROGRAM names .*nowhere"):
        LocalGateway().start()
    monkeypatch.delenv("TOPICWIRE_PROGRAM")
    monkeypatch.setattr(_program, "_candidates", lambda: iter([tmp_path / "topicwire"]))
    with pytest.raises(LocalGatewayError, match=r"looked for .*topicwire\).* Install topicwire from a wheel"):
        LocalGateway().start()


def test_a_program_that_never_becomes_ready_is_ended_at_the_deadline(tmp_path: Path) -> None:
    slow = script(tmp_path, f"echo $$ > {tmp_path}/pid; echo waiting for a licence >&2; exec sleep 1000")
    with pytest.raises(LocalGatewayError, match=r"within 4 s .*: waiting for a licence"):
        LocalGateway(program=slow, ready_timeout=4).start()
    assert not alive(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("text", ["echo no port is free >&2; exit 3", "echo no port is free >&2; echo hello; exit 3"])
def test_a_program_that_fails_to_start_is_quoted(tmp_path: Path, text: str) -> None:
    with pytest.raises(LocalGatewayError, match="instead of starting: no port is free"):
        LocalGateway(program=script(tmp_path, text)).start()


def test_a_port_that_is_taken_is_an_error_that_names_it() -> None:
    with LocalGateway() as gateway, pytest.raises(LocalGatewayError, match=f"port {gateway.port}"):
        LocalGateway(port=gateway.port).start()


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"port": 65536}, ValueError, "port"),
        ({"port": True}, ValueError, "port"),
        ({"seed": -1}, ValueError, "seed"),
        ({"ready_timeout": 0}, ValueError, "ready_timeout"),
        ({"options": "legacy"}, TypeError, "options"),
        ({"prot": 1}, TypeError, "prot"),
    ],
)
def test_wrong_arguments_are_named_before_anything_starts(
    arguments: dict[str, object], error: type[Exception], named: str
) -> None:
    with pytest.raises(error, match=named):
        LocalGateway(**arguments)  # type: ignore[arg-type]


def test_what_the_gateway_does_not_know_is_refused_by_name() -> None:
    with LocalGateway() as gateway:
        with pytest.raises(LocalGatewayError, match="unknown variant `cutt`"):
            gateway.fault("cutt")
        with pytest.raises(LocalGatewayError, match="there is no /control/nope"):
            gateway.control("nope")
        with pytest.raises(ValueError, match="JSON"):
            gateway.publish("channel.tips", float("nan"))
        assert gateway.control("stats")["published"] == 0
    wrong = LocalGateway(options={"astro": {"profil": "legacy"}})
    with pytest.raises(LocalGatewayError, match="unknown field `profil`"):
        wrong.start()
    with pytest.raises(LocalGatewayError, match="closed"):
        _ = wrong.pid


def test_a_wait_says_what_is_there_instead() -> None:
    with LocalGateway() as gateway:
        with pytest.raises(LocalGatewayError, match="2 raw connections are expected, 0 are open"):
            gateway.wait_for_connections(2, dialect="raw", timeout=0)
        with pytest.raises(LocalGatewayError, match=r"1 subscribers of channel.tips in .* there are 0"):
            gateway.wait_for_subscribers("channel.tips", timeout=0)
        with pytest.raises(LocalGatewayError, match="0 messages were sent"):
            gateway.wait_for_sent(lambda message: True, timeout=0)


# pytest.


def test_pytest_finds_the_fixtures(pytester: pytest.Pytester) -> None:
    installed = any(
        entry.value == "topicwire.testing.pytest_plugin" for entry in importlib.metadata.entry_points(group="pytest11")
    )
    pytester.makepyfile(
        """
        def test_bot(topicwire_gateway):
            assert topicwire_gateway.publish("channel.tips", {}).receivers == 0

        async def test_async_bot(topicwire_async_gateway):
            assert (await topicwire_async_gateway.publish("channel.tips", {})).receivers == 0
        """
    )
    plugin = [] if installed else ["-p", "topicwire.testing.pytest_plugin"]
    result = pytester.runpytest_subprocess(*plugin, "-o", "asyncio_mode=auto")
    result.assert_outcomes(passed=2)
