"""What applies now: the newest catalogue and calendar version, read once and kept at hand."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.core.errors import Unavailable
from app.sla.service import Calendars, calendars_of, newest_calendar_version
from app.standards.model import CatalogueVersion
from app.standards.values import Catalogue, catalogue_from_json

REFRESH_SECONDS = 2.0
"""How long a process may go on with what it read before it asks whether there is a newer version."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A catalogue with the calendars that it is computed with."""

    catalogue_version_id: UUID
    catalogue: Catalogue
    calendar_version_id: UUID
    calendars: Calendars


class Shelf:
    """Hands out the current `Rulebook`, and the calendars of older versions for clocks that were started with them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._current: Rulebook | None = None
        self._checked = 0.0
        self._asking = asyncio.Lock()
        self._calendars: OrderedDict[UUID, Calendars] = OrderedDict()

    async def current(self) -> Rulebook:
        """The rules for new tickets; raises `Unavailable` before a catalogue was loaded.

        Of the requests that come while it is time to ask again, one asks; the others go on with what is known.
        """
        known = self._current
        if known is not None and (self._asking.locked() or time.monotonic() - self._checked <= REFRESH_SECONDS):
            return known
        async with self._asking, self._database.reading() as session:
            self._current = current = await self._read(session)
            self._checked = time.monotonic()
            return current

    async def calendars(self, session: AsyncSession, version_id: UUID) -> Calendars:
        """The calendars of a stored version; versions never change, so they are read once."""
        found = self._calendars.get(version_id)
        if found is None:
            found = await calendars_of(session, version_id)
            self._calendars[version_id] = found
            if len(self._calendars) > 50:
                self._calendars.popitem(last=False)
        return found

    async def _read(self, session: AsyncSession) -> Rulebook:
        newest = await session.scalar(
            select(CatalogueVersion.id).order_by(CatalogueVersion.loaded_at.desc(), CatalogueVersion.id.desc()).limit(1)
        )
        calendar_version = await newest_calendar_version(session)
        if newest is None or calendar_version is None:
            raise Unavailable(retry_after=30)
        if self._current is not None and self._current.catalogue_version_id == newest:
            catalogue = self._current.catalogue
        else:
            content = await session.scalar(select(CatalogueVersion.content).where(CatalogueVersion.id == newest))
            catalogue = catalogue_from_json(content or {})
        return Rulebook(newest, catalogue, calendar_version, await self.calendars(session, calendar_version))
