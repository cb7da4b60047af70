"""From the arguments of `connect` to the core's options, and from the core's errors to the drop-in's."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import errno
import http
import os
import re
import ssl as ssl_module
import sys
import tempfile
import urllib.parse
from collections.abc import Sequence
from typing import Any

from .. import _native
from ..errors import Error, OptionError
from .datastructures import Headers, HeadersLike
from .exceptions import (
    InvalidHandshake,
    InvalidMessage,
    InvalidProxy,
    InvalidStatus,
    InvalidUpgrade,
    InvalidURI,
    SecurityError,
)
from .http11 import Request, Response

__all__ = ["Handshake"]

MAX_REDIRECTS = int(os.environ.get("WEBSOCKETS_MAX_REDIRECTS", "10"))

FOR_EVER_MS = 10 * 365 * 24 * 3600 * 1000
"""A timeout that is none."""

NO_LIMIT = 1 << 40

if sys.version_info >= (3, 11):
    OpenTimeout = TimeoutError
else:

    class OpenTimeout(TimeoutError, asyncio.TimeoutError):  # noqa: N818 - it stands for another name
        """Both of the exceptions that were to become one."""


REFUSED = ("sock", "host", "port", "unix", "path", "local_addr", "server_hostname", "create_connection")


@dataclasses.dataclass
class Handshake:
    """What a connection is made with."""

    uri: str
    subprotocols: Sequence[str] | None = None
    origin: str | None = None
    additional_headers: HeadersLike | None = None
    user_agent_header: str | None = None
    proxy: str | bool | None = True
    ssl: Any = None
    open_timeout: float | None = 10
    ping_interval: float | None = 20
    ping_timeout: float | None = 20
    close_timeout: float | None = 10
    max_size: int | tuple[int | None, int | None] | None = 1 << 20
    max_queue: int | tuple[int | None, int | None] | None = 16
    write_limit: int | tuple[int, int | None] = 1 << 15

    def check(self, compression: str | None, extensions: object, others: dict[str, Any]) -> None:
        """Refuse what the drop-in cannot do, by name."""
        if compression not in ("deflate", None):
            raise ValueError(f"unsupported compression: {compression}")
        if extensions:
            raise TypeError("topicwire.websockets has no extensions: leave out `extensions`")
        for name in others:
            if name in REFUSED or name not in ("ssl_handshake_timeout", "ssl_shutdown_timeout", "family", "flags"):
                raise TypeError(f"topicwire.websockets cannot do {name!r}: leave it out")
        parsed = self.parsed()
        if parsed.scheme == "ws" and self.ssl is not None:
            raise ValueError("ssl argument is incompatible with a ws:// URI")
        if parsed.scheme == "wss" and self.ssl is False:
            raise ValueError("ssl=False is incompatible with a wss:// URI")
        if isinstance(self.subprotocols, str):
            raise TypeError("subprotocols must be a list, not a str")

    def parsed(self) -> urllib.parse.SplitResult:
        """The address in its parts."""
        parsed = urllib.parse.urlsplit(self.uri)
        if parsed.scheme not in ("ws", "wss"):
            raise InvalidURI(self.uri, "scheme isn't ws or wss")
        if not parsed.hostname:
            raise InvalidURI(self.uri, "hostname isn't provided")
        if parsed.fragment:
            raise InvalidURI(self.uri, "fragment identifier is meaningless")
        return parsed

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parsed = self.parsed()
        return parsed.hostname or "", parsed.port or (443 if parsed.scheme == "wss" else 80)

    def headers(self) -> Headers:
        """The headers beside those of the handshake itself."""
        headers = Headers()
        parsed = self.parsed()
        if parsed.username is not None:
            user = urllib.parse.unquote(parsed.username) + ":" + urllib.parse.unquote(parsed.password or "")
            headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
        if self.origin is not None:
            headers["Origin"] = self.origin
        if self.additional_headers is not None:
            headers.update(self.additional_headers)
        if self.user_agent_header is not None and "User-Agent" not in headers:
            headers["User-Agent"] = self.user_agent_header
        return headers

    def request(self) -> Request:
        """The request as the program sees it."""
        parsed = self.parsed()
        path = (parsed.path or "/") + (f"?{parsed.query}" if parsed.query else "")
        return Request(path, self.headers())

    @property
    def uri_for_core(self) -> str:
        """The address without a user, who goes into a header."""
        parsed = self.parsed()
        netloc = parsed.netloc.rpartition("@")[2]
        return urllib.parse.urlunsplit((parsed.scheme, netloc, parsed.path or "/", parsed.query, ""))

    def options(self, ca_files: Sequence[str]) -> dict[str, Any]:
        """The core's options."""
        size = self.max_size[0] if isinstance(self.max_size, tuple) else self.max_size
        connection: dict[str, Any] = {
            "connect_timeout_ms": milliseconds(self.open_timeout, FOR_EVER_MS),
            "close_timeout_ms": milliseconds(self.close_timeout, FOR_EVER_MS),
            "headers": list(self.headers().raw_items()),
            "max_message": NO_LIMIT if size is None else max(1, size),
            "no_proxy": self.proxy is None or self.proxy is False,
            "ca_files": list(ca_files),
        }
        if isinstance(self.proxy, str):
            if not self.proxy.startswith("http://"):
                raise InvalidProxy(self.proxy, "expected http://host:port, the only kind there is here")
            connection["proxy"] = self.proxy
        if isinstance(self.ssl, ssl_module.SSLContext) and self.ssl.verify_mode == ssl_module.CERT_NONE:
            connection["insecure"] = True
        high = self.write_limit[0] if isinstance(self.write_limit, tuple) else self.write_limit
        return {
            "subprotocols": list(self.subprotocols or ()),
            "ping_interval_ms": milliseconds(self.ping_interval, 0),
            "ping_timeout_ms": milliseconds(self.ping_timeout, 0),
            "connection": connection,
            "queue": {"send_high": max(1, high), "send_cap": NO_LIMIT},
        }

    def lane(self) -> dict[str, Any]:
        """The options of the queue of messages, which holds the socket back when it is full."""
        # Less than this is not worth pausing for: what was read with it is in memory anyway.
        high = self.max_queue[0] if isinstance(self.max_queue, tuple) else self.max_queue
        size = self.max_size[0] if isinstance(self.max_size, tuple) else self.max_size
        roomy = {"overflow": "block", "events": max(64, high or 1 << 30)}
        return {**roomy, "bytes": NO_LIMIT if high is None or size is None else max(256 << 10, 2 * size)}

    def authorities(self) -> list[str]:
        """The authorities that an `SSLContext` was given, as PEM texts. The system's are trusted anyway."""
        if not isinstance(self.ssl, ssl_module.SSLContext) or self.ssl.verify_mode == ssl_module.CERT_NONE:
            return []
        known = {bytes(one) for one in ssl_module.create_default_context().get_ca_certs(binary_form=True)}
        given = self.ssl.get_ca_certs(binary_form=True)
        return [ssl_module.DER_cert_to_PEM_cert(one) for one in given if one not in known]

    def redirected(self, response: Response) -> Handshake | None:
        """The handshake that a redirect asks for; `None` if it asks for none."""
        if response.status_code not in (300, 301, 302, 303, 307, 308) or "Location" not in response.headers:
            return None
        uri = urllib.parse.urljoin(self.uri, response.headers["Location"])
        after = dataclasses.replace(self, uri=uri)
        new, old = after.parsed(), self.parsed()
        if old.scheme == "wss" and new.scheme == "ws":
            raise SecurityError("cannot follow a redirect from wss:// to ws://")
        if (old.scheme, after.address) != (new.scheme, self.address):
            # Credentials are for the origin that they were given for.
            kept = [(n, v) for n, v in self.headers().raw_items() if n.lower() not in ("authorization", "cookie")]
            after.additional_headers = kept
        return after


