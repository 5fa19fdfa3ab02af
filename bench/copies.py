"""Tickets of a whole city: a few real ones with all their rows, multiplied inside the database.

The samples were taken in and handled by the product, so every stored date of a copy is computed by it. A copy has no
events of its own, only the head of its sample's chain.
"""

from collections.abc import Mapping

import asyncpg
from sqlalchemy import Table

from app.core.db import Base
from app.people.model import Applicant
from app.sla.model import Checkpoint, ClockPause, SlaClock
from app.tickets.model import Ticket

NEW_TICKETS = """
CREATE TEMPORARY TABLE fresh_ticket ON COMMIT DROP AS
SELECT sample.id AS sample_id, uuidv7() AS ticket_id, uuidv7() AS applicant_id, sample.applicant_id AS sample_applicant,
       lpad(nextval('ticket_number_seq')::text, 10, '0') AS number
FROM ticket sample, generate_series(1, $1::int)
"""
NEW_CLOCKS = """
CREATE TEMPORARY TABLE fresh_clock ON COMMIT DROP AS
SELECT fresh.ticket_id, clock.id AS sample_id, uuidv7() AS clock_id
FROM fresh_ticket fresh JOIN sla_clock clock ON clock.ticket_id = fresh.sample_id
"""


async def multiply(connection: asyncpg.Connection, copies: int) -> None:
    """Insert `copies` copies of every ticket, with applicant, clocks, pauses and checkpoints."""
    async with connection.transaction():
        await connection.execute("SET LOCAL synchronous_commit = off")
        await connection.execute(NEW_TICKETS, copies)
        await connection.execute(NEW_CLOCKS)
        columns = {"id": "fresh.applicant_id"}
        await _clone(connection, Applicant, columns, "fresh_ticket fresh", "sample.id = fresh.sample_applicant")
        columns = {"id": "fresh.ticket_id", "applicant_id": "fresh.applicant_id"}
        columns |= {"number": "fresh.number", "external_id": "fresh.number", "idempotency_key": "NULL"}
        await _clone(connection, Ticket, columns, "fresh_ticket fresh", "sample.id = fresh.sample_id")
        columns = {"id": "fresh.clock_id", "ticket_id": "fresh.ticket_id"}
        await _clone(connection, SlaClock, columns, "fresh_clock fresh", "sample.id = fresh.sample_id")
        for model in (ClockPause, Checkpoint):
            columns = {"id": "uuidv7()", "clock_id": "fresh.clock_id"}
            await _clone(connection, model, columns, "fresh_clock fresh", "sample.clock_id = fresh.sample_id")
    for table in ("ticket", "applicant", "sla_clock", "clock_pause", "checkpoint"):
        await connection.execute(f"VACUUM ANALYZE {table}")


async def _clone(
    connection: asyncpg.Connection, model: type[Base], columns: Mapping[str, str], fresh: str, joined: str
) -> None:
    table = model.__table__
    assert isinstance(table, Table)
    names = [column.name for column in table.columns]
    values = ", ".join(columns.get(name, f"sample.{name}") for name in names)
    await connection.execute(
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} "  # noqa: S608 - our own table names
        f"FROM {fresh} JOIN {table.name} sample ON {joined}"
    )
