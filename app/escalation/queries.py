"""Reading escalations: all of them, or for a directorate those of the tickets that it has."""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, not_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.model import ApiClient
from app.core.paging import Cursor, Page
from app.escalation.model import Escalation
from app.tickets.model import Ticket
from app.tickets.workflow import OPEN_STATES


@dataclass(frozen=True, slots=True)
class EscalationFilter:
    """What a list may be narrowed by; None does not narrow."""

    level: int | None = None
    is_open: bool | None = None
    acknowledged: bool | None = None
    ticket: str | None = None


class Raised(NamedTuple):
    """An escalation, its ticket's number, state and present cycle, and the name of the client that acknowledged it."""

    escalation: Escalation
    ticket: str
    ticket_state: str
    ticket_cycle: int
    acknowledged_by: str | None

    @property
    def is_open(self) -> bool:
        """Whether the answer to the citizen is still owed; SQL twin: `still_open`."""
        return self.ticket_state in OPEN_STATES and self.ticket_cycle == self.escalation.cycle


def still_open() -> ColumnElement[bool]:
    """SQL twin of `Raised.is_open`."""
    owed = Ticket.state.in_([state.value for state in OPEN_STATES])
    return and_(owed, Ticket.cycle == Escalation.cycle)


def visible_to(actor: Actor) -> Select[Escalation, str, str, int, str]:
    """The escalations that `actor` may see."""
    query = (
        select(Escalation, Ticket.number, Ticket.state, Ticket.cycle, ApiClient.name)
        .join(Ticket, Ticket.id == Escalation.ticket_id)
        .outerjoin(ApiClient, ApiClient.id == Escalation.acknowledged_by)
    )
    return query if actor.unit is None else query.where(Ticket.unit == actor.unit)


async def list_escalations(
    session: AsyncSession, actor: Actor, wanted: EscalationFilter, *, cursor: Cursor | None, limit: int
) -> Page[Raised]:
    """Visible escalations, newest first."""
    query = visible_to(actor).where(*_conditions(wanted))
    if cursor is not None:
        query = query.where(tuple_(Escalation.raised_at, Escalation.id) < (cursor.at, cursor.id))
    query = query.order_by(Escalation.raised_at.desc(), Escalation.id.desc()).limit(limit + 1)
    found = [Raised(*row) for row in await session.execute(query)]
    page = found[:limit]
    last = page[-1].escalation if len(found) > limit else None
    return Page(page, Cursor(last.raised_at, last.id).encode() if last else None)


def _conditions(wanted: EscalationFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.level is not None:
        conditions.append(Escalation.level == wanted.level)
    if wanted.ticket is not None:
        conditions.append(Ticket.number == wanted.ticket)
    if wanted.is_open is not None:
        conditions.append(still_open() if wanted.is_open else not_(still_open()))
    if wanted.acknowledged is not None:
        conditions.append(Escalation.acknowledged_at.is_not(None) == wanted.acknowledged)
    return conditions
