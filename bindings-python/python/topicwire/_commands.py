"""Options and commands in the form that the core reads."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import OptionError
from .events import KINDS, Event

__all__ = ["filtered", "lane", "operation", "options", "subscribe", "unsubscribe", "unsubscribe_all", "written"]

_lanes = 0


def options(dialect: str, owner: str, known: type, given: Mapping[str, Any], **own: Any) -> str:
    """The options of a client. `known` is the typed dictionary that says which there are."""
    names = known.__annotations__
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise TypeError(f"{owner}() got an unknown option {name!r}{hint}")
    return _json("options", {"dialect": dialect, **own, **given})


def lane(role: str = "data", **given: Any) -> tuple[int, str]:
    """A lane's token, which is like no other's, and its options."""
    global _lanes
    _lanes += 1
    return _lanes, _json("stream", {"role": role, "token": _lanes, **given})


def filtered(
    topics: Iterable[str] | None,
    rooms: Iterable[str] | None,
    subscriptions: Iterable[int] | None,
    kinds: Iterable[type[Event]] | None,
) -> dict[str, Any]:
    """What a stream wants."""
    wanted: dict[str, Any] = {}
    for name, given in (("topics", topics), ("rooms", rooms), ("subscriptions", subscriptions)):
        if given is not None:
            if isinstance(given, str):
                raise OptionError(f"option `{name}`: expected several, such as a list", "invalid_option")
            wanted[name] = list(given)
    if kinds is not None:
        wanted["kinds"] = [kind_name(kind) for kind in kinds]
    return wanted


def kind_name(kind: type[Event]) -> str:
    """The name of a kind of events."""
    name = KINDS.get(kind)
    if name is None:
        raise OptionError("option `kinds`: expected classes of events, such as topicwire.Gap", "invalid_option")
    return name


def subscribe(topic: str, room: str | None, credential: str | None, no_room: bool) -> str:
    """Listen to a topic of a room."""
    command = {"type": "subscribe", "topic": topic, "room": room, "no_room": no_room, "credential": credential}
    return _json("subscribe", command)


def unsubscribe(subscription: int) -> str:
    """End one subscription."""
    return _json("unsubscribe", {"type": "unsubscribe", "subscription": subscription})


def unsubscribe_all(topic: str) -> str:
    """End every subscription of a topic."""
    return _json("unsubscribe_all", {"type": "unsubscribe_all", "topic": topic})


def operation(
    kind: str,
    query: str,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
    extensions: Mapping[str, Any] | None,
    data_timeout_ms: int | None = None,
) -> str:
    """Start or execute an operation."""
    command = {
        "type": kind,
        "query": query,
        "variables": variables,
        "operation_name": operation_name,
        "extensions": extensions,
        "data_timeout_ms": data_timeout_ms,
    }
    return _json(kind, command)


def written(kind: str, members: Mapping[str, Any]) -> str:
    """Any other command."""
    return _json(kind, members)


PING = '{"type":"ping"}'


def _json(what: str, value: Mapping[str, Any]) -> str:
    try:
        return json.dumps(value, default=_plain, allow_nan=False)
    except (TypeError, ValueError) as error:
        # The text may quote a value, and a value may be a secret.
        raise OptionError(f"{what}: expected what JSON can say", "invalid_option") from (
            error if isinstance(error, TypeError) else None
        )


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if hasattr(value, "__fspath__"):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
