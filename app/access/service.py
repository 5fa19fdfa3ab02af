"""Creation of clients and keys, revocation, and authentication of requests."""

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
"""Real seconds for which an authenticated key is cached; a revoked key may work this long."""

MAX_CACHED_KEYS = 10_000
"""The cache is emptied when it grows beyond this."""


async def create_client(
    session: AsyncSession, *, name: str, role: str, unit: str | None, pepper: bytes, now: datetime
) -> str:
    """Create a client with the scopes of `role`; return its first key, which can't be read again.

    Raises `KeyError` for an unknown role.
    """
    scopes = sorted(ROLES[role].scopes)
    client = ApiClient(name=name, role=role, unit=unit, scopes=[str(scope) for scope in scopes], created_at=now)
    session.add(client)
    await session.flush()  # the key's foreign key requires the client's row
    key = generate_api_key()
    session.add(ApiKey(client_id=client.id, prefix=key.prefix, hash=hash_key(key.plain, pepper), created_at=now))
    return key.plain


async def revoke_key(session: AsyncSession, *, prefix: str, now: datetime) -> str | None:
    """Revoke the active key with that prefix (with or without `estim_live_`); return its client's name, or None.

    Running processes reject it after at most `CACHE_SECONDS`.
    """
    full_prefix = PREFIX + prefix.removeprefix(PREFIX)
    key = await session.scalar(
        select(ApiKey).where(ApiKey.prefix == full_prefix, ApiKey.revoked_at.is_(None)).with_for_update()
    )
    if key is None:
        return None
    key.revoked_at = now
    return await session.scalar(select(ApiClient.name).where(ApiClient.id == key.client_id))


async def record_unmasked_read(
    session: AsyncSession, *, actor: Actor, operation: str, facts: dict[str, str], now: datetime
) -> None:
    """Log that `actor` read personal data unmasked (KVKK md.12); `facts` identifies rows, not people."""
    session.add(PersonalDataAccess(at=now, client_id=actor.client_id, operation=operation, facts=facts))


@dataclass(frozen=True, slots=True)
class _CachedActor:
    actor: Actor
    expires_at: float


class Authenticator:
    """Authentication of API keys; valid keys are cached for `CACHE_SECONDS`."""

    def __init__(self, database: Database, *, pepper: bytes) -> None:
        self._database = database
        self._pepper = pepper
        self._cache: dict[bytes, _CachedActor] = {}

    async def identify(self, key: str, *, now: datetime) -> Actor:
        """Return the actor of `key`; raise `Unauthenticated` without the reason."""
        try:
            digest = hash_key(key, self._pepper)
        except InvalidApiKey:
            raise Unauthenticated from None
        cached = self._cache.get(digest)
        if cached is not None and cached.expires_at > time.monotonic():
            return cached.actor
        async with self._database.reading() as session:
            actor = await _find_actor(session, prefix_of(key), digest, now)
        if len(self._cache) > MAX_CACHED_KEYS:
            self._cache.clear()
        self._cache[digest] = _CachedActor(actor, time.monotonic() + CACHE_SECONDS)
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
    """Return the actor of a client's requests."""
    return Actor(
        client_id=client.id,
        name=client.name,
        role=client.role,
        scopes=frozenset(Scope(scope) for scope in client.scopes),
        unit=client.unit,
    )


async def find_client(session: AsyncSession, client_id: UUID) -> Actor:
    """Return the actor of a stored client, for later work on its behalf."""
    return actor_of((await session.execute(select(ApiClient).where(ApiClient.id == client_id))).scalar_one())
