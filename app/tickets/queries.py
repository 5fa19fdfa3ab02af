"""Queries of tickets; each starts at `visible_to`, so that a caller reads only what it may see."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.scopes import Scope
from app.core.errors import NotFound
from app.core.paging import Cursor, Page
from app.people.model import Applicant
from app.sla.calendar import ClockKind
from app.sla.model import SlaClock
from app.sla.queries import late
from app.tickets.clock_policies import STANDARDS_COMPLAINT
from app.tickets.model import Ticket, TicketDocument, TicketEvent
from app.tickets.numbers import InvalidTicketNumber, parse_ticket_number
from app.tickets.workflow import OPEN_STATES


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """The filters of a list; None does not filter. Times are of receipt, [from, to)."""

    state: str | None = None
    is_open: bool | None = None
    overdue: bool | None = None
    unit: str | None = None
    service: str | None = None
    channel: str | None = None
    kind: str | None = None
    neighbourhood: str | None = None
    external_id: str | None = None
    phone_index: bytes | None = None
    received_from: datetime | None = None
    received_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class TicketDetails:
    """A ticket with its applicant, its documents and the clocks of its present cycle."""

    ticket: Ticket
    applicant: Applicant
    documents: list[TicketDocument]
    clocks: list[SlaClock]


def visible_to(actor: Actor) -> Select[Ticket]:
    """Return the query of the tickets that `actor` may see: all, those of its unit, or those it created.

    Complaints about the published table are left out; they have paths and commands of their own (`app/complaints`).
    """
    query = select(Ticket).where(Ticket.service != STANDARDS_COMPLAINT)
    if not actor.may(Scope.TICKETS_READ):
        return query.where(Ticket.client_id == actor.client_id)
    return query if actor.unit is None else query.where(Ticket.unit == actor.unit)


def overdue(now: datetime) -> ColumnElement[bool]:
    """Return the SQL twin of `serializers.is_overdue`: the promise was not met in time (B71: needs no sweep)."""
    return exists().where(
        SlaClock.ticket_id == Ticket.id, SlaClock.cycle == Ticket.cycle, SlaClock.kind == ClockKind.PROMISE, late(now)
    )


def select_by_number(actor: Actor, number: str) -> Select[Ticket]:
    """Return the query of the visible ticket with a number as typed; raise `NotFound` if it is no ticket number."""
    try:
        return visible_to(actor).where(Ticket.number == parse_ticket_number(number))
    except InvalidTicketNumber:
        raise NotFound from None


async def get_details(session: AsyncSession, actor: Actor, number: str) -> TicketDetails:
    """Return a visible ticket with its details; raise `NotFound`."""
    ticket = await session.scalar(select_by_number(actor, number))
    if ticket is None:
        raise NotFound
    return await load_details(session, ticket)


async def load_details(session: AsyncSession, ticket: Ticket) -> TicketDetails:
    """Load the details of a ticket that is already loaded."""
    applicant = (await session.execute(select(Applicant).where(Applicant.id == ticket.applicant_id))).scalar_one()
    documents = await session.scalars(
        select(TicketDocument).where(TicketDocument.ticket_id == ticket.id).order_by(TicketDocument.code)
    )
    return TicketDetails(ticket, applicant, list(documents), await _clocks(session, [ticket]))


async def list_tickets(
    session: AsyncSession, actor: Actor, filters: TicketFilter, *, cursor: Cursor | None, page_size: int, now: datetime
) -> Page[tuple[Ticket, list[SlaClock]]]:
    """Return a page of visible tickets, newest first, with the clocks of their present cycles; two queries."""
    query = visible_to(actor).where(*_conditions(filters, actor, now))
    if cursor is not None:
        query = query.where(tuple_(Ticket.received_at, Ticket.id) < (cursor.at, cursor.id))
    query = query.order_by(Ticket.received_at.desc(), Ticket.id.desc()).limit(page_size + 1)
    found = list(await session.scalars(query))
    page = found[:page_size]
    following = Cursor(page[-1].received_at, page[-1].id).encode() if len(found) > page_size else None
    clocks = await _clocks(session, page)
    return Page([(ticket, [c for c in clocks if c.ticket_id == ticket.id]) for ticket in page], following)


async def load_events(session: AsyncSession, ticket_id: UUID) -> list[TicketEvent]:
    """Return the events of a ticket, oldest first."""
    found = await session.scalars(
        select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.seq)
    )
    return list(found)


async def _clocks(session: AsyncSession, tickets: list[Ticket]) -> list[SlaClock]:
    if not tickets:
        return []
    present = tuple_(SlaClock.ticket_id, SlaClock.cycle).in_([(ticket.id, ticket.cycle) for ticket in tickets])
    return list(await session.scalars(select(SlaClock).where(present).order_by(SlaClock.kind)))


def _conditions(filters: TicketFilter, actor: Actor, now: datetime) -> list[ColumnElement[bool]]:
    equal = (
        (Ticket.state, filters.state),
        (Ticket.unit, filters.unit),
        (Ticket.service, filters.service),
        (Ticket.channel, filters.channel),
        (Ticket.kind, filters.kind),
        (Ticket.neighbourhood, filters.neighbourhood),
        (Ticket.external_id, filters.external_id),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if filters.is_open is not None:
        condition = Ticket.state.in_([state.value for state in OPEN_STATES])
        conditions.append(condition if filters.is_open else ~condition)
    if filters.overdue is not None:
        conditions.append(overdue(now) if filters.overdue else ~overdue(now))
    if filters.phone_index is not None:
        same_phone = select(Applicant.id).where(Applicant.phone_index == filters.phone_index)
        if actor.unit is not None:  # otherwise a directorate could test whose the hidden identity is
            same_phone = same_phone.where(~Applicant.identity_hidden)
        conditions.append(Ticket.applicant_id.in_(same_phone))
    if filters.received_from is not None:
        conditions.append(Ticket.received_at >= filters.received_from)
    if filters.received_to is not None:
        conditions.append(Ticket.received_at < filters.received_to)
    return conditions
