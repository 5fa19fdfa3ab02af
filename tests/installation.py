"""An installation for tests: a clock that the test sets, settings independent of the environment, API clients.

Fixtures in `conftest.py` compose these; tests that need two containers or another clock compose them by hand.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket
from typing import Any

import uvicorn
from alembic import command
from alembic.config import Config
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from app.access.service import create_client
from app.container import Container
from app.core.clock import ISTANBUL
from app.core.db import Database
from app.main import create_app
from app.people.vault import decode_key, generate_key
from app.standards.catalogue import load_catalogue
from app.standards.service import store_catalogue
from config.settings import Settings

ROOT = Path(__file__).parents[1]
ESENLER = ROOT / "config/esenler"
START = datetime(2026, 5, 12, 10, 0, tzinfo=ISTANBUL)
"""The first instant of tests: Tuesday morning of a working day; 15 calendar days later is a religious holiday."""

VALID_NATIONAL_ID = "10000000146"
"""A number with a valid checksum that belongs to no person."""


class SettableClock:
    """A clock that moves only by `set` and `advance`; waiting for it takes no real time."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return self._now

    def real_seconds(self, _stretch: timedelta) -> float:
        """Return almost nothing: a caller that waits on this clock checks again at once, and yields to the loop."""
        return 0.001

    def set(self, now: datetime) -> None:
        """Set the clock to an aware instant."""
        self._now = now.astimezone(UTC)

    def advance(self, stretch: timedelta | None = None, /, **parts: float) -> datetime:
        """Advance by a timedelta, or by its parts: `advance(days=3, hours=2)`."""
        self._now += stretch if stretch is not None else timedelta(**parts)
        return self._now


def make_settings(*, database_url: str, redis_url: str, data_dir: Path, **other: Any) -> Settings:
    """Return settings with random keys; no `ESTIM_…` variable may be set."""
    given: dict[str, Any] = {
        "municipality": ESENLER,
        "data_dir": data_dir,
        "database_url": database_url,
        "redis_url": redis_url,
        "database_pool": 5,
        "vault_keys": f"test:{generate_key()}",
        "index_key": generate_key(),
        "key_pepper": generate_key(),
        "public_url": "https://estim.example",
    }
    return Settings(**given | other)


async def migrate_and_seed(database_url: str) -> None:
    """Migrate an empty database, load Esenler's catalogue and close all connections."""

    def upgrade(connection: Connection) -> None:
        config = Config(ROOT / "alembic.ini")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    engine = create_async_engine(database_url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()
    database = Database(database_url)
    async with database.transaction() as session:
        await store_catalogue(session, load_catalogue(ESENLER), now=START)
    await database.close()


async def new_key(container: Container, role: str, unit: str | None = None) -> str:
    """Create a client with that role and return its API key."""
    async with container.database.transaction() as session:
        return await create_client(
            session,
            name=f"{role} (test)",
            role=role,
            unit=unit,
            pepper=decode_key(container.settings.key_pepper.get_secret_value()),
            now=container.clock.now(),
        )


@asynccontextmanager
async def opened_app(settings: Settings, clock: SettableClock) -> AsyncIterator[FastAPI]:
    """Start the API; its container is at `app.state.container`."""
    app = create_app(settings, clock)
    async with app.router.lifespan_context(app):
        yield app


@asynccontextmanager
async def opened_client(app: FastAPI, key: str | None = None) -> AsyncIterator[AsyncClient]:
    """Open an HTTP client of `app`, with an API key or without; an unexpected error is raised to the test."""
    headers = {} if key is None else {"X-API-Key": key}
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test", headers=headers) as client:
        yield client


class _Server(uvicorn.Server):
    """A server whose start can be awaited."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start and set the event."""
        await super().startup(sockets)
        self.up.set()


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serve the started app on a real port of this machine; yield its address."""
    server = _Server(uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    await server.up.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
