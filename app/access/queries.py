"""Queries of clients and their keys for administrators."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.model import ApiClient, ApiKey


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key with its client; the key itself is never stored."""

    prefix: str
    client: str
    role: str
    unit: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


async def list_keys(session: AsyncSession) -> list[ListedKey]:
    """Return all keys, newest first."""
    query = (
        select(
            ApiKey.prefix,
            ApiClient.name,
            ApiClient.role,
            ApiClient.unit,
            ApiKey.created_at,
            ApiKey.expires_at,
            ApiKey.revoked_at,
        )
        .join(ApiClient, ApiClient.id == ApiKey.client_id)
        .order_by(ApiKey.created_at.desc(), ApiKey.id.desc())
    )
    return [ListedKey(*row) for row in await session.execute(query)]
