"""Counters for the tests of tickets: one that a file shares, and one for tests that move time or count rows."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.servers import TestServers
from tests.tickets.counter import Counter, opened_counter


@pytest.fixture(scope="module")
async def counter(
    servers: TestServers, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Counter]:
    """One installation for a file; its tests open tickets of their own and leave the clock alone."""
    async with opened_counter(servers, template, tmp_path_factory.mktemp("counter")) as opened:
        yield opened


@pytest.fixture
async def own_counter(servers: TestServers, template: str, tmp_path: Path) -> AsyncIterator[Counter]:
    """An installation for one test, which may move the clock and sweep."""
    async with opened_counter(servers, template, tmp_path) as opened:
        yield opened
