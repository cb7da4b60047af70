"""Where credentials come from: a text, or a function of the program that is asked whenever one is needed."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from ._native import Fault, Need
from .errors import Error, OptionError

__all__ = ["Credentials", "Provider", "Token", "TokenRequest", "TokenSource"]


class Token(NamedTuple):
    """A credential with what is known of it. A provider may return one instead of a text."""

    value: str
    """The credential."""
    valid_for: float | None = None
    """Seconds for which it is known to be good; `None` to be asked again with the next connection."""

    def __repr__(self) -> str:
        return f"Token(***, valid_for={self.valid_for})"


class TokenRequest(NamedTuple):
    """What a provider that takes an argument is told."""

    credential: str
    """The credential's name; `default` is the client's own."""
    reason: str
    """`initial`, `reconnect`, or `rejected` when the gateway refused the last one: then do not answer from a cache."""
    gateway_code: str | None
    """The gateway's code, if it refused the last one."""


Provided: TypeAlias = "str | Token"
Provider: TypeAlias = (
    "Callable[[], Provided | Awaitable[Provided]] | Callable[[TokenRequest], Provided | Awaitable[Provided]]"
)
TokenSource: TypeAlias = "str | Provider"
"""A credential, or a function (a coroutine function too) that fetches one."""


class Credentials:
    """The credentials of one client, by name."""

    __slots__ = ("_failed", "_providers")

    def __init__(self) -> None:
        self._providers: dict[str, Callable[..., Any]] = {}
        self._failed: dict[int, BaseException] = {}

    def option(self, name: str, source: TokenSource | None) -> Any:
        """The form that a credential has among the core's options."""
        if source is None:
            return "none"
        if isinstance(source, str):
            return {"static": source}
        if callable(source):
            self._providers[name] = source if _takes_request(source) else lambda _: source()  # type: ignore[call-arg]
            return "provider"
        what = "token" if name == "default" else f"credentials[{name!r}]"
        raise OptionError(f"option `{what}`: expected a str or a function that returns one", "invalid_option")

    def options(self, named: Mapping[str, TokenSource] | None, token_type: str | None) -> list[dict[str, Any]]:
        """The same for further credentials by name."""
        return [
            {"name": name, "token": self.option(name, source), "token_type": token_type or "jwt"}
            for name, source in (named or {}).items()
        ]

    def call(self, need: Need) -> Any:
        """Ask the program. What comes back may have to be awaited."""
        provider = self._providers.get(need.credential)
        if provider is None:
            raise Error(f"there is no provider for the credential {need.credential!r}", "provider_failed")
        return provider(TokenRequest(need.credential, need.reason, need.gateway_code))

    def failed(self, need: Need, error: BaseException) -> None:
        """Keep what a provider raised, for the fault that will quote the need's request."""
        while len(self._failed) >= 16:
            self._failed.pop(next(iter(self._failed)))
        self._failed[need.request] = error

    def explain(self, request: int | None, error: BaseException) -> None:
        """Hang what the provider raised onto the error that reports it."""
        if request is not None and request in self._failed:
            error.__cause__ = self._failed[request]

    def look(self, events: list[Any]) -> None:
        """See events before their reader does."""
        if self._failed:
            for event in events:
                if type(event) is Fault:
                    self.explain(event.request, event.error)


def read(provided: object) -> Token:
    """What a provider returned."""
    if isinstance(provided, Token):
        return provided
    if isinstance(provided, str):
        return Token(provided)
    raise TypeError(f"a provider returns a str or a topicwire.Token, not {type(provided).__name__}")


def _takes_request(provider: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(provider).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(one.kind in positional and one.default is inspect.Parameter.empty for one in parameters)


def describe(error: BaseException) -> str:
    """Why a provider failed, for the fault that reports it: the exception's class, since its text may be secret."""
    return f"the provider raised {type(error).__name__}"


def may_retry(error: BaseException) -> bool:
    """Whether asking again may help. A provider says that it does not by raising an `Error` that says so."""
    return error.retryable if isinstance(error, Error) else True
