"""Clients and their keys: making them, and telling who stands behind a key that was sent."""

import time
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.keys import PREFIX, InvalidApiKey, generate_api_key, hash_key, hashes_match, prefix_of
from app.access.model import ApiClient, ApiKey, PersonalDataAccess
from app.access.scopes import ROLES, Scope
from app.core.db import Database
from app.core.errors import Unauthenticated

CACHE_SECONDS = 5.0
"""How long a proven key is believed without asking the database; so long a revoked key may still work."""


async def create_client(
    session: AsyncSession, *, name: str, role: str, unit: str | None, pepper: bytes, now: datetime
) -> str:
    """Make a client with the scopes of `role` and its first key; returns the key, which is shown this once only.

    Raises `KeyError` for a role that does not exist.
    """
    scopes = sorted(ROLES[role].scopes)
    client = ApiClient(name=name, role=role, unit=unit, scopes=[str(scope) for scope in scopes], created_at=now)
    session.add(client)
    await session.flush()  # the key's foreign key needs the client's row
    key = generate_api_key()
    session.add(ApiKey(client_id=client.id, prefix=key.prefix, hash=hash_key(key.plain, pepper), created_at=now))
    return key.plain


async def revoke_key(session: AsyncSession, *, prefix: str, now: datetime) -> str | None:
    """End the working key of that prefix (with or without `estim_live_`); its client's name, None if there is none.

    Running programs notice within `CACHE_SECONDS`.
    """
    whole = PREFIX + prefix.removeprefix(PREFIX)
    key = await session.scalar(
        select(ApiKey).where(ApiKey.prefix == whole, ApiKey.revoked_at.is_(None)).with_for_update()
    )
    if key is None:
        return None
    key.revoked_at = now
    return await session.scalar(select(ApiClient.name).where(ApiClient.id == key.client_id))


async def record_unmasked_read(
    session: AsyncSession, *, actor: Actor, operation: str, facts: dict[str, str], now: datetime
) -> None:
    """Write down that `actor` read personal data unmasked (KVKK md.12); `facts` names rows, not people."""
    session.add(PersonalDataAccess(at=now, client_id=actor.client_id, operation=operation, facts=facts))


@dataclass(frozen=True, slots=True)
class _CachedActor:
    actor: Actor
    until: float


class Authenticator:
    """Turns an API key into an `Actor`; proven keys are remembered for `CACHE_SECONDS`."""

    def __init__(self, database: Database, *, pepper: bytes) -> None:
        self._database = database
        self._pepper = pepper
        self._proven: dict[bytes, _CachedActor] = {}

    async def identify(self, key: str, *, now: datetime) -> Actor:
        """The actor behind `key`; raises `Unauthenticated` without saying which part was wrong."""
        try:
            digest = hash_key(key, self._pepper)
        except InvalidApiKey:
            raise Unauthenticated from None
        known = self._proven.get(digest)
        if known is not None and known.until > time.monotonic():
            return known.actor
        async with self._database.reading() as session:
            actor = await _find_actor(session, prefix_of(key), digest, now)
        if len(self._proven) > 10_000:
            self._proven.clear()
        self._proven[digest] = _CachedActor(actor, time.monotonic() + CACHE_SECONDS)
        return actor


async def _find_actor(session: AsyncSession, prefix: str, digest: bytes, now: datetime) -> Actor:
    row = (
        await session.execute(
            select(ApiKey, ApiClient).join(ApiClient, ApiClient.id == ApiKey.client_id).where(ApiKey.prefix == prefix)
        )
    ).one_or_none()
    if row is None:
        raise Unauthenticated
    key, client = row
    expired = key.expires_at is not None and key.expires_at <= now
    if not hashes_match(key.hash, digest) or expired or key.revoked_at is not None or client.disabled_at is not None:
        raise Unauthenticated
    return actor_of(client)


def actor_of(client: ApiClient) -> Actor:
    """The actor that a client's requests act as."""
    return Actor(
        client_id=client.id,
        name=client.name,
        role=client.role,
        scopes=frozenset(Scope(scope) for scope in client.scopes),
        unit=client.unit,
    )


async def find_client(session: AsyncSession, client_id: UUID) -> Actor:
    """The actor of a stored client, for work that is done later on its behalf."""
    return actor_of((await session.execute(select(ApiClient).where(ApiClient.id == client_id))).scalar_one())
