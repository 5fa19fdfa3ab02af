"""Acknowledgements of escalations and of the notices about them, and the responses of the offices."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.core.errors import IsComplaint, NotFound, WrongState
from app.escalation.queries import EscalationRecord, find_escalation
from app.escalation.records import ACKNOWLEDGING_KINDS
from app.notices import service as notices
from app.notices.kinds import NoticeKind
from app.notices.model import Notice
from app.notices.queries import FoundNotice, find_notice, numbers_in
from app.people.vault import Vault
from app.tickets.history import EventKind, append_event
from app.tickets.model import Escalation, EscalationState, Ticket


async def acknowledge_notice(session: AsyncSession, number: str, *, actor: Actor, now: datetime) -> FoundNotice:
    """Acknowledge a notice and the escalation it is about; a repetition changes nothing. Raises `NotFound`.

    A digest acknowledges every notice in it. The ticket is locked before the notice, as in commands and sweeps.
    """
    seen = await find_notice(session, actor, number)
    if seen.notice.kind == NoticeKind.DIGEST:
        for line in await numbers_in(session, seen.notice.id):
            await acknowledge_notice(session, line, actor=actor, now=now)
        return await notices.acknowledge(session, number, actor=actor, now=now)
    ticket = await _lock_ticket(session, seen.notice)
    found = await notices.acknowledge(session, number, actor=actor, now=now)
    for escalation in await _unacknowledged(session, found.notice):
        await acknowledge(session, ticket, escalation, actor=actor, now=now, notice=found.notice.number)
    return found


async def acknowledge_escalation(
    session: AsyncSession, escalation_id: UUID, *, actor: Actor, now: datetime
) -> EscalationRecord:
    """Acknowledge an escalation and the notices about it; a repetition changes nothing.

    A record that mirrors a complaint acknowledges the complaint. Raises `NotFound`, and `Forbidden` for an actor who
    does not act for the office.
    """
    seen = (await find_escalation(session, actor, escalation_id)).escalation
    ticket, escalation = await _lock(session, await _mirrored(session, seen))
    await acknowledge(session, ticket, escalation, actor=actor, now=now)
    await session.flush()  # the record is read again, with the names of the clients
    return await find_escalation(session, actor, escalation_id)


async def respond(
    session: AsyncSession, vault: Vault, escalation_id: UUID, text: str, *, actor: Actor, now: datetime
) -> EscalationRecord:
    """Store the office's response, sealed, once; it acknowledges the escalation too and ends its reminders.

    Raises `NotFound`, `Forbidden` for an actor who does not act for the office, and `WrongState` if the escalation has
    a response or is closed. Raises `IsComplaint` for a complaint: its answer goes to the citizen.
    """
    seen = (await find_escalation(session, actor, escalation_id)).escalation
    if seen.source == "citizen":
        complaint = select(Ticket.number).where(Ticket.id == (seen.complaint_id or seen.ticket_id))
        raise IsComplaint(complaint=await session.scalar(complaint))
    actor.require_office(seen.level)
    ticket, escalation = await _lock(session, seen)
    if escalation.state in {EscalationState.ANSWERED, EscalationState.CLOSED}:
        raise WrongState(state=escalation.state.value, allowed_actions=[])
    await acknowledge(session, ticket, escalation, actor=actor, now=now)
    store_response(session, vault, ticket, escalation, text, actor=actor, now=now)
    await session.flush()  # the record is read again, with the names of the clients
    return await find_escalation(session, actor, escalation_id)


async def acknowledge(
    session: AsyncSession,
    ticket: Ticket,
    escalation: Escalation,
    *,
    actor: Actor,
    now: datetime,
    notice: str | None = None,
) -> None:
    """Acknowledge an escalation of a locked ticket and its office's notices; only the first acknowledgement counts.

    `notice` is the number of the notice that was acknowledged, if it was done through one. Raises `Forbidden` for an
    actor who does not act for the office.
    """
    actor.require_office(escalation.level)
    if escalation.acknowledged_at is not None:
        return
    escalation.acknowledged_at, escalation.acknowledged_by, escalation.remind_at = now, actor.client_id, None
    for one in await _lock_notices(session, escalation):
        one.acknowledged_at, one.acknowledged_by = now, actor.client_id
    await _acknowledge_mirrors(session, escalation)
    data: dict[str, object] = {"level": escalation.level, "cycle": escalation.cycle, "source": escalation.source}
    if notice is not None:
        data["notice"] = notice
    append_event(session, ticket, kind=EventKind.ESCALATION_ACKNOWLEDGED, at=now, actor=actor.name, data=data)


def store_response(
    session: AsyncSession,
    vault: Vault,
    ticket: Ticket,
    escalation: Escalation,
    text: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Store an office's response in an escalation of a locked ticket, and append it to the ticket's history."""
    escalation.response = vault.seal(text, table="escalation", column="response", row_id=escalation.id)
    escalation.responded_at, escalation.responded_by, escalation.remind_at = now, actor.client_id, None
    data = {"level": escalation.level, "cycle": escalation.cycle, "source": escalation.source}
    append_event(session, ticket, kind=EventKind.ESCALATION_ANSWERED, at=now, actor=actor.name, data=data)


