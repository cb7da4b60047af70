"""GraphQL over WebSocket, without asyncio."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .. import _commands, _native
from .._credentials import Credentials, TokenSource
from ..events import Closed, Ended, Event, Message
from ..graphql import MAIN, failure, graphql_options
from ..options import GraphQLOptions
from ._client import SyncClient
from .stream import Stream

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["GraphQL", "Operation"]


class GraphQL(SyncClient):
    """Runs GraphQL subscriptions, queries and mutations over a WebSocket.

        with topicwire.sync.GraphQL(URL, token=TOKEN) as graphql:
            for result in graphql.subscribe("subscription { blocks { number } }"):
                print(result.data)

    Arguments are those of `topicwire.GraphQL`.
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
        """Start an operation. Its results come by the iterator that is returned; leaving that ends it."""
        if self._service is None:
            self._implicit = True
            self.start()
        command = _commands.operation("operation", query, variables, operation_name, extensions, data_timeout_ms)
        request = self._core.next_request()
        own = {"filter": {"subscriptions": [request]}, "owns": [request], "overflow": "close"}
        return Operation(request, self._open(request, command, self, **own))

    def execute(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        operation_name: str | None = None,
        extensions: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Run a query or a mutation and return its execution result, `data` and `errors` and all.

        Raises what the server said if it could not run it, and `OutcomeUnknownError` for a mutation whose connection
        was lost.
        """
        command = _commands.operation("execute", query, variables, operation_name, extensions)
        reply = self._ask(command, timeout=timeout)
        return None if reply.result is None else _native.decode(reply.result)

    def _connects_lazily(self) -> bool:
        return self._lazy


class Operation:
    """The results of an operation, in order: an iterator that ends when the operation does.

    Each is a `Message` whose `data` is a whole execution result. An operation that failed or was lost raises.
    """

    def __init__(self, id: int, stream: Stream) -> None:  # noqa: A002 - the name it has
        self.id = id
        """Its number, as messages carry it."""
        self._stream = stream

    def __iter__(self) -> Iterator[Message]:
        return self

    def __next__(self) -> Message:
        message = self.poll()
        if message is None:
            raise StopIteration
        return message

    def poll(self, timeout: float | None = None) -> Message | None:
        """Return the next result, or `None` when none came within `timeout` seconds, and after the end."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            event = self._stream.poll(left)
            if event is None or type(event) is Message:
                return event
            if isinstance(event, (Ended, Closed)):
                self.close()
                error = failure(event)
                if error is not None:
                    raise error
                return None

    def events(self) -> Iterator[Event]:
        """Everything that happens to the operation: its results, and gaps and the like among them."""
        return self._stream.__iter__()

    def close(self) -> None:
        """End the operation on the server too."""
        self._stream.close()

    def __enter__(self) -> Operation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<topicwire.sync.Operation {self.id}>"
