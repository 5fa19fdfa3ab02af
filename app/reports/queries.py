"""Queries of the figures of a month, from stored rows alone.

The catalogue is not read. Services appear by their code and limits by the words pinned to each clock. So an edited
policy or a renamed service does not change the report of a past month (C9). Later changes of a ticket do not either: a
settled clock keeps its service, and a lateness stays with the directorate that had the ticket.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.reports.figures import Compliance, ComplianceLine, Month
from app.sla.model import SlaClock
from app.sla.queries import met_late, met_on_time, open_late, pinned_text
from app.tickets.model import Ticket, TicketEvent
from app.tickets.workflow import Command


async def read_compliance(session: AsyncSession, month: Month, *, unit: str | None, now: datetime) -> Compliance:
    """Return the report of a month with one statement.

    A clock of any cycle belongs to the month in which its stored due date lies by the local calendar; a paused clock
    has none. In a month that is not over, clocks met early count already. `unit` limits the report to the clocks of the
    tickets that the directorate had when they were met or fell due. The statement reads every clock (0.3 s for 300,000
    on two cores), because an index on the due date would slow down each intake.
    """
    rows = await session.execute(_figures(month, unit, now))
    lines = sorted(map(_line, rows), key=lambda line: (line.service, line.clock, line.limit))
    return Compliance(month, None if now >= month.ends_at else now, unit, tuple(lines))


def _line(row: Row[*tuple[Any, ...]]) -> ComplianceLine:
    return ComplianceLine(
        service=row.service,
        clock=row.clock,
        limit=row.limit,
        due=row.due,
        on_time=row.on_time,
        late=row.late,
        open_late=row.open_late,
        cancelled=row.cancelled,
        median=row.median,
        ninetieth=row.ninetieth,
    )


def _figures(month: Month, unit: str | None, now: datetime) -> Select[*tuple[Any, ...]]:
    cancelled = SlaClock.state == "cancelled"
    taken = SlaClock.met_at - func.coalesce(SlaClock.restarted_at, SlaClock.started_at)
    service, printed = pinned_text("service"), pinned_text("printed")
    query = (
        select(
            service.label("service"),
            SlaClock.kind.label("clock"),
            printed.label("limit"),
            func.count().filter(~cancelled).label("due"),
            func.count().filter(met_on_time()).label("on_time"),
            func.count().filter(met_late()).label("late"),
            func.count().filter(open_late(now)).label("open_late"),
            func.count().filter(cancelled).label("cancelled"),
            func.percentile_disc(0.5).within_group(taken).label("median"),
            func.percentile_disc(0.9).within_group(taken).label("ninetieth"),
        )
        .where(SlaClock.due_at >= month.starts_at, SlaClock.due_at < month.ends_at, SlaClock.state != "paused")
        .group_by(service, SlaClock.kind, printed)
    )
    if unit is None:
        return query
    return query.join(Ticket, Ticket.id == SlaClock.ticket_id).where(_unit_in_charge() == unit)


def _unit_in_charge() -> ColumnElement[str | None]:
    """Return the directorate that had the ticket when the clock was met or fell due, whichever came first.

    The first referral or return after that instant names the directorate before it ("" for the desk). Without one the
    directorate has not changed since.
    """
    later_referral = (
        select(func.coalesce(TicketEvent.data["from_unit"].astext, ""))
        .where(
            TicketEvent.ticket_id == SlaClock.ticket_id,
            TicketEvent.kind.in_((Command.REFER, Command.RETURN)),
            TicketEvent.at > func.least(SlaClock.met_at, SlaClock.due_at),
        )
        .order_by(TicketEvent.seq)
        .limit(1)
        .correlate(SlaClock)
        .scalar_subquery()
    )
    return func.coalesce(later_referral, Ticket.unit)
