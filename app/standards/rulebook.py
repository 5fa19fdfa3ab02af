"""What applies now: the newest catalogue and calendar version, read once and kept at hand."""

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
"""How long a process may go on with what it read before it asks whether there is a newer version."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A catalogue with the calendars that it is computed with."""

    catalogue_version_id: UUID
    catalogue: Catalogue
    calendar_version_id: UUID
    calendars: Calendars


KEPT = 50
"""So many older versions of each kind stay at hand."""


class RulebookCache:
    """Hands out the current `Rulebook`, and the catalogues and calendars of older versions for what began with them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._current: Rulebook | None = None
        self._checked = 0.0
        self._asking = False
        self._calendars: OrderedDict[UUID, Calendars] = OrderedDict()
        self._catalogues: OrderedDict[UUID, Catalogue] = OrderedDict()

    async def current(self, session: AsyncSession | None = None) -> Rulebook:
        """The rules for new tickets; raises `Unavailable` before a catalogue was loaded.

        Whoever is in a transaction gives its `session` to ask with: to wait for a second connection while holding one
        is to wait for each other at a full pool. Of the requests that come while it is time to ask again, one asks;
        the others go on with what is known.
        """
        known = self._current
        if known is not None and (self._asking or time.monotonic() - self._checked <= REFRESH_SECONDS):
            return known
        self._asking = True
        try:
            self._current = current = await self._ask(session)
            self._checked = time.monotonic()
        finally:
            self._asking = False
        return current

    async def calendars(self, session: AsyncSession, version_id: UUID) -> Calendars:
        """The calendars of a stored version; versions never change, so they are read once."""
        found = self._calendars.get(version_id)
        return found or _keep(self._calendars, version_id, await calendars_of(session, version_id))

    async def catalogue(self, session: AsyncSession, version_id: UUID) -> Catalogue:
        """A stored version of the catalogue, read once as well."""
        found = self._catalogues.get(version_id)
        if found is None:
            content = await session.scalar(select(CatalogueVersion.content).where(CatalogueVersion.id == version_id))
            found = _keep(self._catalogues, version_id, catalogue_from_json(content or {}))
        return found

    async def service(self, session: AsyncSession, code: str, *, version_id: UUID) -> tuple[Service, Catalogue]:
        """A service as the version that a ticket was opened under has it, with that catalogue.

        One that came later (a ticket may be moved to it) is taken from the newest version that knows it. Raises
        LookupError for a code that no stored version has.
        """
        catalogue = await self.catalogue(session, version_id)
        if catalogue.service(code) is None and (later := await newest_version_with(session, code)) is not None:
            catalogue = await self.catalogue(session, later)
        service = catalogue.service(code)
        if service is None:
            raise LookupError(f"no catalogue has a service {code}")
        return service, catalogue

    async def _ask(self, session: AsyncSession | None) -> Rulebook:
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


def _keep(versions: OrderedDict[UUID, T], version_id: UUID, found: T) -> T:
    versions[version_id] = found
    if len(versions) > KEPT:
        versions.popitem(last=False)
    return found
