"""The counter for tests of tickets: one installation a file, emptied and back at `START` before each test."""

from collections.abc import AsyncIterator

import pytest

from tests.servers import TestServers
from tests.tickets.counter import Counter, opened_counter


@pytest.fixture(scope="module")
async def installation(
    servers: TestServers, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Counter]:
    """What the tests of one file share."""
    async with opened_counter(servers, template, tmp_path_factory.mktemp("counter")) as opened:
        yield opened


@pytest.fixture
async def counter(installation: Counter) -> Counter:
    """A counter without tickets, whose clock stands at `START`."""
    await installation.empty()
    return installation
