"""The desk of the tests of tickets serves here too; a test that changes the rules gets one of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.desk import Desk, opened_desk
from tests.servers import TestServers
from tests.tickets.conftest import desk, installation

__all__ = ["desk", "installation"]


@pytest.fixture
async def own_desk(servers: TestServers, template: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk on a database that belongs to this test alone; the queue is empty."""
    assert redis_url
    async with opened_desk(servers, template, tmp_path) as opened:
        yield opened
