"""Firing due checkpoints: claimed oldest first, decided in `firing.py`, written as one set in one transaction.

Claim, read and write never wait for anybody: a checkpoint or ticket that somebody else holds is left for the next
sweep. Everything a checkpoint causes is committed with its own state, so a killed worker leaves either all or nothing,
and unique keys (ticket, cycle, level) keep a second sweep from doing it again.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import not_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import among, bulk_insert, bulk_update
from app.core.jobs import ring
from app.escalation.due import read_due
from app.escalation.firing import Changes, Due, decide
from app.escalation.model import Escalation
from app.notices.model import Notice
from app.people.vault import Vault
from app.sla.calendar import Calendar
from app.sla.model import Checkpoint, SlaClock
from app.standards.rulebook import Shelf
from app.tickets.lapse import lapse_fee
from app.tickets.model import Ticket, TicketEvent

log = structlog.get_logger(__name__)


async def fire_due(session: AsyncSession, shelf: Shelf, vault: Vault, *, now: datetime, limit: int) -> int:
    """Fire up to `limit` checkpoints that are due at `now`; returns how many were settled (fired or cancelled).

    To be called until it returns 0. Rings the doorbell for the notices it wrote.
    """
    claimed = await _claim(session, now, limit)
    if not claimed:
        return 0
    due = await read_due(session, claimed)
    catalogue = (await shelf.current()).catalogue
    calendars = {
        version: await shelf.calendars(session, version) for version in {point.calendar_version_id for point in due}
    }

    def calendar_of(point: Due) -> Calendar:
        return calendars[point.calendar_version_id][point.policy["hours"]]

    changes = decide(due, catalogue=catalogue, calendar_of=calendar_of, now=now)
    for checkpoint_id, error in changes.failed:
        log.error("checkpoint_undecidable", checkpoint_id=str(checkpoint_id), exc_info=error)
    await _write(session, changes, now)
    for point in changes.lapsed:
        await lapse_fee(session, vault, shelf, point.ticket.id, pay_by=point.due_at, now=now)
    return len(changes.fired) + len(changes.cancelled)


async def next_due_at(session: AsyncSession) -> datetime | None:
    """The instant of the next armed checkpoint; None when nothing is armed."""
    armed = select(Checkpoint.due_at).where(Checkpoint.state == "armed").order_by(Checkpoint.due_at).limit(1)
    instant: datetime | None = await session.scalar(armed)
    return instant


async def _claim(session: AsyncSession, now: datetime, limit: int) -> list[UUID]:
    """Lock due checkpoints with their tickets, the oldest first; what is held elsewhere is skipped.

    Locked first and read afterwards, in a statement of its own: only then is it certain that the clock is seen as the
    command that held the lock before has left it. Held tickets, however many, do not stand in the way of later ones.
    """
    skipped: list[UUID] = []
    while True:
        oldest = await _lock_checkpoints(session, now, limit, skipped)
        of_tickets = select(Ticket.id).where(among(Ticket.id, list(set(oldest.values()))))
        free = set(await session.scalars(of_tickets.with_for_update(key_share=True, skip_locked=True)))
        claimed = [checkpoint for checkpoint, ticket in oldest.items() if ticket in free]
        if claimed or len(oldest) < limit:
            return claimed
        skipped += oldest


async def _lock_checkpoints(
    session: AsyncSession, now: datetime, limit: int, skipped: Sequence[UUID]
) -> dict[UUID, UUID]:
    """The oldest due checkpoints that nobody holds, and not `skipped` ones: checkpoint → ticket."""
    oldest = (
        select(Checkpoint.id, Checkpoint.clock_id)
        .where(Checkpoint.state == "armed", Checkpoint.due_at <= now, not_(among(Checkpoint.id, skipped)))
        .order_by(Checkpoint.due_at)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
        .cte("oldest")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    found = await session.execute(
        select(oldest.c.id, SlaClock.ticket_id).join(SlaClock, SlaClock.id == oldest.c.clock_id)
    )
    return dict(found.all())


async def _write(session: AsyncSession, changes: Changes, now: datetime) -> None:
    """Write a batch's changes, a statement a table."""
    await _settle(session, changes.fired, state="fired", fired_at=now)
    await _settle(session, changes.cancelled, state="cancelled", fired_at=None)
    if changes.breached:
        breached = update(SlaClock).where(among(SlaClock.id, changes.breached))
        await session.execute(
            breached.values(state="breached", breached_at=SlaClock.due_at, detected_at=now),
            execution_options={"synchronize_session": False},
        )
    await bulk_insert(session, Checkpoint, changes.armed)
    await bulk_insert(session, Escalation, changes.escalations)
    await bulk_insert(session, TicketEvent, changes.events)
    heads = [
        {"id": head.id, "event_seq": head.event_seq, "event_hash": head.event_hash} for head in changes.touched.values()
    ]
    await bulk_update(session, Ticket, heads)
    written = await bulk_insert(session, Notice, changes.notices, skip_conflicts=True, returning="id")
    ring(session.info, "deliver_notices", written)


async def _settle(session: AsyncSession, ids: Sequence[UUID], *, state: str, fired_at: datetime | None) -> None:
    if ids:
        settled = update(Checkpoint).where(among(Checkpoint.id, ids)).values(state=state, fired_at=fired_at)
        await session.execute(settled, execution_options={"synchronize_session": False})
