"""The sweep: claims due checkpoints and reminders, lets `decide` and `remind` decide, and writes the changes.

A claim skips the rows and tickets that are locked elsewhere, and the next sweep finds them. All changes of a checkpoint
are committed with its new state, so a killed worker leaves all of them or none. Unique keys (ticket, cycle, level) keep
a second sweep from repeating them.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import func, not_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import bulk_insert, bulk_update, equals_any, insert_new
from app.core.jobs import enqueue
from app.escalation.decide import Changes, decide
from app.escalation.load import read_due, read_unacknowledged
from app.escalation.reminders import remind
from app.notices.model import Notice
from app.notices.recipients import report_vacancies
from app.people.vault import Vault
from app.sla.calendar_versions import newest_calendar_version
from app.sla.model import Checkpoint, SlaClock
from app.standards.rulebook import RulebookCache
from app.standards.values import OFFICE_HOURS
from app.tickets.commands.fee_lapse import lapse_fee
from app.tickets.model import Escalation, Ticket, TicketEvent

log = structlog.get_logger(__name__)


async def fire_due(
    session: AsyncSession, rulebooks: RulebookCache, vault: Vault, *, now: datetime, batch_size: int
) -> int:
    """Fire up to `batch_size` checkpoints that are due at `now` and enqueue the notices they cause.

    Returns how many are no longer due: fired, cancelled or postponed. The caller repeats it until it returns 0.
    """
    claimed = await _claim(session, batch_size, partial(_lock_checkpoints, session, now, batch_size))
    if not claimed:
        return 0
    due = await read_due(session, claimed)
    rulebook = await rulebooks.current(session)
    # a breached clock keeps the calendar of its breach, but new instants are planned with the newest one
    version = await newest_calendar_version(session) or rulebook.calendar_version_id
    calendars = await rulebooks.calendars(session, version)
    changes = decide(due, catalogue=rulebook.catalogue, calendars=calendars, now=now)
    for checkpoint_id, error in changes.failed:
        log.error("checkpoint_undecidable", checkpoint_id=str(checkpoint_id), exc_info=error)
    await _write(session, changes, now)
    report_vacancies((row["level"], row["addressed_to"]) for row in changes.escalations)
    for point in changes.lapsed:
        await lapse_fee(session, vault, rulebooks, point.ticket.id, pay_by=point.due_at, now=now)
    return len(changes.fired) + len(changes.cancelled) + len(changes.postponed)


async def remind_due(session: AsyncSession, rulebooks: RulebookCache, *, now: datetime, batch_size: int) -> int:
    """Remind the offices of up to `batch_size` unacknowledged escalations and enqueue the reminders.

    Returns how many reminders were due. The caller repeats it until it returns 0.
    """
    claimed = await _claim(session, batch_size, partial(_lock_escalations, session, now, batch_size))
    if not claimed:
        return 0
    due = await read_unacknowledged(session, claimed)
    rulebook = await rulebooks.current(session)
    batch = remind(due, catalogue=rulebook.catalogue, calendar=rulebook.calendars[OFFICE_HOURS], now=now)
    for escalation_id, error in batch.failed:
        log.error("reminder_undecidable", escalation_id=str(escalation_id), exc_info=error)
    await bulk_update(session, Escalation, batch.timers)
    written = await insert_new(session, Notice, batch.notices)
    enqueue(session, "deliver_notices", written)
    report_vacancies(batch.addressed)
    return len(batch.timers)


async def next_due_at(session: AsyncSession) -> datetime | None:
    """Return the instant of the next armed checkpoint or reminder, or None if nothing is armed."""
    armed = select(Checkpoint.due_at).where(Checkpoint.state == "armed").order_by(Checkpoint.due_at).limit(1)
    reminders = select(Escalation.remind_at).where(Escalation.remind_at.is_not(None))
    reminders = reminders.order_by(Escalation.remind_at).limit(1)
    instant: datetime | None = await session.scalar(
        select(func.least(armed.scalar_subquery(), reminders.scalar_subquery()))
    )
    return instant


_LockOldest = Callable[[Sequence[UUID]], Awaitable[dict[UUID, UUID]]]
"""Locks a batch of the oldest due rows except the given ones and those locked elsewhere; returns row → ticket."""


async def _claim(session: AsyncSession, batch_size: int, lock_oldest: _LockOldest) -> list[UUID]:
    """Lock up to `batch_size` due rows, oldest first, together with their tickets.

    Rows of tickets that are locked elsewhere are passed over, so later rows are reached however many there are. The
    rows are read by statements of their own after the lock, so they show what its previous owner committed.
    """
    skipped: list[UUID] = []
    while True:
        oldest = await lock_oldest(skipped)
        tickets = select(Ticket.id).where(equals_any(Ticket.id, list(set(oldest.values()))))
        locked = set(await session.scalars(tickets.with_for_update(key_share=True, skip_locked=True)))
        claimed = [row for row, ticket in oldest.items() if ticket in locked]
        if claimed or len(oldest) < batch_size:
            return claimed
        skipped += oldest


async def _lock_checkpoints(
    session: AsyncSession, now: datetime, batch_size: int, skipped: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Lock the oldest due checkpoints except `skipped` ones; return checkpoint → ticket."""
    oldest = (
        select(Checkpoint.id, Checkpoint.clock_id)
        .where(Checkpoint.state == "armed", Checkpoint.due_at <= now, not_(equals_any(Checkpoint.id, skipped)))
        .order_by(Checkpoint.due_at)
        .limit(batch_size)
        .with_for_update(key_share=True, skip_locked=True)
        .cte("oldest")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    found = await session.execute(
        select(oldest.c.id, SlaClock.ticket_id).join(SlaClock, SlaClock.id == oldest.c.clock_id)
    )
    return dict(found.all())


async def _lock_escalations(
    session: AsyncSession, now: datetime, batch_size: int, skipped: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Lock the escalations with the longest overdue reminders except `skipped` ones; return escalation → ticket."""
    oldest = (
        select(Escalation.id, Escalation.ticket_id)
        .where(Escalation.remind_at <= now, not_(equals_any(Escalation.id, skipped)))
        .order_by(Escalation.remind_at)
        .limit(batch_size)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return dict((await session.execute(oldest)).all())


async def _write(session: AsyncSession, changes: Changes, now: datetime) -> None:
    """Write the changes of a batch with one statement a table, and enqueue the notices."""
    await _settle(session, changes.fired, state="fired", fired_at=now)
    await _settle(session, changes.cancelled, state="cancelled", fired_at=None)
    await bulk_update(session, Checkpoint, changes.postponed)
    await _stamp_breaches(session, changes.breached, now)
    await bulk_insert(session, Checkpoint, changes.armed)
    await bulk_insert(session, Escalation, changes.escalations)
    await _mark_legal_risk(session, changes.marked)
    await bulk_insert(session, TicketEvent, changes.events)
    heads = [
        {"id": ticket.id, "event_seq": ticket.event_seq, "event_hash": ticket.event_hash}
        for ticket in changes.touched.values()
    ]
    await bulk_update(session, Ticket, heads)
    written = await insert_new(session, Notice, changes.notices)
    enqueue(session, "deliver_notices", written)


async def _settle(session: AsyncSession, ids: Sequence[UUID], *, state: str, fired_at: datetime | None) -> None:
    if ids:
        settled = update(Checkpoint).where(equals_any(Checkpoint.id, ids)).values(state=state, fired_at=fired_at)
        await session.execute(settled, execution_options={"synchronize_session": False})


async def _stamp_breaches(session: AsyncSession, clocks: Sequence[UUID], now: datetime) -> None:
    if clocks:
        breached = update(SlaClock).where(equals_any(SlaClock.id, clocks))
        breached = breached.values(state="breached", breached_at=SlaClock.due_at, detected_at=now)
        await session.execute(breached, execution_options={"synchronize_session": False})


async def _mark_legal_risk(session: AsyncSession, tickets: Sequence[UUID]) -> None:
    """Set the legal-risk mark of the open level 2 of these tickets."""
    if tickets:
        raised = update(Escalation).where(
            equals_any(Escalation.ticket_id, tickets), Escalation.level == 2, Escalation.closed_at.is_(None)
        )
        raised = raised.where(Escalation.source == "system").values(legal_risk=True)
        await session.execute(raised, execution_options={"synchronize_session": False})
