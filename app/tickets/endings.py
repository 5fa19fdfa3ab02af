"""What ends with a ticket: escalations lie above tickets, which know of them only that nothing is owed any more."""

from datetime import datetime

from sqlalchemy import DateTime, Uuid, column, table, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.tickets.model import Ticket

_ESCALATION = table(
    "escalation",
    column("ticket_id", Uuid()),
    column("closed_at", DateTime(timezone=True)),
    column("remind_at", DateTime(timezone=True)),
)


async def end_escalations(session: AsyncSession, ticket: Ticket, *, at: datetime) -> None:
    """Close what was raised of a ticket and still is open, and stop its reminders; the caller holds the ticket."""
    is_open = update(_ESCALATION).where(_ESCALATION.c.ticket_id == ticket.id, _ESCALATION.c.closed_at.is_(None))
    await session.execute(is_open.values(closed_at=at, remind_at=None))
