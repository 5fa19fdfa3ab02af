"""The versions of the working calendar: each is stored once and read as `Calendar` values."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.sla.calendar import Calendar
from app.sla.model import CalendarVersion

Calendars = Mapping[str, Calendar]
"""The calendars by the name of their opening hours (`office`, `hospitality`, …); they share holidays and leave."""

_NEWEST_FIRST = CalendarVersion.id.desc()
"""Ids rise with real time."""


async def store_calendars(
    session: AsyncSession, calendars: Calendars, *, now: datetime, actor: str, reason: str
) -> UUID:
    """Store the calendars as a new version unless the newest one is equal; return the id of the version."""
    content = {name: calendar.to_json() for name, calendar in sorted(calendars.items())}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    newest = await newest_calendar(session)
    if newest is not None and newest.sha256 == digest:
        return newest.id
    version = CalendarVersion(
        id=new_id(), created_at=now, sha256=digest, content=content, created_by=actor, reason=reason
    )
    session.add(version)
    return version.id


async def newest_calendar_version(session: AsyncSession) -> UUID | None:
    """Return the id of the version for new computations; None before the first was stored."""
    return await session.scalar(select(CalendarVersion.id).order_by(_NEWEST_FIRST).limit(1))


async def calendars_of(session: AsyncSession, version_id: UUID) -> Calendars:
    """Return the calendars of one version."""
    row = (await session.execute(select(CalendarVersion).where(CalendarVersion.id == version_id))).scalar_one()
    return _calendars(row)


async def newest_calendar(session: AsyncSession) -> CalendarVersion | None:
    """Return the version for new computations; None before the first was stored."""
    return await session.scalar(select(CalendarVersion).order_by(_NEWEST_FIRST).limit(1))


def _calendars(row: CalendarVersion) -> Calendars:
    return MappingProxyType({name: Calendar.from_json(content) for name, content in row.content.items()})
