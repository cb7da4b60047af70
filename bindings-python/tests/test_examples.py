"""Every program of `examples/python` runs against a local gateway, and prints what it should."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from topicwire.testing import DEFAULT_ROOM, LocalGateway

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "python"
SECRET = "ory_at_never-show-this"
TIP = {
    "_id": "t1",
    "approved": "allowed",
    "status": "success",
    "donation": {"user": {"username": "quiet_otter"}, "amount": 5, "currency": "EUR"},
}
FOLLOW = {"type": "follow", "provider": "twitch", "data": {"username": "quiet_otter"}}


@contextmanager
def running(name: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The program, which is not left running whatever happens."""
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLES / name)],
        env={**os.environ, "TOKEN": SECRET, "ROOM": DEFAULT_ROOM, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def until(process: subprocess.Popen[str], wanted: str) -> None:
    """Read on until a line comes."""
    seen = []
    while (read := line(process)) != wanted:
        seen.append(read)
        assert read or process.poll() is None, "\n".join([f"{wanted!r} did not come:", *seen])


def test_the_bot_thanks_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(SECRET)
    with (
        LocalGateway() as gateway,
        running("bot.py", ASTRO_URL=gateway.astro_url, TOKEN_FILE=str(tmp_path / "token")) as bot,
    ):
        until(bot, "listening")
        gateway.publish("channel.tips", TIP)
        assert line(bot) == "quiet_otter gave 5 EUR"
        bot.send_signal(signal.SIGINT)
        assert line(bot) == "bye"
        assert bot.wait(20) == 0


def test_the_overlay_shows_everything_and_what_may_be_missing() -> None:
    with LocalGateway() as gateway, running("overlay.py", ASTRO_URL=gateway.astro_url) as overlay:
        gateway.wait_for_subscribers("channel.activities")
        gateway.wait_for_subscribers("channel.tips")
        gateway.publish("channel.tips", TIP)
        until(overlay, "quiet_otter: 5 EUR")
        gateway.publish("channel.activities", FOLLOW)
        assert line(overlay) == "follow: quiet_otter"
        gateway.fault("cut", how="fin")
        assert line(overlay) == "· backoff"
        until(overlay, "· active")
        assert line(overlay).startswith("something may be missing in ")


def test_the_watcher_prints_blocks() -> None:
    with (
        LocalGateway(bitquery=True) as gateway,
        running("blocks.py", GRAPHQL_URL=gateway.graphql_url) as watcher,
    ):
        gateway.wait_for_sent(lambda message: message["type"] in ("start", "subscribe"))
        gateway.publish_graphql("EVM", {"Blocks": [{"Block": {"Number": "19000000", "TxCount": 143}}]})
        assert line(watcher) == "block 19000000 with 143 transactions"
        [connection] = gateway.connections()
        assert connection.url == "/graphql?token=***"


def test_the_program_of_bitquerys_page() -> None:
    with (
        LocalGateway(bitquery=True) as gateway,
        running("bitquery_page.py", GRAPHQL_URL=gateway.graphql_url, SECONDS_TO_RUN="3") as page,
    ):
        gateway.wait_for_sent(lambda message: message["type"] == "start")
        gateway.publish_graphql("EVM", {"count": [{"Block": {"TxCount": 143}}]})
        output = page.communicate(timeout=60)[0].splitlines()
        assert output == [
            "Connected",
            "{'data': {'EVM': {'count': [{'Block': {'TxCount': 143}}]}}}",
            "Subscription cancelled.",  # and with that the wait ended well, as on the page
            "Transport closed",
        ]
        assert page.returncode == 0


def test_the_raw_program_gets_its_echo() -> None:
    with LocalGateway() as gateway, running("raw.py", RAW_URL=gateway.raw_url) as raw:
        assert raw.communicate(timeout=60)[0].splitlines() == ["text hello", r"binary b'\x00\xff'"]
        assert raw.returncode == 0


def test_the_member_of_a_group_prints_what_is_sent_to_it() -> None:
    with LocalGateway() as gateway, running("webpubsub.py", HUB=gateway.access_url()) as member:
        assert line(member) == "lobby: good morning"
        gateway.publish_to_group("lobby", {"n": 1})
        assert line(member) == "lobby: {'n': 1}"
        gateway.fault("cut", how="fin")
        assert line(member) == "the session goes on where it was"


def test_the_blocking_bot_prints_and_ends_with_ctrl_c() -> None:
    with LocalGateway() as gateway, running("blocking.py", ASTRO_URL=gateway.astro_url) as bot:
        until(bot, "listening")
        gateway.publish("channel.activities", FOLLOW)
        assert line(bot) == "follow quiet_otter"
        bot.send_signal(signal.SIGINT)
        assert line(bot) == "bye"
        assert bot.wait(20) == 0


def test_the_test_of_a_bot_passes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", str(EXAMPLES / "test_a_bot.py")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "4 passed" in done.stdout, done.stdout + done.stderr


def test_no_program_is_forgotten() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.glob("*.py") if f'"{path.name}"' not in here] == []
