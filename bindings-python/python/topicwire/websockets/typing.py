"""Types of the drop-in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NewType, TypeAlias

if TYPE_CHECKING:
    from typing_extensions import TypeIs

__all__ = ["BytesLike", "Data", "DataLike", "LoggerLike", "Origin", "Subprotocol", "is_data"]

Data: TypeAlias = str | bytes
"""A message: `str` for text, `bytes` for binary."""

BytesLike: TypeAlias = bytes | bytearray | memoryview
"""What is accepted where bytes are expected."""

DataLike: TypeAlias = str | bytes | bytearray | memoryview
"""What is accepted where a message is expected."""

LoggerLike: TypeAlias = "logging.Logger | logging.LoggerAdapter[Any]"
"""What is accepted where a logger is expected."""

Origin = NewType("Origin", str)
"""Value of an `Origin` header."""

Subprotocol = NewType("Subprotocol", str)
"""Subprotocol in a `Sec-WebSocket-Protocol` header."""


def is_data(message: object) -> TypeIs[DataLike]:
    """Whether it is a whole message, rather than something that gives its fragments."""
    return isinstance(message, (str, bytes, bytearray, memoryview))
