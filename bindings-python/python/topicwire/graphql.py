"""GraphQL over WebSocket, for asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import _commands, _native
from ._client import AsyncClient
from ._credentials import Credentials, TokenSource
from .errors import Error
from .events import Closed, Ended, Event, Message
from .options import GraphQLOptions
from .stream import Stream

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["GraphQL", "Operation"]

# Results go to their operations; in the main stream they would only fill a queue that few read.
MAIN: dict[str, Any] = {"filter": {"kinds": ["state", "opened", "fault", "gap", "subscribed", "ended"]}}


class GraphQL(AsyncClient):
    """Runs GraphQL subscriptions, queries and mutations over a WebSocket.

        async with topicwire.GraphQL(URL, token=TOKEN) as graphql:
            async for result in graphql.subscribe("subscription { blocks { number } }"):
                print(result.data)

    `token` is a credential, or a function or coroutine function that fetches one. Where it goes is said with `auth`,
    `auth_name` and `auth_prefix`. Further options are those of `topicwire.options.GraphQLOptions`. The client itself
    is a stream of what happens to its connections.

    Raises `OptionError` for a value that cannot work, and `TypeError` for an option that does not exist.
    """

    _main_options = MAIN

    def __init__(self, url: str, token: TokenSource | None = None, **options: Unpack[GraphQLOptions]) -> None:
        known = Credentials()
        self._lazy = bool(options.get("lazy", True))
        super().__init__(graphql_options(known, url, token, options), known)

    def subscribe(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        operation_name: str | None = None,
        extensions: Mapping[str, Any] | None = None,
        data_timeout_ms: int | None = None,
    ) -> Operation:
        """Start an operation. Its results come by the async iterator that is returned; leaving that ends it.

        With `data_timeout_ms`, a `no_data` fault is reported when no result came for so long. A client that was not
        connected yet begins to.
        """
        if self._service is None:
            self._implicit = True
            self.start()
        command = _commands.operation("operation", query, variables, operation_name, extensions, data_timeout_ms)
        request = self._core.next_request()
        own = {"filter": {"subscriptions": [request]}, "owns": [request], "overflow": "close"}
        return Operation(request, self._open(request, command, self, **own))

    async def execute(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        operation_name: str | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run a query or a mutation and return its execution result, `data` and `errors` and all.

        Raises what the server said if it could not run it, and `OutcomeUnknownError` for a mutation whose connection
        was lost.
        """
        command = _commands.operation("execute", query, variables, operation_name, extensions)
        reply = await self._ask(command)
        return None if reply.result is None else _native.decode(reply.result)

    def _connects_lazily(self) -> bool:
        return self._lazy


class Operation:
    """The results of an operation, in order: an async iterator that ends when the operation does.

    Each is a `Message` whose `data` is a whole execution result; `errors` beside `data` end nothing. An operation that
    failed or was lost raises. After an outage it goes on: `message.connection` tells where results may be missing, and
    `events()` shows the `Gap` itself.
    """

    def __init__(self, id: int, stream: Stream) -> None:  # noqa: A002 - the name it has
        self.id = id
        """Its number, as messages carry it."""
        self._stream = stream
        self._events = stream.__aiter__()

    def __aiter__(self) -> AsyncIterator[Message]:
        return self

    async def __anext__(self) -> Message:
        while True:
            event = await self._events.__anext__()
            if type(event) is Message:
                return event
            if isinstance(event, (Ended, Closed)):
                self.close()
                error = failure(event)
                if error is not None:
                    raise error
                raise StopAsyncIteration

    def events(self) -> AsyncIterator[Event]:
        """Everything that happens to the operation: its results, and gaps and the like among them."""
        return self._stream.__aiter__()

    def close(self) -> None:
        """End the operation on the server too."""
        self._stream.close()

    async def aclose(self) -> None:
        """End the operation on the server too."""
        self.close()

    async def __aenter__(self) -> Operation:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<topicwire.Operation {self.id}>"


def failure(event: Ended | Closed) -> Error | None:
    """Why an operation ended, if not as it should."""
    if isinstance(event, Closed):
        return event.cause
    return event.error


def graphql_options(known: Credentials, url: str, token: TokenSource | None, options: GraphQLOptions) -> str:
    """The options of a client, for both front ends."""
    own = {"url": url, "token": known.option("default", token)}
    return _commands.options("graphql", "GraphQL", GraphQLOptions, options, **own)
