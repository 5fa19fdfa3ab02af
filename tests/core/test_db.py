"""Bulk statements: each value reaches its own column."""

from sqlalchemy import make_url

from app.core.db import _insert_statement_with_children
from app.tickets.model import Ticket, TicketEvent

ASYNCPG = make_url("postgresql+asyncpg://").get_dialect()()


def test_columns_whose_names_run_together_have_values_of_their_own() -> None:
    """`ticket` + `event_seq` and `ticket_event` + `seq` are not one array: a ticket may come with several events."""
    names = ("ticket_id", "seq", "hash")
    statement = _insert_statement_with_children(Ticket, ("id", "event_seq", "event_hash"), ((TicketEvent, names),))
    parameters = statement.compile(dialect=ASYNCPG).params
    of_columns = [name for name in parameters if name.startswith("ticket")]  # the others are defaults of columns
    assert len(of_columns) == len(("id", "event_seq", "event_hash")) + len((*names, "parent"))
