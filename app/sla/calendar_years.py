"""The years of the calendar: holidays seeded once from the library, stored, and confirmed by a person.

A new version of the library must not move a date that the law counts, so a stored year is never seeded again.
"""

from collections.abc import Iterable
from datetime import date, datetime
from importlib.metadata import version

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import bulk_insert
from app.core.errors import NotFound
from app.sla.calendar import SpecialDay, special_day_from_json, special_day_to_json
from app.sla.model import CalendarYear
from app.sla.turkish_holidays import turkish_special_days

FIRST_YEAR = 2006
"""The year of the oldest imported record: BİMER began in 2006."""

YEARS_AHEAD = 3
"""The number of future years that limits and their extensions may reach."""


async def seeded_days(session: AsyncSession, *, now: datetime) -> dict[date, SpecialDay]:
    """Return holidays and half days from `FIRST_YEAR` to three years ahead; seed the years that are not stored yet."""
    wanted = range(FIRST_YEAR, now.year + YEARS_AHEAD + 1)
    stored = set(await session.scalars(select(CalendarYear.year)))
    await _seed(session, [year for year in wanted if year not in stored], now)
    years = await session.scalars(select(CalendarYear).where(CalendarYear.year.in_(wanted)).order_by(CalendarYear.year))
    return {day: special for year in years for day, special in days_of(year).items()}


def days_of(year: CalendarYear) -> dict[date, SpecialDay]:
    """Return the special days of a stored year, in date order."""
    return {date.fromisoformat(day): special_day_from_json(special) for day, special in sorted(year.days.items())}


async def stored_years(session: AsyncSession) -> list[CalendarYear]:
    """Return the stored years in order."""
    return list(await session.scalars(select(CalendarYear).order_by(CalendarYear.year)))


async def last_year(session: AsyncSession) -> int | None:
    """Return the last stored year; None before the first was seeded."""
    found: int | None = await session.scalar(select(func.max(CalendarYear.year)))
    return found


async def confirm_year(session: AsyncSession, year: int, *, actor: str, now: datetime) -> CalendarYear:
    """Record that a person has compared the year with the official gazette; a second confirmation changes nothing.

    Raises `NotFound` if the year is not stored.
    """
    found = await session.get(CalendarYear, year, with_for_update=True)
    if found is None:
        raise NotFound
    if found.confirmed_at is None:
        found.confirmed_at, found.confirmed_by = now, actor
    return found


async def _seed(session: AsyncSession, missing: Iterable[int], now: datetime) -> None:
    """Seed the missing years; if another process seeds at the same time, the first row stays."""
    source = f"holidays {version('holidays')}"
    rows = [
        {
            "year": year,
            "source": source,
            "seeded_at": now,
            "days": {day.isoformat(): special_day_to_json(each) for day, each in turkish_special_days([year]).items()},
        }
        for year in missing
    ]
    await bulk_insert(session, CalendarYear, rows, skip_conflicts=True)
