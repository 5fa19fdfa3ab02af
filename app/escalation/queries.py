"""Queries of escalations; each one starts at `visible_to`, so a directorate sees only those of its own tickets."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.access.actor import Actor
from app.access.model import ApiClient
from app.core.errors import NotFound
from app.core.paging import Cursor, Page
from app.people.model import Applicant
from app.tickets.model import Escalation, EscalationState, Ticket


@dataclass(frozen=True, slots=True)
class EscalationFilter:
    """Filters of a list; None leaves a filter out."""

    level: int | None = None
    is_open: bool | None = None
    acknowledged: bool | None = None
    ticket: str | None = None
    source: str | None = None
    state: EscalationState | None = None


class EscalationRecord(NamedTuple):
    """An escalation with its ticket's number, its applicant, and the names of the clients that acted for the office.

    The applicant of a mirror is the person who complained.
    """

    escalation: Escalation
    ticket: str
    applicant: Applicant
    acknowledged_by: str | None
    responded_by: str | None


def state_is(wanted: EscalationState) -> ColumnElement[bool]:
    """Return the condition for escalations in the wanted state: the SQL twin of `Escalation.state`."""
    closed, answered = Escalation.closed_at.is_not(None), Escalation.responded_at.is_not(None)
    seen = Escalation.acknowledged_at.is_not(None)
    return {
        EscalationState.CLOSED: closed,
        EscalationState.ANSWERED: and_(~closed, answered),
        EscalationState.ACKNOWLEDGED: and_(~closed, ~answered, seen),
        EscalationState.RAISED: and_(~closed, ~answered, ~seen),
    }[wanted]


def visible_to(actor: Actor) -> Select[Escalation, str, Applicant, str, str]:
    """Select the escalations that `actor` may see."""
    acknowledging, responding, raising = aliased(ApiClient), aliased(ApiClient), aliased(Ticket)
    query = (
        select(Escalation, Ticket.number, Applicant, acknowledging.name, responding.name)
        .join(Ticket, Ticket.id == Escalation.ticket_id)
        .join(raising, raising.id == func.coalesce(Escalation.complaint_id, Escalation.ticket_id))
        .join(Applicant, Applicant.id == raising.applicant_id)
        .outerjoin(acknowledging, acknowledging.id == Escalation.acknowledged_by)
        .outerjoin(responding, responding.id == Escalation.responded_by)
    )
    return query if actor.unit is None else query.where(Ticket.unit == actor.unit)


async def find_escalation(session: AsyncSession, actor: Actor, escalation_id: UUID) -> EscalationRecord:
    """Return a visible escalation; raises `NotFound`."""
    query = visible_to(actor).where(Escalation.id == escalation_id).execution_options(populate_existing=True)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFound
    return EscalationRecord(*row)


async def list_escalations(
    session: AsyncSession, actor: Actor, wanted: EscalationFilter, *, cursor: Cursor | None, page_size: int
) -> Page[EscalationRecord]:
    """Return a page of visible escalations, newest first."""
    query = visible_to(actor).where(*_conditions(wanted))
    if cursor is not None:
        query = query.where(tuple_(Escalation.raised_at, Escalation.id) < (cursor.at, cursor.id))
    query = query.order_by(Escalation.raised_at.desc(), Escalation.id.desc()).limit(page_size + 1)
    found = [EscalationRecord(*row) for row in await session.execute(query)]
    page = found[:page_size]
    last = page[-1].escalation if len(found) > page_size else None
    return Page(page, Cursor(last.raised_at, last.id).encode() if last else None)


def _conditions(wanted: EscalationFilter) -> list[ColumnElement[bool]]:
    equal = ((Escalation.level, wanted.level), (Ticket.number, wanted.ticket), (Escalation.source, wanted.source))
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if wanted.is_open is not None:
        conditions.append(Escalation.closed_at.is_(None) == wanted.is_open)
    if wanted.acknowledged is not None:
        conditions.append(Escalation.acknowledged_at.is_not(None) == wanted.acknowledged)
    if wanted.state is not None:
        conditions.append(state_is(wanted.state))
    return conditions
