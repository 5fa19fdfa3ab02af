"""A counter whose webhooks may reach this machine, and a receiver on a real port of it."""

from collections.abc import AsyncIterator

import pytest

from app.feed.dispatch import Dispatcher
from app.feed.sender import Sender
from tests.feed.receiver import Receiver, opened_receiver
from tests.servers import TestServers
from tests.tickets.conftest import counter
from tests.tickets.counter import Counter, opened_counter
from workers.feed import open_dispatcher

__all__ = ["counter"]


@pytest.fixture(scope="module")
async def installation(
    servers: TestServers, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Counter]:
    """What the tests of one file share; webhooks may go to this machine, unencrypted."""
    folder = tmp_path_factory.mktemp("feed")
    async with opened_counter(
        servers, template, folder, webhook_allow_private="127.0.0.1", webhook_allow_http=True
    ) as opened:
        yield opened


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that takes everything until it is told otherwise."""
    async with opened_receiver() as opened:
        yield opened


@pytest.fixture
async def dispatcher(counter: Counter) -> AsyncIterator[Dispatcher]:
    """The dispatcher of a worker beside the counter."""
    sender = Sender(counter.house.guard)
    yield open_dispatcher(counter.house, sender)
    await sender.close()
