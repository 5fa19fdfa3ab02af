"""What an office does with an escalation that it finds in the list: takes note of it, and answers it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.core.errors import IsComplaint, NotFound, WrongState
from app.escalation.acknowledgement import lock_ticket_of, take_note
from app.escalation.queries import Raised, find_escalation
from app.people.vault import Vault
from app.tickets.history import EventKind, append_event
from app.tickets.model import Escalation, EscalationState, Ticket


async def acknowledge_by_id(session: AsyncSession, escalation_id: UUID, *, actor: Actor, now: datetime) -> Raised:
    """Take note of an escalation, and of the notices that told of it; again it changes nothing.

    Raises `NotFound`, and `Forbidden` for somebody who does not act for its office.
    Where it stands for a complaint on the ticket that it is about, that is the complaint.
    """
    seen = (await find_escalation(session, actor, escalation_id)).escalation
    ticket, escalation = await _lock(session, await _itself(session, seen))
    await take_note(session, ticket, escalation, actor=actor, now=now)
    await session.flush()  # the answer is read with the names that belong to it
    return await find_escalation(session, actor, escalation_id)


async def respond(
    session: AsyncSession, vault: Vault, escalation_id: UUID, text: str, *, actor: Actor, now: datetime
) -> Raised:
    """Keep the office's answer, sealed, which is an acknowledgement too; reminders stop.

    One answer an escalation: raises `WrongState` where it is answered or closed already, `NotFound`, `Forbidden` for
    somebody who does not act for its office, and `IsComplaint` where the citizen has to be answered.
    """
    seen = (await find_escalation(session, actor, escalation_id)).escalation
    if seen.source == "citizen":
        complaint = select(Ticket.number).where(Ticket.id == (seen.complaint_id or seen.ticket_id))
        raise IsComplaint(complaint=await session.scalar(complaint))
    actor.act_for_office(seen.level)
    ticket, escalation = await _lock(session, seen)
    if escalation.state in {EscalationState.ANSWERED, EscalationState.CLOSED}:
        raise WrongState(state=escalation.state.value, allowed_actions=[])
    await take_note(session, ticket, escalation, actor=actor, now=now)
    answer(session, vault, ticket, escalation, text, actor=actor, now=now)
    await session.flush()  # the answer is read with the names that belong to it
    return await find_escalation(session, actor, escalation_id)


def answer(
    session: AsyncSession,
    vault: Vault,
    ticket: Ticket,
    escalation: Escalation,
    text: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Put an office's answer on the record of an escalation whose ticket is locked, and into the ticket's history."""
    escalation.response = vault.seal(text, table="escalation", column="response", row_id=escalation.id)
    escalation.responded_at, escalation.responded_by, escalation.remind_at = now, actor.client_id, None
    data = {"level": escalation.level, "cycle": escalation.cycle, "source": escalation.source}
    append_event(session, ticket, kind=EventKind.ESCALATION_ANSWERED, at=now, actor=actor.name, data=data)


async def _itself(session: AsyncSession, seen: Escalation) -> Escalation:
    """A complaint's own record for the one that stands for it on another ticket; any other is itself."""
    if seen.complaint_id is None:
        return seen
    own = select(Escalation).where(Escalation.ticket_id == seen.complaint_id, Escalation.source == "citizen")
    return (await session.scalars(own)).one()


async def _lock(session: AsyncSession, seen: Escalation) -> tuple[Ticket, Escalation]:
    """An escalation with its ticket, which is locked before it, as commands and the sweep do."""
    ticket = await lock_ticket_of(session, seen)
    locked = select(Escalation).where(Escalation.id == seen.id).with_for_update(key_share=True)
    escalation = await session.scalar(locked.execution_options(populate_existing=True))
    if escalation is None:
        raise NotFound
    return ticket, escalation
