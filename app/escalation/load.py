"""Reads locked checkpoints and escalations together with the ticket, clock and notice data that their decision needs.

A sweep reads thousands of rows a second. The queries therefore select columns of tables, not ORM entities. Rows are
read as mappings, because a key of a mapping costs a tenth of an attribute of a row.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, Text, and_, cast, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import NamedFromClause

from app.core.db import equals_any, table_of
from app.domain.terms import ComplaintGround
from app.escalation.records import RAISING_KINDS
from app.escalation.reminders import FirstNotice, UnacknowledgedEscalation
from app.escalation.snapshot import ComplaintSnapshot, DueCheckpoint, TicketSnapshot
from app.notices.kinds import NoticeKind
from app.notices.model import Notice, format_notice_number
from app.people.model import Applicant
from app.sla.calendar import ClockKind
from app.sla.checkpoints import CheckpointKind
from app.sla.model import Checkpoint, SlaClock
from app.sla.queries import pinned_text
from app.tickets.clock_policies import STANDARDS_COMPLAINT
from app.tickets.model import Complaint, Escalation, Ticket

_checkpoint, _next = table_of(Checkpoint).alias("checkpoint"), table_of(Checkpoint).alias("next_warning")
_clock, _ticket = table_of(SlaClock).alias("clock"), table_of(Ticket).alias("ticket")
_promise, _statutory = table_of(SlaClock).alias("promise"), table_of(SlaClock).alias("statutory")
_applicant, _escalation = table_of(Applicant).alias("applicant"), table_of(Escalation).alias("escalation")

_NEXT_WARNING = (
    select(func.min(_next.c.due_at))
    .where(_checkpoint.c.kind == "warning", _next.c.kind == "warning", _next.c.level > _checkpoint.c.level)
    .where(_next.c.clock_id == _checkpoint.c.clock_id, _next.c.generation == _checkpoint.c.generation)
    .where(_next.c.state != "cancelled")
    .scalar_subquery()
)
"""The instant of the next warning of the same clock, fired or not, as its row has it."""

_TICKET_COLUMNS = (
    _ticket.c.id.label("ticket_id"),
    _ticket.c.number,
    _ticket.c.cycle,
    _ticket.c.kind.label("ticket_kind"),
    _ticket.c.service,
    _ticket.c.unit,
    _ticket.c.neighbourhood,
    _ticket.c.received_at,
    _ticket.c.referred_at,
    _ticket.c.interim_reply_at,
    _ticket.c.about_first_office,
    and_(_applicant.c.name.is_not(None), not_(_applicant.c.identity_hidden)).label("applicant_named"),
    _ticket.c.last_action,
    _ticket.c.last_action_at,
    _ticket.c.event_seq,
    _ticket.c.event_hash,
    _promise.c.due_at.label("promise_due"),
    pinned_text("printed", _promise.c).label("promise_limit"),
    _statutory.c.due_at.label("statutory_due"),
    pinned_text("printed", _statutory.c).label("statutory_limit"),
    pinned_text("regime", _statutory.c).label("statutory_regime"),
)
"""The columns of a `TicketSnapshot`."""


def _of_cycle(clock: NamedFromClause, kind: ClockKind) -> ColumnElement[bool]:
    """Return the join condition for a clock of the ticket's present cycle."""
    return and_(clock.c.ticket_id == _ticket.c.id, clock.c.cycle == _ticket.c.cycle, clock.c.kind == kind.value)


