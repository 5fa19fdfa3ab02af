"""Fixtures that every test of the service builds on: real servers, and for each test a database of its own.

A database that was migrated and has the catalogue is the template; a copy of it takes less time than cleaning one up.
"""

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import jinja2
import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from hypothesis import settings as hypothesis_settings
from redis import Redis

from app.container import Container, open_container
from config.settings import Settings
from tests import servers as test_servers
from tests.hearing import logging_set_up
from tests.installation import SettableClock, lay_out, make_settings, new_key, opened_app, opened_client

# few examples of each property in `make test`, thousands in the nightly profile; a slow machine is no failure
hypothesis_settings.register_profile("quick", max_examples=60, deadline=None)
hypothesis_settings.register_profile("nightly", max_examples=5_000, deadline=None)
hypothesis_settings.load_profile(os.environ.get("ESTIM_HYPOTHESIS_PROFILE", "quick"))


LONG = ("tests/demo/test_demo.py", "tests/journeys/test_outage.py", "tests/test_stack.py")
"""Files whose tests take many seconds each."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long tests, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(scope="session", autouse=True)
def _no_environment() -> Iterator[None]:
    """Settings of the machine that runs the tests must not show in them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("ESTIM_")]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _logging() -> Iterator[None]:
    """Log as the programs do, but to pytest: structlog's own default renders the locals of every traceback."""
    with logging_set_up(level="info", style="console"):
        logging.getLogger().handlers.clear()
        yield


@pytest.fixture(scope="session", autouse=True)
def _texts_compiled_once() -> Iterator[None]:
    """Compile equal texts once a process: each container that is opened has the same hundred of them.

    The code is bound to the environment of its container afterwards, as ever.
    """
    compile_text, known = jinja2.Environment.compile, dict[tuple[object, ...], Any]()

    def remembering(self: jinja2.Environment, source: Any, *more: Any) -> Any:
        key = (type(self), self.trim_blocks, self.lstrip_blocks, self.autoescape, self.finalize, source, *more)
        if key not in known:
            known[key] = compile_text(self, source, *more)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", remembering)
        yield


@pytest.fixture(scope="session")
def servers() -> Iterator[test_servers.TestServers]:
    """PostgreSQL and Valkey, one pair for each pytest process."""
    with test_servers.running() as running:
        yield running


@pytest.fixture(scope="session")
async def template(servers: test_servers.TestServers) -> str:
    """Name of the database that is copied for tests: migrated, with Esenler's catalogue, no tickets, no clients."""
    await lay_out(servers.database_url)
    return "estim"


@pytest.fixture
def database_url(servers: test_servers.TestServers, template: str) -> Iterator[str]:
    """Address of a database that belongs to this test alone."""
    with servers.database(template) as url:
        yield url


@pytest.fixture
def redis_url(servers: test_servers.TestServers) -> str:
    """Address of Valkey, emptied of what tests before this one had enqueued."""
    with Redis.from_url(servers.redis_url) as valkey:
        valkey.flushall()
    return servers.redis_url


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """Settings of an installation on this test's database, with keys of its own and its outbox in `tmp_path`."""
    return make_settings(database_url=database_url, redis_url=redis_url, data_dir=tmp_path)


@pytest.fixture
def clock() -> SettableClock:
    """A clock that stands at `START` (Tuesday 2026-05-12 10:00 in Istanbul) until the test moves it."""
    return SettableClock()


@pytest.fixture
async def container(settings: Settings, clock: SettableClock) -> AsyncIterator[Container]:
    """The installation as a worker or a command has it; beside `app` it is a second process on the same database."""
    async with open_container(settings, clock) as opened:
        yield opened


@pytest.fixture
async def app(settings: Settings, clock: SettableClock) -> AsyncIterator[FastAPI]:
    """The API, started; its own container is at `app.state.container`."""
    async with opened_app(settings, clock) as started:
        yield started


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """A caller without a key."""
    async with opened_client(app) as anonymous:
        yield anonymous


@pytest.fixture
def api_key(app: FastAPI) -> Callable[..., Awaitable[str]]:
    """`await api_key("desk")`: the key of a new client; `unit=…` narrows it to a directorate."""

    async def make(role: str = "developer", unit: str | None = None) -> str:
        return await new_key(app.state.container, role, unit)

    return make


@pytest.fixture
async def client_as(
    app: FastAPI, api_key: Callable[..., Awaitable[str]]
) -> AsyncIterator[Callable[..., Awaitable[AsyncClient]]]:
    """`await client_as("desk")`: a caller with the key of a new client of that role; also `unit=…`."""
    async with AsyncExitStack() as clients:

        async def make(role: str = "developer", unit: str | None = None) -> AsyncClient:
            return await clients.enter_async_context(opened_client(app, await api_key(role, unit)))

        yield make
