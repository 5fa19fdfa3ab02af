"""DueCheckpoint rows are claimed together with their tickets, and nobody is waited for.

Locked first and read afterwards, in statements of their own: only then is it certain that what is read is what the
command that held the lock before has left.
"""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import equals_any
from app.tickets.model import Ticket

LockOldest = Callable[[Sequence[UUID]], Awaitable[dict[UUID, UUID]]]
"""Locks the oldest due rows but the named ones, skipping what others hold: row → ticket, at most as many as asked."""


async def claim(session: AsyncSession, limit: int, lock_oldest: LockOldest) -> list[UUID]:
    """Up to `limit` due rows, oldest first, each locked with its ticket.

    Held tickets, however many, do not stand in the way of later ones.
    """
    skipped: list[UUID] = []
    while True:
        oldest = await lock_oldest(skipped)
        of_tickets = select(Ticket.id).where(equals_any(Ticket.id, list(set(oldest.values()))))
        free = set(await session.scalars(of_tickets.with_for_update(key_share=True, skip_locked=True)))
        claimed = [row for row, ticket in oldest.items() if ticket in free]
        if claimed or len(oldest) < limit:
            return claimed
        skipped += oldest