def _with_ticket(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join the tables that `_TICKET_COLUMNS` need to a query of the ticket."""
    return (
        query.join(_applicant, _applicant.c.id == _ticket.c.applicant_id)
        .outerjoin(_promise, _of_cycle(_promise, ClockKind.PROMISE))
        .outerjoin(_statutory, _of_cycle(_statutory, ClockKind.STATUTORY))
    )


_DUE = _with_ticket(
    select(
        _checkpoint.c.id.label("checkpoint_id"),
        _checkpoint.c.clock_id,
        _clock.c.kind.label("clock_kind"),
        _clock.c.state.label("clock_state"),
        _clock.c.due_at.label("clock_due_at"),
        _clock.c.generation.label("clock_generation"),
        cast(_clock.c.policy, Text).label("policy"),
        _checkpoint.c.kind,
        _checkpoint.c.level,
        _checkpoint.c.due_at,
        _checkpoint.c.generation,
        _NEXT_WARNING.label("next_warning_at"),
        *_TICKET_COLUMNS,
    )
    .join_from(_checkpoint, _clock, _clock.c.id == _checkpoint.c.clock_id)
    .join(_ticket, _ticket.c.id == _clock.c.ticket_id)
).order_by(_checkpoint.c.due_at)

_UNACKNOWLEDGED = _with_ticket(
    select(
        _escalation.c.id.label("escalation_id"),
        _escalation.c.level,
        _escalation.c.reminders,
        _escalation.c.remind_at,
        _escalation.c.breached_at,
        *_TICKET_COLUMNS,
    ).join_from(_escalation, _ticket, _ticket.c.id == _escalation.c.ticket_id)
).order_by(_escalation.c.remind_at)


async def read_due(session: AsyncSession, claimed: Sequence[UUID]) -> list[DueCheckpoint]:
    """Return the claimed checkpoints, oldest first; the checkpoints of one ticket share its snapshot."""
    tickets: dict[UUID, TicketSnapshot] = {}
    due = []
    for row in (await session.execute(_DUE.where(equals_any(_checkpoint.c.id, claimed)))).mappings():
        ticket = tickets.get(row["ticket_id"])
        if ticket is None:
            ticket = tickets[row["ticket_id"]] = _ticket_snapshot(row)
        due.append(_due_checkpoint(row, ticket))
    raising = {CheckpointKind.ESCALATION, CheckpointKind.LEGAL_RISK}
    await _read_levels(session, tickets, [point.ticket.id for point in due if point.kind in raising])
    await _read_complaints(session, tickets.values())
    return due


async def read_unacknowledged(session: AsyncSession, claimed: Sequence[UUID]) -> list[UnacknowledgedEscalation]:
    """Return the claimed escalations with their first notices, the longest overdue first.

    An escalation without a first notice is left out.
    """
    rows = (await session.execute(_UNACKNOWLEDGED.where(equals_any(_escalation.c.id, claimed)))).mappings().all()
    tickets = [_ticket_snapshot(row) for row in rows]
    await _read_complaints(session, tickets)
    notices = await _first_notices(session, [ticket.id for ticket in tickets])
    found = []
    for row, ticket in zip(rows, tickets, strict=True):
        notice = notices.get((ticket.id, ticket.cycle, row["level"]))
        if notice is not None:
            found.append(_unacknowledged_escalation(row, notice, ticket))
    return found


def _ticket_snapshot(row: RowMapping) -> TicketSnapshot:
    return TicketSnapshot(
        id=row["ticket_id"],
        number=row["number"],
        cycle=row["cycle"],
        kind=row["ticket_kind"],
        service=row["service"],
        unit=row["unit"],
        neighbourhood=row["neighbourhood"],
        received_at=row["received_at"],
        referred_at=row["referred_at"],
        interim_reply_at=row["interim_reply_at"],
        about_first_office=row["about_first_office"],
        applicant_named=row["applicant_named"],
        last_action=row["last_action"],
        last_action_at=row["last_action_at"],
        event_seq=row["event_seq"],
        event_hash=row["event_hash"],
        promise_due=row["promise_due"],
        promise_limit=row["promise_limit"],
        statutory_due=row["statutory_due"],
        statutory_limit=row["statutory_limit"],
        statutory_regime=row["statutory_regime"],
    )


def _due_checkpoint(row: RowMapping, ticket: TicketSnapshot) -> DueCheckpoint:
    return DueCheckpoint(
        id=row["checkpoint_id"],
        clock_id=row["clock_id"],
        clock_kind=row["clock_kind"],
        clock_state=row["clock_state"],
        clock_due_at=row["clock_due_at"],
        clock_generation=row["clock_generation"],
        policy=row["policy"],
        kind=row["kind"],
        level=row["level"],
        due_at=row["due_at"],
        generation=row["generation"],
        next_warning_at=row["next_warning_at"],
        ticket=ticket,
    )


def _unacknowledged_escalation(
    row: RowMapping, notice: FirstNotice, ticket: TicketSnapshot
) -> UnacknowledgedEscalation:
    return UnacknowledgedEscalation(
        id=row["escalation_id"],
        level=row["level"],
        reminders=row["reminders"],
        remind_at=row["remind_at"],
        breached_at=row["breached_at"],
        first_notice=notice,
        ticket=ticket,
    )


async def _read_levels(session: AsyncSession, tickets: dict[UUID, TicketSnapshot], wanted: Sequence[UUID]) -> None:
    """Add the levels that the wanted tickets were raised to in their present cycle, and the notice of level 1."""
    if not wanted:
        return
    raised = select(Escalation.ticket_id, Escalation.level).join(Ticket, Ticket.id == Escalation.ticket_id)
    raised = raised.where(equals_any(Escalation.ticket_id, wanted), Escalation.cycle == Ticket.cycle)
    for ticket_id, level in await session.execute(raised.where(Escalation.source == "system")):
        tickets[ticket_id].raised_levels.add(level)
    first = select(Ticket.id, Notice.created_at, Notice.running).select_from(Notice)
    first = first.join(Ticket, Ticket.id == Notice.ticket_id).where(
        equals_any(Notice.ticket_id, wanted), Notice.cycle == Ticket.cycle
    )
    for ticket_id, created_at, running in await session.execute(
        first.where(Notice.kind == NoticeKind.ESCALATION_1.value)
    ):
        tickets[ticket_id].level_1_number = format_notice_number(created_at, running)
        tickets[ticket_id].level_1_at = created_at


async def _read_complaints(session: AsyncSession, tickets: Iterable[TicketSnapshot]) -> None:
    """Add the complaints to those tickets that carry one."""
    complaining = {ticket.id: ticket for ticket in tickets if ticket.service == STANDARDS_COMPLAINT}
    if not complaining:
        return
    about = aliased(Ticket)
    query = (
        select(Complaint.ticket_id, Complaint.ground, Complaint.level, about.number)
        .outerjoin(about, about.id == Complaint.about_id)
        .where(equals_any(Complaint.ticket_id, list(complaining)))
    )
    for ticket_id, ground, level, number in await session.execute(query):
        complaining[ticket_id].complaint = ComplaintSnapshot(ComplaintGround(ground), level, number)


async def _first_notices(
    session: AsyncSession, tickets: Sequence[UUID]
) -> dict[tuple[UUID | None, int, int], FirstNotice]:
    """Return the notice that informed the office of an escalation, by ticket, cycle and level."""
    query = select(Notice.ticket_id, Notice.cycle, Notice.level, Notice.created_at, Notice.running).where(
        equals_any(Notice.ticket_id, tickets), Notice.kind.in_([kind.value for kind in RAISING_KINDS])
    )
    rows = await session.execute(query.order_by(Notice.running.desc()))
    return {
        (ticket_id, cycle, level): FirstNotice(format_notice_number(created_at, running), created_at)
        for ticket_id, cycle, level, created_at, running in rows
    }
