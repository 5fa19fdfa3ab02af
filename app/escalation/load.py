"""Reads claimed checkpoints with all that their decision needs.

Thousands pass here in a second: rows are plain tuples, read by place and not by name, and a policy that many clocks
share is parsed once.
"""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, Text, and_, cast, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core.db import Base, equals_any
from app.domain.terms import ComplaintGround
from app.escalation.acknowledgement import RAISING_KINDS
from app.escalation.decide import DueCheckpoint
from app.escalation.reminders import FirstNotice, Unanswered
from app.escalation.snapshot import ComplaintSnapshot, TicketSnapshot
from app.notices.kinds import NoticeKind
from app.notices.model import Notice, format_notice_number
from app.people.model import Applicant
from app.sla.calendar import ClockKind
from app.sla.model import Checkpoint, SlaClock
from app.tickets.clock_policies import STANDARDS_COMPLAINT
from app.tickets.model import Complaint, Escalation, Ticket


def _table(model: type[Base], name: str) -> Any:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - narrows FromClause for the type checker
    return table.alias(name)


_checkpoint, _clock, _ticket = _table(Checkpoint, "point"), _table(SlaClock, "clock"), _table(Ticket, "head")
_raised = _table(Escalation, "raised")
_applicant, _promise, _law = _table(Applicant, "who"), _table(SlaClock, "promise"), _table(SlaClock, "law")

_later = _table(Checkpoint, "later")
_NEXT_WARNING = (
    select(func.min(_later.c.due_at))
    .where(_checkpoint.c.kind == "warning", _later.c.kind == "warning", _later.c.level > _checkpoint.c.level)
    .where(_later.c.clock_id == _checkpoint.c.clock_id, _later.c.generation == _checkpoint.c.generation)
    .where(_later.c.state != "cancelled")
    .scalar_subquery()
)
"""When the next warning of the same clock is due, or was; where it was laid and not where it might have been."""

_OF_DUE = (
    _checkpoint.c.id,
    _clock.c.id,
    _clock.c.kind,
    _clock.c.state,
    _clock.c.due_at,
    _clock.c.generation,
    cast(_clock.c.policy, Text),
    _checkpoint.c.kind,
    _checkpoint.c.level,
    _checkpoint.c.due_at,
    _checkpoint.c.generation,
    _NEXT_WARNING,
)
"""What a `DueCheckpoint` is made of, in the order of its fields."""

_OF_REMINDED = (_raised.c.id, _raised.c.level, _raised.c.reminders, _raised.c.remind_at, _raised.c.breached_at)
"""What an `Unanswered` is made of, before its first notice and its ticket."""

OF_HEAD = (
    _ticket.c.id,
    _ticket.c.number,
    _ticket.c.cycle,
    _ticket.c.kind,
    _ticket.c.service,
    _ticket.c.unit,
    _ticket.c.neighbourhood,
    _ticket.c.received_at,
    _ticket.c.referred_at,
    _ticket.c.interim_reply_at,
    _ticket.c.about_first_office,
    and_(_applicant.c.name.is_not(None), not_(_applicant.c.identity_hidden)),
    _ticket.c.last_action,
    _ticket.c.last_action_at,
    _ticket.c.event_seq,
    _ticket.c.event_hash,
    _promise.c.due_at,
    _promise.c.policy["printed"].astext,
    _law.c.due_at,
    _law.c.policy["printed"].astext,
    _law.c.policy["regime"].astext,
)
"""What a `TicketSnapshot` is made of, in the order of its fields."""


def _present(clock: Any, kind: ClockKind) -> Any:
    return and_(clock.c.ticket_id == _ticket.c.id, clock.c.cycle == _ticket.c.cycle, clock.c.kind == kind.value)