class Authorities:
    """Certificates in a file for as long as the core may read it."""

    def __init__(self, texts: list[str]) -> None:
        self._path: str | None = None
        if texts:
            handle, self._path = tempfile.mkstemp(suffix=".pem")
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write("\n".join(texts))

    @property
    def files(self) -> list[str]:
        """The file, if there is one."""
        return [] if self._path is None else [self._path]

    def remove(self) -> None:
        """Remove it."""
        if self._path is not None:
            os.unlink(self._path)
            self._path = None


def milliseconds(seconds: float | None, never: int) -> int:
    """Seconds as the core has them."""
    return never if seconds is None else max(1, round(seconds * 1000))


def response_of(core: _native.Client) -> Response | None:
    """The answer of a server that refused."""
    refusal = core.refusal()
    if refusal is None:
        return None
    status, headers, body = refusal
    return Response(status, reason_phrase(status), Headers(headers), body)


def reason_phrase(status: int) -> str:
    """What a status is called."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def failure(error: Error, response: Response | None, uri: str) -> Exception:
    """What `connect` raises for an error of the core."""
    text = str(error)
    made: Exception
    if isinstance(error, OptionError):
        made = InvalidProxy("", text) if "proxy" in text else InvalidURI(uri, text)
    elif response is not None and response.status_code != 101:
        made = InvalidStatus(response)
    elif error.code == "handshake_failed":
        upgrade = re.search(r"\b(Upgrade|Connection|Sec-WebSocket-Accept)\b", text, re.IGNORECASE)
        made = InvalidUpgrade(upgrade[1], text) if upgrade else InvalidMessage(text)
    elif "not connected within" in text:
        made = OpenTimeout("timed out during opening handshake")
    elif number := re.search(r"\(os error (\d+)\)", text):
        made = OSError(int(number[1]), text)
    elif error.code == "connection_failed":
        made = OSError(errno.EIO if "dns" not in text else errno.EHOSTUNREACH, text)
    else:
        made = InvalidHandshake(text)
    made.__cause__ = error
    return made
