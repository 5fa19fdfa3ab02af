"""The municipality's own decisions on dates: administrative leave, short days, working Saturdays.

A decision is a row that is revoked, never deleted or changed: it records who decided what, when, and who revoked it.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.sla.calendar import SpecialDay, special_day_from_json, special_day_to_json
from app.sla.model import CalendarDecision

_LOCK = 0x43414C  # "CAL"


async def lock_calendar(session: AsyncSession) -> None:
    """Lock the calendar until the end of the transaction: each change is computed from the one before."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


async def days_decided_on(session: AsyncSession) -> dict[date, SpecialDay]:
    """Return the special days of the decisions in force, in date order."""
    return {row.date: special_day_from_json(row.day) for row in await decisions_in_force(session)}


async def decisions_in_force(session: AsyncSession) -> list[CalendarDecision]:
    """Return the decisions that are not revoked, in date order."""
    in_force = select(CalendarDecision).where(CalendarDecision.revoked_at.is_(None))
    return list(await session.scalars(in_force.order_by(CalendarDecision.date)))


async def store_decisions(
    session: AsyncSession,
    days: Mapping[date, SpecialDay],
    revoked: Collection[date],
    *,
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    """Store a decision for each of `days`, in place of an earlier one, and revoke those of the `revoked` dates."""
    ended = update(CalendarDecision).where(CalendarDecision.revoked_at.is_(None))
    ended = ended.where(CalendarDecision.date.in_({*days, *revoked}))
    await session.execute(ended.values(revoked_at=now, revoked_by=actor))
    session.add_all(
        CalendarDecision(
            id=new_id(),
            date=day,
            day=special_day_to_json(special),
            decided_by=actor,
            decided_at=now,
            reason=reason,
        )
        for day, special in days.items()
    )
    await session.flush()  # the next query of this transaction reads them
