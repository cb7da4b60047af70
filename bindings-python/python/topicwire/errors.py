"""What can go wrong: a small tree of exceptions, with codes that are the same in every language.

>>> error = from_core("timeout", "no answer within 10 s", None, None, True)
>>> isinstance(error, Error), isinstance(error, TimeoutError), error.code, error.retryable
(True, True, 'timeout', True)
>>> str(error)
'no answer within 10 s'
"""

from __future__ import annotations

import builtins

__all__ = [
    "AnswerTimeoutError",
    "ClosedError",
    "Error",
    "GatewayError",
    "InternalError",
    "OptionError",
    "OutcomeUnknownError",
    "ProviderError",
    "QueueFullError",
    "TransportError",
    "UsageError",
]


class Error(Exception):
    """Anything that Topicwire raises, and what events carry as `cause` and `error`."""

    code: str
    """The stable code, the same in every language: `refused`, `timeout`, `connection_lost`, …"""
    gateway_code: str | None
    """The gateway's own code, as it was sent."""
    gateway_text: str | None
    """The gateway's own text, as it was sent."""
    retryable: bool
    """Whether the same thing tried again may succeed."""

    def __init__(
        self,
        message: str,
        code: str = "internal",
        gateway_code: str | None = None,
        gateway_text: str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.gateway_code = gateway_code
        self.gateway_text = gateway_text
        self.retryable = retryable

    def __str__(self) -> str:
        said = ", ".join(text for text in (self.gateway_code, self.gateway_text) if text)
        message = str(self.args[0]) if self.args else ""
        return f"{message} (gateway: {said})" if said else message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r}, code={self.code!r})"

    def __reduce__(self) -> tuple[object, ...]:
        message = self.args[0] if self.args else ""
        return (type(self), (message, self.code, self.gateway_code, self.gateway_text, self.retryable))


class OptionError(Error, ValueError):
    """An option or an argument cannot work. Nothing was opened. Code `invalid_option`."""


class UsageError(Error, RuntimeError):
    """A call that cannot work here.

    Codes `unsupported`, `forked`, `wrong_loop`, `concurrency`, `provider_reentrant`.
    """


class GatewayError(Error):
    """The gateway said no. Codes `unauthorized`, `refused`, `rate_limited`, `gateway_error`."""


class TransportError(Error, ConnectionError):
    """The connection could not be made, or broke.

    Codes `connection_failed`, `handshake_failed`, `connection_lost`, `stale`, `protocol_error`, `too_large`.
    """


class AnswerTimeoutError(Error, builtins.TimeoutError):
    """No answer came in time. Code `timeout`."""


class QueueFullError(Error):
    """A queue is full: the program reads too slowly, or sends too much. Code `overflow`."""


class OutcomeUnknownError(Error):
    """The connection was lost while a command was under way: it may or may not have been carried out.

    Code `outcome_unknown`.
    """


class ClosedError(Error):
    """The client is closed, or the request was taken back. Codes `closed`, `cancelled`."""


class ProviderError(Error):
    """The program's own provider of a credential failed. Codes `provider_failed`, `provider_timeout`."""


class InternalError(Error):
    """A defect of this library. Code `internal`."""


CLASSES: dict[str, type[Error]] = {
    "invalid_option": OptionError,
    "unsupported": UsageError,
    "unauthorized": GatewayError,
    "refused": GatewayError,
    "rate_limited": GatewayError,
    "gateway_error": GatewayError,
    "timeout": AnswerTimeoutError,
    "connection_failed": TransportError,
    "handshake_failed": TransportError,
    "connection_lost": TransportError,
    "stale": TransportError,
    "protocol_error": TransportError,
    "too_large": TransportError,
    "overflow": QueueFullError,
    "outcome_unknown": OutcomeUnknownError,
    "closed": ClosedError,
    "cancelled": ClosedError,
    "provider_failed": ProviderError,
    "provider_timeout": ProviderError,
    "provider_reentrant": UsageError,
    "forked": UsageError,
    "wrong_loop": UsageError,
    "concurrency": UsageError,
    "internal": InternalError,
}
"""The class of each code."""


def from_core(code: str, message: str, gateway_code: str | None, gateway_text: str | None, retryable: bool) -> Error:
    """Make the exception for an error of the core."""
    return CLASSES.get(code, Error)(message, code, gateway_code, gateway_text, retryable)
