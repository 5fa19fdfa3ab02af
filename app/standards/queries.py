"""Reads of stored catalogue versions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.standards.model import CatalogueVersion


async def loaded_at(session: AsyncSession, version_id: UUID) -> datetime:
    """When a version was loaded."""
    return (
        await session.execute(select(CatalogueVersion.loaded_at).where(CatalogueVersion.id == version_id))
    ).scalar_one()
