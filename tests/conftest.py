"""Fixtures of all tests: real servers, and a database of its own for each test.

The template is a migrated database with the catalogue; copying it takes less time than cleaning one up.
"""

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from hypothesis import settings as hypothesis_settings
from redis import Redis

from app.container import Container, open_container
from app.standards import yaml_file
from config.settings import Settings
from tests import fast_collection
from tests import servers as test_servers
from tests.installation import SettableClock, make_settings, migrate_and_seed, new_key, opened_app, opened_client
from tests.log_capture import configured_logging
from tests.unit_guard import starting_nothing

# few examples per property in `make test`, thousands in the nightly profile; no deadline, for slow machines
hypothesis_settings.register_profile("quick", max_examples=60, deadline=None)
hypothesis_settings.register_profile("fast", max_examples=10, deadline=None)
hypothesis_settings.register_profile("nightly", max_examples=5_000, deadline=None)
hypothesis_settings.load_profile(os.environ.get("ESTIM_HYPOTHESIS_PROFILE", "quick"))


LONG = ("tests/demo/test_demo.py", "tests/journeys/test_outage.py", "tests/test_stack.py")
"""Files whose tests take many seconds."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out of a fast run each file whose tests all need servers; None lets pytest decide."""
    return True if fast_collection.is_fast(config) and fast_collection.needs_servers(config, collection_path) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that need servers; run the long ones first, so that no xdist worker ends alone with one."""
    for item in items:
        if "servers" in getattr(item, "fixturenames", ()):
            item.add_marker("server")
    if fast_collection.is_fast(config):
        fast_collection.remember(config, items)
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Let the fixtures of a unit test start nothing."""
    with _guard(item):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Let a unit test start nothing."""
    with _guard(item):
        yield


def _guard(item: pytest.Item) -> AbstractContextManager[None]:
    return nullcontext() if item.get_closest_marker("server") else starting_nothing()


@pytest.fixture(scope="session", autouse=True)
def _no_environment() -> Iterator[None]:
    """Remove the machine's own `ESTIM_…` variables."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("ESTIM_")]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _logging() -> Iterator[None]:
    """Configure logging like the programs, without handlers: structlog's default renders the locals of tracebacks."""
    with configured_logging(level="info", style="console"):
        logging.getLogger().handlers.clear()
        yield


@pytest.fixture(scope="session", autouse=True)
def _templates_compiled_once() -> Iterator[None]:
    """Compile equal templates once per process: each opened container has the same hundred of them.

    Jinja binds the compiled code to the environment of its container afterwards.
    """
    compile_text, known = jinja2.Environment.compile, dict[tuple[object, ...], Any]()

    def compile_once(self: jinja2.Environment, source: Any, *more: Any) -> Any:
        key = (type(self), self.trim_blocks, self.lstrip_blocks, self.autoescape, self.finalize, source, *more)
        if key not in known:
            known[key] = compile_text(self, source, *more)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", compile_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _yaml_parsed_once() -> Iterator[None]:
    """Parse equal YAML files once per process: tests of a folder change one file of it and read all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_file, "_parse", lru_cache(maxsize=512)(yaml_file._parse))
        yield


@pytest.fixture(scope="session")
def servers() -> Iterator[test_servers.TestServers]:
    """Start PostgreSQL and Valkey, one pair per pytest process."""
    with test_servers.running() as running:
        yield running


@pytest.fixture(scope="session")
async def template(servers: test_servers.TestServers) -> str:
    """Migrate the template database, load Esenler's catalogue and return its name; it has no tickets or clients."""
    await migrate_and_seed(servers.database_url)
    return "estim"


@pytest.fixture
def database_url(servers: test_servers.TestServers, template: str) -> Iterator[str]:
    """Yield the address of this test's own database."""
    with servers.database(template) as url:
        yield url


@pytest.fixture
def redis_url(servers: test_servers.TestServers) -> str:
    """Empty Valkey of earlier tests' jobs and return its address."""
    with Redis.from_url(servers.redis_url) as valkey:
        valkey.flushall()
    return servers.redis_url


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """Return settings with this test's database, random keys and the outbox in `tmp_path`."""
    return make_settings(database_url=database_url, redis_url=redis_url, data_dir=tmp_path)


@pytest.fixture
def clock() -> SettableClock:
    """Return a clock at `START` (Tuesday 2026-05-12 10:00 in Istanbul), which the test moves."""
    return SettableClock()


@pytest.fixture
async def container(settings: Settings, clock: SettableClock) -> AsyncIterator[Container]:
    """Open the container of a worker or a command; with `app` it is a second process on the same database."""
    async with open_container(settings, clock) as opened:
        yield opened


@pytest.fixture
async def app(settings: Settings, clock: SettableClock) -> AsyncIterator[FastAPI]:
    """Start the API; its own container is at `app.state.container`."""
    async with opened_app(settings, clock) as started:
        yield started


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Open an HTTP client without a key."""
    async with opened_client(app) as anonymous:
        yield anonymous


@pytest.fixture
def api_key(app: FastAPI) -> Callable[..., Awaitable[str]]:
    """Return a factory of API keys: `await api_key("desk")`; `unit=…` restricts the key to a directorate."""

    async def make(role: str = "developer", unit: str | None = None) -> str:
        return await new_key(app.state.container, role, unit)

    return make


@pytest.fixture
async def client_as(
    app: FastAPI, api_key: Callable[..., Awaitable[str]]
) -> AsyncIterator[Callable[..., Awaitable[AsyncClient]]]:
    """Yield a factory of HTTP clients with a new key: `await client_as("desk")`; also `unit=…`."""
    async with AsyncExitStack() as clients:

        async def make(role: str = "developer", unit: str | None = None) -> AsyncClient:
            return await clients.enter_async_context(opened_client(app, await api_key(role, unit)))

        yield make
