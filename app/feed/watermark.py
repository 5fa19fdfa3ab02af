"""How far the feed may be read: up to the place before which no event can turn up any more.

Positions are drawn by transactions that commit in any order, so the highest committed one proves nothing. But each
transaction has its id before it draws. So: look at the last event, THEN take a transaction id. Whoever has a higher id
draws later positions; when all lower ids have ended, nothing can come any more before the event that was seen.
Writers know nothing of this and wait for nobody; a transaction that stays open only holds the feed back.
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

MOST_SAMPLES = 64
"""Samples kept while an old transaction holds the feed back; beyond that the latest replaces the one before."""

SAVE_SECONDS = 5.0
"""How often a process leaves what it knows for the next one, which could prove nothing beside an old transaction."""

_ENDS = text(
    "SELECT epoch, settled, (SELECT coalesce(max(position), 0) FROM ticket_event),"
    " (SELECT last_value FROM ticket_event_position_seq) FROM feed_state"
)
_SAVE = text("UPDATE feed_state SET settled = :settled WHERE settled < :settled")
_OWN = text("SELECT pg_current_xact_id()::text::bigint")
_OLDEST = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
"""Transaction ids with their epoch, which never wrap."""

_WRITERS = text(
    "SELECT * FROM (SELECT format('process %s (%s, database %s)', pid, coalesce(nullif(application_name, ''), usename),"
    " datname) AS name, clock_timestamp() - xact_start AS age, format('SELECT pg_terminate_backend(%s)', pid) AS ending"
    " FROM pg_stat_activity WHERE backend_xid IS NOT NULL"
    " UNION ALL SELECT format('prepared transaction %s (database %s)', gid, database), clock_timestamp() - prepared,"
    " format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts) writers WHERE age > :least ORDER BY age DESC"
)


@dataclass(frozen=True, slots=True)
class FeedRange:
    """How much of the feed there is: all up to `settled` can be read, nothing after `drawn` was ever written."""

    epoch: str
    settled: int
    drawn: int


async def begin_epoch(session: AsyncSession) -> str:
    """Refuse every cursor that was given so far, and return the epoch of those to come.

    For a database in which an older backup was restored: it gives positions again that readers have seen already,
    with other events behind them.
    """
    epoch = secrets.token_hex(4)
    await session.execute(update(FeedState).values(epoch=epoch))
    return epoch


@dataclass(frozen=True, slots=True)
class OldWriter:
    """A transaction that holds the feed back: whose it is, how long it has been open, and the SQL that ends it."""

    name: str
    age: timedelta
    ending: str


async def old_writers(session: AsyncSession, least: timedelta) -> list[OldWriter]:
    """The transactions of the whole server that have written and are open for longer than `least`, the oldest first."""
    return [OldWriter(*row) for row in await session.execute(_WRITERS, {"least": least})]


class Watermark:
    """One process's knowledge of how far the feed may be read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._settled = 0
        self._samples: deque[tuple[int, int]] = deque()
        self._looking = asyncio.Lock()
        self._save_at = 0.0

    async def refresh(self) -> FeedRange:
        """Look how far it is now. What was committed before the call is within, unless an older writer is at work."""
        async with self._looking:
            async with self._database.reading() as session:
                epoch, saved, last, drawn = (await session.execute(_ENDS)).one()
            if drawn < self._settled:  # another database stands in the place of the one we knew
                self._settled = 0
                self._samples.clear()
            self._settled = max(self._settled, saved)
            if last > self._settled:
                await self._sample(last)
                await self._save(saved)
            return FeedRange(epoch, self._settled, drawn)

    async def _sample(self, last: int) -> None:
        """The last EVENT, not the last position drawn: a crash can take back a position that nobody committed."""
        async with self._database.reading() as session:
            mark: int = (await session.execute(_OWN)).scalar_one()
        async with self._database.reading() as session:
            oldest: int = (await session.execute(_OLDEST)).scalar_one()
        if len(self._samples) == MOST_SAMPLES:
            self._samples.pop()
        self._samples.append((mark, last))
        while self._samples and self._samples[0][0] < oldest:
            self._settled = self._samples.popleft()[1]

    async def _save(self, saved: int) -> None:
        if self._settled > saved and time.monotonic() >= self._save_at:
            self._save_at = time.monotonic() + SAVE_SECONDS
            async with self._database.transaction() as session:
                await session.execute(_SAVE, {"settled": self._settled})
