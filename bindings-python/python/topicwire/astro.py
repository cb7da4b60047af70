"""StreamElements Astro, for asyncio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import _commands, _native
from ._client import AsyncClient
from ._credentials import Credentials, TokenSource
from ._subscription import Subscription
from .options import AstroOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Astro"]


class Astro(AsyncClient):
    """Listens to topics of StreamElements channels.

        async with topicwire.Astro(token=TOKEN) as astro:
            await astro.subscribe("channel.activities", room=ROOM)
            async for event in astro:
                print(event.topic, event.room, event.data)

    `token` is a JWT or another credential (say which with `token_type`), or a function or coroutine function that
    fetches one: it is asked when one is first needed, for each new connection, and when the gateway refused the last.
    `credentials` are further ones by name, for clients that listen to several channels. Further options are those of
    `topicwire.options.AstroOptions`.

    Raises `OptionError` for a value that cannot work, and `TypeError` for an option that does not exist.
    """

    def __init__(
        self,
        token: TokenSource | None = None,
        *,
        url: str | None = None,
        credentials: Mapping[str, TokenSource] | None = None,
        **options: Unpack[AstroOptions],
    ) -> None:
        known = Credentials()
        super().__init__(astro_options(known, token, url, credentials, options), known)

    async def subscribe(
        self, topic: str, room: str | None = None, *, credential: str | None = None, no_room: bool = False
    ) -> Subscription:
        """Listen to a topic of a room, which is a channel's id, and wait for the gateway's answer.

        Without a room, that of the credential is looked up; with `no_room` none is sent. Messages come as events,
        perhaps even before this returns. Raises what the gateway said. Cancelling it undoes it.
        """
        command = _commands.subscribe(topic, room, credential, no_room)
        return subscription_of(topic, room, await self._ask(command, undo=_commands.unsubscribe))

    async def unsubscribe(self, subscription: Subscription) -> None:
        """End a subscription. Messages that are on their way are dropped."""
        await self._ask(_commands.unsubscribe(subscription.id))

    async def unsubscribe_all(self, topic: str) -> None:
        """End every subscription of a topic, whatever its room."""
        await self._ask(_commands.unsubscribe_all(topic))


def astro_options(
    known: Credentials,
    token: TokenSource | None,
    url: str | None,
    named: Mapping[str, TokenSource] | None,
    options: AstroOptions,
) -> str:
    """The options of a client, for both front ends."""
    own: dict[str, Any] = {
        "token": known.option("default", token),
        "credentials": known.options(named, options.get("token_type")),
    }
    if url is not None:
        own["url"] = url
    return _commands.options("astro", "Astro", AstroOptions, options, **own)


def subscription_of(topic: str, room: str | None, reply: _native.Reply) -> Subscription:
    """The subscription that a reply tells of."""
    result = None if reply.result is None else _native.decode(reply.result)
    return Subscription(reply.subscription or reply.request, topic, room, result)
