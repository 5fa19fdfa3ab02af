"""Readers get every event exactly once, in whatever order writers commit; with real sessions."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.scopes import Scope
from app.core.db import Database, bulk_insert
from app.core.ids import new_id
from app.feed.queries import read_feed
from app.feed.watermark import MAX_SAMPLES, Watermark, old_writers
from app.tickets.model import Ticket, TicketEvent
from tests.desk import Desk
from tests.installation import START

WRITERS, ROUNDS = 50, 6
EVERYTHING = Actor(new_id(), "Örnek okuyucu", "desk", frozenset({Scope.TICKETS_READ}))


@pytest.fixture
async def database(desk: Desk) -> AsyncIterator[Database]:
    """A database with enough connections for the open transactions of all writers."""
    url = desk.container.settings.database_url
    assert url is not None
    opened = Database(url.get_secret_value(), pool_size=WRITERS + 10)
    yield opened
    await opened.close()


async def ticket(desk: Desk) -> UUID:
    number = await desk.open()
    async with desk.container.database.reading() as session:
        return (await session.execute(select(Ticket.id).where(Ticket.number == number))).scalar_one()


async def write(session: AsyncSession, ticket_id: UUID, *seqs: int) -> None:
    common = {"ticket_id": ticket_id, "kind": "comment", "at": START, "actor": "test"}
    rows = [{**common, "seq": seq, "data": {}, "note": None, "hash": b""} for seq in seqs]
    await bulk_insert(session, TicketEvent, rows)


class RolledBack(Exception):
    """End of a transaction without a commit."""


class Backend:
    """A mobile backend that follows the guide: it continues after `next_cursor` and stores (ticket, seq)."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._after: dict[str, str] = {}
        self.got: list[tuple[str, int]] = []

    async def read(self) -> int:
        """Read one page; return its number of events."""
        response = await self._client.get("/v1/events", params=self._after)
        assert response.status_code == 200, response.text
        page = response.json()
        self._after = {"after": page["next_cursor"]}
        self.got += [(item["ticket"], item["seq"]) for item in page["items"]]
        return len(page["items"])


class Reader:
    """A reader without HTTP, with pages of any size."""

    def __init__(self, database: Database, *, page_size: int = 1000) -> None:
        self._database = database
        self._watermark = Watermark(database)
        self._page_size = page_size
        self._after = 0
        self.got: list[tuple[UUID, int]] = []

    async def read(self) -> int:
        """Read one page; return its number of events."""
        feed_range = await self._watermark.refresh()
        async with self._database.reading() as session:
            page = await read_feed(
                session, EVERYTHING, after=self._after, until=feed_range.settled, types=(), page_size=self._page_size
            )
        assert page.end >= self._after
        self._after = page.end
        self.got += [(event.ticket_id, event.seq) for event in page.events]
        return len(page.events)


@dataclass(frozen=True, slots=True)
class Writers:
    """Fifty writers that insert, wait in the open transaction, and commit or roll back."""

    database: Database
    ticket_id: UUID
    committed: set[tuple[UUID, int]]
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - no secret
    all_inserted: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(WRITERS))

    async def work(self) -> None:
        await asyncio.gather(*(self._writer(index) for index in range(WRITERS)))

    async def _writer(self, index: int) -> None:
        for round_ in range(ROUNDS):
            first = 1000 * index + 10 * round_ + 2
            seqs = range(first, first + self.chance.randint(1, 4))
            with suppress(RolledBack):
                await self._write_slowly(seqs, together=round_ == 0)
                self.committed.update((self.ticket_id, seq) for seq in seqs)

    async def _write_slowly(self, seqs: range, *, together: bool) -> None:
        async with self.database.transaction() as session:
            await write(session, self.ticket_id, *seqs)
            if together:
                await self.all_inserted.wait()  # all fifty have allocated positions, none has committed
            for _ in range(self.chance.randint(0, 3)):
                await session.execute(text("SELECT 1"))
            if self.chance.random() < 0.2:
                raise RolledBack


async def test_readers_beside_fifty_writers_see_every_event_once(desk: Desk, database: Database) -> None:
    """Four readers, one of them over HTTP, read meanwhile, and one afterwards; all get the same events."""
    one = await ticket(desk)
    writers, done = Writers(database, one, {(one, 1)}), asyncio.Event()

    async def read(reader: Reader | Backend) -> list[int]:
        while not done.is_set():
            await reader.read()
        while await reader.read():
            pass
        return [seq for _, seq in reader.got]

    beside: list[Reader | Backend] = [
        Backend(desk.client),
        *(Reader(database, page_size=size) for size in (1, 3, 1000)),
    ]
    reading = [asyncio.create_task(read(reader)) for reader in beside]
    await writers.work()
    done.set()
    found = [await each for each in (*reading, asyncio.create_task(read(Reader(database, page_size=17))))]
    assert len(writers.committed) > WRITERS
    for got in found:
        assert len(got) == len(set(got))
        assert set(got) == {seq for _, seq in writers.committed}
        assert got == found[0], "the order is the same for all"


