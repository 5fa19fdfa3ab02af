"""Keeps time: fires what is due, sleeps until the next instant, and never longer than a quarter of a second.

The rows are the timers. Nothing is kept in memory or in the queue between two sweeps, so a worker that dies, a queue
that is wiped or a second worker beside this one change nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.container import Container
from app.escalation.sweep import fire_due, next_due_at, remind_due

log = structlog.get_logger(__name__)


async def keep_time(container: Container, stop: asyncio.Event) -> None:
    """Sweep until `stop` is set; errors of the database are raised, and the caller starts again."""
    while not stop.is_set():
        await sweep(container)
        try:
            await asyncio.wait_for(stop.wait(), await _idle_seconds(container))
        except TimeoutError:
            continue


async def sweep(container: Container) -> int:
    """Fire everything that is due now, batch after batch; returns how many checkpoints and reminders were settled.

    Checkpoints first: a level that is due comes before a reminder of the one below.
    """
    batch_size = container.settings.sweep_batch
    settled = await _until_none(
        container,
        lambda session: fire_due(
            session, container.rulebooks, container.vault, now=container.clock.now(), batch_size=batch_size
        ),
    )
    reminded = await _until_none(
        container,
        lambda session: remind_due(session, container.rulebooks, now=container.clock.now(), batch_size=batch_size),
    )
    if settled or reminded:
        log.info("checkpoints_settled", count=settled, reminders=reminded)
    return settled + reminded


async def _until_none(container: Container, fire: Callable[[AsyncSession], Awaitable[int]]) -> int:
    """Fire batch after batch, each in a transaction of its own, until one is empty; returns how many there were."""
    total = 0
    while True:
        async with container.database.transaction() as session:
            batch = await fire(session)
        total += batch
        if batch == 0:
            return total


async def _idle_seconds(container: Container) -> float:
    """Real seconds until the next checkpoint or reminder, bounded: new ones may be armed meanwhile.

    What is due right after a sweep is held by somebody else; asking for it at once again would only keep them busy.
    """
    longest = container.settings.sweep_idle_seconds
    async with container.database.reading() as session:
        upcoming = await next_due_at(session)
    now = container.clock.now()
    if upcoming is None or upcoming <= now:
        return longest
    return min(container.clock.real_seconds(upcoming - now), longest)
