"""Read the calendar: the version that applies, its years, and its special days with their decisions."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.calendar_admin.schemas import CalendarOut, DayOut, YearOut
from app.sla.calendar_decisions import decisions_in_force
from app.sla.calendar_years import stored_years
from app.sla.model import CalendarVersion
from app.standards.rulebook import Rulebook


async def read_calendar(session: AsyncSession, rules: Rulebook, *, first: date, last: date) -> CalendarOut:
    """Return the calendar from `first` to `last`, both included."""
    found = await session.execute(select(CalendarVersion).where(CalendarVersion.id == rules.calendar_version_id))
    version = found.scalar_one()
    decided = {row.date: row for row in await decisions_in_force(session)}
    special_days = next(iter(rules.calendars.values())).special_days
    days = [
        DayOut(
            date=day,
            kind=special.kind.value,
            name=special.name,
            ends_at=special.ends_at,
            counts_as_working=sorted(kind.value for kind in special.counts_as_working),
            decided_by=decided[day].decided_by if day in decided else None,
            reason=decided[day].reason if day in decided else None,
        )
        for day, special in sorted(special_days.items())
        if first <= day <= last
    ]
    span = range(first.year, last.year + 1)
    return CalendarOut(
        version=version.id,
        created_at=version.created_at,
        created_by=version.created_by,
        reason=version.reason,
        years=[YearOut.model_validate(year) for year in await stored_years(session) if year.year in span],
        days=days,
    )
