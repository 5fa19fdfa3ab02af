"""Storing a catalogue: a new version of the published table and of the calendar, or nothing at all."""

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
    """The version that now applies, and whether it is a new one."""

    version_id: UUID
    is_new: bool


async def store_catalogue(session: AsyncSession, catalogue: Catalogue, *, now: datetime) -> StoredCatalogue:
    """Make `catalogue` and its calendars the version for new tickets; equal ones are not stored again.

    Tickets that run keep the policy they were opened under. Hours and closures are of the calendar: where they differ,
    the workers compute the open clocks anew. Raises CatalogueError where closures differ on dates that are past.
    """
    await lock_calendar(session)
    calendars = await current_calendars(session, catalogue, now=now)
    await _leave_the_past_alone(session, calendars, now)
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


async def _leave_the_past_alone(session: AsyncSession, calendars: Calendars, now: datetime) -> None:
    """Dates that are past have been counted by somebody; `estim calendar add --force` is for what was decided late."""
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
    """The calendars as they have to be now: stored years, the folder's closures and the decisions that hold.

    With `decided` as they would be under those decisions. Raises CalendarError where the dates leave nothing open.
    """
    if decided is None:
        decided = await days_decided_on(session)
    return build_calendars(catalogue, await seeded_days(session, now=now), decided, await _known_hours(session))


async def _known_hours(session: AsyncSession) -> dict[str, Week]:
    """The opening hours of the newest calendar, with those that no catalogue names any more: clocks count in them."""
    newest = await newest_calendar_version(session)
    known = {} if newest is None else await calendars_of(session, newest)
    return {name: calendar.weekly for name, calendar in known.items()}


def build_calendars(
    catalogue: Catalogue,
    holidays: Mapping[date, SpecialDay],
    decided: Mapping[date, SpecialDay],
    known: Mapping[str, Week] = MappingProxyType({}),
) -> Calendars:
    """One calendar for each set of opening hours: holidays, over them the folder's closures, over them decisions.

    Hours that are `known` from before stay, for what began under them. Raises CalendarError where the dates leave
    nothing open. A calendar's version is the hash of what it says.
    """
    days = overlay(overlay(holidays, catalogue.closures), decided)
    found = {}
    for name, week in {**known, **catalogue.hours}.items():
        calendar = Calendar(version="", zone=catalogue.zone, weekly=week, special_days=days)
        digest = hashlib.sha256(json.dumps(calendar.to_json(), sort_keys=True).encode()).hexdigest()
        found[name] = replace(calendar, version=digest[:12])
    return found
