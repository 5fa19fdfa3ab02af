"""Background task: sends events to webhook subscriptions, each in a task of its own.

The database alone records the progress. A slow receiver delays only itself, and many slow receivers take turns.
"""

import asyncio
from uuid import UUID

import structlog

from app.container import Container
from app.feed.dispatcher import TURN_SECONDS, WebhookDispatcher
from app.feed.sender import Sender
from workers.runtime import pause

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 0.25
"""Real seconds between two queries for waiting subscriptions."""

MAX_CONCURRENT = 16
"""Subscriptions that one worker serves at a time, each with one message at a time."""

INTERVALS_PER_CLEANUP = 14_400
"""Intervals between two deletions of old deliveries: about an hour."""


def open_webhook_dispatcher(
    container: Container, sender: Sender, *, turn_seconds: float = TURN_SECONDS
) -> WebhookDispatcher:
    """Return the webhook dispatcher of a worker process."""
    return WebhookDispatcher(
        database=container.database,
        clock=container.clock,
        vault=container.vault,
        watermark=container.watermark,
        sender=sender,
        turn_seconds=turn_seconds,
    )


async def run_feed(container: Container, stop: asyncio.Event) -> None:
    """Serve subscriptions until `stop` is set; database errors are raised, and the caller restarts it."""
    sender = Sender(container.address_guard)
    dispatcher = open_webhook_dispatcher(container, sender)
    serving: dict[UUID, asyncio.Task[None]] = {}
    intervals = 0
    try:
        while not stop.is_set():
            if intervals % INTERVALS_PER_CLEANUP == 0:
                await dispatcher.delete_old_deliveries()
            intervals += 1
            await _start(dispatcher, serving)
            await pause(INTERVAL_SECONDS, stop)
    finally:
        for task in serving.values():
            task.cancel()
        await asyncio.gather(*serving.values(), return_exceptions=True)
        await sender.close()


async def _start(dispatcher: WebhookDispatcher, serving: dict[UUID, "asyncio.Task[None]"]) -> None:
    """Start a task for each waiting subscription, up to `MAX_CONCURRENT` tasks."""
    for one in [one for one, task in serving.items() if task.done()]:
        del serving[one]
    for one in await dispatcher.list_waiting():
        if one not in serving and len(serving) < MAX_CONCURRENT:
            serving[one] = asyncio.create_task(_serve(dispatcher, one))


async def _serve(dispatcher: WebhookDispatcher, subscription_id: UUID) -> None:
    """Serve one subscription and log its error; the lease delays the next attempt."""
    try:
        await dispatcher.serve(subscription_id)
    except Exception:
        log.exception("webhook_dispatch_broke", subscription=str(subscription_id))
