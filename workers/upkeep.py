"""Background task: delivers the notices whose job was lost or whose worker died.

It is a loop of its own, because arq's cron does not catch up on the ticks that a stopped worker missed.
"""

import asyncio

import structlog

from app.container import Container
from app.notices.delivery.backoff import clock_duration
from app.notices.delivery.dispatcher import NoticeDispatcher, due_notices
from workers.runtime import pause

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 2.0
"""Real seconds between two queries for lost notices."""

JOB_GRACE_SECONDS = 1.0
"""Real seconds that the job of a due notice has before the notice counts as lost."""

BATCH_SIZE = 256


async def run_upkeep(container: Container, dispatcher: NoticeDispatcher, stop: asyncio.Event) -> None:
    """Deliver lost notices until `stop` is set; database errors are raised, and the caller restarts it."""
    while not stop.is_set():
        await deliver_lost_notices(container, dispatcher, stop)
        await pause(INTERVAL_SECONDS, stop)


async def deliver_lost_notices(container: Container, dispatcher: NoticeDispatcher, stop: asyncio.Event) -> int:
    """Deliver the due notices whose jobs were lost, oldest first; return their number."""
    taken = 0
    while not stop.is_set():
        due_before = container.clock.now() - clock_duration(container.clock, JOB_GRACE_SECONDS)
        async with container.database.reading() as session:
            lost = await due_notices(session, due_before, BATCH_SIZE)
        batch = await dispatcher.deliver(lost)
        if batch == 0:
            break
        taken += batch
    if taken:
        log.info("lost_notices_taken", count=taken)
    return taken
