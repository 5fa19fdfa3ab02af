"""An installation that the tests of one file share; they do not depend on each other."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.installation import SettableClock, make_settings, new_key, opened_app, opened_client
from tests.servers import TestServers


@dataclass(frozen=True, slots=True)
class Shared:
    """A started app with its clock and a client with every scope."""

    app: FastAPI
    clock: SettableClock
    key: str
    client: AsyncClient


@pytest.fixture(scope="module")
async def shared(
    servers: TestServers, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shared]:
    """One installation per file; each test uses its own message ids."""
    with servers.database(template) as url:
        folder: Path = tmp_path_factory.mktemp("shared")
        settings = make_settings(database_url=url, redis_url=servers.redis_url, data_dir=folder)
        clock = SettableClock()
        async with opened_app(settings, clock) as app:
            key = await new_key(app.state.container, "developer")
            async with opened_client(app, key) as client:
                yield Shared(app, clock, key, client)
