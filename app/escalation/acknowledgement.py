"""An office takes note: of its notices, of the escalation behind them, and in the ticket's history, all at once."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.notices import service as notices
from app.notices.kinds import NoticeKind
from app.notices.model import Notice
from app.notices.queries import Found, find_notice, numbers_in
from app.tickets.history import EventKind, append_event
from app.tickets.model import Escalation, Ticket

RAISING_KINDS = frozenset(
    {NoticeKind.ESCALATION_1, NoticeKind.ESCALATION_2, NoticeKind.COMPLAINT, NoticeKind.COMPLAINT_DUE}
)
"""The kinds of notices that first inform an office of an escalation; later ones are reminders."""

OF_ESCALATIONS = RAISING_KINDS | {NoticeKind.REMINDER}
"""The kinds of notices whose reader takes note of an escalation."""


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
    ticket = await lock_ticket_of(session, seen.notice)
    found = await notices.acknowledge(session, number, actor=actor, now=now)
    for escalation in await _behind(session, found.notice):
        await take_note(session, ticket, escalation, actor=actor, now=now, notice=found.notice.number)
    return found


async def take_note(
    session: AsyncSession,
    ticket: Ticket,
    escalation: Escalation,
    *,
    actor: Actor,
    now: datetime,
    notice: str | None = None,
) -> None:
    """Mark an escalation of a locked ticket as seen, with all notices that told its office; the first one counts.

    Raises `Forbidden` for somebody who does not act for that office. `notice` is the number of the one that was
    acknowledged, where it was done by one.
    """
    actor.act_for_office(escalation.level)
    if escalation.acknowledged_at is not None:
        return
    escalation.acknowledged_at, escalation.acknowledged_by, escalation.remind_at = now, actor.client_id, None
    for told in await _told(session, escalation):
        told.acknowledged_at, told.acknowledged_by = now, actor.client_id
    await _take_note_of_mirrors(session, escalation)
    data: dict[str, Any] = {"level": escalation.level, "cycle": escalation.cycle, "source": escalation.source}
    if notice is not None:
        data["notice"] = notice
    append_event(session, ticket, kind=EventKind.ESCALATION_ACKNOWLEDGED, at=now, actor=actor.name, data=data)


async def lock_ticket_of(session: AsyncSession, about: Notice | Escalation) -> Ticket:
    """The ticket of a notice or an escalation, locked as commands lock it."""
    locked = select(Ticket).where(Ticket.id == about.ticket_id).with_for_update(key_share=True)
    return (await session.execute(locked.execution_options(populate_existing=True))).scalar_one()


async def _take_note_of_mirrors(session: AsyncSession, escalation: Escalation) -> None:
    """A complaint that was seen is seen also where it stands on the ticket that it is about."""
    if escalation.source == "citizen" and escalation.complaint_id is None:
        mirrors = update(Escalation).where(
            Escalation.complaint_id == escalation.ticket_id, Escalation.acknowledged_at.is_(None)
        )
        seen = {"acknowledged_at": escalation.acknowledged_at, "acknowledged_by": escalation.acknowledged_by}
        await session.execute(mirrors.values(seen), execution_options={"synchronize_session": False})


async def _behind(session: AsyncSession, notice: Notice) -> list[Escalation]:
    """What a notice to an office tells of, as far as nobody took note of it; nothing where it is about none.

    What stands for a complaint on the ticket that it is about is told of by the complaint's own notices.
    """
    if notice.kind not in OF_ESCALATIONS:
        return []
    found = select(Escalation).where(
        Escalation.ticket_id == notice.ticket_id,
        Escalation.cycle == notice.cycle,
        Escalation.level == notice.level,
        Escalation.acknowledged_at.is_(None),
        Escalation.complaint_id.is_(None),
    )
    return list(await session.scalars(found.order_by(Escalation.source).execution_options(populate_existing=True)))


async def _told(session: AsyncSession, escalation: Escalation) -> list[Notice]:
    """The notices of an escalation to its office that are not acknowledged yet, locked."""
    open_ones = select(Notice).where(
        Notice.ticket_id == escalation.ticket_id,
        Notice.cycle == escalation.cycle,
        Notice.level == escalation.level,
        Notice.kind.in_([kind.value for kind in OF_ESCALATIONS]),
        Notice.acknowledged_at.is_(None),
    )
    return list(await session.scalars(open_ones.order_by(Notice.id).with_for_update(key_share=True)))
