"""Types of the drop-in."""

from __future__ import annotations

import logging
from typing import Any, NewType, TypeAlias

__all__ = ["BytesLike", "Data", "DataLike", "LoggerLike", "Origin", "Subprotocol"]

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
