"""One gateway for each test: they misbehave on purpose, and must not share that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway import Gateway


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    yield gateway
    gateway.close()
