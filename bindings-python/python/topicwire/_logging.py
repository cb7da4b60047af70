"""What the package tells `logging`, under the name "topicwire". Secrets never get into events, and so not into this."""

from __future__ import annotations

import logging

from .events import Closed, Fault, Gap, Lagged, Opened, State

__all__ = ["log", "note"]

log = logging.getLogger("topicwire")
log.addHandler(logging.NullHandler())


def note(client: str, event: object) -> None:
    """Log an event of the kind that tells how a client is doing."""
    match event:
        case State(from_=before, to=now, cause=cause):
            level = logging.WARNING if now == "backoff" else logging.INFO
            log.log(level, "%s: %s → %s%s", client, before, now, f" ({cause})" if cause else "")
        case Opened(connection=connection, protocol=protocol):
            log.debug("%s: connection %d is open, subprotocol %s", client, connection, protocol)
        case Fault(kind=kind, error=error, count=count):
            log.warning("%s: %s: %s%s", client, kind, error, f" ({count} times)" if count > 1 else "")
        case Gap(subscriptions=subscriptions, since=since, until=until):
            log.warning("%s: messages of %s may be missing, from %d to %s ms", client, subscriptions, since, until)
        case Lagged(count=count):
            log.warning("%s: read too slowly, %d messages dropped", client, count)
        case Closed(cause=cause) if cause is not None:
            log.error("%s: ended: %s", client, cause)
        case _:
            pass
