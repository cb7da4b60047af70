"""The request and the answer of the opening handshake."""

from __future__ import annotations

import dataclasses
import os
import sys

from .._native import __version__
from .datastructures import Headers

__all__ = ["USER_AGENT", "Request", "Response"]

USER_AGENT = os.environ.get(
    "WEBSOCKETS_USER_AGENT", f"Python/{sys.version_info.major}.{sys.version_info.minor} topicwire/{__version__}"
)
"""The `User-Agent` header, unless `user_agent_header` says otherwise."""


@dataclasses.dataclass
class Request:
    """What was asked: the path with its query, and headers beside those of the handshake itself."""

    path: str
    headers: Headers


@dataclasses.dataclass
class Response:
    """What was answered. The body is that of a refusal, 64 KiB of it at most."""

    status_code: int
    reason_phrase: str
    headers: Headers
    body: bytes = b""
