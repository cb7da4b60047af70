"""StreamElements Astro, without asyncio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .. import _commands
from .._credentials import Credentials, TokenSource
from .._subscription import Subscription
from ..astro import astro_options, subscription_of
from ..options import AstroOptions
from ._client import SyncClient

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Astro"]


class Astro(SyncClient):
    """Listens to topics of StreamElements channels.

        with topicwire.sync.Astro(token=TOKEN) as astro:
            astro.subscribe("channel.activities", room=ROOM)
            for event in astro:
                print(event.topic, event.room, event.data)

    Arguments are those of `topicwire.Astro`.
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

    def subscribe(
        self,
        topic: str,
        room: str | None = None,
        *,
        credential: str | None = None,
        no_room: bool = False,
        timeout: float | None = None,
    ) -> Subscription:
        """Listen to a topic of a room, which is a channel's id, and wait for the gateway's answer.

        Without a room, that of the credential is looked up; with `no_room` none is sent. Raises what the gateway said.
        An interrupt, and the end of `timeout` seconds, undo it.
        """
        command = _commands.subscribe(topic, room, credential, no_room)
        return subscription_of(topic, room, self._ask(command, undo=_commands.unsubscribe, timeout=timeout))

    def unsubscribe(self, subscription: Subscription) -> None:
        """End a subscription. Messages that are on their way are dropped."""
        self._ask(_commands.unsubscribe(subscription.id))

    def unsubscribe_all(self, topic: str) -> None:
        """End every subscription of a topic, whatever its room."""
        self._ask(_commands.unsubscribe_all(topic))
