"""Nothing is missed and nothing comes twice, however writers commit: real sessions, ended in any order."""

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
    """Enough connections for all writers to be in the middle of a transaction at once."""
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
    """Ends a transaction without its commit."""


class Backend:
    """A mobile backend, over HTTP and by the guide: goes on after `next_cursor`, and keeps (ticket, seq)."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._after: dict[str, str] = {}
        self.got: list[tuple[str, int]] = []

    async def read(self) -> int:
        """One page; returns how many events were on it."""
        answer = await self._client.get("/v1/events", params=self._after)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        self._after = {"after": page["next_cursor"]}
        self.got += [(item["ticket"], item["seq"]) for item in page["items"]]
        return len(page["items"])


class Reader:
    """The same without HTTP, in pages of any size."""

    def __init__(self, database: Database, *, page_size: int = 1000) -> None:
        self._database = database
        self._watermark = Watermark(database)
        self._page_size = page_size
        self._after = 0
        self.got: list[tuple[UUID, int]] = []

    async def read(self) -> int:
        """One page; returns how many events were on it."""
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
    """Fifty that insert, dawdle with the transaction open, and commit or roll back."""

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
                await self.all_inserted.wait()  # all fifty hold positions, none has committed
            for _ in range(self.chance.randint(0, 3)):
                await session.execute(text("SELECT 1"))
            if self.chance.random() < 0.2:
                raise RolledBack


async def test_readers_beside_fifty_writers_miss_none_and_see_none_twice(desk: Desk, database: Database) -> None:
    """Four read meanwhile, one of them over HTTP, and one begins when all is written; all get the same."""
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


async def test_what_is_committed_first_waits_for_what_was_written_before_it(desk: Desk, database: Database) -> None:
    one, reader = await ticket(desk), Reader(database)
    assert await reader.read() == 1
    async with database.transaction() as slow:
        await write(slow, one, 2)
        async with database.transaction() as quick:
            await write(quick, one, 3)
        assert await reader.read() == 0
    assert await reader.read() == 2
    assert reader.got == [(one, 1), (one, 2), (one, 3)]


async def test_what_is_rolled_back_leaves_a_gap_that_holds_nothing_up(desk: Desk, database: Database) -> None:
    one, reader = await ticket(desk), Reader(database)
    with suppress(RolledBack):
        async with database.transaction() as session:
            await write(session, one, 2, 3)
            raise RolledBack
    async with database.transaction() as session:
        await write(session, one, 2)
    assert await reader.read() == 2
    assert reader.got == [(one, 1), (one, 2)]


async def test_the_last_commit_before_a_look_is_within_it(desk: Desk, database: Database) -> None:
    one, reader = await ticket(desk), Reader(database)
    for seq in range(2, 6):
        async with database.transaction() as session:
            await write(session, one, seq)
        await reader.read()
        assert reader.got[-1] == (one, seq)


async def test_a_tickets_events_keep_their_order_whoever_began_first(desk: Desk, database: Database) -> None:
    """A sweep has its transaction id long before it gets the ticket's lock; its event still comes after."""
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


async def test_a_transaction_that_stays_open_holds_back_only_what_came_after_it(desk: Desk, database: Database) -> None:
    """However many looks there are meanwhile; and when it ends everything is there at once."""
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


async def test_who_holds_the_feed_back_is_named_with_what_frees_it(desk: Desk, database: Database) -> None:
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


async def test_a_new_process_begins_with_what_another_has_proved(desk: Desk, database: Database) -> None:
    """Or a restart beside an old transaction would show an empty feed, and its end at the very beginning."""
    one = await ticket(desk)
    await Reader(database).read()
    async with database.transaction() as old:
        await old.execute(text("SELECT pg_current_xact_id()"))
        reader = Reader(database)
        assert await reader.read() == 1
    assert reader.got == [(one, 1)]


async def test_a_reader_of_few_events_looks_through_many_in_bounded_steps(desk: Desk, database: Database) -> None:
    """Positions that nobody can see, here of a sequence that ran on, cost steps and no endless read."""
    one, reader = await ticket(desk), Reader(database)
    await reader.read()
    async with database.transaction() as session:
        await session.execute(
            text("SELECT setval('ticket_event_position_seq', 45000 + last_value) FROM ticket_event_position_seq")
        )
        await write(session, one, 2)
    assert [await reader.read() for _ in range(4)] == [0, 0, 1, 0]
    assert reader.got == [(one, 1), (one, 2)]
