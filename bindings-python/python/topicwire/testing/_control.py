"""The control API of a gateway: one HTTP request a call, and answers as objects."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

# The gateway answers at once; what takes longer has gone wrong.
REQUEST_SECONDS = 10.0

DEFAULT_ROOM = "64f0a1b2c3d4e5f607182930"
"""The room of what is published without one, and of subscriptions whose token names none."""


class LocalGatewayError(RuntimeError):
    """The gateway did not start, has ended, or refused what it was asked for; the text says which, and why."""


@dataclass(frozen=True)
class Published:
    """What came of publishing a message.

    Attributes:
        id: The id that the message got.
        receivers: How many connections it was sent to.
    """

    id: str
    receivers: int


@dataclass(frozen=True)
class Connection:
    """An open connection.

    Attributes:
        conn: Its number, by which faults can be aimed at it: `target={"conn": 3}`.
        dialect: `"astro"`, `"graphql"` or another one.
        url: Path and query, with the values of the query masked.
        subprotocol: The agreed subprotocol.
        opened_ms: When it opened, milliseconds since the Unix epoch.
        closing: Whether a close frame was sent and not answered yet.
        muted: Whether a fault keeps it silent.
        buffered: Bytes that wait to be sent.
        frames_in: Frames received from the client.
        frames_out: Frames sent to it.
        bytes_in: Payload bytes received.
        bytes_out: Payload bytes sent.
        state: What the dialect knows: for Astro `client_id`, `resumed` and `subscriptions`, for GraphQL `operations`.
    """

    conn: int
    dialect: str
    url: str
    subprotocol: str | None
    opened_ms: int
    closing: bool
    muted: bool
    buffered: int
    frames_in: int
    frames_out: int
    bytes_in: int
    bytes_out: int
    state: dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """A line of the transcript. Tokens, credentials and e-mail addresses in it read `***`.

    Attributes:
        seq: Counts from 1.
        at_ms: When, milliseconds since the Unix epoch on the gateway's clock.
        conn: The number of the connection.
        direction: `"in"` from the client, `"out"` to it, `"event"` for what is no frame.
        kind: `"text"`, `"binary"`, `"ping"`, `"pong"`, `"close"`, `"open"`, `"refuse"`, …
        text: The text; for binary frames their size, for events a few words.
    """

    seq: int
    at_ms: int
    conn: int
    direction: str
    kind: str
    text: str

    @property
    def json(self) -> Any:
        """The text decoded as JSON, or as it is if it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return self.text


Record = TypeVar("Record", Connection, Entry, Published)


def record(kind: type[Record], answer: Mapping[str, Any]) -> Record:
    """An answer as an object; what a newer gateway adds is left out."""
    return kind(**{field.name: answer[field.name] for field in fields(kind)})


def request(port: int, path: str, body: object = None) -> Any:
    """One request: a POST when there is a body.

    Raises:
        LocalGatewayError: The gateway refused, with its reason, or is not there any more.
        TypeError, ValueError: The body cannot be written as JSON.
    """
    data = None if body is None else json.dumps(body, allow_nan=False).encode()
    # Not urllib: that would go through whatever proxy the environment names.
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=REQUEST_SECONDS)
    try:
        connection.request("GET" if data is None else "POST", f"/control/{path}", data)
        response = connection.getresponse()
        text = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise LocalGatewayError(f"the local gateway on port {port} did not answer {path}: {error}") from error
    finally:
        connection.close()
    answer = json.loads(text) if text else None
    if response.status >= 400:
        reason = answer.get("error", answer) if isinstance(answer, dict) else answer
        raise LocalGatewayError(f"the local gateway refused {path}: {reason}")
    return answer
