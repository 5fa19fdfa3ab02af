"""The queries on stored catalogue versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, cast, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.paging import Cursor, Page
from app.standards.model import CatalogueVersion

_NEWEST_FIRST = (CatalogueVersion.loaded_at.desc(), CatalogueVersion.id.desc())


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """A stored version without its content; `services` is the number of its services."""

    id: UUID
    loaded_at: datetime
    sha256: str
    services: int


async def loaded_at(session: AsyncSession, version_id: UUID) -> datetime:
    """Return the instant at which a version was loaded."""
    return (
        await session.execute(select(CatalogueVersion.loaded_at).where(CatalogueVersion.id == version_id))
    ).scalar_one()


async def list_versions(session: AsyncSession, *, cursor: Cursor | None = None, page_size: int) -> Page[ListedVersion]:
    """Return a page of the loaded versions, newest first; the first one applies to new tickets."""
    services = func.jsonb_array_length(CatalogueVersion.content["services"])
    query = select(CatalogueVersion.id, CatalogueVersion.loaded_at, CatalogueVersion.sha256, services)
    if cursor is not None:
        query = query.where(tuple_(CatalogueVersion.loaded_at, CatalogueVersion.id) < (cursor.at, cursor.id))
    found = [ListedVersion(*row) for row in await session.execute(query.order_by(*_NEWEST_FIRST).limit(page_size + 1))]
    page = found[:page_size]
    following = Cursor(page[-1].loaded_at, page[-1].id).encode() if len(found) > page_size else None
    return Page(page, following)


async def current_version(session: AsyncSession) -> CatalogueVersion | None:
    """Return the version for new tickets; None before a catalogue was loaded."""
    return await session.scalar(select(CatalogueVersion).order_by(*_NEWEST_FIRST).limit(1))


async def newest_version_with(session: AsyncSession, service: str) -> UUID | None:
    """Return the newest version with a service of that code; None if no version has it."""
    has = CatalogueVersion.content.contains({"services": [{"code": service}]})
    found: UUID | None = await session.scalar(select(CatalogueVersion.id).where(has).order_by(*_NEWEST_FIRST).limit(1))
    return found


async def versions_by_prefix(session: AsyncSession, prefix: str) -> Sequence[CatalogueVersion]:
    """Return at most two versions whose id or checksum begins with `prefix`; two mean that it is ambiguous."""
    prefix = prefix.lower()
    same = or_(
        cast(CatalogueVersion.id, Text).startswith(prefix, autoescape=True),
        CatalogueVersion.sha256.startswith(prefix, autoescape=True),
    )
    return list(await session.scalars(select(CatalogueVersion).where(same).order_by(*_NEWEST_FIRST).limit(2)))
