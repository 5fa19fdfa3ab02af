"""A desk whose webhooks may reach this machine, and a receiver on a real port of it."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from app.feed.dispatcher import WebhookDispatcher
from app.feed.sender import Sender
from tests.desk import Desk, opened_desk
from tests.feed.receiver import Receiver, opened_receiver
from tests.servers import TestServers
from workers.feed import open_webhook_dispatcher


@pytest.fixture(scope="module")
async def installation(
    servers: TestServers, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    """The installation that the tests of one file share; it allows webhooks to this machine over HTTP."""
    folder = tmp_path_factory.mktemp("feed")
    async with opened_desk(
        servers, template, folder, webhook_allow_private="127.0.0.1", webhook_allow_http=True
    ) as opened:
        yield opened


@pytest.fixture
async def desk(installation: Desk) -> Desk:
    """A desk without tickets and subscriptions; its clock is at `START`."""
    await installation.empty()
    async with installation.container.database.transaction() as session:
        await session.execute(text("DELETE FROM webhook_subscription"))
    return installation


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that accepts everything by default."""
    async with opened_receiver() as opened:
        yield opened


@pytest.fixture
async def dispatcher(desk: Desk) -> AsyncIterator[WebhookDispatcher]:
    """A worker's dispatcher; its turns end only when everything is sent."""
    sender = Sender(desk.container.address_guard)
    yield open_webhook_dispatcher(desk.container, sender, turn_seconds=3600)
    await sender.close()
