"""Reading complaints; every query starts at `visible_to`, so that nobody sees what is not theirs."""

from dataclasses import dataclass
from typing import Any, NamedTuple

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
    """What a list may be narrowed by; None does not narrow."""

    standing: ComplaintState | None = None
    ground: str | None = None
    office: int | None = None
    ticket: str | None = None


class Case(NamedTuple):
    """A complaint whole: its own row, the ticket that carries it, its applicant, its office's record and its limit.

    `about` is the number of the ticket that it complains of.
    """

    complaint: Complaint
    ticket: Ticket
    applicant: Applicant
    record: Escalation
    clock: SlaClock
    about: str | None

    @property
    def standing(self) -> ComplaintState:
        """How far it has come; SQL twin: `standing_is`."""
        ended = ENDED.get(State(self.ticket.state))
        if ended is not None:
            return ended
        return ComplaintState.FILED if self.record.acknowledged_at is None else ComplaintState.ACKNOWLEDGED


def standing_is(wanted: ComplaintState) -> ColumnElement[bool]:
    """SQL twin of `Case.standing`."""
    for state, standing in ENDED.items():
        if standing is wanted:
            return Ticket.state == state.value
    seen = Escalation.acknowledged_at.is_not(None)
    is_open = Ticket.state.not_in([state.value for state in ENDED])
    return and_(is_open, seen if wanted is ComplaintState.ACKNOWLEDGED else ~seen)


def visible_to(actor: Actor) -> Select[*tuple[Any, ...]]:
    """The complaints that `actor` may see: all, those about its unit's tickets, or those that it filed."""
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


async def find_case(session: AsyncSession, actor: Actor, number: str) -> Case:
    """One visible complaint by its number as somebody typed it; raises `NotFound`."""
    try:
        wanted = parse_complaint_number(number)
    except InvalidComplaintNumber:
        raise NotFound from None
    query = visible_to(actor).where(Ticket.number == wanted).execution_options(populate_existing=True)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFound
    return Case(*row)


async def list_cases(
    session: AsyncSession, actor: Actor, wanted: ComplaintFilter, *, cursor: Cursor | None, limit: int
) -> Page[Case]:
    """Visible complaints, newest first; one query whatever the page."""
    query = visible_to(actor).where(*_conditions(wanted))
    if cursor is not None:
        query = query.where(tuple_(Ticket.received_at, Ticket.id) < (cursor.at, cursor.id))
    query = query.order_by(Ticket.received_at.desc(), Ticket.id.desc()).limit(limit + 1)
    found = [Case(*row) for row in await session.execute(query)]
    page = found[:limit]
    last = page[-1].ticket if len(found) > limit else None
    return Page(page, Cursor(last.received_at, last.id).encode() if last else None)


def _conditions(wanted: ComplaintFilter) -> list[ColumnElement[bool]]:
    equal = ((Complaint.ground, wanted.ground), (Complaint.level, wanted.office), (_About.number, wanted.ticket))
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if wanted.standing is not None:
        conditions.append(standing_is(wanted.standing))
    return conditions
