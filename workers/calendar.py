"""After a change of the calendar: the open clocks that it has not reached yet are computed anew, whoever made it."""

import asyncio

import structlog

from app.calendar.service import mark_settled, settle_newest
from app.house import House
from workers.runtime import pause

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 10.0
"""Real seconds between two looks: longer than a program may go on with the calendar that it has read."""


async def keep_calendar(house: House, stop: asyncio.Event) -> None:
    """Settle the newest calendar until `stop` is set; a look that finds nothing, a while after it was made, ends it.

    Requests that were accepted while it was made may have been dated with the one before: hence the second look.
    """
    seen = None
    while not stop.is_set():
        found = await settle_newest(house.database, house.shelf, now=house.clock.now())
        if found is not None:
            version, renewed = found
            if renewed.looked_at:
                log.info("calendar_settled", version=str(version), clocks=renewed.looked_at, moved=renewed.moved)
            elif seen == version:
                await mark_settled(house.database, version, now=house.clock.now())
            seen = version
        await pause(PAUSE_SECONDS, stop)
