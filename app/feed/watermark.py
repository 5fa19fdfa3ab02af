"""Watermark of the feed: the position up to which it is complete, so that no event can appear before it later.

Transactions allocate positions and commit in any order, so the highest committed position proves nothing. But a
transaction has its id before it allocates a position. Therefore: read the last event, THEN take a transaction id.
Transactions with a higher id allocate later positions. No event can appear before the last one that was read once all
transactions with a lower id have ended. Writers need no extra step and no lock; a transaction that stays open only
delays the feed.
"""

import asyncio
import secrets
import time
from collections import deque
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.feed.model import FeedState

MAX_SAMPLES = 64
"""Samples in memory while an old transaction delays the feed; beyond that the latest replaces the previous one."""

SAVE_SECONDS = 5.0
"""Real seconds between two saves of the watermark; a new process continues from the saved one."""

_RANGE = text(
    "SELECT epoch, settled, (SELECT coalesce(max(position), 0) FROM ticket_event),"
    " (SELECT last_value FROM ticket_event_position_seq) FROM feed_state"
)
_SAVE = text("UPDATE feed_state SET settled = :settled WHERE settled < :settled")
_OWN = text("SELECT pg_current_xact_id()::text::bigint")
_OLDEST = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
"""Transaction ids of 64 bits, which never wrap around."""

_WRITERS = text(
    "SELECT * FROM (SELECT format('process %s (%s, database %s)', pid, coalesce(nullif(application_name, ''), usename),"
    " datname) AS name, clock_timestamp() - xact_start AS age, format('SELECT pg_terminate_backend(%s)', pid) AS ending"
    " FROM pg_stat_activity WHERE backend_xid IS NOT NULL"
    " UNION ALL SELECT format('prepared transaction %s (database %s)', gid, database), clock_timestamp() - prepared,"
    " format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts) writers WHERE age > :least ORDER BY age DESC"
)


@dataclass(frozen=True, slots=True)
class FeedRange:
    """The range of the feed: everything up to `settled` is readable, no position after `allocated` was ever used."""

    epoch: str
    settled: int
    allocated: int


async def begin_epoch(session: AsyncSession) -> str:
    """Start a new epoch and return it; cursors of earlier epochs are rejected from now on.

    Needed after the restore of an older backup: the database allocates positions again that readers have seen with
    other events.
    """
    epoch = secrets.token_hex(4)
    await session.execute(update(FeedState).values(epoch=epoch))
    return epoch


@dataclass(frozen=True, slots=True)
class OldWriter:
    """An open transaction that delays the feed: its process, its age, and the SQL that ends it."""

    name: str
    age: timedelta
    ending: str


async def old_writers(session: AsyncSession, least: timedelta) -> list[OldWriter]:
    """Return the writing transactions of the whole server that are open for longer than `least`, oldest first."""
    return [OldWriter(*row) for row in await session.execute(_WRITERS, {"least": least})]


class Watermark:
    """The watermark as far as one process has proved it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._settled = 0
        self._samples: deque[tuple[int, int]] = deque()
        self._refreshing = asyncio.Lock()
        self._save_at = 0.0

    async def refresh(self) -> FeedRange:
        """Return the present range: everything committed before the call, unless an older writer is still open."""
        async with self._refreshing:
            async with self._database.reading() as session:
                epoch, saved, last, allocated = (await session.execute(_RANGE)).one()
            if allocated < self._settled:  # the database was replaced by another one
                self._settled = 0
                self._samples.clear()
            self._settled = max(self._settled, saved)
            if last > self._settled:
                await self._sample(last)
                await self._save(saved)
            return FeedRange(epoch, self._settled, allocated)

    async def _sample(self, last: int) -> None:
        """Record a sample of the last EVENT, not of the last allocated position, which a crash can undo."""
        async with self._database.reading() as session:
            transaction_id: int = (await session.execute(_OWN)).scalar_one()
        async with self._database.reading() as session:
            oldest: int = (await session.execute(_OLDEST)).scalar_one()
        if len(self._samples) == MAX_SAMPLES:
            self._samples.pop()
        self._samples.append((transaction_id, last))
        while self._samples and self._samples[0][0] < oldest:
            self._settled = self._samples.popleft()[1]

    async def _save(self, saved: int) -> None:
        if self._settled > saved and time.monotonic() >= self._save_at:
            self._save_at = time.monotonic() + SAVE_SECONDS
            async with self._database.transaction() as session:
                await session.execute(_SAVE, {"settled": self._settled})
