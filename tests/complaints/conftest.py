"""The desk of the tests of tickets serves here too; `client_as` makes callers of its app."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from httpx import AsyncClient

from tests.bugs.conftest import own_desk
from tests.desk import Desk
from tests.installation import new_key, opened_client
from tests.tickets.conftest import desk, installation

__all__ = ["desk", "installation", "own_desk"]


@pytest.fixture
async def caller(desk: Desk) -> AsyncIterator[Callable[..., Awaitable[AsyncClient]]]:
    """`await caller("desk")`: a caller of the desk's app with the key of a new client; also `unit=…`."""
    async with AsyncExitStack() as clients:

        async def make(role: str, unit: str | None = None) -> AsyncClient:
            key = await new_key(desk.container, role, unit)
            return await clients.enter_async_context(opened_client(desk.app, key))

        yield make
