"""Fixtures for pytest, which finds them by itself where topicwire is installed.

    def test_my_bot(topicwire_gateway):
        ...  # a LocalGateway of this test alone

    async def test_my_async_bot(topicwire_async_gateway):
        ...  # the same with coroutines; needs a plug-in that runs coroutines, such as pytest-asyncio

A test's gateway knows nothing of another test's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from . import AsyncLocalGateway, LocalGateway


@pytest.fixture
def topicwire_gateway() -> Iterator[LocalGateway]:
    """A `topicwire.testing.LocalGateway` for one test: a process of its own, ended after it."""
    from . import LocalGateway  # not before somebody asks: pytest loads this module in every run

    with LocalGateway() as gateway:
        yield gateway


@pytest.fixture
def topicwire_async_gateway(topicwire_gateway: LocalGateway) -> AsyncLocalGateway:
    """The gateway of `topicwire_gateway` with coroutines for methods."""
    return topicwire_gateway.asynchronous