def _with_head(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """A query that has joined the ticket, with all that `OF_HEAD` needs beside it."""
    return (
        query.join(_applicant, _applicant.c.id == _ticket.c.applicant_id)
        .outerjoin(_promise, _present(_promise, ClockKind.PROMISE))
        .outerjoin(_law, _present(_law, ClockKind.STATUTORY))
    )


_DUE = _with_head(
    select(*_OF_DUE, *OF_HEAD)
    .join_from(_checkpoint, _clock, _clock.c.id == _checkpoint.c.clock_id)
    .join(_ticket, _ticket.c.id == _clock.c.ticket_id)
).order_by(_checkpoint.c.due_at)

_REMINDED = _with_head(
    select(*_OF_REMINDED, *OF_HEAD).join_from(_raised, _ticket, _ticket.c.id == _raised.c.ticket_id)
).order_by(_raised.c.remind_at)


async def read_due(session: AsyncSession, claimed: Sequence[UUID]) -> list[DueCheckpoint]:
    """The claimed checkpoints, oldest first; those of a ticket share its head."""
    rows = (await session.execute(_DUE.where(equals_any(_checkpoint.c.id, claimed)))).all()
    heads: dict[UUID, TicketSnapshot] = {}
    due = []
    for row in rows:
        of_due, of_head = row[: len(_OF_DUE)], row[len(_OF_DUE) :]
        head = heads.get(of_head[0])
        if head is None:
            head = heads[of_head[0]] = TicketSnapshot(*of_head)
        due.append(DueCheckpoint(*[*of_due[:6], _policy(of_due[6]), *of_due[7:], head]))
    escalating = [point.ticket.id for point in due if point.kind in {"escalation", "legal_risk"}]
    await _read_levels(session, heads, escalating)
    await _read_complaints(session, heads.values())
    return due


async def read_reminded(session: AsyncSession, claimed: Sequence[UUID]) -> list[Unanswered]:
    """The claimed escalations with the notice that each began with, the longest overdue first.

    One whose notice is not there is left out.
    """
    rows = (await session.execute(_REMINDED.where(equals_any(_raised.c.id, claimed)))).all()
    heads = [TicketSnapshot(*row[len(_OF_REMINDED) :]) for row in rows]
    await _read_complaints(session, heads)
    first = await _first_notices(session, [head.id for head in heads])
    found = []
    for row, head in zip(rows, heads, strict=True):
        notice = first.get((head.id, head.cycle, row[1]))
        if notice is not None:
            found.append(Unanswered(*[*row[: len(_OF_REMINDED)], notice, head]))
    return found


async def _read_complaints(session: AsyncSession, heads: Iterable[TicketSnapshot]) -> None:
    """Of the tickets that are complaints: which ground, to which office, about what."""
    complaining = {head.id: head for head in heads if head.service == STANDARDS_COMPLAINT}
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
    """By ticket, cycle and level the notice that told the office of it."""
    told = select(Notice.ticket_id, Notice.cycle, Notice.level, Notice.created_at, Notice.running).where(
        equals_any(Notice.ticket_id, tickets), Notice.kind.in_([kind.value for kind in RAISING_KINDS])
    )
    rows = await session.execute(told.order_by(Notice.running.desc()))
    return {
        (ticket_id, cycle, level): FirstNotice(format_notice_number(created_at, running), created_at)
        for ticket_id, cycle, level, created_at, running in rows
    }


@lru_cache(maxsize=256)
def _policy(stored: str) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(stored)
    return policy


async def _read_levels(session: AsyncSession, heads: dict[UUID, TicketSnapshot], tickets: Sequence[UUID]) -> None:
    """Which levels these tickets were raised to before in their present cycle, and by which notice of level 1."""
    if not tickets:
        return
    raised = select(Escalation.ticket_id, Escalation.level).join(Ticket, Ticket.id == Escalation.ticket_id)
    raised = raised.where(equals_any(Escalation.ticket_id, tickets), Escalation.cycle == Ticket.cycle)
    for ticket_id, level in await session.execute(raised.where(Escalation.source == "system")):
        heads[ticket_id].raised_levels.add(level)
    first = select(Ticket.id, Notice.created_at, Notice.running).select_from(Notice)
    first = first.join(Ticket, Ticket.id == Notice.ticket_id).where(
        equals_any(Notice.ticket_id, tickets), Notice.cycle == Ticket.cycle
    )
    for ticket_id, created_at, running in await session.execute(
        first.where(Notice.kind == NoticeKind.ESCALATION_1.value)
    ):
        heads[ticket_id].level_1_number = format_notice_number(created_at, running)
        heads[ticket_id].level_1_at = created_at
