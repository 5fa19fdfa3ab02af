"""Preview and apply a change of the calendar; every open clock is recomputed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.core.errors import FieldError, Invalid, StaleCalendar
from app.sla.calendar import CalendarError, SpecialDay
from app.sla.calendar_decisions import days_decided_on, lock_calendar, store_decisions
from app.sla.calendar_versions import Calendars, newest_calendar, newest_calendar_version, store_calendars
from app.sla.calendar_years import YEARS_AHEAD, last_year
from app.sla.model import CalendarVersion
from app.standards.rulebook import Rulebook, RulebookCache
from app.standards.service import current_calendars
from app.standards.values import Catalogue
from app.tickets.bulk.recompute import RecomputePreview, RecomputeResult, preview_recompute, recompute
from app.tickets.bulk.rules import RecomputeRun, has_older_calendar, is_open_or_armed

MAX_LISTED = 20
"""The number of moved clocks that a preview lists."""


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """The dates that a person decides on, and the dates whose decision is revoked."""

    days: Mapping[date, SpecialDay]
    revoked: frozenset[date]


async def preview(session: AsyncSession, rules: Rulebook, change: CalendarChange, *, now: datetime) -> RecomputePreview:
    """Return the number of open clocks that would move, and the first of them; store nothing. Raises `Invalid`."""
    calendars = await _calendars_after(session, change, rules.catalogue, now=now)
    condition = is_open_or_armed()
    run = RecomputeRun(calendars, rules.calendar_version_id, cause="calendar", actor="", condition=condition)
    return await preview_recompute(session, run, now=now, max_listed=MAX_LISTED)


async def apply(
    database: Database,
    rules: Rulebook,
    change: CalendarChange,
    *,
    expected: UUID | None,
    force: bool,
    actor: str,
    reason: str,
    now: datetime,
) -> tuple[UUID, RecomputeResult]:
    """Store the change as the newest version, then recompute every open clock; sent notices are not repeated.

    Raises `Invalid` (a past date without `force`, a revoked date without a decision, a calendar that never opens) and
    `StaleCalendar`. If the process dies before all clocks are recomputed, the workers finish.
    """
    async with database.transaction() as session:
        await lock_calendar(session)
        newest = await newest_calendar_version(session)
        if expected is not None and expected != newest:
            raise StaleCalendar(version=str(newest))
        if not force:
            _check_past(change, rules, now)
        calendars = await _calendars_after(session, change, rules.catalogue, now=now)
        await store_decisions(session, change.days, change.revoked, actor=actor, reason=reason, now=now)
        version = await store_calendars(session, calendars, now=now, actor=actor, reason=reason)
    return version, await settle(database, version, calendars, actor=actor, now=now)


async def settle(
    database: Database, version: UUID, calendars: Calendars, *, actor: str, now: datetime
) -> RecomputeResult:
    """Recompute the open clocks that have an older calendar version than this one."""
    condition = has_older_calendar(version)
    run = RecomputeRun(calendars, version, cause="calendar", actor=actor, condition=condition)
    return await recompute(database, run, now=now)


async def settle_newest(
    database: Database, rulebooks: RulebookCache, *, now: datetime
) -> tuple[UUID, RecomputeResult] | None:
    """Settle the newest version; return its id and the result, or None if it is marked as settled."""
    async with database.reading() as session:
        found = await newest_calendar(session)
        if found is None or found.settled_at is not None:
            return None
        calendars = await rulebooks.calendars(session, found.id)
    return found.id, await settle(database, found.id, calendars, actor=found.created_by, now=now)


async def seed_next_year(database: Database, rulebooks: RulebookCache, *, now: datetime) -> bool:
    """Seed the next year within `YEARS_AHEAD`, as a new version, so that no limit reaches a year without holidays.

    Returns whether a year was seeded.
    """
    async with database.transaction() as session:
        last = await last_year(session)
        if last is not None and last >= now.year + YEARS_AHEAD:
            return False
        await lock_calendar(session)
        rules = await rulebooks.current(session)
        calendars = await current_calendars(session, rules.catalogue, now=now)
        await store_calendars(session, calendars, now=now, actor="estim", reason=f"{now.year + YEARS_AHEAD}")
    return True


async def mark_settled(database: Database, version: UUID, *, now: datetime) -> None:
    """Mark a version as settled: no open clock has an older calendar."""
    async with database.transaction() as session:
        await session.execute(update(CalendarVersion).where(CalendarVersion.id == version).values(settled_at=now))


async def _calendars_after(
    session: AsyncSession, change: CalendarChange, catalogue: Catalogue, *, now: datetime
) -> Calendars:
    """Return the calendars after the change. Raises `Invalid`."""
    decided = await days_decided_on(session)
    _check_revoked(change, decided)
    unrevoked = {day: special for day, special in decided.items() if day not in change.revoked}
    try:
        return await current_calendars(session, catalogue, now=now, decided=unrevoked | dict(change.days))
    except CalendarError as error:
        raise Invalid([FieldError("/days", error.code)]) from error


def _check_past(change: CalendarChange, rules: Rulebook, now: datetime) -> None:
    """Raise `Invalid` for a past date: due dates already count it, so a late decision needs `force`."""
    calendar = next(iter(rules.calendars.values()))
    today = calendar.local_date(now).isoformat()
    errors = [
        FieldError(f"/days/{index}/date", "past_without_force", {"today": today})
        for index, day in enumerate(change.days)
        if day.isoformat() < today
    ]
    errors += [
        FieldError("/revoke", "past_without_force", {"today": today})
        for day in sorted(change.revoked)
        if day.isoformat() < today
    ]
    if errors:
        raise Invalid(errors)


def _check_revoked(change: CalendarChange, decided: Mapping[date, SpecialDay]) -> None:
    unknown = sorted(day.isoformat() for day in change.revoked - decided.keys())
    if unknown:
        allowed = [day.isoformat() for day in decided] or ["–"]
        raise Invalid([FieldError("/revoke", "not_decided", {"dates": unknown, "allowed": allowed})])
