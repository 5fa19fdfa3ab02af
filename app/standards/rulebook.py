"""The current rules: the newest catalogue and calendar version, cached in the process."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.core.errors import Unavailable
from app.sla.calendar_versions import Calendars, calendars_of, newest_calendar_version
from app.standards.model import CatalogueVersion, catalogue_from_json
from app.standards.queries import newest_version_with
from app.standards.values import Catalogue, Service

T = TypeVar("T")

REFRESH_SECONDS = 2.0
"""The age of the cached rules after which a process asks for a newer version."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A catalogue and the calendars for its due dates."""

    catalogue_version_id: UUID
    catalogue: Catalogue
    calendar_version_id: UUID
    calendars: Calendars


CACHED_VERSIONS = 50
"""The number of versions of each kind that stay in memory."""


class RulebookCache:
    """The current `Rulebook`, and the catalogues and calendars of older versions for the tickets opened under them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._current: Rulebook | None = None
        self._read_at = 0.0
        self._refreshing = False
        self._calendars: OrderedDict[UUID, Calendars] = OrderedDict()
        self._catalogues: OrderedDict[UUID, Catalogue] = OrderedDict()

    async def current(self, session: AsyncSession | None = None) -> Rulebook:
        """Return the rules for new tickets. Raises `Unavailable` before a catalogue was loaded.

        A caller in a transaction passes its `session`: with a full pool, waiting for a second connection is a deadlock.
        If the cached rules are old, one request reads them again and the others use the cached ones.
        """
        known = self._current
        if known is not None and (self._refreshing or time.monotonic() - self._read_at <= REFRESH_SECONDS):
            return known
        self._refreshing = True
        try:
            self._current = current = await self._refresh(session)
            self._read_at = time.monotonic()
        finally:
            self._refreshing = False
        return current

    async def calendars(self, session: AsyncSession, version_id: UUID) -> Calendars:
        """Return the calendars of a stored version; versions never change, so each is read once."""
        found = self._calendars.get(version_id)
        return found or _cache(self._calendars, version_id, await calendars_of(session, version_id))

    async def catalogue(self, session: AsyncSession, version_id: UUID) -> Catalogue:
        """Return a stored version of the catalogue; each is read once."""
        found = self._catalogues.get(version_id)
        if found is None:
            content = await session.scalar(select(CatalogueVersion.content).where(CatalogueVersion.id == version_id))
            found = _cache(self._catalogues, version_id, catalogue_from_json(content or {}))
        return found

    async def service(self, session: AsyncSession, code: str, *, version_id: UUID) -> tuple[Service, Catalogue]:
        """Return a service with its catalogue, from the version under which a ticket was opened.

        A later service, to which a ticket was moved, comes from the newest version that has it. Raises LookupError for
        a code that no stored version has.
        """
        catalogue = await self.catalogue(session, version_id)
        if catalogue.service(code) is None and (later := await newest_version_with(session, code)) is not None:
            catalogue = await self.catalogue(session, later)
        service = catalogue.service(code)
        if service is None:
            raise LookupError(f"no catalogue has a service {code}")
        return service, catalogue

    async def _refresh(self, session: AsyncSession | None) -> Rulebook:
        if session is not None:
            return await self._read(session)
        async with self._database.reading() as own:
            return await self._read(own)

    async def _read(self, session: AsyncSession) -> Rulebook:
        newest = await session.scalar(
            select(CatalogueVersion.id).order_by(CatalogueVersion.loaded_at.desc(), CatalogueVersion.id.desc()).limit(1)
        )
        calendar_version = await newest_calendar_version(session)
        if newest is None or calendar_version is None:
            raise Unavailable(retry_after=30)
        catalogue, calendars = await self.catalogue(session, newest), await self.calendars(session, calendar_version)
        return Rulebook(newest, catalogue, calendar_version, calendars)


def _cache(versions: OrderedDict[UUID, T], version_id: UUID, found: T) -> T:
    versions[version_id] = found
    if len(versions) > CACHED_VERSIONS:
        versions.popitem(last=False)
    return found
