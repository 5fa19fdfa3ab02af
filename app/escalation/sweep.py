"""Firing due checkpoints: claimed oldest first, decided in `firing.py`, written as one set in one transaction.

Claim, read and write never wait for anybody: a checkpoint or ticket that somebody else holds is left for the next
sweep. Everything a checkpoint causes is committed with its own state, so a killed worker leaves either all or nothing,
and unique keys (ticket, cycle, level) keep a second sweep from doing it again.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import func, not_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import bulk_insert, bulk_update, equals_any
from app.core.jobs import enqueue
from app.escalation.claiming import claim
from app.escalation.decide import Changes, decide
from app.escalation.load import read_due, read_reminded
from app.escalation.reminders import remind
from app.notices.model import Notice
from app.notices.recipients import report_vacancies
from app.people.vault import Vault
from app.sla.model import Checkpoint, SlaClock
from app.sla.service import newest_calendar_version
from app.standards.rulebook import RulebookCache
from app.standards.values import OFFICE_HOURS
from app.tickets.commands.fee_lapse import lapse_fee
from app.tickets.model import Escalation, Ticket, TicketEvent

log = structlog.get_logger(__name__)


async def fire_due(session: AsyncSession, rulebooks: RulebookCache, vault: Vault, *, now: datetime, limit: int) -> int:
    """Fire up to `limit` checkpoints that are due at `now`; returns how many are due no more (put off too).

    To be called until it returns 0. Rings the job_queue for the notices it wrote.
    """
    claimed = await claim(session, limit, partial(_lock_checkpoints, session, now, limit))
    if not claimed:
        return 0
    due = await read_due(session, claimed)
    rulebook = await rulebooks.current(session)
    # a clock that is late keeps the calendar of its breach, but what is planned from now on knows the newest leave
    calendars = await rulebooks.calendars(
        session, await newest_calendar_version(session) or rulebook.calendar_version_id
    )
    changes = decide(due, catalogue=rulebook.catalogue, calendars=calendars, now=now)
    for checkpoint_id, error in changes.failed:
        log.error("checkpoint_undecidable", checkpoint_id=str(checkpoint_id), exc_info=error)
    await _write(session, changes, now)
    report_vacancies((row["level"], row["addressed_to"]) for row in changes.escalations)
    for point in changes.lapsed:
        await lapse_fee(session, vault, rulebooks, point.ticket.id, pay_by=point.due_at, now=now)
    return len(changes.fired) + len(changes.cancelled) + len(changes.put_off)


async def remind_due(session: AsyncSession, rulebooks: RulebookCache, *, now: datetime, limit: int) -> int:
    """Remind the offices of up to `limit` escalations that nobody took note of; returns how many reminders were due.

    To be called until it returns 0. Rings the job_queue for the notices it wrote.
    """
    claimed = await claim(session, limit, partial(_lock_reminded, session, now, limit))
    if not claimed:
        return 0
    rulebook = await rulebooks.current(session)
    due = await read_reminded(session, claimed)
    reminded = remind(due, catalogue=rulebook.catalogue, calendar=rulebook.calendars[OFFICE_HOURS], now=now)
    for escalation_id, error in reminded.failed:
        log.error("reminder_undecidable", escalation_id=str(escalation_id), exc_info=error)
    await bulk_update(session, Escalation, reminded.timers)
    written = await bulk_insert(session, Notice, reminded.notices, skip_conflicts=True, returning="id")
    enqueue(session.info, "deliver_notices", written)
    report_vacancies(reminded.addressed)
    return len(reminded.timers)


async def next_due_at(session: AsyncSession) -> datetime | None:
    """The instant of the next armed checkpoint or reminder; None when nothing is armed."""
    armed = select(Checkpoint.due_at).where(Checkpoint.state == "armed").order_by(Checkpoint.due_at).limit(1)
    reminders = select(Escalation.remind_at).where(Escalation.remind_at.is_not(None))
    reminders = reminders.order_by(Escalation.remind_at).limit(1)
    instant: datetime | None = await session.scalar(
        select(func.least(armed.scalar_subquery(), reminders.scalar_subquery()))
    )
    return instant


async def _lock_checkpoints(
    session: AsyncSession, now: datetime, limit: int, skipped: Sequence[UUID]
) -> dict[UUID, UUID]:
    """The oldest due checkpoints that nobody holds, and not `skipped` ones: checkpoint → ticket."""
    oldest = (
        select(Checkpoint.id, Checkpoint.clock_id)
        .where(Checkpoint.state == "armed", Checkpoint.due_at <= now, not_(equals_any(Checkpoint.id, skipped)))
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


async def _lock_reminded(session: AsyncSession, now: datetime, limit: int, skipped: Sequence[UUID]) -> dict[UUID, UUID]:
    """The escalations whose reminder is due the longest, that nobody holds, and not `skipped` ones: row → ticket."""
    oldest = (
        select(Escalation.id, Escalation.ticket_id)
        .where(Escalation.remind_at <= now, not_(equals_any(Escalation.id, skipped)))
        .order_by(Escalation.remind_at)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return dict((await session.execute(oldest)).all())


async def _write(session: AsyncSession, changes: Changes, now: datetime) -> None:
    """Write a batch's changes, a statement a table."""
    await _settle(session, changes.fired, state="fired", fired_at=now)
    await _settle(session, changes.cancelled, state="cancelled", fired_at=None)
    await bulk_update(session, Checkpoint, changes.put_off)
    if changes.breached:
        breached = update(SlaClock).where(equals_any(SlaClock.id, changes.breached))
        await session.execute(
            breached.values(state="breached", breached_at=SlaClock.due_at, detected_at=now),
            execution_options={"synchronize_session": False},
        )
    await bulk_insert(session, Checkpoint, changes.armed)
    await bulk_insert(session, Escalation, changes.escalations)
    if changes.marked:
        raised = update(Escalation).where(
            equals_any(Escalation.ticket_id, changes.marked), Escalation.level == 2, Escalation.closed_at.is_(None)
        )
        await session.execute(
            raised.where(Escalation.source == "system").values(legal_risk=True),
            execution_options={"synchronize_session": False},
        )
    await bulk_insert(session, TicketEvent, changes.events)
    heads = [
        {"id": head.id, "event_seq": head.event_seq, "event_hash": head.event_hash} for head in changes.touched.values()
    ]
    await bulk_update(session, Ticket, heads)
    written = await bulk_insert(session, Notice, changes.notices, skip_conflicts=True, returning="id")
    enqueue(session.info, "deliver_notices", written)


async def _settle(session: AsyncSession, ids: Sequence[UUID], *, state: str, fired_at: datetime | None) -> None:
    if ids:
        settled = update(Checkpoint).where(equals_any(Checkpoint.id, ids)).values(state=state, fired_at=fired_at)
        await session.execute(settled, execution_options={"synchronize_session": False})
