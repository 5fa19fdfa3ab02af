"""Storing a catalogue: a new version of the published table and of the calendar, or nothing at all."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.sla.calendar import Calendar
from app.sla.seed import seed_turkish_days
from app.sla.service import Calendars, store_calendars
from app.standards.model import CatalogueVersion
from app.standards.values import Catalogue, catalogue_to_json

YEARS_BACK, YEARS_AHEAD = 6, 3
"""Holidays are seeded for these years around the present one: old records are imported, limits reach ahead."""


@dataclass(frozen=True, slots=True)
class StoredCatalogue:
    """The version that now applies, and whether it is a new one."""

    version_id: UUID
    is_new: bool


async def store_catalogue(session: AsyncSession, catalogue: Catalogue, *, now: datetime) -> StoredCatalogue:
    """Make `catalogue` and its calendars the version for new tickets; equal ones are not stored again.

    Tickets that run keep the version they were opened under.
    """
    await store_calendars(
        session,
        build_calendars(catalogue, now.year),
        now=now,
        actor="estim",
        reason=f"catalogue {catalogue.sha256[:12]}",
    )
    by_age = select(CatalogueVersion).order_by(CatalogueVersion.loaded_at.desc(), CatalogueVersion.id.desc())
    newest = await session.scalar(by_age.limit(1))
    if newest is not None and newest.sha256 == catalogue.sha256:
        return StoredCatalogue(newest.id, is_new=False)
    version = CatalogueVersion(
        id=new_id(), loaded_at=now, sha256=catalogue.sha256, content=catalogue_to_json(catalogue)
    )
    session.add(version)
    return StoredCatalogue(version.id, is_new=True)


def build_calendars(catalogue: Catalogue, year: int) -> Calendars:
    """One calendar for each set of opening hours: seeded holidays, overridden by the municipality's own dates."""
    days = seed_turkish_days(range(year - YEARS_BACK, year + YEARS_AHEAD + 1)) | catalogue.closures
    return {
        name: Calendar(version=f"{catalogue.sha256[:12]}-{year}", zone=catalogue.zone, weekly=week, special_days=days)
        for name, week in catalogue.hours.items()
    }
