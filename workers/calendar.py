"""After a change of the calendar: the open clocks that it has not reached yet are computed anew, whoever made it."""

import asyncio
from uuid import UUID

import structlog

from app.calendar_admin.service import mark_settled, seed_next_year, settle_newest
from app.container import Container
from workers.runtime import pause

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 10.0
"""Real seconds between two looks: longer than a program may go on with the calendar that it has read."""


async def keep_calendar(container: Container, stop: asyncio.Event) -> None:
    """Keep every open clock on the newest calendar until `stop` is set."""
    seen = None
    while not stop.is_set():
        seen = await look(container, seen)
        await pause(PAUSE_SECONDS, stop)


async def look(container: Container, seen: UUID | None) -> UUID | None:
    """Settle the newest calendar, and mark it so when a second look, a while after the first, finds nothing.

    `seen` is the version of the look before; returns that of this one, None where nothing is left to do. Requests that
    were accepted while the version was made may have been dated with the one before: hence the second look.
    """
    now = container.clock.now()
    if await seed_next_year(container.database, container.rulebooks, now=now):
        log.info("calendar_prolonged")
    found = await settle_newest(container.database, container.rulebooks, now=now)
    if found is None:
        return None
    version, renewed = found
    if renewed.examined:
        log.info("calendar_settled", version=str(version), clocks=renewed.examined, moved=renewed.moved)
    elif seen == version:
        await mark_settled(container.database, version, now=now)
    return version
