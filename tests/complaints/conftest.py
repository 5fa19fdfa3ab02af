"""The counter of the tests of tickets serves here too; `client_as` makes callers of its app."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from httpx import AsyncClient

from tests.bugs.conftest import own_counter
from tests.installation import new_key, opened_client
from tests.tickets.conftest import counter, installation
from tests.tickets.counter import Counter

__all__ = ["counter", "installation", "own_counter"]


@pytest.fixture
async def caller(counter: Counter) -> AsyncIterator[Callable[..., Awaitable[AsyncClient]]]:
    """`await caller("desk")`: a caller of the counter's app with the key of a new client; also `unit=…`."""
    async with AsyncExitStack() as clients:

        async def make(role: str, unit: str | None = None) -> AsyncClient:
            key = await new_key(counter.container, role, unit)
            return await clients.enter_async_context(opened_client(counter.app, key))

        yield make
