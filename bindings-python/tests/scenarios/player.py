"""Plays a scenario to the package's client over a loopback socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from topicwire import Closed, Error, TokenRequest, _commands
from topicwire._client import AsyncClient
from topicwire._credentials import Credentials

from .report import difference, fill, line, matches
from .socket import Server, Socket, Waiting

SOON = 20.0
"""Nothing waits this long when all is well."""


class Client(AsyncClient):
    """A client of any gateway, whose main stream hears everything."""

    def __init__(self, options: dict[str, Any], provider: Callable[[TokenRequest], Any]) -> None:
        credentials = Credentials()
        if options.get("token") == "provider":
            options["token"] = credentials.option("default", provider)
        super().__init__(json.dumps(options), credentials)


class Stage:
    """What happens on both sides."""

    def __init__(self, scenario: dict[str, Any], server: Server) -> None:
        options = dict(scenario["options"], url=server.url)
        options["connection"] = {**options.get("connection", {}), "no_proxy": True}
        self.client = Client(options, self._provide)
        self._scenario = scenario
        self._server = server
        self._waiting: dict[str, Waiting] = {}
        self._open: dict[str, Socket] = {}
        self._names: dict[int, str] = {}
        self._kept: dict[str, Any] = {}
        self._needs: list[asyncio.Future[str]] = []
        self._answered = 0
        self._heard: list[Any] = []
        self._news = asyncio.Condition()
        self._asking: list[asyncio.Task[None]] = []

    async def play(self) -> None:
        """The whole scenario."""
        self.client.start()
        listening = asyncio.create_task(self._listen())
        for number, step in enumerate(self._scenario["steps"], 1):
            ((kind, arguments),) = step.items()
            try:
                await asyncio.wait_for(getattr(self, f"_{kind}")(**arguments), SOON)
            except (AssertionError, asyncio.TimeoutError) as error:
                raise AssertionError(f"step {number}, {step}: {error or 'it does not happen'}") from error
        expected = self._scenario["events"]
        try:
            await asyncio.wait_for(self._until(lambda: difference(expected, self._lines()) is None), SOON)
        except asyncio.TimeoutError:
            raise AssertionError(difference(expected, self._lines())) from None
        finally:
            self.client.abort()
            await listening
            await asyncio.gather(*self._asking)

    async def _listen(self) -> None:
        async for event in self.client:
            await self._note(event)
            if type(event) is Closed:
                return

    async def _note(self, event: Any) -> None:
        async with self._news:
            self._heard.append(event)
            self._news.notify_all()

    async def _until(self, reached: Callable[[], bool]) -> None:
        async with self._news:
            await self._news.wait_for(reached)

    def _lines(self) -> list[dict[str, Any]]:
        lines = (line(event, self._names) for event in self._heard)
        return [line for line in lines if line is not None]

    async def _provide(self, request: TokenRequest) -> str:
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._needs.append(answer)
        await self._note({"need": "token"})
        return await answer

    # One method a step.

    async def _connects(
        self, name: str, offers: list[str] | None = None, url_has: str | None = None, url_lacks: str | None = None
    ) -> None:
        arrived = await self._server.next()
        assert offers is None or arrived.offers == offers, f"the client offers {arrived.offers}"
        assert url_has is None or url_has in arrived.path, f"the client dials {arrived.path}"
        assert url_lacks is None or url_lacks not in arrived.path, f"the client dials {arrived.path}"
        self._waiting[name] = arrived

    async def _accepts(self, on: str, protocol: str | None = None) -> None:
        self._open[on] = self._waiting.pop(on).accept(protocol)

    async def _refuses(self, on: str, status: int, headers: dict[str, str] | None = None) -> None:
        await self._waiting.pop(on).refuse(status, headers or {})

    async def _sends(self, on: str, frame: Any) -> None:
        sent = json.loads(await self._open[on].text())
        assert matches(frame, sent, self._kept), f"the client sends {sent}"

    async def _receives(self, on: str, frame: Any) -> None:
        await self._open[on].send(json.dumps(fill(frame, self._kept)))

    async def _receives_text(self, on: str, text: str) -> None:
        await self._open[on].send(text)

    async def _server_closes(self, on: str, code: int, reason: str = "") -> None:
        await self._open.pop(on).close(code, reason)

    async def _breaks(self, on: str) -> None:
        self._open.pop(on).hang_up()

    async def _client_closes(self, on: str, code: int | None = None) -> None:
        closed = await self._open.pop(on).closed()
        assert code is None or closed == code, f"the client closes with {closed}"

    async def _command(self, name: str, command: dict[str, Any]) -> None:
        if isinstance(command.get("subscription"), str):
            numbers = {known: number for number, known in self._names.items()}
            command = {**command, "subscription": numbers[command["subscription"]]}
        # The client counts its requests, and nobody else makes any.
        self._names[len(self._names) + 1] = name
        self._asking.append(asyncio.create_task(self._ask(name, json.dumps(command))))
        await asyncio.sleep(0)

    async def _ask(self, name: str, command: str) -> None:
        try:
            reply = await self.client._ask(command, undo=_commands.unsubscribe)
        except Error as error:
            await self._note({"reply": name, "error": error.code})
        else:
            result = None if reply.result is None else json.loads(reply.result)
            await self._note({"reply": name, "result": result})

    async def _hears(self, event: dict[str, Any]) -> None:
        await self._until(lambda: any(matches(event, line, {}) for line in self._lines()))

    async def _answers_need(self, token: str) -> None:
        await self._until(lambda: len(self._needs) > self._answered)
        self._needs[self._answered].set_result(token)
        self._answered += 1

    async def _close(self) -> None:
        self._asking.append(asyncio.create_task(self._say_goodbye()))
        await asyncio.sleep(0)

    async def _say_goodbye(self) -> None:
        await self.client.close(1000, "")


async def play(scenario: dict[str, Any]) -> None:
    """Play one scenario."""
    async with Server() as server:
        await Stage(scenario, server).play()
