"""What a client reported, put so that it can be compared: no numbers, no times, names in place of ids."""

from __future__ import annotations

import json
from typing import Any

from topicwire import Closed, Ended, Fault, Gap, Message, State, Subscribed, Unsubscribed

KINDS = ["message", "state", "subscribed", "unsubscribed", "ended", "gap", "reply", "fault", "need", "closed", "lagged"]


def line(event: object, names: dict[int, str]) -> dict[str, Any] | None:
    """An event as a scenario writes it; `None` for those that it never mentions."""

    def every(subscriptions: tuple[int, ...]) -> list[str]:
        return [names.get(one, "?") for one in subscriptions]

    match event:
        case dict():
            return event
        case Message():
            try:
                payload = json.loads(event.raw)
            except ValueError:
                payload = event.raw.decode(errors="replace")
            return {"message": payload, "of": every(event.subscriptions), "topic": event.topic}
        case State():
            return {"state": event.to}
        case Subscribed():
            named = names.get(event.subscription, "?")
            return {"subscribed": named, "recovered": event.recovered, "confirmed": event.confirmed}
        case Unsubscribed():
            return {"unsubscribed": names.get(event.subscription, "?")}
        case Ended():
            return {"ended": names.get(event.subscription, "?"), "outcome": event.outcome}
        case Gap():
            return {"gap": every(event.subscriptions)}
        case Fault():
            return {"fault": event.kind}
        case Closed():
            return {"closed": None if event.cause is None else event.cause.code}
    return None


def matches(pattern: Any, value: Any, kept: dict[str, Any]) -> bool:
    """Whether a value has what a pattern asks for. `"$name"` matches anything and keeps it, or is what was kept."""
    if isinstance(pattern, str) and pattern.startswith("$"):
        return bool(kept.setdefault(pattern, value) == value)
    if isinstance(pattern, dict) and isinstance(value, dict):
        return all(
            matches(wanted, value[name], kept) if name in value else wanted is None for name, wanted in pattern.items()
        )
    if isinstance(pattern, list) and isinstance(value, list):
        return len(pattern) == len(value) and all(matches(*pair, kept) for pair in zip(pattern, value, strict=True))
    return bool(pattern == value) and isinstance(pattern, bool) == isinstance(value, bool)


def fill(template: Any, kept: dict[str, Any]) -> Any:
    """A template with what was kept in place of its names."""
    if isinstance(template, str):
        return kept.get(template, template)
    if isinstance(template, dict):
        return {name: fill(value, kept) for name, value in template.items()}
    if isinstance(template, list):
        return [fill(value, kept) for value in template]
    return template


def difference(expected: list[dict[str, Any]], heard: list[dict[str, Any]]) -> str | None:
    """What differs. What concerns one subscription (or request) must come in order; across them order is free."""
    mentioned = {_kind(event) for event in expected}
    wanted: dict[str, list[dict[str, Any]]] = {}
    there: dict[str, list[dict[str, Any]]] = {}
    for event in expected:
        for stream in _streams(event):
            wanted.setdefault(stream, []).append(event)
    for event in heard:
        if _kind(event) in mentioned:
            for stream in _streams(event):
                events = there.setdefault(stream, [])
                if "state" not in event or events[-1:] != [event]:
                    events.append(event)
    for stream in {**wanted, **there}:
        one, other = wanted.get(stream, []), there.get(stream, [])
        if len(one) != len(other) or not all(matches(*pair, {}) for pair in zip(one, other, strict=True)):
            return f"{stream}:\n  expected {json.dumps(one)}\n  heard    {json.dumps(other)}"
    return None


def _kind(event: dict[str, Any]) -> str | None:
    return next((kind for kind in KINDS if kind in event), None)


def _streams(event: dict[str, Any]) -> list[str]:
    kind = _kind(event)
    found: list[str] = []
    if kind == "message":
        found = [f"subscription {name}" for name in event.get("of", [])]
    elif kind == "gap":
        found = [f"subscription {name}" for name in event["gap"]]
    elif kind in ("subscribed", "unsubscribed", "ended"):
        found = [f"subscription {event[kind]}"]
    elif kind == "reply":
        found = [f"request {event['reply']}"]
    elif kind in ("state", "closed"):
        found = ["the client's state"]
    elif kind is not None:
        found = [f"{kind}s"]
    return found or ["messages of nobody"]
