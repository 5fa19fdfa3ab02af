"""Store a catalogue: a new version of the published table and of the calendar, or neither."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.sla.calendar import Calendar, Segment, SpecialDay, overlay
from app.sla.calendar_decisions import days_decided_on, lock_calendar
from app.sla.calendar_versions import Calendars, calendars_of, newest_calendar_version, store_calendars
from app.sla.calendar_years import seeded_days
from app.standards.catalogue import CatalogueError
from app.standards.folder import CLOSURES
from app.standards.model import CatalogueVersion, catalogue_to_json
from app.standards.problems import problem
from app.standards.values import Catalogue

Week = tuple[tuple[Segment, ...], ...]


@dataclass(frozen=True, slots=True)
class StoredCatalogue:
    """The version that now applies; `is_new` is false if an equal one was stored before."""

    version_id: UUID
    is_new: bool


async def store_catalogue(session: AsyncSession, catalogue: Catalogue, *, now: datetime) -> StoredCatalogue:
    """Make `catalogue` and its calendars the version for new tickets, unless the newest one is equal.

    Open tickets stay under the policy they were opened with. Hours and closures belong to the calendar: if they
    differ, the workers recompute the open clocks. Raises CatalogueError if closures differ on past dates.
    """
    await lock_calendar(session)
    calendars = await current_calendars(session, catalogue, now=now)
    await _check_past_closures(session, calendars, now)
    await store_calendars(session, calendars, now=now, actor="estim", reason=f"catalogue {catalogue.sha256[:12]}")
    by_age = select(CatalogueVersion).order_by(CatalogueVersion.loaded_at.desc(), CatalogueVersion.id.desc())
    newest = await session.scalar(by_age.limit(1))
    if newest is not None and newest.sha256 == catalogue.sha256:
        return StoredCatalogue(newest.id, is_new=False)
    version = CatalogueVersion(
        id=new_id(), loaded_at=now, sha256=catalogue.sha256, content=catalogue_to_json(catalogue)
    )
    session.add(version)
    return StoredCatalogue(version.id, is_new=True)


async def _check_past_closures(session: AsyncSession, calendars: Calendars, now: datetime) -> None:
    """Raise CatalogueError if closures change a past date; `estim calendar add --force` is for late decisions."""
    newest = await newest_calendar_version(session)
    if newest is None:
        return
    before, after = (next(iter(each.values())) for each in (await calendars_of(session, newest), calendars))
    differing = {day for day, _ in before.special_days.items() ^ after.special_days.items()}
    changed = sorted(day for day in differing if day < after.local_date(now))
    if changed:
        dates = ", ".join(map(str, changed))
        raise CatalogueError((problem("closure_past", None, "closures", dates, source=CLOSURES),))


async def current_calendars(
    session: AsyncSession,
    catalogue: Catalogue,
    *,
    now: datetime,
    decided: Mapping[date, SpecialDay] | None = None,
) -> Calendars:
    """Return the calendars of a catalogue: stored years, the folder's closures, and the decisions in force.

    `decided` replaces the decisions in force. Raises CalendarError if the dates leave nothing open.
    """
    if decided is None:
        decided = await days_decided_on(session)
    return build_calendars(catalogue, await seeded_days(session, now=now), decided, await _known_hours(session))


async def _known_hours(session: AsyncSession) -> dict[str, Week]:
    """Return the opening hours of the newest calendar, also those removed since: open clocks still count in them."""
    newest = await newest_calendar_version(session)
    known = {} if newest is None else await calendars_of(session, newest)
    return {name: calendar.weekly for name, calendar in known.items()}


def build_calendars(
    catalogue: Catalogue,
    holidays: Mapping[date, SpecialDay],
    decided: Mapping[date, SpecialDay],
    known: Mapping[str, Week] = MappingProxyType({}),
) -> Calendars:
    """Return one calendar for each set of opening hours: holidays, overlaid with closures, then with decisions.

    Hours that are `known` from before stay, for the clocks that started with them. A calendar's version is the hash of
    its content. Raises CalendarError if the dates leave nothing open.
    """
    days = overlay(overlay(holidays, catalogue.closures), decided)
    found = {}
    for name, week in {**known, **catalogue.hours}.items():
        calendar = Calendar(version="", zone=catalogue.zone, weekly=week, special_days=days)
        digest = hashlib.sha256(json.dumps(calendar.to_json(), sort_keys=True).encode()).hexdigest()
        found[name] = replace(calendar, version=digest[:12])
    return found
