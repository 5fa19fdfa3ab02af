"""Queries of complaints; each one starts at `visible_to`, so no caller sees complaints of others."""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.access.actor import Actor
from app.access.scopes import Scope
from app.complaints.values import ENDED, ComplaintState
from app.core.errors import NotFound
from app.core.paging import Cursor, Page
from app.people.model import Applicant
from app.sla.model import SlaClock
from app.tickets.model import Complaint, Escalation, Ticket
from app.tickets.numbers import InvalidComplaintNumber, parse_complaint_number
from app.tickets.workflow import State

_About = aliased(Ticket, name="about")


@dataclass(frozen=True, slots=True)
class ComplaintFilter:
    """Filters of a list; None leaves a filter out."""

    state: ComplaintState | None = None
    ground: str | None = None
    office: int | None = None
    ticket: str | None = None


class ComplaintRecord(NamedTuple):
    """A complaint with the ticket that carries it, its applicant, its own escalation and its clock.

    `about` is the number of the ticket complained of.
    """

    complaint: Complaint
    ticket: Ticket
    applicant: Applicant
    escalation: Escalation
    clock: SlaClock
    about: str | None

    @property
    def state(self) -> ComplaintState:
        """Return the present state; SQL twin: `state_is`."""
        ended = ENDED.get(State(self.ticket.state))
        if ended is not None:
            return ended
        return ComplaintState.FILED if self.escalation.acknowledged_at is None else ComplaintState.ACKNOWLEDGED


def state_is(wanted: ComplaintState) -> ColumnElement[bool]:
    """Return the condition for complaints in the wanted state: the SQL twin of `ComplaintRecord.state`."""
    for ticket_state, state in ENDED.items():
        if state is wanted:
            return Ticket.state == ticket_state.value
    seen = Escalation.acknowledged_at.is_not(None)
    is_open = Ticket.state.not_in([state.value for state in ENDED])
    return and_(is_open, seen if wanted is ComplaintState.ACKNOWLEDGED else ~seen)


def visible_to(actor: Actor) -> Select[Complaint, Ticket, Applicant, Escalation, SlaClock, str]:
    """Select the complaints that `actor` may see: all, those about its unit's tickets, or those that it filed."""
    query = (
        select(Complaint, Ticket, Applicant, Escalation, SlaClock, _About.number)
        .join(Ticket, Ticket.id == Complaint.ticket_id)
        .join(Applicant, Applicant.id == Ticket.applicant_id)
        .join(
            Escalation,
            and_(
                Escalation.ticket_id == Complaint.ticket_id,
                Escalation.source == "citizen",
                Escalation.level == Complaint.level,
            ),
        )
        .join(SlaClock, SlaClock.ticket_id == Complaint.ticket_id)
        .outerjoin(_About, _About.id == Complaint.about_id)
    )
    if not actor.may(Scope.COMPLAINTS_READ):
        return query.where(Ticket.client_id == actor.client_id)
    return query if actor.unit is None else query.where(_About.unit == actor.unit)


async def find_complaint(session: AsyncSession, actor: Actor, number: str) -> ComplaintRecord:
    """Return a visible complaint by its number in any accepted spelling; raises `NotFound`."""
    try:
        wanted = parse_complaint_number(number)
    except InvalidComplaintNumber:
        raise NotFound from None
    query = visible_to(actor).where(Ticket.number == wanted).execution_options(populate_existing=True)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFound
    return ComplaintRecord(*row)


async def list_complaints(
    session: AsyncSession, actor: Actor, wanted: ComplaintFilter, *, cursor: Cursor | None, page_size: int
) -> Page[ComplaintRecord]:
    """Return a page of visible complaints, newest first, with one query."""
    query = visible_to(actor).where(*_conditions(wanted))
    if cursor is not None:
        query = query.where(tuple_(Ticket.received_at, Ticket.id) < (cursor.at, cursor.id))
    query = query.order_by(Ticket.received_at.desc(), Ticket.id.desc()).limit(page_size + 1)
    found = [ComplaintRecord(*row) for row in await session.execute(query)]
    page = found[:page_size]
    last = page[-1].ticket if len(found) > page_size else None
    return Page(page, Cursor(last.received_at, last.id).encode() if last else None)


def _conditions(wanted: ComplaintFilter) -> list[ColumnElement[bool]]:
    equal = ((Complaint.ground, wanted.ground), (Complaint.level, wanted.office), (_About.number, wanted.ticket))
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if wanted.state is not None:
        conditions.append(state_is(wanted.state))
    return conditions
