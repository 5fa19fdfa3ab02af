"""The counter of the tests of tickets serves here too; a test that changes the rules gets one of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.servers import TestServers
from tests.tickets.conftest import counter, installation
from tests.tickets.counter import Counter, opened_counter

__all__ = ["counter", "installation"]


@pytest.fixture
async def own_counter(servers: TestServers, template: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Counter]:
    """A counter on a database that belongs to this test alone; the queue is empty."""
    assert redis_url
    async with opened_counter(servers, template, tmp_path) as opened:
        yield opened
