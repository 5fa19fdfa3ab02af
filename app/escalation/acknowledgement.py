"""An office takes note: of the notice, of the escalation behind it, and in the history of the ticket, all at once."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.escalation.model import Escalation
from app.notices import service as notices
from app.notices.kinds import NoticeKind
from app.notices.model import Notice
from app.notices.queries import Found, find_notice, numbers_in
from app.tickets.history import EventKind, append_event
from app.tickets.model import Ticket

_OF_ESCALATIONS = {NoticeKind.ESCALATION_1, NoticeKind.ESCALATION_2}


async def acknowledge(session: AsyncSession, number: str, *, actor: Actor, now: datetime) -> Found:
    """Acknowledge a notice, and the escalation that it is about; again it changes nothing. Raises `NotFound`.

    The ticket is locked before the notice, in the order in which commands and the sweep take them. Who takes note of a
    digest takes note of every notice in it.
    """
    seen = await find_notice(session, actor, number)
    if seen.notice.kind == NoticeKind.DIGEST:
        for line in await numbers_in(session, seen.notice.id):
            await acknowledge(session, line, actor=actor, now=now)
        return await notices.acknowledge(session, number, actor=actor, now=now)
    ticket = await _lock_ticket(session, seen.notice)
    found = await notices.acknowledge(session, number, actor=actor, now=now)
    escalation = await _open_escalation(session, found.notice)
    if escalation is not None:
        escalation.acknowledged_at, escalation.acknowledged_by = now, actor.client_id
        data = {"level": escalation.level, "cycle": escalation.cycle, "notice": found.notice.number}
        kind = EventKind.ESCALATION_ACKNOWLEDGED
        append_event(session, ticket, kind=kind, at=now, actor=actor.name, data=data)
    return found


async def _lock_ticket(session: AsyncSession, notice: Notice) -> Ticket:
    locked = select(Ticket).where(Ticket.id == notice.ticket_id).with_for_update(key_share=True)
    return (await session.execute(locked)).scalar_one()


async def _open_escalation(session: AsyncSession, notice: Notice) -> Escalation | None:
    """The escalation of a notice, if nobody took note of it yet; None for notices that are about none."""
    if notice.kind not in _OF_ESCALATIONS:
        return None
    found: Escalation | None = await session.scalar(
        select(Escalation).where(
            Escalation.ticket_id == notice.ticket_id,
            Escalation.cycle == notice.cycle,
            Escalation.level == notice.level,
            Escalation.source == "system",
            Escalation.acknowledged_at.is_(None),
        )
    )
    return found
