"""Brings events to webhooks: looks every quarter of a second who waits, and serves each beside the others.

What was sent and what not is in the rows alone; a slow receiver holds up nobody but itself, and many of
them take turns.
"""

import asyncio
from uuid import UUID

import structlog

from app.container import Container
from app.feed.dispatcher import TURN_SECONDS, WebhookDispatcher
from app.feed.sender import Sender
from workers.runtime import pause

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 0.25
"""Real seconds between two looks."""

AT_ONCE = 16
"""Subscriptions that one worker serves at a time, each with one message at a time."""

LOOKS_PER_CLEANING = 14_400
"""After about an hour of looks, old deliveries are deleted."""


def open_webhook_dispatcher(
    container: Container, sender: Sender, *, turn_seconds: float = TURN_SECONDS
) -> WebhookDispatcher:
    """The dispatcher of a worker process."""
    return WebhookDispatcher(
        database=container.database,
        clock=container.clock,
        vault=container.vault,
        watermark=container.watermark,
        sender=sender,
        turn_seconds=turn_seconds,
    )


async def keep_feeding(container: Container, stop: asyncio.Event) -> None:
    """Serve subscriptions until `stop` is set; errors of the database are raised, and the caller starts again."""
    sender = Sender(container.address_guard)
    dispatcher = open_webhook_dispatcher(container, sender)
    serving: dict[UUID, asyncio.Task[None]] = {}
    looks = 0
    try:
        while not stop.is_set():
            if looks % LOOKS_PER_CLEANING == 0:
                await dispatcher.forget()
            looks += 1
            await _start(dispatcher, serving)
            await pause(PAUSE_SECONDS, stop)
    finally:
        for task in serving.values():
            task.cancel()
        await asyncio.gather(*serving.values(), return_exceptions=True)
        await sender.close()


async def _start(dispatcher: WebhookDispatcher, serving: dict[UUID, "asyncio.Task[None]"]) -> None:
    """Begin to serve those that wait, as far as there is room."""
    for one in [one for one, task in serving.items() if task.done()]:
        del serving[one]
    for one in await dispatcher.waiting():
        if one not in serving and len(serving) < AT_ONCE:
            serving[one] = asyncio.create_task(_serve(dispatcher, one))


async def _serve(dispatcher: WebhookDispatcher, subscription_id: UUID) -> None:
    """An error of one subscription is logged; its lease keeps it from being tried again at once."""
    try:
        await dispatcher.serve(subscription_id)
    except Exception:
        log.exception("webhook_dispatch_broke", subscription=str(subscription_id))
