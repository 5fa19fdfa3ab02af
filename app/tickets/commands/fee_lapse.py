"""The lapse of an unpaid fee: the request counts as withdrawn (law 4982) without a command."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.terms import Outcome
from app.people.vault import Vault
from app.sla.clocks import cancel, clocks_of
from app.standards.rulebook import RulebookCache
from app.tickets.commands import notifications
from app.tickets.commands.context import close_escalations
from app.tickets.history import SYSTEM_ACTOR, EventKind, append_event
from app.tickets.model import Ticket
from app.tickets.workflow import Command, State, next_state


async def lapse_fee(
    session: AsyncSession, vault: Vault, rulebooks: RulebookCache, ticket_id: UUID, *, pay_by: datetime, now: datetime
) -> None:
    """Withdraw a ticket whose fee was not paid by `pay_by`, cancel its clocks and notify the applicant.

    The caller has locked the ticket. A ticket that no longer waits for a fee is not changed.
    """
    found = await session.execute(
        select(Ticket).where(Ticket.id == ticket_id), execution_options={"populate_existing": True}
    )
    ticket = found.scalar_one()
    ended = next_state(State(ticket.state), Command.WITHDRAW)
    if ticket.state != State.AWAITING_FEE or ended is None:
        return
    for clock in await clocks_of(session, ticket.id, ticket.cycle):
        calendars = await rulebooks.calendars(session, clock.calendar_version_id)
        await cancel(session, clock, calendar=calendars[clock.pinned.hours], at=now)
    data = {"from": ticket.state, "to": ended.value}
    ticket.state, ticket.outcome, ticket.closed_at = ended.value, Outcome.WITHDRAWN.value, now
    ticket.version += 1
    append_event(session, ticket, kind=EventKind.FEE_LAPSED, at=now, actor=SYSTEM_ACTOR, data=data)
    await close_escalations(session, ticket, at=now)
    await notifications.withdrawal(session, vault, ticket, pay_by=pay_by, now=now)
