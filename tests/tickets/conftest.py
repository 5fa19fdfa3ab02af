"""The desk for tests of tickets: one installation a file, emptied and back at `START` before each test."""

from collections.abc import AsyncIterator

import pytest

from tests.desk import Desk, opened_desk
from tests.servers import TestServers


@pytest.fixture(scope="module")
async def installation(
    servers: TestServers, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    """Return the desk that the tests of one file share."""
    async with opened_desk(servers, template, tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@pytest.fixture
async def desk(installation: Desk) -> Desk:
    """Return a desk without tickets, with its clock at `START`."""
    await installation.empty()
    return installation
