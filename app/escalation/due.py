"""Reads claimed checkpoints with all that their decision needs.

Thousands pass here in a second: rows are plain tuples, read by place and not by name, and a policy that many clocks
share is parsed once.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Table, Text, and_, cast, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Base, among
from app.escalation.firing import Due, TicketHead
from app.escalation.model import Escalation
from app.notices.kinds import NoticeKind
from app.notices.model import Notice, format_notice_number
from app.people.model import Applicant
from app.sla.calendar import ClockKind
from app.sla.model import Checkpoint, SlaClock
from app.tickets.model import Ticket


def _table(model: type[Base], name: str) -> Any:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - narrows FromClause for the type checker
    return table.alias(name)


_checkpoint, _clock, _ticket = _table(Checkpoint, "point"), _table(SlaClock, "clock"), _table(Ticket, "head")
_applicant, _promise, _law = _table(Applicant, "who"), _table(SlaClock, "promise"), _table(SlaClock, "law")

_OF_DUE = (
    _checkpoint.c.id,
    _clock.c.id,
    _clock.c.kind,
    _clock.c.state,
    _clock.c.started_at,
    _clock.c.due_at,
    _clock.c.generation,
    _clock.c.calendar_version_id,
    cast(_clock.c.policy, Text),
    _checkpoint.c.kind,
    _checkpoint.c.level,
    _checkpoint.c.due_at,
    _checkpoint.c.generation,
)
"""What a `Due` is made of, in the order of its fields."""

_OF_HEAD = (
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
    _law.c.due_at,
    _law.c.policy["regime"].astext,
)
"""What a `TicketHead` is made of, in the order of its fields."""


def _present(clock: Any, kind: ClockKind) -> Any:
    return and_(clock.c.ticket_id == _ticket.c.id, clock.c.cycle == _ticket.c.cycle, clock.c.kind == kind.value)


_DUE = (
    select(*_OF_DUE, *_OF_HEAD)
    .join_from(_checkpoint, _clock, _clock.c.id == _checkpoint.c.clock_id)
    .join(_ticket, _ticket.c.id == _clock.c.ticket_id)
    .join(_applicant, _applicant.c.id == _ticket.c.applicant_id)
    .outerjoin(_promise, _present(_promise, ClockKind.PROMISE))
    .outerjoin(_law, _present(_law, ClockKind.STATUTORY))
    .order_by(_checkpoint.c.due_at)
)


async def read_due(session: AsyncSession, claimed: Sequence[UUID]) -> list[Due]:
    """The claimed checkpoints, oldest first; those of a ticket share its head."""
    rows = (await session.execute(_DUE.where(among(_checkpoint.c.id, claimed)))).all()
    heads: dict[UUID, TicketHead] = {}
    due = []
    for row in rows:
        of_due, of_head = row[: len(_OF_DUE)], row[len(_OF_DUE) :]
        head = heads.get(of_head[0])
        if head is None:
            head = heads[of_head[0]] = TicketHead(*of_head)
        due.append(Due(*[*of_due[:8], _policy(of_due[8]), *of_due[9:], head]))
    escalating = [point.ticket.id for point in due if point.kind in {"escalation", "legal_risk"}]
    await _read_levels(session, heads, escalating)
    return due


@lru_cache(maxsize=256)
def _policy(stored: str) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(stored)
    return policy


async def _read_levels(session: AsyncSession, heads: dict[UUID, TicketHead], tickets: Sequence[UUID]) -> None:
    """Which levels these tickets were raised to before in their present cycle, and by which notice of level 1."""
    if not tickets:
        return
    raised = select(Escalation.ticket_id, Escalation.level).join(Ticket, Ticket.id == Escalation.ticket_id)
    raised = raised.where(among(Escalation.ticket_id, tickets), Escalation.cycle == Ticket.cycle)
    for ticket_id, level in await session.execute(raised.where(Escalation.source == "system")):
        heads[ticket_id].raised_levels.add(level)
    first = select(Ticket.id, Notice.created_at, Notice.running).select_from(Notice)
    first = first.join(Ticket, Ticket.id == Notice.ticket_id).where(
        among(Notice.ticket_id, tickets), Notice.cycle == Ticket.cycle
    )
    for ticket_id, created_at, running in await session.execute(
        first.where(Notice.kind == NoticeKind.ESCALATION_1.value)
    ):
        heads[ticket_id].level_1_number = format_notice_number(created_at, running)
        heads[ticket_id].level_1_at = created_at
