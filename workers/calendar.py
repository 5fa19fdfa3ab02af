"""Background task: recomputes the open clocks after a change of the calendar, and seeds the next year."""

import asyncio
from uuid import UUID

import structlog

from app.calendar_admin.service import mark_settled, seed_next_year, settle_newest
from app.container import Container
from workers.runtime import pause

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 10.0
"""Real seconds between two checks: longer than a process may use a calendar that it has read."""


async def run_calendar(container: Container, stop: asyncio.Event) -> None:
    """Keep every open clock on the newest calendar until `stop` is set."""
    checked = None
    while not stop.is_set():
        checked = await settle_calendar(container, checked)
        await pause(INTERVAL_SECONDS, stop)


async def settle_calendar(container: Container, checked: UUID | None) -> UUID | None:
    """Recompute the clocks that the newest calendar has not reached; return its version, or None if it is settled.

    `checked` is the version of the previous check. A second check without findings marks the version as settled,
    because requests accepted during its creation may have been dated with the version before it.
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
    elif checked == version:
        await mark_settled(container.database, version, now=now)
    return version
