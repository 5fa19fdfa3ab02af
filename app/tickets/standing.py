"""How tickets stand, for notices that wait: an answer may have been given meanwhile."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import equals_any
from app.notices.delivery.relevance import Standing
from app.tickets.model import Ticket
from app.tickets.workflow import State


class TicketStandings:
    """The port `Standings` of notices over the tickets' table."""

    async def standings(self, session: AsyncSession, ticket_ids: Collection[UUID]) -> dict[UUID, Standing]:
        """Ticket → its cycle and whether an answer is still owed."""
        if not ticket_ids:
            return {}
        found = await session.execute(
            select(Ticket.id, Ticket.cycle, Ticket.state).where(equals_any(Ticket.id, list(ticket_ids)))
        )
        return {ticket: Standing(cycle, State(state).is_open) for ticket, cycle, state in found}
