"""Upkeep: finds the notices that nobody rang for, or whose deliverer died, however the queue fares.

A loop of our own: ticks of arq's cron that are missed while a worker is down are not made up for.
"""

import asyncio

import structlog

from app.container import Container
from app.notices.delivery.backoff import on_clock
from app.notices.delivery.dispatcher import NoticeDispatcher, due_notices
from workers.runtime import pause

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 2.0
"""Real seconds between two looks."""

RING_SECONDS = 1.0
"""Real seconds that the job queue has before a due notice counts as not enqueued."""

AT_ONCE = 256


async def keep_delivering(container: Container, dispatcher: NoticeDispatcher, stop: asyncio.Event) -> None:
    """Deliver lost notices until `stop` is set; errors of the database are raised, and the caller starts again."""
    while not stop.is_set():
        await deliver_lost(container, dispatcher, stop)
        await pause(PAUSE_SECONDS, stop)


async def deliver_lost(container: Container, dispatcher: NoticeDispatcher, stop: asyncio.Event) -> int:
    """Deliver due notices that were not enqueued, oldest first; return how many were taken."""
    taken = 0
    while not stop.is_set():
        rung_before = container.clock.now() - on_clock(container.clock, RING_SECONDS)
        async with container.database.reading() as session:
            lost = await due_notices(session, rung_before, AT_ONCE)
        batch = await dispatcher.deliver(lost)
        if batch == 0:
            break
        taken += batch
    if taken:
        log.info("lost_notices_taken", count=taken)
    return taken
