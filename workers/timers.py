"""Background task: sweeps due checkpoints and reminders, and sleeps until the next one, at most a quarter of a second.

The rows are the timers; memory and queue have no state between two sweeps. So a killed worker, a wiped queue or a
second worker lose and repeat nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.container import Container
from app.escalation.sweep import fire_due, next_due_at, remind_due
from workers.runtime import pause

log = structlog.get_logger(__name__)


async def run_timers(container: Container, stop: asyncio.Event) -> None:
    """Sweep until `stop` is set; database errors are raised, and the caller restarts it."""
    while not stop.is_set():
        await sweep(container)
        await pause(await _idle_seconds(container), stop)


async def sweep(container: Container) -> int:
    """Fire everything that is due, batch after batch; return the number of checkpoints and reminders.

    Checkpoints come first, so that a due level precedes a reminder of the level below.
    """
    batch_size = container.settings.sweep_batch
    fired = await _fire_all(
        container,
        lambda session: fire_due(
            session, container.rulebooks, container.vault, now=container.clock.now(), batch_size=batch_size
        ),
    )
    reminded = await _fire_all(
        container,
        lambda session: remind_due(session, container.rulebooks, now=container.clock.now(), batch_size=batch_size),
    )
    if fired or reminded:
        log.info("checkpoints_settled", count=fired, reminders=reminded)
    return fired + reminded


async def _fire_all(container: Container, fire_batch: Callable[[AsyncSession], Awaitable[int]]) -> int:
    """Fire batches, each in its own transaction, until one is empty; return the total."""
    total = 0
    while True:
        async with container.database.transaction() as session:
            batch = await fire_batch(session)
        total += batch
        if batch == 0:
            return total


async def _idle_seconds(container: Container) -> float:
    """Return the real seconds until the next checkpoint or reminder, bounded because new ones may be armed meanwhile.

    A row that is due right after a sweep is locked by another transaction, so the next sweep waits the longest time.
    """
    longest = container.settings.sweep_idle_seconds
    async with container.database.reading() as session:
        upcoming = await next_due_at(session)
    now = container.clock.now()
    if upcoming is None or upcoming <= now:
        return longest
    return min(container.clock.real_seconds(upcoming - now), longest)
