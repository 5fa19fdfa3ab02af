"""Firing due checkpoints: claimed oldest first, decided in `firing.py`, written as one set in one transaction.

Claim, read and write never wait for anybody: a checkpoint or ticket that somebody else holds is left for the next
sweep. Everything a checkpoint causes is committed with its own state, so a killed worker leaves either all or nothing,
and unique keys (ticket, cycle, level) keep a second sweep from doing it again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, not_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core.db import among, bulk_insert, bulk_update
from app.core.jobs import ring
from app.escalation.firing import Changes, Due, TicketHead, decide
from app.escalation.model import Escalation
from app.notices.kinds import NoticeKind
from app.notices.model import Notice, format_notice_number
from app.people.model import Applicant
from app.sla.calendar import Calendar, ClockKind
from app.sla.model import Checkpoint, SlaClock
from app.standards.rulebook import Shelf
from app.tickets.model import Ticket, TicketEvent

log = structlog.get_logger(__name__)

_HEAD = (
    "number",
    "cycle",
    "kind",
    "service",
    "unit",
    "neighbourhood",
    "received_at",
    "referred_at",
    "interim_reply_at",
    "about_first_office",
    "last_action",
    "last_action_at",
    "event_seq",
    "event_hash",
)


async def fire_due(session: AsyncSession, shelf: Shelf, *, now: datetime, limit: int) -> int:
    """Fire up to `limit` checkpoints that are due at `now`; returns how many were settled (fired or cancelled).

    To be called until it returns 0. Rings the doorbell for the notices it wrote.
    """
    claimed = await _claim(session, now, limit)
    if not claimed:
        return 0
    due = await _read(session, claimed)
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


async def _read(session: AsyncSession, claimed: Sequence[UUID]) -> list[Due]:
    """The claimed checkpoints with all that the decision needs, oldest first; those of a ticket share its head."""
    promise, statutory = aliased(SlaClock), aliased(SlaClock)
    query = (
        select(
            Checkpoint.id.label("checkpoint_id"),
            Checkpoint.kind.label("checkpoint_kind"),
            Checkpoint.level,
            Checkpoint.due_at.label("checkpoint_due_at"),
            Checkpoint.generation.label("checkpoint_generation"),
            SlaClock.id.label("clock_id"),
            SlaClock.kind.label("clock_kind"),
            SlaClock.state.label("clock_state"),
            SlaClock.started_at.label("clock_started_at"),
            SlaClock.due_at.label("clock_due_at"),
            SlaClock.generation.label("clock_generation"),
            SlaClock.calendar_version_id,
            SlaClock.policy,
            Ticket.id.label("ticket_id"),
            *(Ticket.__table__.c[name].label(name) for name in _HEAD),
            Applicant.name.is_not(None).label("named"),
            Applicant.identity_hidden,
            promise.due_at.label("promise_due"),
            statutory.due_at.label("statutory_due"),
            statutory.policy["regime"].astext.label("statutory_regime"),
        )
        .join(SlaClock, SlaClock.id == Checkpoint.clock_id)
        .join(Ticket, Ticket.id == SlaClock.ticket_id)
        .join(Applicant, Applicant.id == Ticket.applicant_id)
        .outerjoin(promise, _clock_of(promise, ClockKind.PROMISE))
        .outerjoin(statutory, _clock_of(statutory, ClockKind.STATUTORY))
        .where(among(Checkpoint.id, claimed))
        .order_by(Checkpoint.due_at)
    )
    rows = (await session.execute(query)).all()
    heads: dict[UUID, TicketHead] = {}
    for row in rows:
        if row.ticket_id not in heads:
            heads[row.ticket_id] = _head(row)
    escalating = [row.ticket_id for row in rows if row.checkpoint_kind in {"escalation", "legal_risk"}]
    await _read_levels(session, heads, escalating)
    return [_due(row, heads[row.ticket_id]) for row in rows]


def _clock_of(clock: Any, kind: ClockKind) -> Any:
    return (clock.ticket_id == Ticket.id) & (clock.cycle == Ticket.cycle) & (clock.kind == kind.value)


def _head(row: Row[*tuple[Any, ...]]) -> TicketHead:
    return TicketHead(
        id=row.ticket_id,
        **{name: getattr(row, name) for name in _HEAD},
        applicant_named=row.named and not row.identity_hidden,
        promise_due=row.promise_due,
        statutory_due=row.statutory_due,
        statutory_regime=row.statutory_regime,
    )


def _due(row: Row[*tuple[Any, ...]], head: TicketHead) -> Due:
    return Due(
        id=row.checkpoint_id,
        clock_id=row.clock_id,
        clock_kind=row.clock_kind,
        clock_state=row.clock_state,
        clock_started_at=row.clock_started_at,
        clock_due_at=row.clock_due_at,
        clock_generation=row.clock_generation,
        calendar_version_id=row.calendar_version_id,
        policy=row.policy,
        kind=row.checkpoint_kind,
        level=row.level,
        due_at=row.checkpoint_due_at,
        generation=row.checkpoint_generation,
        ticket=head,
    )


async def _read_levels(session: AsyncSession, heads: dict[UUID, TicketHead], tickets: Sequence[UUID]) -> None:
    """Which levels these tickets were raised to before in their present cycle, and by which notice of level 1."""
    if not tickets:
        return
    raised = select(Escalation.ticket_id, Escalation.level).join(Ticket, Ticket.id == Escalation.ticket_id)
    raised = raised.where(among(Escalation.ticket_id, tickets), Escalation.cycle == Ticket.cycle)
    for ticket_id, level in await session.execute(raised.where(Escalation.source == "system")):
        heads[ticket_id].raised_levels.add(level)
    first = select(Notice.ticket_id, Notice.created_at, Notice.running).join(Ticket, Ticket.id == Notice.ticket_id)
    first = first.where(among(Notice.ticket_id, tickets), Notice.cycle == Ticket.cycle)
    for ticket_id, created_at, running in await session.execute(
        first.where(Notice.kind == NoticeKind.ESCALATION_1.value)
    ):
        heads[ticket_id].level_1_number = format_notice_number(created_at, running)
        heads[ticket_id].level_1_at = created_at


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
