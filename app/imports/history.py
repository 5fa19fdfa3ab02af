"""Rows of a request that was answered long ago: a closed ticket with met or breached clocks and sealed history.

It has no checkpoints and no notices. The chain pinned to its clocks escalates nothing, even if the ticket is reopened.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from app.domain.terms import Outcome
from app.people.vault import Vault
from app.sla.checkpoints import Chain, CheckpointKind, Step
from app.sla.clock_rows import ClockRow, OpenedClock
from app.sla.deadline import on_time
from app.tickets.creation.prepare import NewTicket
from app.tickets.creation.rows import TicketRows, build_rows
from app.tickets.history import DetachedHead, EventKind, EventRow, next_event, seal_note
from app.tickets.workflow import Command, State, next_state

SILENT_CHAIN: Final = Chain((Step(CheckpointKind.BREACH, 1, "due"),))
"""A chain that stamps the breach and notifies no one."""


@dataclass(frozen=True, slots=True)
class HistoricalResolution:
    """The answer to an old request: its instant, words and outcome, and the directorate that gave it."""

    answered_at: datetime
    reply: str | None
    outcome: Outcome | None
    unit: str | None


class EndedClockRow(ClockRow):
    """A new row of `sla_clock` that the answer has ended."""

    met_at: datetime
    breached_at: datetime | None
    detected_at: datetime | None


@dataclass(frozen=True, slots=True)
class HistoricalRows:
    """The rows of one imported ticket, table by table."""

    ticket: dict[str, Any]
    applicant: dict[str, Any]
    events: list[EventRow]
    documents: list[dict[str, Any]]
    clocks: list[EndedClockRow]


def historical_rows(
    new_ticket: NewTicket,
    resolution: HistoricalResolution,
    sequence: int,
    *,
    vault: Vault,
    importer: str,
    now: datetime,
) -> HistoricalRows:
    """Return the rows of a ticket that was prepared for the instant of the old receipt.

    `importer` is the user who imports it at `now`. The ticket's number has the year of receipt.
    """
    rows = build_rows(new_ticket, sequence, tracking_url="")
    events = _later_events(rows, new_ticket, resolution, vault=vault, importer=importer, now=now)
    return HistoricalRows(
        ticket=_closed_ticket(rows.ticket, events[-1], resolution, vault),
        applicant=rows.applicant,
        events=[rows.event, *events],
        documents=rows.documents,
        clocks=historical_clocks(new_ticket, resolution, now),
    )


def historical_clocks(new_ticket: NewTicket, resolution: HistoricalResolution, now: datetime) -> list[EndedClockRow]:
    """Return the clocks as the answer ended them; a late answer breached its clock at the due instant."""
    return [_ended(opened, resolution.answered_at, now) for opened in new_ticket.clocks]


def _ended(opened: OpenedClock, met_at: datetime, now: datetime) -> EndedClockRow:
    due_at = opened.clock["due_at"]
    met = on_time(met_at, due_at)
    return {
        **opened.clock,
        "policy": replace(opened.pinned, chain=SILENT_CHAIN).to_json(),
        "state": "met" if met else "breached",
        "met_at": met_at,
        "breached_at": None if met else due_at,
        "detected_at": None if met else now,
    }


def _later_events(
    rows: TicketRows,
    new_ticket: NewTicket,
    resolution: HistoricalResolution,
    *,
    vault: Vault,
    importer: str,
    now: datetime,
) -> list[EventRow]:
    """Return the events after the receipt: answered and closed at that time, imported now."""
    ticket = rows.ticket
    head = DetachedHead(ticket["id"], ticket["event_seq"], ticket["event_hash"], ticket["last_action"], new_ticket.now)
    at, actor = resolution.answered_at, new_ticket.actor
    resolved = _target(new_ticket.state, Command.RESOLVE)
    closed = _target(resolved, Command.CLOSE)
    outcome = {} if resolution.outcome is None else {"outcome": resolution.outcome.value}
    unit = {} if resolution.unit is None else {"unit": resolution.unit}
    note = None
    if resolution.reply is not None:
        note = seal_note(vault, resolution.reply, ticket_id=head.id, seq=head.event_seq + 1)
    resolve = {"from": new_ticket.state.value, "to": resolved.value, **outcome}
    close = {"from": resolved.value, "to": closed.value}
    imported = {"channel": new_ticket.intake.channel.value, **unit}
    return [
        next_event(head, kind=Command.RESOLVE, at=at, actor=actor, data=resolve, note=note),
        next_event(head, kind=Command.CLOSE, at=at, actor=actor, data=close),
        next_event(head, kind=EventKind.IMPORTED, at=now, actor=importer, data=imported),
    ]


def _target(state: State, command: Command) -> State:
    target = next_state(state, command)
    if target is None:
        raise LookupError(f"{command} is not possible in {state}")
    return target


def _closed_ticket(
    row: Mapping[str, Any], last: EventRow, resolution: HistoricalResolution, vault: Vault
) -> dict[str, Any]:
    """Return the ticket's row after its last event; an imported ticket has no receipt."""
    reply = resolution.reply and vault.seal(resolution.reply, table="ticket", column="reply", row_id=row["id"])
    return {
        **row,
        "receipt": {},
        "state": State.CLOSED.value,
        "outcome": resolution.outcome and resolution.outcome.value,
        "unit": resolution.unit,
        "suggested_unit": None,
        "reply": reply,
        "resolved_at": resolution.answered_at,
        "closed_at": resolution.answered_at,
        "last_action": last["kind"],
        "last_action_at": last["at"],
        "event_seq": last["seq"],
        "event_hash": last["hash"],
    }
