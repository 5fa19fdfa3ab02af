"""Reading tickets; every query starts at `visible_to`, so that nobody sees what is not theirs."""

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
from app.sla.model import SlaClock
from app.sla.queries import late
from app.tickets.clock_policies import STANDARDS_COMPLAINT
from app.tickets.model import Ticket, TicketDocument, TicketEvent
from app.tickets.numbers import InvalidTicketNumber, parse_number
from app.tickets.workflow import OPEN_STATES


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """What a list may be narrowed by; None does not narrow. Times are of receipt, [from, to)."""

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
class TicketCase:
    """A ticket with what belongs to it: applicant, documents, and the clocks of its present cycle."""

    ticket: Ticket
    applicant: Applicant
    documents: list[TicketDocument]
    clocks: list[SlaClock]


def visible_to(actor: Actor) -> Select[Ticket]:
    """The tickets that `actor` may see: all, those of its unit, or those it created.

    A complaint about the published table has rooms and commands of its own (`app/complaints`); here it is none.
    """
    query = select(Ticket).where(Ticket.service != STANDARDS_COMPLAINT)
    if not actor.may(Scope.TICKETS_READ):
        return query.where(Ticket.client_id == actor.client_id)
    return query if actor.unit is None else query.where(Ticket.unit == actor.unit)


def overdue(now: datetime) -> ColumnElement[bool]:
    """SQL twin of “a promise that is not kept in time”: past due and not met by then (B71: true without any sweep)."""
    return exists().where(
        SlaClock.ticket_id == Ticket.id, SlaClock.cycle == Ticket.cycle, SlaClock.kind == "promise", late(now)
    )


def by_number(actor: Actor, number: str) -> Select[Ticket]:
    """The visible ticket of a number as somebody typed it; raises `NotFound` for what can't be a number."""
    try:
        return visible_to(actor).where(Ticket.number == parse_number(number))
    except InvalidTicketNumber:
        raise NotFound from None


async def get_case(session: AsyncSession, actor: Actor, number: str) -> TicketCase:
    """One ticket with all that belongs to it; raises `NotFound`."""
    ticket = await session.scalar(by_number(actor, number))
    if ticket is None:
        raise NotFound
    return await case_of(session, ticket)


async def case_of(session: AsyncSession, ticket: Ticket) -> TicketCase:
    """What belongs to a ticket that was already read."""
    applicant = (await session.execute(select(Applicant).where(Applicant.id == ticket.applicant_id))).scalar_one()
    documents = await session.scalars(
        select(TicketDocument).where(TicketDocument.ticket_id == ticket.id).order_by(TicketDocument.code)
    )
    return TicketCase(ticket, applicant, list(documents), await _clocks(session, [ticket]))


async def list_tickets(
    session: AsyncSession, actor: Actor, wanted: TicketFilter, *, cursor: Cursor | None, limit: int, now: datetime
) -> Page[tuple[Ticket, list[SlaClock]]]:
    """Visible tickets, newest first, each with the clocks of its present cycle; two queries whatever the page."""
    query = visible_to(actor).where(*_conditions(wanted, actor, now))
    if cursor is not None:
        query = query.where(tuple_(Ticket.received_at, Ticket.id) < (cursor.at, cursor.id))
    query = query.order_by(Ticket.received_at.desc(), Ticket.id.desc()).limit(limit + 1)
    found = list(await session.scalars(query))
    page = found[:limit]
    following = Cursor(page[-1].received_at, page[-1].id).encode() if len(found) > limit else None
    clocks = await _clocks(session, page)
    return Page([(ticket, [c for c in clocks if c.ticket_id == ticket.id]) for ticket in page], following)


async def events_of(session: AsyncSession, ticket_id: UUID) -> list[TicketEvent]:
    """The history of a ticket, oldest first."""
    found = await session.scalars(
        select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.seq)
    )
    return list(found)


async def _clocks(session: AsyncSession, tickets: list[Ticket]) -> list[SlaClock]:
    if not tickets:
        return []
    present = tuple_(SlaClock.ticket_id, SlaClock.cycle).in_([(ticket.id, ticket.cycle) for ticket in tickets])
    return list(await session.scalars(select(SlaClock).where(present).order_by(SlaClock.kind)))


def _conditions(wanted: TicketFilter, actor: Actor, now: datetime) -> list[ColumnElement[bool]]:
    equal = (
        (Ticket.state, wanted.state),
        (Ticket.unit, wanted.unit),
        (Ticket.service, wanted.service),
        (Ticket.channel, wanted.channel),
        (Ticket.kind, wanted.kind),
        (Ticket.neighbourhood, wanted.neighbourhood),
        (Ticket.external_id, wanted.external_id),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if wanted.is_open is not None:
        condition = Ticket.state.in_([state.value for state in OPEN_STATES])
        conditions.append(condition if wanted.is_open else ~condition)
    if wanted.overdue is not None:
        conditions.append(overdue(now) if wanted.overdue else ~overdue(now))
    if wanted.phone_index is not None:
        same_phone = select(Applicant.id).where(Applicant.phone_index == wanted.phone_index)
        if actor.unit is not None:  # else a directorate could find out whose the hidden identity is
            same_phone = same_phone.where(~Applicant.identity_hidden)
        conditions.append(Ticket.applicant_id.in_(same_phone))
    if wanted.received_from is not None:
        conditions.append(Ticket.received_at >= wanted.received_from)
    if wanted.received_to is not None:
        conditions.append(Ticket.received_at < wanted.received_to)
    return conditions