async def _lock(session: AsyncSession, seen: Escalation) -> tuple[Ticket, Escalation]:
    """Lock the ticket, then the escalation, in the order of commands and sweeps."""
    ticket = await _lock_ticket(session, seen)
    locked = select(Escalation).where(Escalation.id == seen.id).with_for_update(key_share=True)
    escalation = await session.scalar(locked.execution_options(populate_existing=True))
    if escalation is None:
        raise NotFound
    return ticket, escalation


async def _lock_ticket(session: AsyncSession, about: Notice | Escalation) -> Ticket:
    locked = select(Ticket).where(Ticket.id == about.ticket_id).with_for_update(key_share=True)
    return (await session.execute(locked.execution_options(populate_existing=True))).scalar_one()


async def _lock_notices(session: AsyncSession, escalation: Escalation) -> list[Notice]:
    """Lock the unacknowledged notices of an escalation to its office."""
    unacknowledged = select(Notice).where(
        Notice.ticket_id == escalation.ticket_id,
        Notice.cycle == escalation.cycle,
        Notice.level == escalation.level,
        Notice.kind.in_([kind.value for kind in ACKNOWLEDGING_KINDS]),
        Notice.acknowledged_at.is_(None),
    )
    return list(await session.scalars(unacknowledged.order_by(Notice.id).with_for_update(key_share=True)))


async def _unacknowledged(session: AsyncSession, notice: Notice) -> list[Escalation]:
    """Return the unacknowledged escalations that a notice informs its office of.

    Mirrors of a complaint are left out, because the complaint has notices of its own.
    """
    if notice.kind not in ACKNOWLEDGING_KINDS:
        return []
    found = select(Escalation).where(
        Escalation.ticket_id == notice.ticket_id,
        Escalation.cycle == notice.cycle,
        Escalation.level == notice.level,
        Escalation.acknowledged_at.is_(None),
        Escalation.complaint_id.is_(None),
    )
    return list(await session.scalars(found.order_by(Escalation.source).execution_options(populate_existing=True)))


async def _mirrored(session: AsyncSession, seen: Escalation) -> Escalation:
    """Return the complaint's own record for its mirror on another ticket; any other record is returned unchanged."""
    if seen.complaint_id is None:
        return seen
    own = select(Escalation).where(Escalation.ticket_id == seen.complaint_id, Escalation.source == "citizen")
    return (await session.scalars(own)).one()


async def _acknowledge_mirrors(session: AsyncSession, escalation: Escalation) -> None:
    """Copy the acknowledgement of a complaint to its mirror on the ticket complained of."""
    if escalation.source == "citizen" and escalation.complaint_id is None:
        mirrors = update(Escalation).where(
            Escalation.complaint_id == escalation.ticket_id, Escalation.acknowledged_at.is_(None)
        )
        seen = {"acknowledged_at": escalation.acknowledged_at, "acknowledged_by": escalation.acknowledged_by}
        await session.execute(mirrors.values(seen), execution_options={"synchronize_session": False})
