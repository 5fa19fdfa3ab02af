"""Open timers in bulk: a real ticket with its clock and checkpoints, multiplied inside the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from sqlalchemy import Table

from app.channels.schemas import TicketBody
from app.container import open_container
from app.core.db import Base
from app.people.model import Applicant
from app.sla.model import Checkpoint, SlaClock
from app.tickets.model import Ticket
from bench import bodies
from bench.installation import BenchmarkError
from config.settings import Settings

POSITIONS = ("warning 50 %", "warning 80 %", "level 1")
"""Checkpoints of a promise of the call centre, in order of time; a position is 1, 2 or 3."""

DUE_TABLE = """
CREATE UNLOGGED TABLE bench_due (
    measurement text, checkpoint_id uuid, ticket_id uuid PRIMARY KEY, kind text, level int, due_at timestamptz
)
"""
NEW_ROWS = """
CREATE TEMPORARY TABLE fresh ON COMMIT DROP AS
SELECT *, due_at - coalesce((ARRAY[5, 8, 10])[position], 0) * interval '1 day' AS started_at FROM (
SELECT uuidv7() AS ticket_id, uuidv7() AS applicant_id, uuidv7() AS clock_id,
       lpad(nextval('ticket_number_seq')::text, 10, '0') AS number,
       $1::timestamptz + $2::interval * n AS due_at,
       coalesce(($3::int[])[1 + n % nullif(cardinality($3::int[]), 0)], 0) AS position
FROM generate_series(0, $4::int - 1) AS n)
"""
"""The limit of a copy is ten days; its checkpoints are due on days 5, 8 and 10."""

RANKED = "(SELECT *, row_number() OVER (ORDER BY due_at) AS rank FROM checkpoint WHERE clock_id = $1)"


@dataclass(frozen=True, slots=True)
class TicketBatch:
    """`count` tickets with one due checkpoint each, `spacing` apart from `first` on.

    `positions` selects the due checkpoint of the three, in turn. Earlier ones have fired, later ones are due days
    later. Without positions all three are armed, counted from those instants.
    """

    name: str
    count: int
    first: datetime
    spacing: timedelta
    positions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketTemplate:
    """The sample ticket, and the connection that multiplies it."""

    connection: asyncpg.Connection
    ticket: UUID
    applicant: UUID
    clock: UUID

    async def insert(self, tickets: TicketBatch) -> None:
        """Insert the tickets with applicants, clocks and checkpoints; list the due ones in `bench_due`."""
        async with self.connection.transaction():
            await self.connection.execute("SET LOCAL synchronous_commit = off")
            parameters = (tickets.first, tickets.spacing, list(tickets.positions), tickets.count)
            await self.connection.execute(NEW_ROWS, *parameters)
            await self._clone(Applicant, self.applicant, {"id": "fresh.applicant_id"})
            own = {"id": "fresh.ticket_id", "applicant_id": "fresh.applicant_id", "number": "fresh.number"}
            await self._clone(Ticket, self.ticket, {**own, "external_id": "fresh.number"})
            dates = {"started_at": "fresh.started_at", "due_at": "fresh.started_at + interval '10 days'"}
            await self._clone(SlaClock, self.clock, {"id": "fresh.clock_id", "ticket_id": "fresh.ticket_id", **dates})
            due_at = "fresh.started_at + (ARRAY[5, 8, 10])[sample.rank] * interval '1 day'"
            state = "CASE WHEN sample.rank < fresh.position THEN 'fired' ELSE 'armed' END"
            own = {"id": "uuidv7()", "clock_id": "fresh.clock_id", "due_at": due_at, "state": state}
            await self._clone(Checkpoint, self.clock, own, source=RANKED)
            await self.connection.execute(
                "INSERT INTO bench_due SELECT $1, c.id, fresh.ticket_id, c.kind, c.level, c.due_at FROM checkpoint c "
                "JOIN fresh USING (clock_id) WHERE c.due_at = fresh.due_at AND fresh.position > 0",
                tickets.name,
            )

    async def vacuum(self) -> None:
        """Vacuum and analyze the tables, as autovacuum would have done."""
        for table in ("ticket", "applicant", "sla_clock", "checkpoint"):
            await self.connection.execute(f"VACUUM ANALYZE {table}")

    async def _clone(
        self, model: type[Base], sample: UUID, own: Mapping[str, str], *, source: str | None = None
    ) -> None:
        table = model.__table__
        assert isinstance(table, Table)
        names = [column.name for column in table.columns]
        values = ", ".join(own.get(name, f"sample.{name}") for name in names)
        rows = source or f"(SELECT * FROM {table.name} WHERE id = $1)"  # noqa: S608 - our own table names
        insert = f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} FROM fresh, {rows} AS sample"  # noqa: S608
        await self.connection.execute(insert, sample)


async def create_template(connection: asyncpg.Connection, settings: Settings, key: str) -> TicketTemplate:
    """Send one request through intake, as the sample of all others."""
    async with open_container(settings) as container:
        actor = await container.authenticator.identify(key, now=container.clock.now())
        body = TicketBody.model_validate(bodies.body(0))
        await container.intake_service.store(actor, body.to_intake(b"sample"))
    await connection.execute(DUE_TABLE)
    sample = await connection.fetchrow(
        "SELECT t.id AS ticket, applicant_id AS applicant, c.id AS clock, "
        "(SELECT count(*) FROM checkpoint WHERE clock_id = c.id) AS armed "
        "FROM ticket t JOIN sla_clock c ON c.ticket_id = t.id"
    )
    if sample["armed"] != len(POSITIONS):
        raise BenchmarkError(f"a call was expected to arm {len(POSITIONS)} checkpoints, not {sample['armed']}")
    return TicketTemplate(connection, sample["ticket"], sample["applicant"], sample["clock"])
