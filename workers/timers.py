"""Keeps time: fires what is due, sleeps until the next instant, and never longer than a quarter of a second.

The rows are the timers. Nothing is kept in memory or in the queue between two sweeps, so a worker that dies, a queue
that is wiped or a second worker beside this one change nothing.
"""

import asyncio

import structlog

from app.escalation.service import fire_due, next_due_at
from app.house import House

log = structlog.get_logger(__name__)


async def keep_time(house: House, stop: asyncio.Event) -> None:
    """Sweep until `stop` is set; errors of the database are raised, and the caller starts again."""
    while not stop.is_set():
        await sweep(house)
        try:
            await asyncio.wait_for(stop.wait(), await _idle_seconds(house))
        except TimeoutError:
            continue


async def sweep(house: House) -> int:
    """Fire everything that is due now, batch after batch; returns how many checkpoints were settled."""
    settled = 0
    while True:
        async with house.database.transaction() as session:
            batch = await fire_due(
                session, house.shelf, house.vault, now=house.clock.now(), limit=house.settings.sweep_batch
            )
        settled += batch
        if batch == 0:
            break
    if settled:
        log.info("checkpoints_settled", count=settled)
    return settled


async def _idle_seconds(house: House) -> float:
    """Real seconds until the next checkpoint, bounded: new ones may be armed meanwhile.

    What is due right after a sweep is held by somebody else; asking for it at once again would only keep them busy.
    """
    longest = house.settings.sweep_idle_seconds
    async with house.database.reading() as session:
        upcoming = await next_due_at(session)
    now = house.clock.now()
    if upcoming is None or upcoming <= now:
        return longest
    return min(house.clock.real_seconds(upcoming - now), longest)