async def test_an_event_waits_for_earlier_positions_that_are_still_open(desk: Desk, database: Database) -> None:
    one, reader = await ticket(desk), Reader(database)
    assert await reader.read() == 1
    async with database.transaction() as slow:
        await write(slow, one, 2)
        async with database.transaction() as quick:
            await write(quick, one, 3)
        assert await reader.read() == 0
    assert await reader.read() == 2
    assert reader.got == [(one, 1), (one, 2), (one, 3)]


async def test_a_rolled_back_position_delays_nothing(desk: Desk, database: Database) -> None:
    one, reader = await ticket(desk), Reader(database)
    with suppress(RolledBack):
        async with database.transaction() as session:
            await write(session, one, 2, 3)
            raise RolledBack
    async with database.transaction() as session:
        await write(session, one, 2)
    assert await reader.read() == 2
    assert reader.got == [(one, 1), (one, 2)]


async def test_the_range_contains_the_last_commit_before_the_refresh(desk: Desk, database: Database) -> None:
    one, reader = await ticket(desk), Reader(database)
    for seq in range(2, 6):
        async with database.transaction() as session:
            await write(session, one, seq)
        await reader.read()
        assert reader.got[-1] == (one, seq)


async def test_a_tickets_events_come_in_order_whichever_transaction_began_first(desk: Desk, database: Database) -> None:
    """A sweep gets its transaction id long before the ticket's lock; its event still comes later."""
    one, reader = await ticket(desk), Reader(database)
    lock = select(Ticket.id).where(Ticket.id == one).with_for_update(key_share=True)
    async with database.transaction() as early:
        await early.execute(text("SELECT pg_current_xact_id()"))
        async with database.transaction() as late:
            await late.execute(lock)
            await write(late, one, 2)
        await early.execute(lock)
        await write(early, one, 3)
    assert await reader.read() == 3
    assert reader.got == [(one, 1), (one, 2), (one, 3)]


async def test_an_open_transaction_delays_only_later_events(desk: Desk, database: Database) -> None:
    """The number of refreshes does not matter; everything is readable at once after its end."""
    one, reader = await ticket(desk), Reader(database)
    await reader.read()
    async with database.transaction() as long:
        await long.execute(text("SELECT pg_current_xact_id()"))
        for seq in range(2, MAX_SAMPLES + 12):
            async with database.transaction() as session:
                await write(session, one, seq)
            await reader.read()
        assert reader.got == [(one, 1)]
    await reader.read()
    assert reader.got == [(one, seq) for seq in range(1, MAX_SAMPLES + 12)]


async def test_an_old_writer_is_listed_with_the_sql_that_ends_it(desk: Desk, database: Database) -> None:
    one, reader = await ticket(desk), Reader(database)
    await reader.read()
    with suppress(DBAPIError):  # at its end the server has closed the connection
        async with database.transaction() as forgotten:
            await write(forgotten, one, 2)
            pid = (await forgotten.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            async with database.transaction() as session:
                await write(session, await ticket(desk), 2)
            assert await reader.read() == 0
            async with desk.container.database.reading() as session:
                [writer] = [each for each in await old_writers(session, timedelta(0)) if f" {pid} " in each.name]
                assert writer not in await old_writers(session, timedelta(hours=1))
                await session.execute(text(writer.ending))
    assert await reader.read() == 2


async def test_a_new_process_begins_at_the_saved_watermark(desk: Desk, database: Database) -> None:
    """Without it, the feed would be empty after a restart beside an old transaction."""
    one = await ticket(desk)
    await Reader(database).read()
    async with database.transaction() as old:
        await old.execute(text("SELECT pg_current_xact_id()"))
        reader = Reader(database)
        assert await reader.read() == 1
    assert reader.got == [(one, 1)]


async def test_a_reader_of_few_events_scans_many_in_bounded_steps(desk: Desk, database: Database) -> None:
    """A gap of positions, here of an advanced sequence, is skipped in several reads, none of them endless."""
    one, reader = await ticket(desk), Reader(database)
    await reader.read()
    async with database.transaction() as session:
        await session.execute(
            text("SELECT setval('ticket_event_position_seq', 45000 + last_value) FROM ticket_event_position_seq")
        )
        await write(session, one, 2)
    assert [await reader.read() for _ in range(4)] == [0, 0, 1, 0]
    assert reader.got == [(one, 1), (one, 2)]
