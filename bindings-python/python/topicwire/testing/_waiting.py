"""Waiting for something to become true in another process, with a deadline and an error that says what was missing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ._control import LocalGatewayError

T = TypeVar("T")
LOOK_SECONDS = 0.01


@dataclass(frozen=True)
class Condition(Generic[T]):
    """What to wait for.

    Attributes:
        look: Returns what was waited for, or None while it is not there.
        missing: Says what is expected and what is there instead; called when the time is up.
    """

    look: Callable[[], T | None]
    missing: Callable[[], str]


def wait(condition: Condition[T], timeout: float) -> T:
    """Look until it is there.

    Raises:
        LocalGatewayError: The time is up.
    """
    deadline = time.monotonic() + timeout
    while (found := condition.look()) is None:
        if time.monotonic() >= deadline:
            raise LocalGatewayError(f"after {timeout:g} s: {condition.missing()}")
        time.sleep(LOOK_SECONDS)
    return found


async def wait_async(condition: Condition[T], timeout: float) -> T:
    """The same, while the loop goes on; nothing is left behind when it is cancelled."""
    deadline = time.monotonic() + timeout
    while (found := await in_thread(condition.look)) is None:
        if time.monotonic() >= deadline:
            raise LocalGatewayError(f"after {timeout:g} s: {await in_thread(condition.missing)}")
        await asyncio.sleep(LOOK_SECONDS)
    return found


def in_thread(call: Callable[[], T]) -> Awaitable[T]:
    """Run what blocks for a moment without holding the loop up."""
    return asyncio.to_thread(call)
